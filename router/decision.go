package router

import "time"

// Sentence is one plain line in both languages of the desk.
type Sentence struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Reason is one thing a decision looked at: which step, which rule, whether it
// held, what it gave, and one line why.
type Reason struct {
	Step    string   `json:"step"` // classify, prioritize, route, order
	Rule    string   `json:"rule"`
	Matched bool     `json:"matched"`
	Value   string   `json:"value,omitempty"`
	Words   []string `json:"words,omitempty"` // of the text, that weighed most
	Why     Sentence `json:"why"`
}

// TopicScore is a topic and how sure the classifier is of it, 0–1.
type TopicScore struct {
	Topic      Topic   `json:"topic"`
	Confidence float64 `json:"confidence"`
}

// Classification says what a ticket is about and how sure that is.
type Classification struct {
	Topic      Topic        `json:"topic"`
	Subtopic   string       `json:"subtopic,omitempty"`
	Confidence float64      `json:"confidence"`             // 0–1, given that the text is in scope
	OutOfScope float64      `json:"out_of_scope,omitempty"` // probability that it is about none of the topics
	Rejected   bool         `json:"rejected"`               // below the policy's threshold: the review queue
	Language   Language     `json:"language"`
	Spam       bool         `json:"spam,omitempty"`
	Topics     []TopicScore `json:"topics,omitempty"`   // all that scored, best first
	Proposed   Topic        `json:"proposed,omitempty"` // what newer messages speak of, where an agent has touched the ticket
	Urgency    float64      `json:"urgency"`            // 0–1
	Sentiment  float64      `json:"sentiment"`          // 0 furious, 0.5 neutral, 1 pleased
	Signals    []Signal     `json:"signals,omitempty"`
	Missing    []string     `json:"missing,omitempty"`
}

// Opinion is what a second opinion from outside said a ticket is about. It is part of
// the decision's input, so that the decision can be made again.
type Opinion struct {
	Topic Topic  `json:"topic"` // empty: it could not tell
	Model string `json:"model"` // who said so
}

// Decision is what was decided about a ticket, and why. It is a function of its
// input alone: decided again from the record it gives the same bytes.
type Decision struct {
	ID             string         `json:"id"`
	TicketID       TicketID       `json:"ticket_id"`
	At             time.Time      `json:"at"`
	InputDigest    string         `json:"input_digest"`
	Policy         string         `json:"policy"`          // version of the policy
	Model          string         `json:"model,omitempty"` // version of the text model
	Snapshot       string         `json:"snapshot"`        // digest of the snapshot
	State          State          `json:"state"`           // waiting or held
	Queue          QueueName      `json:"queue,omitempty"`
	Class          ClassName      `json:"class,omitempty"`
	Needs          []Need         `json:"needs,omitempty"`
	Speaks         Language       `json:"speaks,omitempty"`
	CutoffAt       time.Time      `json:"cutoff_at,omitzero"`
	Target         time.Duration  `json:"target,omitempty"`
	Overflown      bool           `json:"overflown,omitempty"`
	Guest          bool           `json:"guest,omitempty"`
	Away           bool           `json:"away,omitempty"` // it is sent away from its own queue, which counts as a move
	Classification Classification `json:"classification"`
	Ask            []string       `json:"ask,omitempty"`          // facts that an automatic first question asks for
	Answer         bool           `json:"answer,omitempty"`       // the topic's answer is sent at once, because the desk is overloaded
	AskLanguage    Language       `json:"ask_language,omitempty"` // zh or en, where something is asked or answered
	Reasons        []Reason       `json:"reasons"`
	Why            Sentence       `json:"why"`
}

// PullTrace says why a pull served this ticket: its tier and score, and the heads that lost. With Heads and Worth
// it holds all that the order looked at, so that it can be made again from itself (order.Again).
type PullTrace struct {
	At     time.Time   `json:"at"`
	Policy string      `json:"policy,omitempty"`
	Rule   string      `json:"rule"` // the order of its queue, or chosen: the agent picked it
	Tier   int         `json:"tier"`
	Score  float64     `json:"score"` // rounded to 6 significant digits
	Wait   float64     `json:"wait_seconds"`
	Why    Sentence    `json:"why"`
	Passed []PassedRun `json:"passed,omitempty"`

	Head    *PullHead             `json:"head,omitempty"`    // what was looked at of the ticket itself
	Rules   map[QueueName]string  `json:"rules,omitempty"`   // orders of the queues in question, where not atc
	Worth   map[string][]float64  `json:"worth,omitempty"`   // numbers of a class for a channel, by class|channel (order.Class)
	Profile map[QueueName]float64 `json:"profile,omitempty"` // the agent's weights of queues
}

// PullHead is what an order looks at of one ticket.
type PullHead struct {
	Queue    QueueName     `json:"queue"`
	Class    ClassName     `json:"class"`
	Channel  Channel       `json:"channel"`
	Guest    bool          `json:"guest,omitempty"`
	AgeAt    time.Time     `json:"age_at"`
	CutoffAt time.Time     `json:"cutoff_at,omitzero"`
	Wait     time.Duration `json:"wait"`
}

// PassedRun is a head that lost, or a run that this agent could not serve. The score of a head compares with that of
// the ticket served: by the queue's own order inside a queue, by atc and the agent's profile between queues.
type PassedRun struct {
	Run      RunKey    `json:"run"`
	TicketID TicketID  `json:"ticket_id,omitempty"`
	Tier     int       `json:"tier,omitempty"`
	Score    float64   `json:"score,omitempty"`
	Than     float64   `json:"than,omitempty"` // the score of the ticket served that it compares with
	Reason   string    `json:"reason"`         // lower, taken (somebody else was claiming it), no_skill, no_capacity, reserved, idle_reserve, ring, limit
	Head     *PullHead `json:"head,omitempty"`
}
