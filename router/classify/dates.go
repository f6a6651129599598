package classify

import (
	"strconv"
	"strings"

	"switchyard/router"
)

// timeKind is what a word adds to a moment.
type timeKind int

const (
	ofDay     timeKind = iota + 1 // so many days before
	ofPart                        // a part of the day
	ofWeekday                     // a weekday, last one or of the week so many before
	ofWeek                        // a whole week before
	ofMonth                       // a whole month before; a day of it may follow
	ofNow
	ofName    // the name of a month
	ofNumber  // a number in words, for "two hours ago"
	ofOrdinal // "on the": 3rd
)

type timeWord struct {
	kind timeKind
	n    int  // days, weeks or months before; month; number
	part part // of the day
	day  int  // weekday from 1, Monday
}

// part is a part of the day, which says what hour a small number means.
type part int

const (
	anyPart part = iota
	morning
	noon
	afternoon
	evening
	smallHours
)

// whenWords are the words of times gone by.
var whenWords = lexicon(func(put func(timeWord, string)) {
	dayWords(put)
	weekWords(put)
	for i, names := range []string{"january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun", "july|jul", "august|aug", "september|sept|sep", "october|oct", "november|nov", "december|dec"} {
		put(timeWord{kind: ofName, n: i + 1}, names)
	}
	for n, list := range map[int]string{1: "a|an|one", 2: "two|a couple of|a couple", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten", 0: "half an|half a"} {
		put(timeWord{kind: ofNumber, n: n}, list)
	}
	put(timeWord{kind: ofOrdinal}, "on the|since the|from the")
	// Greetings, habits and things to come are no times.
	put(timeWord{}, "good morning|good afternoon|good evening|good night|早上好|上午好|中午好|下午好|晚上好|晚安|每天|每周|每个月|每月|每天早上|每天晚上|下周一|下周二|下周三|下周四|下周五|下周六|下周日|下周天|下周|下个月|next monday|next tuesday|next wednesday|next thursday|next friday|next saturday|next sunday|every day|every morning|every night|every evening|every monday|every friday|周一到周五|周一至周五|monday to friday|monday through friday|mon-fri|周末|周边|周期|周转|礼拜堂|前天气|今天天气|早上班|晚上班|day and night|morning and night|二十四小时")
})

func dayWords(put func(timeWord, string)) {
	for n, list := range []string{"今天|今日|今儿|today", "昨天|昨日|昨儿|yesterday|yday", "前天|前日|前儿|the day before yesterday|day before yesterday", "大前天"} {
		put(timeWord{kind: ofDay, n: n}, list)
	}
	put(timeWord{kind: ofDay, part: morning}, "今早|今晨|今天早上|this morning")
	put(timeWord{kind: ofDay, part: afternoon}, "this afternoon")
	put(timeWord{kind: ofDay, part: evening}, "今晚|this evening|tonight")
	put(timeWord{kind: ofDay, part: evening, n: 1}, "昨晚|昨夜|last night|last evening")
	put(timeWord{kind: ofDay, part: evening, n: 2}, "前晚")
	for p, list := range map[part]string{morning: "早上|上午|清晨|早晨|in the morning|morning", noon: "中午|noon|midday", afternoon: "下午|in the afternoon|afternoon", evening: "晚上|傍晚|夜里|in the evening|at night|evening", smallHours: "凌晨|半夜"} {
		put(timeWord{kind: ofPart, part: p}, list)
	}
	put(timeWord{kind: ofNow}, "刚才|刚刚|方才|just now|a moment ago|moments ago|a few minutes ago|a minute ago|几分钟前")
}

func weekWords(put func(timeWord, string)) {
	put(timeWord{kind: ofWeek, n: 1}, "上周|上星期|上个星期|上礼拜|上个礼拜|last week")
	put(timeWord{kind: ofWeek, n: 2}, "上上周|上上个星期|the week before last")
	put(timeWord{kind: ofMonth, n: 0}, "这个月|本月|this month")
	put(timeWord{kind: ofMonth, n: 1}, "上个月|上月|last month")
	put(timeWord{kind: ofMonth, n: 2}, "上上个月|上上月")
	for i, names := range []string{"monday", "tuesday|tues|tue", "wednesday", "thursday|thurs|thur|thu", "friday|fri", "saturday", "sunday"} {
		for name := range strings.SplitSeq(names, "|") {
			put(timeWord{kind: ofWeekday, n: -1, day: i + 1}, name+"|last "+name+"|on "+name+"|this past "+name+"|past "+name)
			put(timeWord{kind: ofWeekday, n: 0, day: i + 1}, "this "+name)
		}
	}
	for day, name := range map[int]string{1: "mon", 3: "wed", 6: "sat", 7: "sun"} {
		put(timeWord{kind: ofWeekday, n: -1, day: day}, "last "+name+"|on "+name+"|since "+name)
	}
	for i, names := range []string{"一", "二", "三", "四", "五", "六", "日|天"} {
		for name := range strings.SplitSeq(names, "|") {
			put(timeWord{kind: ofWeekday, n: 1, day: i + 1}, "上周"+name+"|上星期"+name+"|上个星期"+name+"|上礼拜"+name+"|上个礼拜"+name)
			put(timeWord{kind: ofWeekday, n: 2, day: i + 1}, "上上周"+name)
			put(timeWord{kind: ofWeekday, n: 0, day: i + 1}, "这周"+name+"|本周"+name+"|这星期"+name+"|这个星期"+name+"|这礼拜"+name)
			put(timeWord{kind: ofWeekday, n: -1, day: i + 1}, "周"+name+"|星期"+name+"|礼拜"+name)
		}
	}
}

