package classify

import (
	"strings"
	"time"
)

// isoDate reads 2026-11-02, 2026/11/2, 2026.11.02 and 2026年11月2日.
func (s *scan) isoDate(i int, m *moment) (int, bool) {
	year, j := small(s.text, i, 4)
	if m.base != noBase || j != i+4 || year < 2000 || year > 2099 {
		return i, false
	}
	month, day, end := 0, 0, 0
	if to, ok := cut(s.text, j, "年"); ok {
		if month, end = small(s.text, to, 2); end == to {
			return i, false
		}
		if to, ok = cut(s.text, end, "月"); !ok {
			return i, false
		}
		if day, end = small(s.text, to, 2); end == to {
			return i, false
		}
		end = s.after(end, "日", "号")
	} else {
		if j >= len(s.text) || strings.IndexByte("-/.", s.text[j]) < 0 {
			return i, false
		}
		mark := s.text[j]
		if month, end = small(s.text, j+1, 2); end >= len(s.text) || end == j+1 || s.text[end] != mark {
			return i, false
		}
		to := end + 1
		if day, end = small(s.text, to, 2); end == to || end < len(s.text) && (s.text[end] == '-' || s.text[end] == '.' && end+1 < len(s.text) && isDigit(s.text[end+1])) {
			return i, false
		}
	}
	return end, m.onDate(year, month, day)
}

// slashDate reads 11/02/2026, 2.11.2026 and, where a clock follows or "on" stands before, 3/11. The day goes first unless only the month can.
func (s *scan) slashDate(i int, m *moment) (int, bool) {
	day, j := small(s.text, i, 2)
	if m.base != noBase || j == i || j >= len(s.text) || strings.IndexByte("/.-", s.text[j]) < 0 {
		return i, false
	}
	mark := s.text[j]
	month, end := small(s.text, j+1, 2)
	if end == j+1 {
		return i, false
	}
	if month > 12 {
		day, month = month, day
	}
	if end < len(s.text) && s.text[end] == mark {
		year, to := small(s.text, end+1, 4)
		if mark != '-' && to == end+3 {
			year += 2000
		} else if to != end+5 {
			return i, false
		}
		return to, m.onDate(year, month, day)
	}
	if mark != '/' || !endsIn(s.clause(i, 12), "on", "since", "from", "dated", "of", "在", "从") {
		return i, false
	}
	return end, m.onDate(0, month, day)
}

// hanDate reads 10月3号, 十月三日 and, alone, 3号.
func (s *scan) hanDate(i int, m *moment) (int, bool) {
	if m.base != noBase {
		return i, false
	}
	n, j, _ := s.count(i)
	if j == i {
		return i, false
	}
	to, ok := cut(s.text, j, "月份", "月")
	if !ok {
		return s.dayOfMonth(i, m)
	}
	day, end, _ := s.count(to)
	if end == to {
		return i, false
	}
	next, ok := cut(s.text, end, "日", "号")
	if !ok && !isDigit(s.text[to]) {
		return i, false
	}
	return next, m.onDate(0, n, day)
}

// dayOfMonth reads 15号; behind it may stand no line, building or gate.
func (s *scan) dayOfMonth(i int, m *moment) (int, bool) {
	day, j, _ := s.count(i)
	end, ok := cut(s.text, j, "号", "日")
	if !ok || j == i || day < 1 || day > 31 || s.text[j:end] == "日" && m.base != monthsBefore {
		return i, false
	}
	if strings.ContainsRune("线楼店柜门机客工院桌码铺仓馆位座车", runeAt(s.text, end)) && end < len(s.text) {
		return i, false
	}
	if i > 0 && m.base == noBase {
		if r := lastRune(s.text[:i]); strings.ContainsRune("第工单路街弄幢栋", r) || endsIn(s.clause(i, 12), "每个月", "每月") {
			return i, false
		}
	}
	if m.base == noBase {
		m.base, m.n = dayOnly, 0
	}
	m.day = day
	return end, true
}

func lastRune(s string) rune {
	r := rune(0)
	for _, r = range s[max(0, len(s)-3):] {
	}
	return r
}

// dayMonth reads 3 October 2026, 3rd of Oct.
func (s *scan) dayMonth(i int, m *moment) (int, bool) {
	day, j := small(s.text, i, 2)
	if m.base != noBase || j == i {
		return i, false
	}
	j = s.after(j, "st", "nd", "rd", "th")
	j = s.after(j, " of ", " ", "-")
	w, end, ok := whenWords.at(s.text, j)
	if !ok || w.kind != ofName {
		return i, false
	}
	year, end := s.yearBehind(end)
	return end, m.onDate(year, w.n, day)
}

