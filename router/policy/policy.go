package policy

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"switchyard/router"
	"switchyard/router/order"
)

//go:embed default.yaml
var defaultYAML []byte

// Default is the wallet desk's policy document.
func Default() []byte { return bytes.Clone(defaultYAML) }

// Policy is a manager's document. Durations are written like 90s, 30m, 72h;
// expressions are CEL and give numbers, times among them in minutes.
type Policy struct {
	Name      string                 `yaml:"name"`
	Zone      string                 `yaml:"zone"`
	Order     order.Rule             `yaml:"order"`
	Calendars map[string]CalendarDoc `yaml:"calendars"`
	Queues    []QueueDoc             `yaml:"queues"`
	Topics    []TopicDoc             `yaml:"topics"`
	Rules     []RuleDoc              `yaml:"rules"`
	Classes   []ClassDoc             `yaml:"classes"`
	Review    ReviewDoc              `yaml:"review"`
	Capacity  map[router.Channel]int `yaml:"capacity"` // cost of one ticket against an agent's 100
	Limits    map[router.Channel]int `yaml:"limits"`   // tickets of a channel that one agent may hold at most
	Reserve   Duration               `yaml:"reserve_after"`
	Claim     ClaimDoc               `yaml:"claim"`
	Reopen    Duration               `yaml:"reopen_window"`
	Pending   Duration               `yaml:"pending_resolves_after"`
	KeepLast  Duration               `yaml:"keep_for_last_agent"`
	Privacy   PrivacyDoc             `yaml:"privacy"`
	Learning  LearningDoc            `yaml:"learning"`
	// LearnHandling: expected handling times follow what agents were seen to need; true if absent.
	LearnHandling *bool `yaml:"learn_handling"`

	Rings       []RingDoc                  `yaml:"rings"` // of queues that have none of their own
	Escalations []EscalationDoc            `yaml:"escalations"`
	Overload    *OverloadDoc               `yaml:"overload"`
	Incidents   IncidentsDoc               `yaml:"incidents"`
	Promotion   PromotionDoc               `yaml:"promotion"`
	Staffing    StaffingDoc                `yaml:"staffing"`
	MaxMoves    int                        `yaml:"max_moves"` // between queues, by the engine, in one case of a ticket; 4 if absent
	Extra       map[string]router.Sentence `yaml:"texts"`     // sentences shown to customers
}

// CalendarDoc is opening hours: per weekday (mon … sun) or daily, with dates that differ.
type CalendarDoc struct {
	Zone     string              `yaml:"zone"`
	Daily    []string            `yaml:"daily"`
	Week     map[string][]string `yaml:"week"`
	Holidays map[string][]string `yaml:"holidays"`
}

// QueueDoc is a queue. OnCall, Holiday and Night take its tickets while its calendar is closed, in this order. Offer is
// how long a ticket of it is offered to one agent after the other before anybody may pull it; 0: it is not.
type QueueDoc struct {
	Name     router.QueueName `yaml:"name"`
	Title    router.Sentence  `yaml:"title"`
	Calendar string           `yaml:"calendar"`
	Night    router.QueueName `yaml:"night"`
	Holiday  router.QueueName `yaml:"holiday"`
	OnCall   *OnCallDoc       `yaml:"on_call"`
	Offer    Duration         `yaml:"offer"`
	Rings    []RingDoc        `yaml:"rings"`
	Order    order.Rule       `yaml:"order"`
	Needs    []router.Need    `yaml:"needs"`
	Overflow *OverflowDoc     `yaml:"overflow"`
}

// OverflowDoc sends new tickets of a queue elsewhere: begins above High while the receiver is
// below ReceiverBelow, ends below Low. All three are predicted waits.
type OverflowDoc struct {
	To            router.QueueName `yaml:"to"`
	High          Duration         `yaml:"high"`
	Low           Duration         `yaml:"low"`
	ReceiverBelow Duration         `yaml:"receiver_below"`
}

// TopicDoc is what a ticket can be about. Topics are listed by precedence.
type TopicDoc struct {
	Name  router.Topic     `yaml:"name"`
	Title router.Sentence  `yaml:"title"`
	Queue router.QueueName `yaml:"queue"`
	Class router.ClassName `yaml:"class"`
	Spam  bool             `yaml:"spam"`
	Facts []FactDoc        `yaml:"facts"`
	Ask   *AskDoc          `yaml:"ask"` // nil: nothing is asked
	// Answer is sent at once to new tickets of the topic while overload says so; empty: nothing is.
	Answer router.Sentence `yaml:"answer"`
	Words  []WordsDoc      `yaml:"words"`
}

// AskDoc is the automatic first question of a topic: which of its facts a new ticket's customer is
// asked for at once, in this order, and the sentence before them where it is not the usual one.
type AskDoc struct {
	Facts []string        `yaml:"facts"`
	Text  router.Sentence `yaml:"text"`
}

// FactDoc is something to know before an agent starts. Signal names the kinds of signals that provide
// it, parted by bars (transaction|order); empty where none does. Ask is the line that asks a customer for it.
type FactDoc struct {
	Name   string          `yaml:"name"`
	Title  router.Sentence `yaml:"title"`
	Signal string          `yaml:"signal"`
	Ask    router.Sentence `yaml:"ask"`
}

