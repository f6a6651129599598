package policy

import (
	"switchyard/router"
)

// RingDoc relaxes what a ticket asks of its agent, once it has waited After (business time) in its queue:
// Lower levels off every need, needs to Drop, and whether any language will do. Rings add to none before them.
type RingDoc struct {
	After    Duration       `yaml:"after"`
	Lower    int            `yaml:"lower"`
	Drop     []router.Skill `yaml:"drop"`
	Language bool           `yaml:"any_language"`
}

// OnCallDoc sends tickets of some classes (empty: all) to another queue while theirs is closed, before Holiday and Night.
type OnCallDoc struct {
	To      router.QueueName   `yaml:"to"`
	Classes []router.ClassName `yaml:"classes"`
}

// EscalationDoc is what happens to a ticket that has waited too long. Its clock must have run After, or Times
// times its target, in business time; then it is raised to Class, moved to Queue, managers are told and a webhook
// (named in the configuration) is called: whatever is given. Each escalation acts once in a case.
type EscalationDoc struct {
	Name    string             `yaml:"name"`
	Clock   router.ClockName   `yaml:"clock"` // wait if absent
	Classes []router.ClassName `yaml:"classes"`
	Queues  []router.QueueName `yaml:"queues"`
	After   Duration           `yaml:"after"`
	Times   float64            `yaml:"times_target"`
	Class   router.ClassName   `yaml:"raise_to"`
	Queue   router.QueueName   `yaml:"move_to"`
	Tell    bool               `yaml:"tell_managers"`
	Webhook string             `yaml:"webhook"`
	Why     router.Sentence    `yaml:"why"`
}

// OverloadDoc is the desk's mode for more work than it can do. Enter and Leave are expressions over load, hours and
// calendar; Leave counts only while Enter does not hold, and after AtLeast.
type OverloadDoc struct {
	Enter   string   `yaml:"enter"`
	Leave   string   `yaml:"leave"`
	AtLeast Duration `yaml:"at_least"`  // 10m if absent
	Promise float64  `yaml:"promise"`   // factor on waits told to customers; 1 if absent
	Answers bool     `yaml:"answers"`   // topics with an answer send it at once
	Callers bool     `yaml:"callbacks"` // customers in a line are asked to leave a number or address instead
}

// IncidentsDoc says when many tickets of one kind are one incident: a surge over the forecast, and at least AtLeast tickets.
type IncidentsDoc struct {
	AtLeast int      `yaml:"at_least"` // 8 if absent
	Within  Duration `yaml:"within"`   // tickets so old are grouped when it opens; 1h if absent
}

// PromotionDoc says when a new policy may take the place of the one in force: replayed over the desk's history, no
// class may lose more than Margin points (per cent) of its share in SLA. A class may have a margin of its own.
type PromotionDoc struct {
	Margin *float64 `yaml:"margin"`      // 1 if absent
	Days   int      `yaml:"days"`        // of history that are replayed; 14 if absent
	Least  int      `yaml:"min_tickets"` // of a class, for it to count; 30 if absent
}

// StaffingDoc is what staffing is worked out for.
type StaffingDoc struct {
	Share    float64  `yaml:"share"`    // per cent served within their target; 90 if absent
	Patience Duration `yaml:"patience"` // mean time after which a customer gives up; 1h if absent
}
