package classify

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// Input is what a classification looks at.
type Input struct {
	Rules    *policy.Ruleset
	Matcher  *Matcher
	Text     string          // all the customer's words on the ticket, newest last
	At       time.Time       // when the last of them was sent, in the desk's zone; zero if unknown
	Language router.Language // a hint where the text has none
	Fixed    router.Topic    // an agent said so: kept
	Vars     func(text string) policy.Vars
}

// Result is a classification with its reasons.
type Result struct {
	router.Classification
	Topic   *policy.Topic // nil if there is none
	Reasons []router.Reason
}

// enough is the score at which a topic counts as present beside another (invariant B): one strong word.
const enough = 4

// Classify classifies.
func Classify(in Input) Result {
	text := Normalize(in.Text)
	out := Result{}
	out.Language = DetectLanguage(text)
	if out.Language == router.LanguageOther && (in.Language == router.LanguageZH || in.Language == router.LanguageEN) {
		out.Language = in.Language
	}
	out.Signals = Entities(in.Text, in.At)
	scores, words := in.score(text)
	out.Topics = topics(in.Rules, scores)
	switch {
	case in.Fixed != "" && in.Rules.Topic(in.Fixed) != nil:
		out.choose(in.Rules.Topic(in.Fixed), 1)
		out.note("corrected", true, string(in.Fixed), "客服人员确认过主题", "an agent said what it is about")
	case out.byRule(in, text):
	default:
		out.byWords(in, scores, words)
	}
	if out.Topic != nil {
		out.Missing = missing(out.Topic, out.Signals)
		out.Spam = out.Topic.Spam
	}
	return out
}

func (r *Result) choose(t *policy.Topic, confidence float64) {
	r.Topic, r.Confidence = t, math.Round(confidence*1e4)/1e4
	r.Classification.Topic = t.Name
}

func (r *Result) note(rule string, matched bool, value, zh, en string) {
	r.Reasons = append(r.Reasons, router.Reason{Step: "classify", Rule: rule, Matched: matched, Value: value, Why: router.Sentence{ZH: zh, EN: en}})
}

// byRule looks at the manager's rules that name a topic; the first that holds wins.
func (r *Result) byRule(in Input, text string) bool {
	var vars policy.Vars
	for _, rule := range in.Rules.Rules {
		if rule.Topic == "" {
			continue
		}
		if vars == nil {
			vars = in.Vars(text)
		}
		held, err := rule.When.Bool(vars)
		held = held && err == nil
		r.note(rule.Name, held, string(rule.Topic), rule.Why.ZH, rule.Why.EN)
		if held {
			r.choose(in.Rules.Topic(rule.Topic), 1)
			return true
		}
	}
	return false
}

// score adds the weights of the phrases found, by topic.
func (in Input) score(text string) ([]float64, []string) {
	scores := make([]float64, len(in.Rules.Topics))
	words := make([]string, len(in.Rules.Topics))
	for _, h := range in.Matcher.Find(text) {
		scores[h.Topic] += h.Weight
		if n := strings.Count(words[h.Topic], ","); n < 4 {
			if words[h.Topic] != "" {
				words[h.Topic] += ", "
			}
			words[h.Topic] += strings.TrimSuffix(h.Phrase, "*")
		}
	}
	return scores, words
}

// confidenceOf turns a topic's score into 0–1: how much of all evidence it has, and whether it
// is more than one weak word. It is no learned probability; the trained model brings that.
func confidenceOf(score, all float64) float64 {
	if score <= 0 {
		return 0
	}
	return score / (all + 0.5) * (1 - math.Exp(-score))
}

func topics(rs *policy.Ruleset, scores []float64) []router.TopicScore {
	all := 0.0
	for _, s := range scores {
		all += s
	}
	var out []router.TopicScore
	for i, s := range scores {
		if s > 0 {
			out = append(out, router.TopicScore{Topic: rs.Topics[i].Name, Confidence: math.Round(confidenceOf(s, all)*1e4) / 1e4})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Confidence > out[j].Confidence })
	return out
}

// byWords takes the topic of most weight; one the policy lists earlier goes before it if
// it has enough evidence of its own.
func (r *Result) byWords(in Input, scores []float64, words []string) {
	best, all := -1, 0.0
	for i, s := range scores {
		all += s
		if s > 0 && (best < 0 || s > scores[best]) {
			best = i
		}
	}
	if best < 0 {
		r.Rejected = true
		r.note("words", false, "", "没有任何主题的词出现", "no word of any topic occurs")
		return
	}
	confidence := confidenceOf(scores[best], all)
	for i := range scores {
		if i < best && scores[i] >= enough && !in.Rules.Topics[best].Spam {
			confidence = confidenceOf(scores[i]+scores[best], all)
			best = i
			break
		}
	}
	t := in.Rules.Topics[best]
	r.choose(t, confidence)
	r.Rejected = r.Confidence < in.Rules.Review.Below
	r.note("words", true, fmt.Sprintf("%s %.2f", t.Name, r.Confidence), "出现了："+words[best], "these words occur: "+words[best])
	if r.Rejected {
		r.note("threshold", true, fmt.Sprintf("%.2f < %.2f", r.Confidence, in.Rules.Review.Below), "把握低于设定的门槛", "the confidence is below the policy's threshold")
	}
}

func missing(t *policy.Topic, signals []router.Signal) []string {
	var out []string
	for _, f := range t.Facts {
		if !f.MetBy(signals) {
			out = append(out, f.Name)
		}
	}
	return out
}
