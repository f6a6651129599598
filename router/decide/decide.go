package decide

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/classify"
	"switchyard/router/load"
	"switchyard/router/policy"
	"switchyard/router/prioritize"
	"switchyard/router/route"
	"switchyard/router/textmodel"
)

// Input is everything a decision looks at.
type Input struct {
	Ticket   router.Ticket
	Messages []router.Message // oldest first
	Contact  router.Contact
	Snapshot *load.Snapshot
	Modes    route.Modes
	Rules    *Ruleset
	Model    *textmodel.Model // nil: the policy's word lists alone
	// What came from outside is part of the input: a second opinion and the vector of the customer's words, nil if there are none.
	Opinion   *router.Opinion
	Embedding []float32
	// MayAsk: a question would reach the customer. The source carries replies, and he was not asked on another ticket a short while ago.
	MayAsk bool
	// Given is what the ticket was said to be about before: a replay keeps it instead of classifying again.
	Given *router.Classification
	Now   time.Time
}

// Record is what is kept of an Input: what is immutable elsewhere is kept by name.
type Record struct {
	Ticket   router.Ticket      `json:"ticket"`
	Messages []router.MessageID `json:"messages"`
	Contact  router.Contact     `json:"contact"`
	Snapshot string             `json:"snapshot"` // digest
	Modes    route.Modes        `json:"modes"`
	Policy   string             `json:"policy"` // version
	Model    string             `json:"model,omitempty"`

	Opinion   *router.Opinion        `json:"opinion,omitempty"`
	Embedding []float32              `json:"embedding,omitempty"`
	MayAsk    bool                   `json:"may_ask,omitempty"`
	Given     *router.Classification `json:"given,omitempty"`
	Now       time.Time              `json:"now"`
}

// Record is the stored form of the input.
func (in Input) Record() Record {
	ids := make([]router.MessageID, len(in.Messages))
	for i, m := range in.Messages {
		ids[i] = m.ID
	}
	model := ""
	if in.Model != nil {
		model = in.Model.Version()
	}
	return Record{Model: model, Opinion: in.Opinion, Embedding: in.Embedding, MayAsk: in.MayAsk, Given: in.Given, Ticket: in.Ticket, Messages: ids, Contact: in.Contact, Snapshot: in.Snapshot.Digest(), Modes: in.Modes, Policy: in.Rules.Version, Now: in.Now}
}

// Decide decides.
func Decide(in Input) (router.Decision, error) {
	record := in.Record()
	body, err := json.Marshal(record)
	if err != nil {
		return router.Decision{}, router.Wrap("decide", router.CodeInternal, err)
	}
	sum := sha256.Sum256(body)
	d := router.Decision{TicketID: in.Ticket.ID, At: in.Now, InputDigest: hex.EncodeToString(sum[:16]), Policy: in.Rules.Version, Model: record.Model,
		Snapshot: in.Snapshot.Digest(), Reasons: []router.Reason{}}
	d.ID = router.HashID("d", d.InputDigest)

	f := factsOf(in.Messages)
	f, c := in.sift(f, in.classify(f))
	d.Classification = c.Classification
	d.Reasons = append(d.Reasons, c.Reasons...)
	d.Speaks = speaks(c.Language)

	vars := in.vars(f, classify.Normalize(f.text), &c)
	a := prioritize.Assign(in.Rules.Ruleset, c.Topic, c.Rejected || f.failure, vars, f.sentAt)
	d.Class, d.Needs, d.CutoffAt = a.Class, a.Needs, a.CutoffAt
	d.Reasons = append(d.Reasons, a.Reasons...)
	if raised := in.Ticket.RaisedTo; in.Ticket.Escalating() && in.Rules.Classes[raised] != nil {
		d.Class = raised
		d.Reasons = append(d.Reasons, router.Reason{Step: "prioritize", Rule: "escalated", Matched: true, Value: "class=" + string(raised),
			Why: router.Sentence{ZH: "等待过久，已升级，本次处理期间保持", EN: "it waited too long and was raised; it stays so for this case"}})
	}
	d.Target = in.Snapshot.Classes[d.Class].Target

	if why, held := in.held(f, c, vars); held {
		d.State = router.StateHeld
		d.Reasons = append(d.Reasons, why)
		d.Why = why.Why
		return d, nil
	}
	r := route.Choose(route.Input{Rules: in.Rules.Ruleset, Ticket: in.Ticket, Topic: c.Topic, Class: d.Class, Rejected: c.Rejected, Failure: f.failure, Vars: vars, Modes: in.Modes, Now: in.Now})
	d.State, d.Queue, d.Overflown, d.Guest, d.Away = router.StateWaiting, r.Queue, r.Overflown, r.Guest, r.Away
	d.Reasons = append(d.Reasons, r.Reasons...)
	if q := in.Rules.Queues[d.Queue]; q != nil {
		d.Needs = append(append([]router.Need{}, d.Needs...), q.Needs...)
	}
	d.Why = sentence(in.Rules, d)
	in.overload(c, &d)
	in.ask(f, c, &d)
	return d, nil
}

