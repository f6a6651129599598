package web

import (
	"slices"

	"switchyard/router"
)

const (
	// furious and pleased part the moods: sentiments below and above are shown.
	furious, pleased = 0.35, 0.65
	// urgentFrom is the urgency from which it is shown.
	urgentFrom = 0.3
	// shownSignals bounds the facts found in messages that are listed.
	shownSignals = 12
)

// aboutData is what a ticket is about, as its decision said.
type aboutData struct {
	router.Classification
	Title  router.Sentence
	ByHand bool // an agent said so
	Others []topicShare
	Facts  []factRow
	Mood   string
	Urgent bool
	Why    []router.Reason
}

// topicShare is a topic with the confidence in it.
type topicShare struct {
	Title router.Sentence
	Share float64
}

// factRow is one line of the checklist of a topic.
type factRow struct {
	Title router.Sentence
	Known bool
}

func (p *Pages) about(t router.Ticket, d router.Decision) *aboutData {
	c := d.Classification
	a := &aboutData{Classification: c, Title: p.topicTitle(t.Topic), ByHand: t.FixTopic, Mood: mood(c.Sentiment), Urgent: c.Urgency >= urgentFrom}
	for _, s := range c.Topics {
		if s.Topic != t.Topic {
			a.Others = append(a.Others, topicShare{p.topicTitle(s.Topic), s.Confidence})
		}
	}
	a.Signals = c.Signals[:min(len(c.Signals), shownSignals)]
	for _, r := range d.Reasons {
		if r.Step == "classify" && r.Matched {
			a.Why = append(a.Why, r)
		}
	}
	if topic := p.Live.View().Rules.Topic(t.Topic); topic != nil && topic.Name == c.Topic {
		for _, f := range topic.Facts {
			a.Facts = append(a.Facts, factRow{f.Title, !slices.Contains(c.Missing, f.Name)})
		}
	}
	return a
}

func mood(sentiment float64) string {
	switch {
	case sentiment < furious:
		return "mood.angry"
	case sentiment > pleased:
		return "mood.pleased"
	}
	return "mood.neutral"
}