// monthDay reads what stands behind the name of a month: 3, 3rd, 3, 2026.
func (s *scan) monthDay(month, i int, m *moment) (int, bool) {
	at := s.after(i, ". ", " the ", " ", "-")
	day, end := small(s.text, at, 2)
	if m.base != noBase || at == i || end == at {
		return i, false
	}
	end = s.after(end, "st", "nd", "rd", "th")
	if end < len(s.text) && (isAlnum(s.text[end]) || s.text[end] == ':' || s.text[end] == '.' && end+1 < len(s.text) && isDigit(s.text[end+1])) || month == 5 && counted(s.text, end) {
		return i, false
	}
	year, end := s.yearBehind(end)
	return end, m.onDate(year, month, day)
}

func (s *scan) yearBehind(i int) (year, end int) {
	at := s.after(i, ", ", " ", "-", ",")
	if year, end = small(s.text, at, 4); end == at+4 && year >= 2000 && year <= 2099 && at > i {
		return year, end
	}
	return 0, i
}

// notDays are what an ordinal counts when it is no day.
var notDays = map[string]bool{"time": true, "attempt": true, "party": true, "payment": true, "transaction": true, "try": true, "order": true, "one": true, "person": true, "floor": true, "day": true,
	"message": true, "email": true, "row": true, "page": true, "line": true, "screen": true, "step": true, "call": true, "request": true, "card": true, "account": true, "withdrawal": true, "transfer": true, "of": true}

// onThe reads the ordinal behind "on the".
func (s *scan) onThe(i int, m *moment) (int, bool) {
	at := blanks(s.text, i, 1)
	if to, ok := s.dayMonthAt(at, m); ok {
		return to, true
	}
	day, j := small(s.text, at, 2)
	end, ok := cut(s.text, j, "st", "nd", "rd", "th")
	if m.base != noBase || !ok || day < 1 || day > 31 || notDays[nextWord(s.text, end)] || end < len(s.text) && isAlnum(s.text[end]) {
		return i, false
	}
	m.base, m.day = dayOnly, day
	return end, true
}

func (s *scan) dayMonthAt(i int, m *moment) (int, bool) {
	if i < len(s.text) && isDigit(s.text[i]) {
		return s.dayMonth(i, m)
	}
	return i, false
}

// agoUnits are the lengths that count back.
var agoUnits = []struct {
	unit  time.Duration
	days  int
	month bool
	words []string
}{
	{time.Minute, 0, false, []string{"分钟", "min", "mins", "minute", "minutes"}},
	{time.Hour, 0, false, []string{"个小时", "个钟头", "个钟", "小时", "钟头", "h", "hr", "hrs", "hour", "hours"}},
	{0, 1, false, []string{"天", "日", "d", "day", "days"}},
	{0, 7, false, []string{"周", "个星期", "星期", "个礼拜", "wk", "wks", "week", "weeks"}},
	{0, 0, true, []string{"个月", "month", "months"}},
}

// ago reads 三天前, 半小时前, 2 hours ago, and 三天了.
func (s *scan) ago(i int, m *moment) (int, bool) {
	if to, ok := cut(s.text, i, "半"); ok {
		return s.unitsAgo(0, to, m)
	}
	n, end, han := s.count(i)
	if end == i || n == 0 {
		return i, false
	}
	half := 0.0
	if to, ok := cut(s.text, end, "个半"); ok && han {
		half, end = 0.5, to
	}
	return s.unitsAgo(float64(n)+half, end, m)
}

// unitsAgo reads the unit at i and "ago"; n 0 is a half.
func (s *scan) unitsAgo(n float64, i int, m *moment) (int, bool) {
	if m.base != noBase || m.hasClock {
		return i, false
	}
	if n == 0 {
		n = 0.5
	}
	at := blanks(s.text, i, 1)
	for _, u := range agoUnits {
		for _, w := range u.words {
			end, ok := cut(s.text, at, w)
			if !ok || isLower(w[0]) && end < len(s.text) && isAlnum(s.text[end]) {
				continue
			}
			if before := s.clause(i, 28); isLower(w[0]) && (strings.Contains(before, "been ") || strings.Contains(before, "since ")) {
				return s.after(end, " ago", " now"), m.before(n, u.unit, u.days, u.month)
			}
			to, past := cut(s.text, end, "之前", "以前", "前", " ago", " back", " earlier", "了", "还没", "都没", "没到", "未到", "不到账")
			if !past || strings.HasPrefix(s.text[to:], "解") || s.text[end:to] == "了" && u.month {
				return i, false
			}
			if !strings.HasSuffix(s.text[:to], "前") && isHan(runeAt(s.text, end)) {
				to = s.after(end, "了")
			}
			return to, m.before(n, u.unit, u.days, u.month)
		}
	}
	return i, false
}