// Fact finds a fact of the topic by name, nil if it has none of it.
func (t TopicDoc) Fact(name string) *FactDoc {
	for i := range t.Facts {
		if t.Facts[i].Name == name {
			return &t.Facts[i]
		}
	}
	return nil
}

// MetBy reports whether one of the signals provides the fact.
func (f FactDoc) MetBy(signals []router.Signal) bool {
	for kind := range strings.SplitSeq(f.Signal, "|") {
		for _, s := range signals {
			if kind == s.Kind {
				return true
			}
		}
	}
	return false
}

// WordsDoc is words and phrases that speak for a topic. In Latin script a phrase matches whole
// words, an asterisk at its end any ending; Chinese matches anywhere. A list that is a rule decides
// wherever one of its phrases occurs; the others are weighed against each other, where no text model is.
type WordsDoc struct {
	Rule   bool     `yaml:"rule"`
	Weight float64  `yaml:"weight"`
	Any    []string `yaml:"any"`
}

// RuleDoc is a manager's rule: where When holds, what it sets is set. The first rule that sets a thing wins.
type RuleDoc struct {
	Name   string           `yaml:"name"`
	When   string           `yaml:"when"`
	Why    router.Sentence  `yaml:"why"`
	Topic  router.Topic     `yaml:"topic"`
	Class  router.ClassName `yaml:"class"`
	Queue  router.QueueName `yaml:"queue"`
	Needs  []router.Need    `yaml:"needs"`
	Cutoff string           `yaml:"cutoff_minutes"` // after the message was sent
	Hold   bool             `yaml:"hold"`
}

// ClassDoc says what a class is worth, as expressions over load, hours and calendar. Times are minutes.
type ClassDoc struct {
	Name       router.ClassName          `yaml:"name"`
	Title      router.Sentence           `yaml:"title"`
	Weight     string                    `yaml:"weight"`
	Target     string                    `yaml:"target"`
	Handling   string                    `yaml:"handling"`
	HandlingBy map[router.Channel]string `yaml:"handling_by"`
	Lead       string                    `yaml:"lead"`
	K          string                    `yaml:"k"`
	Guard      string                    `yaml:"guard"`
	Boost      string                    `yaml:"boost"`
	Bonus      string                    `yaml:"bonus"`   // minutes of age, for the order priority_minutes; may be 0
	Reserve    string                    `yaml:"reserve"` // it gets an agent only while more than this many are idle; may be 0

	// Targets of the other clocks, in minutes of business time; a clock without one does not run.
	FirstAnswer string   `yaml:"first_answer"`
	NextAnswer  string   `yaml:"next_answer"`
	Resolution  string   `yaml:"resolution"`
	Margin      *float64 `yaml:"margin"` // promotion.margin of this class
}

// ReviewDoc is where tickets go whose topic is not sure enough.
type ReviewDoc struct {
	Queue router.QueueName `yaml:"queue"`
	Class router.ClassName `yaml:"class"`
	Below float64          `yaml:"below"`             // sureness, 0–1, under which a ticket goes to review
	Cost  float64          `yaml:"wrong_queue_costs"` // what a wrong queue costs, where a review costs 1: gives Below
}

// ClaimDoc bounds claims.
type ClaimDoc struct {
	TTL              Duration `yaml:"ttl"` // without heartbeat
	Max              Duration `yaml:"max"` // without any act
	SkipAfterRelease Duration `yaml:"skip_after_release"`
}

// PrivacyDoc says what is masked besides the secrets that always are: phone, email.
type PrivacyDoc struct {
	Mask []string `yaml:"mask"`
}

// LearningDoc says when a new text model may take the place of the one in force: no topic's F1 may
// get worse by more than Margin on texts that neither has seen; topics with fewer than MinExamples such texts do not count.
type LearningDoc struct {
	Margin      *float64 `yaml:"margin"`       // 0–1; 0.02 if absent
	MinExamples int      `yaml:"min_examples"` // 20 if absent
}

// Duration is a time.Duration that YAML writes as 90s, 30m or 72h.
type Duration time.Duration

// UnmarshalYAML reads a duration.
func (d *Duration) UnmarshalYAML(b []byte) error {
	s := strings.Trim(strings.TrimSpace(string(b)), `"'`)
	v, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%q is not a duration like 30m or 72h", s)
	}
	*d = Duration(v)
	return nil
}

// D is the duration.
func (d Duration) D() time.Duration { return time.Duration(d) }

// Parse reads a document; unknown keys are errors. Compile checks what it says.
func Parse(doc []byte) (Policy, error) {
	var p Policy
	dec := yaml.NewDecoder(bytes.NewReader(doc), yaml.Strict())
	if err := dec.Decode(&p); err != nil {
		return p, &router.Error{Op: "policy.parse", Code: router.CodeInvalidField, Field: "policy", Detail: yaml.FormatError(err, false, false), Err: err}
	}
	return p, nil
}