// joins stand between the parts of one time.
var joins = []string{" at around ", " at about ", " at ", " around ", " about ", " in the ", " on ", " of ", ", at ", ", ", "的", "大概", "大约", "左右", "那天", " ", "t", ""}

// limits are words before an hour that is still to come.
var limits = map[string]bool{"after": true, "before": true, "until": true, "till": true, "by": true, "between": true}

// when reads a time at i: a day, a part of the day and a clock, in any order.
func (s *scan) when(i int) (int, bool) {
	if w, end, ok := whenWords.at(s.text, i); ok && w.kind == 0 {
		return end, true
	}
	m := moment{}
	end, ok := s.timePart(i, &m)
	if !ok {
		return i, false
	}
	for range 4 {
		next, more := i, false
		for _, join := range joins {
			at, joined := cut(s.text, end, join)
			if !joined || join == "t" && !m.clockMayFollow() {
				continue
			}
			try := m
			if next, more = s.timePart(at, &try); more {
				m, end = try, next
				break
			}
		}
		if !more {
			break
		}
	}
	if !m.complete() {
		return i, false
	}
	if m.base == noBase && limits[prevWord(s.text, i)] {
		return end, true
	}
	return s.add(router.SignalTime, i, end, m.resolve(s.at)), true
}

// timePart adds what stands at i to the moment; false where nothing does, or it is said already.
func (s *scan) timePart(i int, m *moment) (int, bool) {
	if i >= len(s.text) {
		return i, false
	}
	if isDigit(s.text[i]) {
		if end, ok := s.writtenDate(i, m); ok {
			return end, true
		}
		return s.numeral(i, m)
	}
	if what, end, ok := whenWords.at(s.text, i); ok {
		return s.timeWord(what, i, end, m)
	}
	r := runeAt(s.text, i)
	if r == '半' || isHan(r) && strings.ContainsRune("一二三四五六七八九十两俩", r) {
		return s.numeral(i, m)
	}
	return i, false
}

// writtenDate reads the dates that are written in Arabic digits alone, or with the name of a month.
func (s *scan) writtenDate(i int, m *moment) (int, bool) {
	if end, ok := s.isoDate(i, m); ok {
		return end, true
	}
	if end, ok := s.slashDate(i, m); ok {
		return end, true
	}
	return s.dayMonth(i, m)
}

// numeral reads what numbers of either script tell: a clock, a date, a length of time.
func (s *scan) numeral(i int, m *moment) (int, bool) {
	if end, ok := s.clock(i, m); ok {
		return end, true
	}
	if end, ok := s.hanDate(i, m); ok {
		return end, true
	}
	return s.ago(i, m)
}

func (s *scan) timeWord(w timeWord, i, end int, m *moment) (int, bool) {
	switch w.kind {
	case ofPart:
		if m.part != anyPart || m.base == agoTime || isLower(s.text[i]) && m.base == noBase && !m.hasClock {
			return i, false
		}
		m.part = w.part
		return end, true
	case ofName:
		return s.monthDay(w.n, end, m)
	case ofNumber:
		return s.unitsAgo(float64(w.n), end, m)
	case ofOrdinal:
		return s.onThe(end, m)
	case 0:
		return i, false
	}
	if m.base != noBase || w.part != anyPart && m.part != anyPart {
		return i, false
	}
	if w.part != anyPart {
		m.part = w.part
	}
	switch w.kind {
	case ofDay:
		m.base, m.n = daysBefore, w.n
	case ofWeekday:
		m.base, m.n, m.weekday = weekdayOf, w.n, w.day
	case ofWeek:
		m.base, m.n = weeksBefore, w.n
	case ofMonth:
		m.base, m.n = monthsBefore, w.n
		if to, ok := s.dayOfMonth(end, m); ok {
			return to, true
		}
	case ofNow:
		m.base = agoTime
	}
	return end, true
}

