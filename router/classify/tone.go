package classify

import (
	"math"
	"strings"
	"unicode/utf8"
)

// Tone is how a text is said.
type Tone struct {
	Urgency   float64  // 0 none, 1 this minute
	Sentiment float64  // 0 furious, 0.5 neutral, 1 pleased
	Words     []string // the words that weighed most, as they stand in the text, at most six
}

// feeling is what a phrase weighs: urgency from 0 up, sentiment below and above 0.
type feeling struct{ urgency, sentiment float64 }

// negators turn a feeling around when they stand before it.
var negators = []string{"not", "no", "never", "isn't", "don't", "dont", "wasn't", "aren't", "not very", "not at all", "not that", "not so", "not really", "不", "没", "没有", "不是", "不太", "并不", "不算", "别", "毫不"}

// feelings are the words that tell a tone.
var feelings = lexicon(func(put func(feeling, string)) {
	put(feeling{1.1, 0}, "马上|立刻|立即|赶紧|赶快|尽快|火急|十万火急|紧急|急急急|急急|很急|特别急|非常急|急死|急用|着急|急需|加急|救命|来不及|right now|right away|immediately|urgent|urgently|asap|emergency|at once|this minute|hurry|desperate|desperately|as soon as possible")
	put(feeling{0.5, 0}, "急|快点|快|速度|赶|今天之内|尽早|quickly|soon|fast|waiting|today")
	put(feeling{1.2, -0.2}, "正在转|正在被转|还在转|正在盗|正在刷|一直在扣|还在扣|不停扣|转走|被转走|钱在转|still going out|being transferred|keeps charging|keep charging|draining|leaving my account|is sending|still pending|money is moving|being stolen|taking my money|can still be cancelled|can still be canceled")
	put(feeling{1.0, 0}, "今晚之前|今天之前|今天必须|明天之前|明天就要|明天到期|明天要交|今天到期|最后期限|截止|马上到期|还款日|赶飞机|在机场|过期|deadline|by tonight|by tomorrow|before tomorrow|due today|due tomorrow|by end of day|before noon|expires today|at the airport|rent is due|within the hour|in an hour|last day")
	put(feeling{1.1, -0.1}, "住院|医院|手术|救护车|医药费|药费|看病|病重|老人|孩子发烧|没钱吃饭|吃饭的钱|吃不上饭|被困|hospital|surgery|medicine|medication|insulin|ambulance|dying|elderly|no food|stranded|evicted|eviction|my mother is sick|my father is sick|can't eat|cannot eat")
	put(feeling{0.6, -0.9}, "气死|气死了|太差|垃圾|坑人|骗子公司|黑心|无耻|恶心|滚|他妈|妈的|操|草泥马|什么玩意|无语|愤怒|忍无可忍|furious|disgusting|disgusted|outrageous|ridiculous|pathetic|scammers|thieves|liars|shit|bullshit|fuck|fucking|wtf|damn|hell|worst|garbage|trash|useless|incompetent|joke of a company|unacceptable|horrible|terrible|awful|sick of|fed up")
	put(feeling{0.3, -0.6}, "投诉|举报|起诉|律师|报警|曝光|失望|不满意|不满|生气|太慢|离谱|烦死|烦|糟糕|差劲|差评|敷衍|踢皮球|推卸|没人管|没人理|不理|complaint|complain|sue|lawyer|police|report you|disappointed|disappointing|angry|annoyed|annoying|frustrated|frustrating|upset|bad service|poor service|nobody answers|no one answers|nobody replies|ignored|unhappy|hate|bad|slow|stupid|nonsense|still nothing|no response|no reply")
	put(feeling{0.4, -0.3}, "担心|害怕|慌|急哭|哭了|崩溃|焦虑|怎么办|worried|scared|afraid|panicking|panic|anxious|crying|stressed|nervous|can't sleep")
	put(feeling{0, 0.6}, "谢谢|感谢|多谢|满意|很好|好评|点赞|太棒|很棒|棒|解决了|方便|喜欢|给力|赞|thank you|thanks|thank|great|excellent|awesome|amazing|perfect|wonderful|love|happy|satisfied|appreciate|appreciated|helpful|fantastic|impressed|pleased|well done|nice")
	put(feeling{0, 0.2}, "请|麻烦|辛苦|劳驾|您好|please|kindly|hello|good")
	put(feeling{-0.9, 0.1}, "不急|不着急|不用急|不赶|不用着急|别着急|慢慢来|有空|有时间再|no rush|no hurry|not urgent|isn't urgent|whenever you|when you have time|take your time|just curious|just wondering|随便问问|问一下|想了解")
	put(feeling{0, -0.5}, "不满意|不方便|不喜欢|不感谢|没解决|not happy|not helpful|not satisfied|no thanks|no thank you|thanks for nothing|thank you for nothing")
	put(feeling{}, "快递|快捷|快乐|快要|愉快|很快|草稿|操作|操心|棒棒糖|烦请|赞助|急救包|赶上|fast food|hello kitty|fast forward|dear|快照|赶集|速度快|加速|请问|急性|操盘")
})

