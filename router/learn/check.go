package learn

import (
	"encoding/json"
	"slices"
	"sort"

	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/textmodel"
)

// Scores are a model's figures on the texts kept out; shares from 0 to 1.
type Scores struct {
	Accuracy  float64                         `json:"accuracy"`
	MacroF1   float64                         `json:"macro_f1"`
	ECE       float64                         `json:"ece"`
	OOSRecall float64                         `json:"oos_recall"`
	ByTopic   map[string]textmodel.TopicScore `json:"by_topic"`
}

// Check is how a candidate did beside the model that was in force when it was made, on texts that neither has seen.
type Check struct {
	N           int      `json:"n"`               // texts kept out
	Against     string   `json:"against"`         // version of the model in force; empty: there was none
	Today       *Scores  `json:"today,omitempty"` // of the model in force
	Candidate   Scores   `json:"candidate"`
	Margin      float64  `json:"margin"`
	MinExamples int      `json:"min_examples"`
	Worse       []string `json:"worse"`             // topics that got worse by more than the margin
	Corrections int      `json:"corrections"`       // that it was made with, those kept out among them
	Unknown     int      `json:"unknown,omitempty"` // corrections to topics that the policy does not have
	Open        int      `json:"open,omitempty"`    // corrections that say nothing yet
}

// CheckOf reads the check of a stored model, nil if it has none.
func CheckOf(t store.TextModel) (*Check, error) {
	if len(t.Check) == 0 {
		return nil, nil
	}
	c := &Check{}
	if err := json.Unmarshal(t.Check, c); err != nil {
		return nil, router.Wrap("learn.check", router.CodeInternal, err)
	}
	return c, nil
}

func (c *Check) compare(l Lesson, m *textmodel.Model, kept []textmodel.Example) {
	c.N, c.Margin, c.MinExamples = len(kept), l.Rules.Learning.Margin, l.Rules.Learning.MinExamples
	c.Candidate = scores(m, kept, l.Rules.Review.Below)
	if l.Active != nil {
		if l.Active.Embeddings != m.Embeddings { // the vectors of another endpoint say nothing to it
			kept = slices.Clone(kept)
			for i := range kept {
				kept[i].Vector = nil
			}
		}
		today := scores(l.Active, kept, l.Rules.Review.Below)
		c.Today, c.Against = &today, l.Active.Version()
	}
	c.Worse = c.WorseBy(l.Rules.Learning)
}

func scores(m *textmodel.Model, kept []textmodel.Example, below float64) Scores {
	r := Evaluate(m, kept, below)
	return Scores{r.Accuracy, r.MacroF1, r.ECE, r.OOSRecall, r.ByTopic}
}

// WorseBy names the topics whose F1 is worse than that of the model in force by more than the margin, in
// the order of their names. Topics with too few texts kept out do not count.
func (c Check) WorseBy(l policy.Learning) []string {
	worse := []string{}
	if c.Today == nil {
		return worse
	}
	for topic, now := range c.Candidate.ByTopic {
		if now.N >= l.MinExamples && c.Today.ByTopic[topic].F1-now.F1 > l.Margin {
			worse = append(worse, topic)
		}
	}
	sort.Strings(worse)
	return worse
}
