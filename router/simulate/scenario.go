package simulate

import (
	"bytes"
	"time"

	"github.com/goccy/go-yaml"

	"switchyard/router"
	"switchyard/router/order"
	"switchyard/router/policy"
)

// Document is a scenario file. Durations are written like 90s, 30m, 72h; shares are parts of 1.
type Document struct {
	Name  string          `yaml:"name"`
	Title router.Sentence `yaml:"title"`
	Zone  string          `yaml:"zone"`  // default UTC
	Start string          `yaml:"start"` // a date, from its local midnight; default 2026-01-05
	Days  int             `yaml:"days"`
	Seeds int             `yaml:"seeds"`
	Load  float64         `yaml:"load"` // offered work over what the agents can do; 0: the classes' per_hour as they stand

	Classes   []ClassDoc                       `yaml:"classes"`
	Agents    []AgentsDoc                      `yaml:"agents"`
	Queues    map[router.QueueName]ScheduleDoc `yaml:"queues"` // opening hours; a queue that is not here is always open
	Capacity  map[router.Channel]int           `yaml:"capacity"`
	Reserve   map[router.ClassName]int         `yaml:"reserve"`       // a class gets an agent only while more than so many are idle
	Rooms     policy.Duration                  `yaml:"reserve_after"` // a run that waited so long for room reserves the next free hands
	Wrong     WrongDoc                         `yaml:"wrong_topic"`
	Rules     []TrialDoc                       `yaml:"rules"`
	Search    SearchDoc                        `yaml:"search"`
	Published []PublishedDoc                   `yaml:"published"`
}

// ClassDoc is a class of tickets and how it comes.
type ClassDoc struct {
	Name     router.ClassName            `yaml:"name"`
	Share    float64                     `yaml:"share"`    // of all tickets, with load
	PerHour  float64                     `yaml:"per_hour"` // mean rate over the day, without load
	Arrivals ArrivalsDoc                 `yaml:"arrivals"`
	Queue    router.QueueName            `yaml:"queue"` // default desk
	Service  SpreadDoc                   `yaml:"service"`
	Handling policy.Duration             `yaml:"handling"` // what the order expects; default the mean service
	Target   policy.Duration             `yaml:"target"`
	Weight   float64                     `yaml:"weight"`
	Bonus    policy.Duration             `yaml:"bonus"` // for priority_minutes
	Lead     policy.Duration             `yaml:"lead"`  // default 10m
	Cutoff   CutoffDoc                   `yaml:"cutoff"`
	Patience SpreadDoc                   `yaml:"patience"` // mean 0: endless
	Needs    []router.Need               `yaml:"needs"`
	Channels map[router.Channel]float64  `yaml:"channels"`  // mix; default all chat
	Language map[router.Language]float64 `yaml:"languages"` // mix; an agent must speak zh or en where it is drawn; default none
}

// ArrivalsDoc is the shape of a day: a cosine around the mean, or a factor for each local hour.
type ArrivalsDoc struct {
	Amp    float64   `yaml:"amp"`
	Phase  float64   `yaml:"phase"` // of a day, where the peak is
	ByHour []float64 `yaml:"by_hour"`
}

// SpreadDoc is a random duration.
type SpreadDoc struct {
	Mean policy.Duration `yaml:"mean"`
	CV   float64         `yaml:"cv"`           // of a lognormal
	Kind string          `yaml:"distribution"` // lognormal (default), exponential or constant
}

// CutoffDoc says how many tickets of a class carry a cut-off, uniform between two times after arrival.
type CutoffDoc struct {
	Share float64         `yaml:"share"`
	From  policy.Duration `yaml:"from"`
	To    policy.Duration `yaml:"to"`
}

// AgentsDoc is a group of agents who are alike.
type AgentsDoc struct {
	Name      string               `yaml:"name"`
	Count     int                  `yaml:"count"`
	Skills    map[router.Skill]int `yaml:"skills"`    // empty: every skill at level 1
	Languages []router.Language    `yaml:"languages"` // empty: all
	Queues    []router.QueueName   `yaml:"queues"`    // empty: all
	Shift     ScheduleDoc          `yaml:"shift"`     // empty: always
}

// ScheduleDoc is opening hours or a shift: daily, with weekdays (mon … sun) that differ.
type ScheduleDoc struct {
	Daily []string            `yaml:"daily"`
	Week  map[string][]string `yaml:"week"`
}

// WrongDoc says how many tickets stand in a class that is not theirs, and what it costs an agent who cannot help to find out.
type WrongDoc struct {
	Share  float64         `yaml:"share"`
	PassOn policy.Duration `yaml:"pass_on_after"`
}

// TrialDoc is a rule to try, with its parameters.
type TrialDoc struct {
	Rule    order.Rule                           `yaml:"rule"`
	K       policy.Duration                      `yaml:"k"`     // default 10m
	Guard   float64                              `yaml:"guard"` // default 3
	Boost   float64                              `yaml:"boost"` // default 1
	Weights map[router.ClassName]float64         `yaml:"weights"`
	Bonus   map[router.ClassName]policy.Duration `yaml:"bonus"`
}

// PublishedDoc is what somebody else measured, shown beside. Shares are in per cent.
type PublishedDoc struct {
	Rule    order.Rule                   `yaml:"rule" json:"-"`
	K       policy.Duration              `yaml:"k" json:"-"`
	Load    float64                      `yaml:"load" json:"-"`
	InSLA   float64                      `yaml:"in_sla" json:"in_sla"`
	Range   []float64                    `yaml:"range" json:"range,omitempty"`
	ByClass map[router.ClassName]float64 `yaml:"by_class" json:"by_class,omitempty"`
	Cutoffs float64                      `yaml:"cutoffs_met" json:"cutoffs_met,omitempty"`
	Worst   float64                      `yaml:"worst_over_sla" json:"worst_over_sla,omitempty"`
}

// SearchDoc bounds what a search tries.
type SearchDoc struct {
	K       []policy.Duration              `yaml:"k"` // from, to
	Guard   []float64                      `yaml:"guard"`
	Boost   []float64                      `yaml:"boost"`
	Weights map[router.ClassName][]float64 `yaml:"weights"`
	Runs    int                            `yaml:"runs"` // trials at most; default 60
	Try     []TrialDoc                     `yaml:"try"`  // of atc, tried first
}

// Read reads a scenario file and checks it as a whole; zones finds time zones by name. Its error is a *router.Error with
// code invalid_field whose cause is policy.Problems, or says what YAML could not read.
func Read(doc []byte, zones func(string) (*time.Location, error)) (*Scenario, error) {
	var d Document
	if err := yaml.NewDecoder(bytes.NewReader(doc), yaml.Strict()).Decode(&d); err != nil {
		return nil, &router.Error{Op: "simulate.read", Code: router.CodeInvalidField, Field: "scenario", Detail: yaml.FormatError(err, false, false), Err: err}
	}
	c := &checker{doc: d, zones: zones}
	c.run()
	if len(c.problems) > 0 {
		return nil, &router.Error{Op: "simulate.read", Code: router.CodeInvalidField, Field: c.problems[0].Path, Detail: c.problems[0].Detail, Err: c.problems}
	}
	return c.out, nil
}
