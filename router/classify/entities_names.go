package classify

import (
	"strings"
	"unicode/utf8"

	"switchyard/router"
)

// surnames are the family names that begin most Chinese names, in simplified characters.
var surnames = setOf("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文欧詹")

var (
	// notInNames end a Chinese name: small words that follow one.
	notInNames = setOf("的了吗吧呢啊在是被把给钱转付说和与都也就没不已到账这那个我你他她它们很还又再要想去来从向对于过着所多少好后前")
	// noName begins what is no name: someone, the wrong one, not yet.
	noName = setOf("的了吗谁哪不没未我你他她它别错陌某这那人对已是为和与朋商客陪系显一其诈骗")
)

var titles = []string{"先生", "女士", "小姐", "老师", "老板"}

// notNames are Latin words behind "to" and labels that name nobody.
var notNames = map[string]bool{}

func init() {
	for w := range strings.SplitSeq("the a an my your his her their our its wrong bank account accounts someone somebody anyone another different other me you him them it this that these those which who whom what where when be get got have has had do does did is was are were not no never still please and or but so if because yet already now today yesterday i we they he she one friend stranger person people incorrect right unknown says said shows hasn't didn't did't hasnt didnt can cannot can't won't will would should from for with in on at by of to china india europe london usa uk america africa russia germany france spain japan australia canada mexico turkey poland vietnam philippines nigeria kenya pakistan bangladesh nepal korea singapore malaysia indonesia thailand italy hsbc paypal card wallet visa mastercard app usd rmb cny name number id hello hi dear thanks thank", " ") {
		notNames[w] = true
	}
}

// name adds the name behind "to", if it looks like one.
func (s *scan) name(kind string, i, end int) {
	at := s.after(blanks(s.text, end, 1), ":")
	at = blanks(s.text, at, 1)
	if to := s.hanName(at); to > at {
		s.add(kind, i, to, s.written(at, to))
		return
	}
	if to := s.latinName(at, true); to > at {
		s.add(kind, i, to, s.written(at, to))
	}
}

// hanName is where a Chinese personal name at i ends, i if there is none: a known family name with one or two characters.
func (s *scan) hanName(i int) int {
	if i >= len(s.text) || !surnames.has(runeAt(s.text, i)) {
		return i
	}
	j := i + utf8.RuneLen(runeAt(s.text, i))
	if to, ok := cut(s.text, j, titles...); ok {
		return to
	}
	n := 0
	for ; n < 2; n++ {
		r := runeAt(s.text, j)
		if !isHan(r) || notInNames.has(r) {
			break
		}
		if n == 1 && (strings.HasPrefix(s.text[j:], "银行") || strings.HasPrefix(s.text[j:], "支付")) {
			break
		}
		j += utf8.RuneLen(r)
	}
	if n == 0 {
		return i
	}
	return j
}

// latinName is where a name, an address or an account number at i ends, i if there is none. With capitals
// asked for, words must begin with one.
func (s *scan) latinName(i int, capitals bool) int {
	if to, digits := s.token(i); digits >= 5 && to-i <= 40 {
		if _, phone := s.peek(i, s.phoneNumber); phone {
			return i
		}
		return to
	}
	if i < len(s.text) && s.text[i] == '@' {
		return wordEnd(s.text, min(i+1, len(s.text)))
	}
	end := i
	for n, j := 0, i; n < 4 && j < len(s.text) && j-i < 60; n++ {
		to := wordEnd(s.text, j)
		if to == j || !isLower(s.text[j]) || strings.HasSuffix(s.text[j:to], "'s") || notNames[s.text[j:to]] || capitals && !s.capital(j) || to-j < 2 && n == 0 || to-j > 24 {
			break
		}
		if to < len(s.text) && s.text[to] == '@' {
			return s.wholeAddress(i, to)
		}
		end = to
		if j = s.after(to, " "); to-i <= 3 && j == to {
			j = s.after(to, ". ") // J. Smith
		}
		if j == to {
			break
		}
	}
	if end > i {
		if _, dated := s.peek(i, s.when); dated {
			return i
		}
		if what, _, ok := entityWords.at(s.text, i); ok && what.act != actTo {
			return i
		}
	}
	return end
}

// wholeAddress is where the email address whose @ stands at mark ends, i if it is none.
func (s *scan) wholeAddress(i, mark int) int {
	n := len(s.spans)
	end := s.email(mark)
	found := len(s.spans) > n
	s.spans = s.spans[:n]
	if !found {
		return i
	}
	return end
}

