package cli

import (
	"os"
	"time"

	"github.com/spf13/cobra"

	"switchyard/router"
	"switchyard/router/classify"
	"switchyard/router/decide"
	"switchyard/router/learn"
	"switchyard/router/load"
	"switchyard/router/policy"
	"switchyard/router/textmodel"
)

// classified is one line of the filter classify; shares from 0 to 1.
type classified struct {
	Topic      router.Topic        `json:"topic"`
	Subtopic   string              `json:"subtopic"`
	Confidence float64             `json:"confidence"`
	OutOfScope float64             `json:"out_of_scope"`
	Rejected   bool                `json:"rejected"`
	Language   router.Language     `json:"language"`
	Urgency    float64             `json:"urgency"`
	Sentiment  float64             `json:"sentiment"`
	Entities   []router.Signal     `json:"entities"`
	Missing    []string            `json:"missing"`
	Topics     []router.TopicScore `json:"topics"`
	Reasons    []classifiedReason  `json:"reasons"`
}

// classifiedReason is a rule, or the words that weighed most, in a line of each language.
type classifiedReason struct {
	Rule  string   `json:"rule,omitempty"`
	Words []string `json:"words,omitempty"`
	ZH    string   `json:"zh"`
	EN    string   `json:"en"`
}

func (s *shell) classifyCommand() *cobra.Command {
	var file string
	c := &cobra.Command{Use: "classify [--model FILE]", Short: "say what texts are about: JSON lines {\"text\": …} in, one line each out",
		Args: args(cobra.NoArgs), RunE: func(*cobra.Command, []string) error {
			if file == "" {
				do, err := walletClassifier()
				if err != nil {
					return err
				}
				return s.filter(do)
			}
			m, err := readModel(file)
			if err != nil {
				return err
			}
			return s.filter(func(text string) any { return byModelAlone(m, text) })
		}}
	c.Flags().StringVar(&file, "model", "", "a model file; it alone answers, without rules (default: the wallet desk's policy and model)")
	return c
}

func readModel(file string) (*textmodel.Model, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, router.FailField("model", "model", "cannot read %s", file)
	}
	return textmodel.Decode(b)
}

// walletClassifier classifies as the default desk does.
func walletClassifier() (func(string) any, error) {
	rules, err := decide.Compile(policy.Default(), time.LoadLocation)
	if err != nil {
		return nil, err
	}
	m, err := textmodel.Decode(learn.Wallet())
	if err != nil {
		return nil, err
	}
	now := time.Now()
	snapshot, err := load.Make(rules.Ruleset, load.Inputs{Now: now})
	if err != nil {
		return nil, err
	}
	return func(text string) any {
		message := router.Message{Direction: router.DirectionIn, Kind: router.KindMessage, Text: text, SentAt: now, ReceivedAt: now}
		r := decide.Classify(decide.Input{Rules: rules, Model: m, Snapshot: snapshot, Now: now, Messages: []router.Message{message},
			Ticket: router.Ticket{Channel: router.ChannelEmail}})
		out := classified{Topic: r.Classification.Topic, Subtopic: r.Subtopic, Confidence: r.Confidence, OutOfScope: r.OutOfScope, Rejected: r.Rejected,
			Language: r.Language, Urgency: r.Urgency, Sentiment: r.Sentiment, Entities: some(r.Signals), Missing: some(r.Missing), Topics: some(r.Topics), Reasons: []classifiedReason{}}
		for _, why := range r.Reasons {
			if !why.Matched {
				continue
			}
			reason := classifiedReason{Rule: why.Rule, Words: why.Words, ZH: why.Why.ZH, EN: why.Why.EN}
			if len(why.Words) > 0 {
				reason.Rule = "" // no rule: these words
			}
			out.Reasons = append(out.Reasons, reason)
		}
		return out
	}, nil
}

// byModelAlone classifies without rules and policy.
func byModelAlone(m *textmodel.Model, text string) classified {
	p := m.Predict(text, nil)
	tone := classify.ToneOf(text)
	out := classified{Topic: router.Topic(p.Topic), Subtopic: p.Subtopic, Confidence: p.Confidence, OutOfScope: p.OutOfScope, Rejected: p.Sure() < learn.Below,
		Language: classify.DetectLanguage(text), Urgency: tone.Urgency, Sentiment: tone.Sentiment, Entities: some(classify.Entities(text, time.Time{})), Missing: []string{}, Topics: []router.TopicScore{}}
	for i, t := range m.Topics {
		out.Topics = append(out.Topics, router.TopicScore{Topic: router.Topic(t), Confidence: p.Topics[i]})
	}
	classify.SortTopics(out.Topics)
	out.Topics = out.Topics[:min(5, len(out.Topics))]
	out.Reasons = []classifiedReason{{Words: some(p.Words), ZH: "最有分量的词", EN: "the words that weighed most"}}
	return out
}

// some is the list, empty rather than null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