// small reads at most n digits at i.
func small(s string, i, n int) (v, end int) {
	end = i
	for end < len(s) && isDigit(s[end]) && end-i < n {
		v, end = v*10+int(s[end]-'0'), end+1
	}
	if end < len(s) && isDigit(s[end]) {
		return 0, i
	}
	return v, end
}

// count reads a small number of either script.
func (s *scan) count(i int) (v, end int, han bool) {
	if i < len(s.text) && isDigit(s.text[i]) {
		v, end = small(s.text, i, 3)
		return v, end, false
	}
	q, ok := s.withUnits(i)
	if !ok || len(q.value) > 3 {
		return 0, i, true
	}
	v, err := strconv.Atoi(q.value)
	if err != nil {
		return 0, i, true
	}
	return v, q.end, true
}

// clock reads 14:32, 14:32:05, 3pm, 3:30 pm, 3点半, 三点二十, 15时30分.
func (s *scan) clock(i int, m *moment) (int, bool) {
	if m.hasClock || m.base == agoTime || m.base == weeksBefore {
		return i, false
	}
	hour, end, han := s.count(i)
	if end == i || hour > 24 {
		return i, false
	}
	if !han && end < len(s.text) && s.text[end] == ':' {
		return s.clockColon(i, hour, end, m)
	}
	if to, ok := s.halfDay(end, hour, m); ok {
		m.hasClock, m.hour = true, hour
		return to, true
	}
	if to, ok := cut(s.text, end, "点钟", "点", "时", " o'clock"); ok {
		return s.clockHan(hour, to, han, m)
	}
	return i, false
}

func (s *scan) clockColon(i, hour, end int, m *moment) (int, bool) {
	min, to := small(s.text, end+1, 2)
	if to != end+3 || min > 59 || hour == 24 && min > 0 {
		return i, false
	}
	sec := 0
	if to < len(s.text) && s.text[to] == ':' {
		v, next := small(s.text, to+1, 2)
		if next != to+3 || v > 59 {
			return i, false
		}
		sec, to = v, next
	}
	if to < len(s.text) && (s.text[to] == ':' || s.text[to] == '.' && to+1 < len(s.text) && isDigit(s.text[to+1])) {
		return i, false
	}
	if next, ok := s.halfDay(to, hour, m); ok {
		to = next
	} else if to < len(s.text) && isAlnum(s.text[to]) && s.text[to] != 'z' {
		return i, false
	}
	m.hasClock, m.hour, m.min, m.sec = true, hour, min, sec
	return s.offset(to, m), true
}

// halfDay reads am or pm.
func (s *scan) halfDay(i, hour int, m *moment) (int, bool) {
	at := blanks(s.text, i, 1)
	end, ok := cut(s.text, at, "a.m.", "p.m.", "am", "pm")
	if !ok || hour > 12 || hour == 0 || m.part != anyPart || end < len(s.text) && isAlnum(s.text[end]) {
		return i, false
	}
	m.half = s.text[at]
	return end, true
}

// offset reads Z or +08:00 behind a clock.
func (s *scan) offset(i int, m *moment) int {
	if to, ok := cut(s.text, i, "z", " utc", " gmt"); ok && (to >= len(s.text) || !isAlnum(s.text[to])) {
		m.zone, m.zoned = 0, true
		return to
	}
	if i+5 < len(s.text) && (s.text[i] == '+' || s.text[i] == '-') && s.text[i+3] == ':' {
		h, a := small(s.text, i+1, 2)
		min, b := small(s.text, i+4, 2)
		if a == i+3 && b == i+6 && h <= 14 && min < 60 {
			if m.zone, m.zoned = h*60+min, true; s.text[i] == '-' {
				m.zone = -m.zone
			}
			return b
		}
	}
	return i
}

// clockHan reads what stands behind 点: half, quarters, minutes. A Chinese number with 点 alone is a point, not a time.
func (s *scan) clockHan(hour, i int, han bool, m *moment) (int, bool) {
	min, end := 0, i
	if to, ok := cut(s.text, i, "半"); ok {
		min, end = 30, to
	} else if to, ok := cut(s.text, i, "一刻"); ok {
		min, end = 15, to
	} else if to, ok := cut(s.text, i, "三刻"); ok {
		min, end = 45, to
	} else {
		if v, to, _ := s.count(s.after(i, "零", "〇")); to > i && v < 60 && (v >= 10 || strings.HasPrefix(s.text[to:], "分") || s.after(i, "零", "〇", "0") > i) {
			min, end = v, s.after(to, "分钟", "分")
		}
	}
	sure := m.part != anyPart || m.base != noBase || end > i || strings.HasSuffix(s.text[:i], "钟") || strings.HasPrefix(s.text[i:], "左右") || strings.HasPrefix(s.text[i:], "多")
	if han && !sure || strings.HasSuffix(s.text[:i], "时") && end == i {
		return i, false
	}
	m.hasClock, m.hour, m.min = true, hour, min
	return end, true
}