// labeled adds whoever a label names: 收款人：张三, payee is Ann Lee, from account 88321.
func (s *scan) labeled(kind string, i, end int) {
	at := s.after(blanks(s.text, end, 2), "名字", "姓名", "名称", "账户", "账号", "name", "account")
	at = blanks(s.text, at, 2)
	said := s.after(at, "is ", "was ")
	at, clear := cut(s.text, said, ":", "是", "为", "叫", "called ", "named ", "no. ", "number ", "=")
	at = s.after(blanks(s.text, at, 2), "•••• ", "** ")
	address := strings.IndexByte(s.text[at:min(len(s.text), at+64)], '@') > 0
	if at >= len(s.text) {
		return
	}
	to := at
	switch r := runeAt(s.text, at); {
	case !clear && !address && s.capital(i) && s.capital(i+1): // a text in capitals
		return
	case isHan(r) && clear && !noName.has(r):
		for n := 0; n < 20 && (isHan(runeAt(s.text, to)) || runeAt(s.text, to) == '·') && !strings.ContainsRune("的了吗但可钱说没不", runeAt(s.text, to)); n++ {
			to += utf8.RuneLen(runeAt(s.text, to))
		}
	case isHan(r):
		to = s.hanName(at)
	default:
		if s.exactlyFour(at) && strings.HasSuffix(s.text[:at], "•••• ") {
			to = at + 4
			break
		}
		to = s.latinName(at, !clear && !address)
	}
	if to > at {
		s.add(kind, i, to, s.written(at, to))
	}
}

// sentTo looks for "to" and a name in the clause behind a verb of sending; before 转了, for 给 and a name.
func (s *scan) sentTo(end int) {
	stop := min(len(s.text), end+48)
	for j := end; j+4 < stop; j++ {
		switch c := s.text[j]; {
		case c == '\n' || c == ';' || c == ',' && s.text[j+1] == ' ' || c == '.' && s.text[j+1] == ' ':
			return
		case c == ' ' && strings.HasPrefix(s.text[j:], " to "):
			s.name(router.SignalPayee, j+1, j+3)
			return
		}
	}
}

// clause is the part of the sentence before i, at most n bytes.
func (s *scan) clause(i, n int) string {
	before := s.text[max(0, i-n):i]
	if at := strings.LastIndexAny(before, ".!?;\n,。！？；，"); at >= 0 {
		_, size := utf8.DecodeRuneInString(before[at:])
		before = before[at+size:]
	}
	return before
}

func endsIn(s string, words ...string) bool {
	s = strings.TrimRight(s, " :\"'“「【[(")
	for _, w := range words {
		if strings.HasSuffix(s, w) && (!isLower(w[0]) || len(s) == len(w) || !isAlnum(s[len(s)-len(w)-1])) {
			return true
		}
	}
	return false
}

// status adds a status, unless it is denied, wished for, or about something that is no payment.
func (s *scan) status(w word, i, end int) {
	before := s.clause(i, 40)
	if endsIn(before, "not", "no", "never", "isn't", "wasn't", "without", "没", "没有", "不", "不是", "未", "if", "如果", "别", "会", "怕", "to be", "get", "want") {
		return
	}
	after := s.text[end:]
	if s.text[i:end] == "failed" && (strings.HasPrefix(after, " to log") || strings.HasPrefix(after, " to sign") || strings.HasPrefix(after, " to enter") || endsIn(before, "i", "i have", "i've", "you", "you have")) {
		return
	}
	if strings.HasPrefix(s.text[i:end], "失败") && (endsIn(before, "登录", "验证", "登入", "识别", "加载", "下载", "安装", "注册", "更新") || strings.HasPrefix(after, "乃") || strings.HasPrefix(after, "是成功")) {
		return
	}
	if strings.HasPrefix(s.text[i:end], "processing") && (strings.HasPrefix(after, " fee") || strings.HasPrefix(after, " time")) {
		return
	}
	if w.act == actShown && !endsIn(before, "shows", "shown", "showing", "showed", "says", "said", "status", "status is", "marked", "marked as", "status was", "it is", "shown as", "shows as", "listed as", "has been", "was", "显示", "显示为", "状态", "状态是", "状态为", "提示", "写着", "已经", "已被") {
		return
	}
	s.add(router.SignalStatus, i, end, w.value)
}

// consent adds that the desk may or may not freeze, unless the words ask why it did or how to do it.
func (s *scan) consent(w word, i, end int) {
	before := s.clause(i, 48)
	for _, asks := range []string{"why", "do i", "can i", "i can't", "i cannot", "did you", "have you", "you froze", "how do i", "how can i", "how to", "should i", "what happens", "what if", "unfreez", "不小心", "为什么", "为啥", "凭什么", "怎么", "如何", "谁", "上次", "什么情况", "解除", "have to", "will you", "are you going to", "reason"} {
		if strings.Contains(before, asks) {
			return
		}
	}
	if w.value == "yes" {
		if endsIn(before, "not", "don't", "dont", "do not", "never", "no need to", "cannot", "can't", "别", "不要", "不", "没", "请勿", "有人", "不用") || strings.HasSuffix(before, "不同意") {
			w.value = "no"
		}
		if r := runeAt(s.text, end); r == '吗' || r == '么' || r == '了' || r == '的' || strings.HasPrefix(s.text[end:], "多久") {
			return
		}
	}
	s.add(router.SignalConsent, i, end, w.value)
}
