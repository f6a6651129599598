package store

import (
	"context"
	"time"

	"switchyard/router"
)

// Correction is what a person said a ticket is about, where the desk had said something else or was not sure.
type Correction struct {
	Ticket     router.TicketID `json:"ticket"`
	Topic      router.Topic    `json:"topic,omitempty"`      // empty: no spam; what the ticket is resolved under counts
	Was        router.Topic    `json:"was,omitempty"`        // what the decision said
	Confidence float64         `json:"confidence,omitempty"` // of what it said, 0–1
	By         router.AgentID  `json:"by"`
	At         time.Time       `json:"at"`
}

// Corrections are at most one of a ticket, the last one.
func Corrections(d Docs) Collection[Correction] {
	return Collection[Correction]{Docs: d, Kind: "correction"}
}

// Training is how the desk's present or last training run goes.
type Training struct {
	By        router.AgentID `json:"by"`
	Owner     string         `json:"owner"` // the process
	StartedAt time.Time      `json:"started_at"`
	SeenAt    time.Time      `json:"seen_at"` // sign of life
	Done      float64        `json:"done"`    // share, 0–1
	EndedAt   time.Time      `json:"ended_at,omitzero"`
	Version   string         `json:"version,omitempty"` // of the model it made
	Problem   string         `json:"problem,omitempty"` // why it made none
}

// TrainingTTL is after how long without a sign of life a training run counts as broken off.
const TrainingTTL = 30 * time.Second

// Running reports whether the run goes on, as far as its signs of life say.
func (t Training) Running(now time.Time) bool {
	return !t.StartedAt.IsZero() && t.EndedAt.IsZero() && now.Sub(t.SeenAt) < TrainingTTL
}

// Trainings is the one record, under the id "desk", of the present or last training run.
func Trainings(d Docs) Collection[Training] {
	return Collection[Training]{Docs: d, Kind: "training"}
}

// DecidedCount counts first decisions of tickets.
type DecidedCount struct {
	N     int `json:"n"`
	Below int `json:"below,omitempty"` // under the policy's threshold
}

// DecidedCounts are such counts by topic.
type DecidedCounts map[router.Topic]DecidedCount

// Plus is the sum of both, in c where it is there.
func (c DecidedCounts) Plus(more DecidedCounts) DecidedCounts {
	if c == nil {
		c = DecidedCounts{}
	}
	for topic, m := range more {
		have := c[topic]
		c[topic] = DecidedCount{N: have.N + m.N, Below: have.Below + m.Below}
	}
	return c
}

// DecidedDay counts the first decisions of the tickets that came on one day, by hour; both of UTC.
type DecidedDay struct {
	Hours [24]DecidedCounts `json:"hours"`
}

// Plus is the sum of both days, in d where it is there.
func (d DecidedDay) Plus(o DecidedDay) DecidedDay {
	for h, counts := range o.Hours {
		if len(counts) > 0 {
			d.Hours[h] = d.Hours[h].Plus(counts)
		}
	}
	return d
}

// DecidedDays are the counts by day, under ids like 2026-05-04.
func DecidedDays(d Docs) Collection[DecidedDay] {
	return Collection[DecidedDay]{Docs: d, Kind: "decided_day"}
}

// Activate puts a stored text model in force, if change agrees to what is in force; running processes
// take it within a second. It answers the record as it was before, and whether it was changed.
func Activate(ctx context.Context, d Docs, next Active, change func(now Active) bool) (before Active, changed bool, err error) {
	_, err = ActiveModel(d).Update(ctx, "active", func(a *Active) (bool, error) {
		before, changed = *a, change(*a)
		if changed {
			*a = next
		}
		return changed, nil
	})
	if err != nil || !changed {
		return before, false, err
	}
	return before, true, BumpGeneration(ctx, d)
}
