package classify

import (
	"math"
	"sort"
	"time"

	"switchyard/router"
	"switchyard/router/fold"
	"switchyard/router/policy"
	"switchyard/router/textmodel"
)

// Input is what a classification looks at.
type Input struct {
	Rules     *policy.Ruleset
	Matcher   *Matcher
	Model     *textmodel.Model // nil: the policy's word lists alone
	Embedding []float32        // the text's vector, nil if there is none
	Opinion   *router.Opinion  // a second opinion, nil if none was asked
	Text      string           // all the customer's words on the ticket, newest last
	Parts     []string         // the same, message by message
	At        time.Time        // when the last of them was sent, in the desk's zone; zero if unknown
	Language  router.Language  // a hint where the text has none
	Fixed     router.Topic     // an agent said so: kept
	Touched   router.Topic     // the topic an agent has worked on: another one is proposed, not taken
	Vars      func(text string) policy.Vars
}

// Result is a classification with its reasons.
type Result struct {
	router.Classification
	Topic   *policy.Topic // nil if there is none
	Reasons []router.Reason
}

// Classify classifies.
func Classify(in Input) Result {
	text := Normalize(in.Text)
	out := Result{}
	out.Language = DetectLanguage(text)
	if out.Language == router.LanguageOther && (in.Language == router.LanguageZH || in.Language == router.LanguageEN) {
		out.Language = in.Language
	}
	out.Signals = Entities(in.Text, in.At)
	tone := ToneOf(in.Text)
	out.Urgency, out.Sentiment = round(tone.Urgency), round(tone.Sentiment)
	switch {
	case in.Fixed != "" && in.Rules.Topic(in.Fixed) != nil:
		out.choose(in.Rules.Topic(in.Fixed), 1)
		out.note("corrected", true, string(in.Fixed), "客服人员确认过主题", "an agent said what it is about")
	case out.byRule(in, text) || out.byWordRule(in, text):
	case in.Model != nil:
		out.byModel(in, text)
	default:
		out.byWords(in, text)
	}
	if out.Rejected && in.Opinion != nil {
		out.secondOpinion(in)
	}
	out.keepTouched(in)
	if out.Topic != nil {
		out.Missing = missing(out.Topic, out.Signals)
		out.Spam = out.Topic.Spam
	}
	return out
}

// Normalize folds a text for rules, word lists and search of words, and cuts it.
func Normalize(s string) string { return fold.Text(s, maxText) }

// round keeps four digits, so that a decision reads the same everywhere.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

func (r *Result) choose(t *policy.Topic, confidence float64) {
	r.Topic, r.Confidence = t, round(confidence)
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

// keepTouched leaves a ticket that an agent has worked on its topic, and proposes the other one.
func (r *Result) keepTouched(in Input) {
	was := in.Rules.Topic(in.Touched)
	if was == nil || r.Topic == was {
		return
	}
	if r.Topic == nil || r.Rejected { // not sure enough to propose anything
		r.choose(was, r.Confidence)
		r.Rejected = false
		return
	}
	r.Proposed = r.Topic.Name
	r.note("touched", true, string(was.Name), "客服已在处理，主题只建议改为「"+r.Topic.Title.ZH+"」", "an agent has worked on it: the new topic "+r.Topic.Title.EN+" is only proposed")
	r.choose(was, r.Confidence)
	r.Subtopic = ""
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

// SortTopics puts the surest topic first; equal ones keep their order.
func SortTopics(s []router.TopicScore) {
	sort.SliceStable(s, func(i, j int) bool { return s[i].Confidence > s[j].Confidence })
}