// Classify is the first step of a decision by itself: what the messages are about.
func Classify(in Input) classify.Result {
	f := factsOf(in.Messages)
	_, c := in.sift(f, in.classify(f))
	return c
}

func (in Input) classify(f facts) classify.Result {
	if in.Given != nil {
		return classify.Result{Classification: *in.Given, Topic: in.Rules.Topic(in.Given.Topic)}
	}
	return classify.Classify(classify.Input{Rules: in.Rules.Ruleset, Matcher: in.Rules.Matcher, Model: in.Model, Embedding: in.Embedding, Opinion: in.Opinion,
		Text: f.text, Parts: f.spoken, At: f.writtenAt.In(in.Rules.Zone), Language: f.hint, Fixed: fixedTopic(in.Ticket), Touched: in.touchedTopic(), Vars: func(text string) policy.Vars { return in.vars(f, text, nil) }})
}

// spam reports whether a message by itself is spam.
func (in Input) spam(f facts, text string) bool {
	f.text, f.spoken = text, nil
	in.Embedding, in.Opinion = nil, nil // they are of all the messages
	c := in.classify(f)
	return c.Spam && !c.Rejected
}

// sift leaves out the messages that are spam where others are not: these say what the ticket is about.
func (in Input) sift(f facts, c classify.Result) (facts, classify.Result) {
	if !c.Spam || in.Ticket.FixTopic || len(f.parts) < 2 {
		return f, c
	}
	var rest []string
	for _, text := range f.parts {
		if !in.spam(f, text) {
			rest = append(rest, text)
		}
	}
	if len(rest) == 0 || len(rest) == len(f.parts) {
		return f, c
	}
	f.text, f.spoken = strings.Join(rest, "\n"), rest
	in.Embedding = nil // it is of all the messages
	return f, in.classify(f)
}

// facts are what the messages say together.
type facts struct {
	text    string
	parts   []string // the text of each
	spoken  []string // of these, what says what the ticket is about
	subject string
	hint    router.Language
	kinds   map[router.Kind]int
	failure bool
	sentAt  time.Time // when we received the customer's last message

	writtenAt time.Time // when the customer sent it, as far as that can be
	outcome   router.CallOutcome
}

func factsOf(ms []router.Message) facts {
	f := facts{kinds: map[router.Kind]int{}}
	for _, m := range ms {
		if m.Direction != router.DirectionIn {
			continue
		}
		f.kinds[m.Kind]++
		f.failure = f.failure || m.Failure != ""
		if !m.FromCustomer() && m.Kind != router.KindAutoReply && m.Kind != router.KindList {
			continue
		}
		text := m.Text
		if f.subject == "" {
			f.subject = m.Subject
			text = m.Subject + "\n" + text
		}
		f.parts = append(f.parts, text)
		f.sentAt, f.writtenAt = m.ReceivedAt, m.ReceivedAt
		if !m.SentAt.IsZero() && m.SentAt.Before(m.ReceivedAt) {
			f.writtenAt = m.SentAt
		}
		if m.Language != "" {
			f.hint = m.Language
		}
		if m.Call != nil {
			f.outcome = m.Call.Outcome
		}
	}
	f.text, f.spoken = strings.TrimSpace(strings.Join(f.parts, "\n")), f.parts
	return f
}

