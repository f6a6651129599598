// Package load makes Snapshots: the immutable view of load, hours and agents that
// decisions see. Reading the store is the caller's business; Make is pure.
//
// What always holds:
//
//	A. A Snapshot never changes after Make; two with the same content have the same digest.
//	B. Every number in it is finite.
package load

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/pace"
	"switchyard/router/policy"
	"switchyard/router/prioritize"
)

// Line is what waits in one run.
type Line struct {
	Run         router.Run
	Waiting     int
	OldestAgeAt time.Time

	waited time.Duration // business time of its oldest, which Make works out
}

// Agent is one agent as he is now.
type Agent struct {
	User     router.User
	Presence router.PresenceState
	Held     int // cost of what he holds, of 100
}

// Inputs are what a snapshot is made from.
type Inputs struct {
	Now               time.Time
	Lines             []Line
	Agents            []Agent
	ArrivalsPerMinute float64
	Last              *Snapshot // the one before; its class numbers stand in for bad ones

	Arrivals map[router.ClassName]float64 // per minute, of tickets, smoothed over about ten minutes
	Arrived  int                          // contacts of customers in the last quarter-hour
	Expected *float64                     // contacts that were forecast for it; nil: there is no forecast
	Overload bool                         // the mode is on
	Paces    map[pace.Key]pace.Meter      // how long agents worked
}

// Queue is the load of one queue.
type Queue struct {
	Waiting       int                          `json:"waiting"`
	OldestMinutes float64                      `json:"oldest_minutes"`               // business time
	AtRisk        int                          `json:"at_risk"`                      // runs whose oldest has used three quarters of its target
	Predicted     float64                      `json:"predicted_wait"`               // minutes until a new ticket would be served, the longest of its classes
	ByClass       map[router.ClassName]float64 `json:"predicted_by_class,omitempty"` // the same by class, where it is not 0
	Agents        int                          `json:"agents"`                       // available ones that cover it
	Open          bool                         `json:"open"`
}

// Snapshot is the immutable view of load and agents.
type Snapshot struct {
	At                time.Time                              `json:"at"`
	Queues            map[router.QueueName]Queue             `json:"queues"`
	Waiting           int                                    `json:"waiting"`
	Available         int                                    `json:"available"`
	Busy              int                                    `json:"busy"`
	FreeCapacity      int                                    `json:"free_capacity"` // of 100 an agent
	ArrivalsPerMinute float64                                `json:"arrivals_per_minute"`
	WorstWait         float64                                `json:"worst_wait"` // minutes, over queues
	Classes           map[router.ClassName]prioritize.Params `json:"classes"`
	Warnings          []string                               `json:"warnings,omitempty"`
	Runs              int                                    `json:"runs"`
	Lines             map[router.ClassName]ClassLoad         `json:"lines"`
	DueToEnd          int                                    `json:"due_to_end,omitempty"` // available agents whose shift ends within DueSoon
	OffShift          int                                    `json:"off_shift,omitempty"`  // agents who say they are available, out of their shift
	VsForecast        float64                                `json:"vs_forecast"`          // contacts of the last quarter-hour over the forecast ones; 1 without a forecast
	Overload          bool                                   `json:"overload,omitempty"`
	Handling          []Handling                             `json:"handling,omitempty"` // where something was learned
	Unserved          []Stuck                                `json:"unserved,omitempty"`
	Vars              policy.Vars                            `json:"vars"`
	digest            string
	stated            map[router.ClassName]prioritize.Params // Classes before what was learned is mixed in
}

// Digest names the snapshot by its content.
func (s *Snapshot) Digest() string { return s.digest }

// Predicted is how long a ticket that comes to a queue in a class now would wait.
func (s *Snapshot) Predicted(q router.QueueName, class router.ClassName) time.Duration {
	return time.Duration(s.Queues[q].ByClass[class] * float64(time.Minute))
}

// Seal works out the digest, after Make or after reading a stored snapshot.
func (s *Snapshot) Seal() ([]byte, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return nil, router.Wrap("load.seal", router.CodeInternal, err)
	}
	sum := sha256.Sum256(body)
	s.digest = hex.EncodeToString(sum[:16])
	return body, nil
}

// Make works out a snapshot.
func Make(rs *policy.Ruleset, in Inputs) (*Snapshot, error) {
	s := &Snapshot{At: in.Now, Queues: map[router.QueueName]Queue{}, ArrivalsPerMinute: finite(round(in.ArrivalsPerMinute)), Runs: len(in.Lines)}
	var last map[router.ClassName]prioritize.Params
	if in.Last != nil {
		last = in.Last.Classes
	}
	in.Lines = slices.Clone(in.Lines)
	for i, l := range in.Lines {
		in.Lines[i].waited = rs.Calendar(l.Run.Queue).Between(l.OldestAgeAt, in.Now)
	}
	crews := crewsOf(rs, in)
	s.agents(rs, in)
	s.queues(rs, in, crews, last)
	s.lines(rs, in)
	s.predict(rs, in, crews, last)
	s.compare(in)
	s.Overload = in.Overload
	s.Unserved = unserved(rs, in)
	s.Vars = s.vars(rs)
	s.evaluate(rs, in)
	_, err := s.Seal()
	return s, err
}

func round(f float64) float64 { return math.Round(f*100) / 100 }

// queues counts what waits by queue.
func (s *Snapshot) queues(rs *policy.Ruleset, in Inputs, crews map[router.QueueName]crew, last map[router.ClassName]prioritize.Params) {
	for _, q := range rs.QueueList {
		s.Queues[q.Name] = Queue{Open: q.Hours.Open(in.Now), Agents: crews[q.Name].agents}
	}
	for _, l := range in.Lines {
		q := s.Queues[l.Run.Queue]
		q.Waiting += l.Waiting
		s.Waiting += l.Waiting
		q.OldestMinutes = math.Max(q.OldestMinutes, round(l.waited.Minutes()))
		if p, ok := last[l.Run.Class]; ok && l.waited > p.Target*3/4 {
			q.AtRisk++
		}
		s.Queues[l.Run.Queue] = q
	}
}

// vars are what expressions see. All numbers are doubles; times are minutes.
func (s *Snapshot) vars(rs *policy.Ruleset) policy.Vars {
	queues := map[string]any{}
	for name, q := range s.Queues {
		queues[string(name)] = map[string]any{"waiting": float64(q.Waiting), "wait": q.Predicted, "oldest": q.OldestMinutes, "agents": float64(q.Agents), "open": q.Open}
	}
	hours, calendar := Clock(rs, s.At)
	return policy.Vars{"hours": hours, "calendar": calendar,
		"load": map[string]any{"waiting": float64(s.Waiting), "wait": s.WorstWait, "free_agents": float64(s.Available - s.Busy), "agents": float64(s.Available),
			"free_capacity": float64(s.FreeCapacity), "arrivals_per_minute": s.ArrivalsPerMinute, "queues": queues,
			"class": s.classVars(rs), "vs_forecast": s.VsForecast, "overload": s.Overload, "due_to_end": float64(s.DueToEnd)}}
}
