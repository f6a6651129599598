package policy

import (
	"fmt"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/hours"
	"switchyard/router/order"
	"switchyard/router/privacy"
)

// Ruleset is a compiled policy. It never changes.
type Ruleset struct {
	Version                                                                       string // digest of the document
	Name                                                                          string
	Zone                                                                          *time.Location
	Calendars                                                                     map[string]*hours.Calendar
	Queues                                                                        map[router.QueueName]*Queue
	QueueList                                                                     []*Queue // as listed
	Topics                                                                        []*Topic // by precedence
	Rules                                                                         []*Rule
	Classes                                                                       map[router.ClassName]*Class
	ClassList                                                                     []*Class
	Review                                                                        ReviewDoc
	Capacity                                                                      map[router.Channel]int
	Limits                                                                        map[router.Channel]int // of tickets one agent may hold; a channel without one has none
	ReserveAfter, ClaimTTL, ClaimMax, SkipAfterRelease, Reopen, Pending, KeepLast time.Duration
	Texts                                                                         map[string]router.Sentence
	Mask                                                                          []string // kinds that privacy.Mask masks besides
	Learning                                                                      Learning

	Assigns     string // digest of all that decides class, queue, needs and due moments of a ticket: waiting work is decided again when it changes
	Escalations []EscalationDoc
	Overload    *Overload // nil: there is no such mode
	Incidents   IncidentsDoc
	Promotion   Promotion
	Staffing    StaffingDoc
	MaxMoves    int

	LearnHandling bool // handling times follow what agents were seen to need
}

// Overload is a compiled OverloadDoc.
type Overload struct {
	OverloadDoc
	Enter, Leave *Expr
}

// Promotion is a compiled PromotionDoc; Margins are per class, in per cent.
type Promotion struct {
	Margins     map[router.ClassName]float64
	Days, Least int
}

// Learning is when a new text model may take the place of the one in force; see LearningDoc.
type Learning struct {
	Margin      float64
	MinExamples int
}

// Queue is a compiled queue.
type Queue struct {
	QueueDoc
	Hours *hours.Calendar
}