// vars are what rules see.
func (in Input) vars(f facts, text string, c *classify.Result) policy.Vars {
	t := map[string]any{"channel": string(in.Ticket.Channel), "source": string(in.Ticket.Source), "subject": classify.Normalize(f.subject),
		"text": text, "state": string(in.Ticket.State), "messages": float64(len(in.Messages)), "topic": "", "language": "",
		"confidence": 0.0, "rejected": false, "call": string(f.outcome)}
	if c != nil {
		t["topic"], t["language"], t["confidence"], t["rejected"] = string(c.Classification.Topic), string(c.Language), c.Confidence, c.Rejected
	}
	tags := make([]any, len(in.Contact.Tags))
	for i, tag := range in.Contact.Tags {
		tags[i] = tag
	}
	fields := make(map[string]any, len(in.Contact.Fields))
	for k, v := range in.Contact.Fields {
		fields[k] = v
	}
	vars := policy.Vars{"ticket": t, "contact": map[string]any{"tags": tags, "fields": fields, "language": string(in.Contact.Language)}}
	for k, v := range in.Snapshot.Vars {
		vars[k] = v
	}
	return vars
}

func fixedTopic(t router.Ticket) router.Topic {
	if t.FixTopic {
		return t.Topic
	}
	return ""
}

// touchedTopic is the topic under which an agent has worked on the ticket: a new one is only proposed.
// Nobody works under spam: a ticket that was held for it is open to what it is about.
func (in Input) touchedTopic() router.Topic {
	t, topic := in.Ticket, in.Rules.Topic(in.Ticket.Topic)
	if t.State != router.StateHeld && (t.Case.Number > 1 || t.Case.Judged) && topic != nil && !topic.Spam {
		return topic.Name
	}
	return ""
}

// Words are the customer's words in messages, newest last: what a decision reads, and what
// is sent to those who are asked from outside.
func Words(ms []router.Message) string { return factsOf(ms).text }

// speaks is the language an agent must have.
func speaks(l router.Language) router.Language {
	if l == router.LanguageZH || l == router.LanguageEN {
		return l
	}
	return ""
}

// held reports whether the ticket stays out of every queue: automatic mail, spam, or a rule that says so.
// What a person released stays released, and a message that is neither releases.
func (in Input) held(f facts, c classify.Result, vars policy.Vars) (router.Reason, bool) {
	reason := func(rule, zh, en string) (router.Reason, bool) {
		return router.Reason{Step: "route", Rule: rule, Matched: true, Why: router.Sentence{ZH: zh, EN: en}}, true
	}
	if in.Ticket.State == router.StateHeld && in.Ticket.Spam && len(f.parts) > 0 && in.spam(f, f.parts[len(f.parts)-1]) {
		return reason("spam", "新消息看起来也是垃圾信息，留待经理查看", "the new message looks like spam as well; it is kept for a manager to look at")
	}
	if in.Ticket.Case.Number > 0 || in.Ticket.State == router.StateHeld && in.Ticket.Spam {
		return router.Reason{}, false
	}
	own := f.kinds[router.KindMessage] + f.kinds[router.KindCall]
	if own == 0 && f.kinds[router.KindAutoReply]+f.kinds[router.KindList]+f.kinds[router.KindBounce] > 0 {
		return reason("automatic", "这是自动邮件，不进入队列", "this is automatic mail; it enters no queue")
	}
	if c.Spam && !c.Rejected && !f.failure {
		return reason("spam", "看起来是垃圾信息，留待经理查看", "it looks like spam; it is kept for a manager to look at")
	}
	for _, r := range in.Rules.Rules {
		if ok, err := r.When.Bool(vars); r.Hold && ok && err == nil {
			return router.Reason{Step: "route", Rule: r.Name, Matched: true, Why: r.Why}, true
		}
	}
	return router.Reason{}, false
}

// sentence says the decision in one line of each language.
func sentence(rs *Ruleset, d router.Decision) router.Sentence {
	zh, en := "未能确定主题", "the topic is not certain"
	if t := rs.Topic(d.Classification.Topic); t != nil {
		zh, en = "主题是「"+t.Title.ZH+"」", "it is about "+strings.ToLower(t.Title.EN)
	}
	class, queue := rs.Classes[d.Class], rs.Queues[d.Queue]
	if class != nil {
		zh += "，按「" + class.Title.ZH + "」处理"
		en += ", handled as " + strings.ToLower(class.Title.EN)
	}
	last := router.Sentence{}
	for _, r := range d.Reasons {
		if r.Step == "route" && r.Matched {
			last = r.Why
		}
	}
	if queue != nil {
		zh += "，进入「" + queue.Title.ZH + "」队列"
		en += ", and waits in the queue " + queue.Title.EN
	}
	return router.Sentence{ZH: upper(zh + "：" + last.ZH + "。"), EN: upper(en + ": " + last.EN + ".")}
}

// upper makes the first letter a capital, where it is a Latin one.
func upper(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