// maxTone bounds how many words are shown.
const maxTone = 6

// ToneOf tells how urgent a text sounds and how it feels: words of both languages, negated ones turned
// around, exclamation marks and capitals. It is a rough count, bounded whatever comes in.
func ToneOf(text string) Tone {
	f := foldRaw(text)
	out := Tone{}
	urgency, sentiment := f.loudness()
	seen := map[string]bool{}
	for i := 0; i < len(f.text); {
		what, end, next := f.feelingAt(i)
		if what != (feeling{}) && !seen[f.text[i:end]] {
			seen[f.text[i:end]] = true
			u, s := f.turned(what, i)
			urgency, sentiment = urgency+u, sentiment+s
			if len(out.Words) < maxTone && math.Abs(u)+math.Abs(s) >= 0.3 {
				out.Words = append(out.Words, f.written(i, end))
			}
		}
		i = next
	}
	out.Urgency = math.Round(100*(1-math.Exp(-0.7*max(0, urgency)))) / 100
	out.Sentiment = math.Round(100*(0.5+0.5*math.Tanh(0.8*sentiment))) / 100
	return out
}

// loudness weighs exclamation marks and a text written in capitals.
func (f folded) loudness() (urgency, sentiment float64) {
	if cries := strings.Count(f.text, "!"); cries >= 2 {
		urgency, sentiment = 0.2*float64(min(cries, 5)), -0.03*float64(min(cries, 5))
	}
	latin, capitals := 0, 0
	for i := range len(f.raw) {
		if c := f.raw[i]; isLower(c | 0x20) {
			latin++
			if c < 'a' {
				capitals++
			}
		}
		if i > 4*maxText {
			break
		}
	}
	if latin >= 12 && capitals*10 >= latin*6 {
		urgency, sentiment = urgency+0.5, sentiment-0.4
	}
	return urgency, sentiment
}

// feelingAt gives the feeling that begins at i, where its words end, and where to look next.
func (f folded) feelingAt(i int) (what feeling, end, next int) {
	c := f.text[i]
	switch {
	case isLower(c):
		stop := wordEnd(f.text, i)
		what, end, _ = feelings.atWord(f.text, i, stop)
		return what, end, max(end, stop)
	case c < utf8.RuneSelf:
		return what, i, i + 1
	}
	r, size := utf8.DecodeRuneInString(f.text[i:])
	what, end, _ = feelings.atHan(f.text, i, r)
	return what, end, max(end, i+size)
}

// turned weighs a feeling by the words before it.
func (f folded) turned(w feeling, i int) (urgency, sentiment float64) {
	before := strings.TrimRight(f.text[max(0, i-24):i], " ")
	if endsIn(before, negators...) {
		return -0.6 * w.urgency, -0.7 * w.sentiment
	}
	return w.urgency, w.sentiment
}