// Cover are the queues that stand in for this one while it is closed.
func (q *Queue) Cover() []router.QueueName {
	var out []router.QueueName
	if q.OnCall != nil {
		out = append(out, q.OnCall.To)
	}
	for _, name := range []router.QueueName{q.Holiday, q.Night} {
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}

// Serves is the queue that takes its new work at a moment: itself while open, the last of Cover while closed.
func (q *Queue) Serves(at time.Time) router.QueueName {
	if cover := q.Cover(); len(cover) > 0 && !q.Hours.Open(at) {
		return cover[len(cover)-1]
	}
	return q.Name
}

// AtLimit reports whether so many tickets of a channel are all that one agent may hold.
func (r *Ruleset) AtLimit(ch router.Channel, holds int) bool {
	most, limited := r.Limits[ch]
	return limited && holds >= most
}

// Topic is a compiled topic.
type Topic struct {
	TopicDoc
	Rank int // 0 goes first when two topics are at once
}

// Rule is a compiled rule; Cutoff is nil where it sets none.
type Rule struct {
	RuleDoc
	When   *Expr
	Cutoff *Expr
}

// Class is a compiled class.
type Class struct {
	ClassDoc
	Weight, Target, Handling, Lead, K, Guard, Boost, Bonus, Reserve *Expr
	HandlingBy                                                      map[router.Channel]*Expr
	FirstAnswer, NextAnswer, Resolution                             *Expr // nil: the clock does not run
}

// Topic finds a topic by name, nil if the policy has none of it.
func (r *Ruleset) Topic(name router.Topic) *Topic {
	for _, t := range r.Topics {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// RuleList are the expressions of all rules.
func (r *Ruleset) RuleList() []string {
	var out []string
	for _, rule := range r.Rules {
		out = append(out, rule.RuleDoc.When, rule.RuleDoc.Cutoff)
	}
	return out
}

// Calendar is the calendar of a queue; the one that never closes for a queue that is gone.
func (r *Ruleset) Calendar(q router.QueueName) *hours.Calendar {
	if queue := r.Queues[q]; queue != nil {
		return queue.Hours
	}
	return hours.Always(r.Zone)
}

// OrderRules are the queues' rules.
func (r *Ruleset) OrderRules() map[router.QueueName]order.Rule {
	out := make(map[router.QueueName]order.Rule, len(r.Queues))
	for name, q := range r.Queues {
		out[name] = q.Order
	}
	return out
}

// CheckProfile refuses a user's queues and shift that the policy does not have. invalid_field.
func (r *Ruleset) CheckProfile(u router.User) error {
	for _, q := range u.Queues {
		if r.Queues[q] == nil {
			return router.FailField("policy.profile", "queues", "there is no queue %q", q)
		}
	}
	for q := range u.Weights {
		if r.Queues[q] == nil {
			return router.FailField("policy.profile", "queue_weights", "there is no queue %q", q)
		}
	}
	if u.Shift != "" && r.Calendars[u.Shift] == nil {
		return router.FailField("policy.profile", "shift", "the policy has no calendar %q", u.Shift)
	}
	return nil
}

// Problem is one thing wrong with a policy.
type Problem struct {
	Path   string `json:"path"`
	Detail string `json:"detail"`
}

// Problems are all things wrong with a policy, as one error with code invalid_field.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Path + ": " + p.Detail
	}
	return strings.Join(lines, "; ")
}

// Compile checks a document as a whole and makes its Ruleset. Its error is a
// *router.Error with code invalid_field whose cause is Problems, or what Parse says.
func Compile(doc []byte, zones func(string) (*time.Location, error)) (*Ruleset, error) {
	p, err := Parse(doc)
	if err != nil {
		return nil, err
	}
	env, err := NewEnv()
	if err != nil {
		return nil, router.Wrap("policy.compile", router.CodeInternal, err)
	}
	c := &compiler{doc: p, env: env, zones: zones, out: &Ruleset{
		Version: router.HashID("p", string(doc)), Name: p.Name,
		Calendars: map[string]*hours.Calendar{}, Queues: map[router.QueueName]*Queue{}, Classes: map[router.ClassName]*Class{},
	}}
	c.run()
	if len(c.problems) > 0 {
		return nil, &router.Error{Op: "policy.compile", Code: router.CodeInvalidField, Field: c.problems[0].Path, Detail: c.problems.Error(), Err: c.problems}
	}
	return c.out, nil
}

type compiler struct {
	doc      Policy
	env      *Env
	zones    func(string) (*time.Location, error)
	out      *Ruleset
	problems Problems
}

func (c *compiler) bad(path, format string, args ...any) {
	c.problems = append(c.problems, Problem{path, fmt.Sprintf(format, args...)})
}

func (c *compiler) run() {
	if c.doc.Name == "" {
		c.bad("name", "must be given")
	}
	if c.doc.Order == "" {
		c.doc.Order = order.ATC
	}
	if !c.doc.Order.Valid() {
		c.bad("order", "%q is not one of %v", c.doc.Order, order.Rules())
	}
	c.out.Zone = c.zone("zone", c.doc.Zone)
	c.calendars()
	c.classes()
	c.queues()
	c.topics()
	c.rules()
	c.review()
	c.numbers()
	c.privacy()
	c.learning()
	c.work()
}

func (c *compiler) learning() {
	d := c.doc.Learning
	l := Learning{Margin: 0.02, MinExamples: 20}
	if d.Margin != nil {
		l.Margin = *d.Margin
	}
	if d.MinExamples != 0 {
		l.MinExamples = d.MinExamples
	}
	if !(l.Margin >= 0 && l.Margin <= 1) {
		c.bad("learning.margin", "must be from 0 to 1")
	}
	if l.MinExamples < 1 {
		c.bad("learning.min_examples", "must be at least 1")
	}
	c.out.Learning = l
}

// SpamTopic is the first topic that is spam, empty if there is none.
func (r *Ruleset) SpamTopic() router.Topic {
	for _, t := range r.Topics {
		if t.Spam {
			return t.Name
		}
	}
	return ""
}

func (c *compiler) privacy() {
	for i, kind := range c.doc.Privacy.Mask {
		if kind != privacy.KindPhone && kind != privacy.KindEmail {
			c.bad(fmt.Sprintf("privacy.mask[%d]", i), "%q is not phone or email; all other kinds are always masked", kind)
		}
	}
	c.out.Mask = c.doc.Privacy.Mask
}

func (c *compiler) zone(path, name string) *time.Location {
	if name == "" {
		name = "UTC"
	}
	z, err := c.zones(name)
	if err != nil {
		c.bad(path, "time zone %q is not known", name)
		return time.UTC
	}
	return z
}

func (c *compiler) numbers() {
	r, d := c.out, c.doc
	positive := func(path string, v Duration, standard time.Duration) time.Duration {
		switch {
		case v < 0:
			c.bad(path, "must not be negative")
		case v == 0:
			return standard
		}
		return v.D()
	}
	r.ClaimTTL = positive("claim.ttl", d.Claim.TTL, 2*time.Minute)
	r.ClaimMax = positive("claim.max", d.Claim.Max, 30*time.Minute)
	r.SkipAfterRelease = positive("claim.skip_after_release", d.Claim.SkipAfterRelease, 5*time.Minute)
	r.Reopen = positive("reopen_window", d.Reopen, 72*time.Hour)
	r.Pending = positive("pending_resolves_after", d.Pending, 72*time.Hour)
	r.KeepLast = positive("keep_for_last_agent", d.KeepLast, 10*time.Minute)
	r.ReserveAfter = positive("reserve_after", d.Reserve, 3*time.Minute)
	r.Texts = d.Extra
	r.Capacity = map[router.Channel]int{router.ChannelPhone: 100, router.ChannelChat: 25, router.ChannelSocial: 20, router.ChannelEmail: 10}
	r.Limits = d.Limits
	for ch, most := range d.Limits {
		if !ch.Valid() || most < 1 {
			c.bad("limits."+string(ch), "must be a channel with a number from 1")
		}
	}
	for ch, cost := range d.Capacity {
		if !ch.Valid() || cost < 1 || cost > 100 {
			c.bad("capacity."+string(ch), "must be a channel with a cost from 1 to 100")
		}
		r.Capacity[ch] = cost
	}
}

// TopicNames are the names of all topics, in the policy's order.
func (r *Ruleset) TopicNames() []string {
	out := make([]string, len(r.Topics))
	for i, t := range r.Topics {
		out[i] = string(t.Name)
	}
	return out
}
