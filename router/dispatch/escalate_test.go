package dispatch

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/store/storetest"
)

const upwards = `
escalations:
  - name: up
    times_target: 2
    raise_to: security
    move_to: security
    tell_managers: true
    webhook: pager
    why: {zh: 等了很久, en: it waited long}
`

// escalating is a desk whose policy has one escalation that does everything.
func escalating(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	doc := string(policy.Default())
	from, to := strings.Index(doc, "\nescalations:"), strings.Index(doc, "\ncapacity:")
	d.use(doc[:from] + upwards + doc[to:])
	return d
}

// sweep does what the sweep would: everything that is due.
func (d *desk) sweep() int {
	d.t.Helper()
	ids, err := d.store.DueTickets(d.ctx, d.clock(), 100)
	d.must(err)
	for _, id := range ids {
		d.must(d.Due(d.ctx, id))
	}
	return len(ids)
}

func (d *desk) notices() []store.Notice {
	d.t.Helper()
	es, err := d.store.ReadStream(d.ctx, store.NoticeStream, 0, 100)
	d.must(err)
	out := make([]store.Notice, len(es))
	for i, e := range es {
		d.must(json.Unmarshal(e.Body, &out[i]))
	}
	return out
}

func (d *desk) calls() []store.Record[store.WebhookCall] {
	d.t.Helper()
	cs, err := store.WebhookCalls(d.store).All(d.ctx, "")
	d.must(err)
	return cs
}

// told fails unless the escalation was told exactly once everywhere.
func (d *desk) toldOnce(id router.TicketID) {
	d.t.Helper()
	es, err := d.store.ReadStream(d.ctx, store.TicketStream(id), 0, 100)
	d.must(err)
	lines := 0
	for _, e := range es {
		if strings.Contains(string(e.Body), `"escalate"`) {
			lines++
		}
	}
	if n, c := len(d.notices()), len(d.calls()); n != 1 || c != 1 || lines != 1 {
		d.t.Fatalf("%d notices, %d calls and %d lines of life; want one each", n, c, lines)
	}
	if t := d.Read(id); len(t.Telling) != 0 || len(t.Escalated) != 1 || t.Moves != 1 {
		d.t.Fatalf("told, but the ticket says %+v", t)
	}
}

func TestEscalationActsOnceAndStays(t *testing.T) {
	d := escalating(t)
	ticket := d.Receive(router.ChannelChat, "v1", "请问手续费怎么算")
	if ticket.Class != "general" || !ticket.EscalateAt.Equal(ticket.AgeAt.Add(480*time.Minute)) {
		t.Fatalf("%s is due at %v, waits since %v", ticket.Class, ticket.EscalateAt, ticket.AgeAt)
	}
	d.Advance(480*time.Minute - time.Second)
	d.sweep()
	if got := d.Read(ticket.ID); len(got.Escalated) != 0 {
		t.Fatal("it acted too early")
	}
	d.Advance(time.Second)
	d.sweep()
	got := d.ExpectState(ticket.ID, router.StateWaiting)
	if got.Class != "security" || got.Queue != "security" || got.Case.Number != 1 || got.Case.Target != ticket.Case.Target {
		t.Fatalf("not escalated: %+v", got)
	}
	d.toldOnce(ticket.ID)
	if n := d.notices()[0]; n.Ticket != ticket.ID || n.Text.EN != "A ticket in Security: it waited long (waited 480 min)" || !strings.Contains(n.Text.ZH, "等了很久") {
		t.Errorf("notice %+v", n)
	}
	r, err := store.Decisions(d.store).Get(d.ctx, got.Decision)
	d.must(err)
	rulesSeen := ""
	for _, reason := range r.Value.Decision.Reasons {
		if reason.Rule == "escalated" {
			rulesSeen += reason.Step + " "
		}
	}
	if rulesSeen != "prioritize route " {
		t.Errorf("the decision gives as reasons: %q", rulesSeen)
	}
	if again := d.sweep(); again != 0 {
		t.Errorf("%d tickets are due again", again)
	}
	got = d.Receive(router.ChannelChat, "v1", "hello? 手续费")
	if got.ID != ticket.ID || got.Class != "security" || got.Queue != "security" {
		t.Fatalf("a later decision undid it: %+v", got)
	}
	ann := d.Agent("ann")
	got = d.ExpectPull(ann, ticket.ID)
	_, _, err = d.Reply(d.ctx, ann.ID, got.ID, Reply{Epoch: got.Epoch, Text: "3 %", Then: ThenResolve, Key: "k"})
	d.must(err)
	d.Advance(time.Minute)
	got = d.Receive(router.ChannelChat, "v1", "谢谢，还有提现手续费呢")
	if got.Case.Number != 2 || len(got.Escalated) != 0 || got.Class == "security" || got.Queue == "security" || got.Moves != 0 {
		t.Fatalf("a new case begins as if nothing had been: %+v", got)
	}
	d.toldOnceMore()
}

// toldOnceMore: a new case alone tells nothing.
func (d *desk) toldOnceMore() {
	d.t.Helper()
	d.sweep()
	if n := len(d.notices()); n != 1 {
		d.t.Fatalf("%d notices", n)
	}
}

func TestEscalationLeavesATicketWithItsAgent(t *testing.T) {
	d := escalating(t)
	ann := d.Agent("ann")
	ticket := d.Receive(router.ChannelChat, "v1", "请问手续费怎么算")
	d.Advance(479 * time.Minute)
	got := d.ExpectPull(ann, ticket.ID)
	d.Advance(time.Minute)
	_, err := d.Heartbeat(d.ctx, ann.ID, got.ID, got.Epoch)
	d.must(err)
	d.sweep()
	got = d.ExpectState(ticket.ID, router.StateClaimed)
	if got.Agent != ann.ID || got.Class != "security" || got.Queue != "general" {
		t.Fatalf("claimed: %+v", got)
	}
	d.toldOnce(ticket.ID)
	got, err = d.Release(d.ctx, ann.ID, got.ID, got.Epoch, "")
	d.must(err)
	if got.Queue != "security" || got.Class != "security" {
		t.Fatalf("released: it stands in %s as %s", got.Queue, got.Class)
	}
}

func TestEscalationSurvivesACrashAtEveryWrite(t *testing.T) {
	for _, how := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		for n := 1; ; n++ {
			d := escalating(t)
			ticket := d.Receive(router.ChannelChat, "v1", "请问手续费怎么算")
			d.Advance(480 * time.Minute)
			seen := d.crashAt(n, how)
			err := d.Due(d.ctx, ticket.ID)
			d.setFault(nil)
			if err == nil && *seen < n {
				if n < 6 {
					t.Fatalf("an escalation makes only %d writes", n-1)
				}
				break
			}
			for range 3 {
				d.sweep()
			}
			d.toldOnce(ticket.ID)
		}
	}
}

func TestTwoProcessesEscalateOnce(t *testing.T) {
	d := escalating(t)
	ticket := d.Receive(router.ChannelChat, "v1", "请问手续费怎么算")
	d.Advance(480 * time.Minute)
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() { errs <- d.Due(d.ctx, ticket.ID) }()
	}
	for range cap(errs) {
		d.must(<-errs)
	}
	d.toldOnce(ticket.ID)
}

func TestCallsCarryNoText(t *testing.T) {
	d := escalating(t)
	ticket := d.Receive(router.ChannelChat, "visitor-77", "请问手续费怎么算")
	d.Advance(480 * time.Minute)
	d.sweep()
	c := d.calls()[0]
	var body Call
	d.must(json.Unmarshal(c.Value.Body, &body))
	if body.ID != c.ID || body.Event != "escalation" || body.Ticket.ID != ticket.ID || body.Ticket.WaitSeconds != 480*60 || body.Why.EN != "it waited long" || c.Value.Webhook != "pager" {
		t.Errorf("the call says %+v", body)
	}
	if s := string(c.Value.Body); strings.Contains(s, "手续费") || strings.Contains(s, "visitor-77") {
		t.Errorf("text or handle in %s", s)
	}
	found := false
	for _, n := range d.nudges {
		found = found || n == "webhook:call "+c.ID
	}
	if !found {
		t.Error("nobody was asked to make the call")
	}
}

// A stale due moment, of a policy that is gone, is put right once and not found again and again.
func TestAnotherPolicyAnotherMoment(t *testing.T) {
	d := escalating(t)
	ticket := d.Receive(router.ChannelChat, "v1", "请问手续费怎么算")
	doc := string(policy.Default())
	from, to := strings.Index(doc, "\nescalations:"), strings.Index(doc, "\ncapacity:")
	d.use(doc[:from] + doc[to:])
	d.Advance(481 * time.Minute)
	d.sweep()
	if n := d.sweep(); n != 0 || len(d.Read(ticket.ID).Escalated) != 0 {
		t.Errorf("%d tickets are still due", n)
	}
}

// A new escalation reaches what waits already, once its queue was decided again.
func TestANewEscalationReachesWhatWaits(t *testing.T) {
	d := escalating(t)
	first := d.Receive(router.ChannelChat, "v1", "请问手续费怎么算")
	doc := string(policy.Default())
	from, to := strings.Index(doc, "\nescalations:"), strings.Index(doc, "\ncapacity:")
	d.use(doc[:from] + strings.Replace(upwards, "times_target: 2", "after: 1h", 1) + doc[to:])
	_, err := d.EdgeQueue(d.ctx, first.Queue)
	d.must(err)
	d.Advance(time.Hour)
	d.sweep()
	d.toldOnce(first.ID)
}

func TestClocksOfADesk(t *testing.T) {
	d := newDesk(t)
	ann := d.Agent("ann")
	ticket := d.Receive(router.ChannelChat, "v1", "how do I see my fees?")
	if c := ticket.Clocks; c.FirstAnswer.Target != 300*time.Minute || c.Resolution.Target != 2880*time.Minute || !c.FirstAnswer.Since.Equal(ticket.AgeAt) {
		t.Fatalf("the clocks of a new ticket: %+v", c)
	}
	d.Advance(10 * time.Minute)
	got := d.ExpectPull(ann, ticket.ID)
	d.Advance(time.Minute)
	r := Reply{Epoch: got.Epoch, Text: "under Me", Then: ThenPending, Key: "k"}
	for range 2 { // the same reply twice
		_, _, err := d.Reply(d.ctx, ann.ID, got.ID, r)
		d.must(err)
		d.Advance(time.Minute)
	}
	got = d.Read(ticket.ID)
	if c := got.Clocks; c.FirstAnswer.Spent != 11*time.Minute || !c.FirstAnswer.Met() || c.Resolution.Spent != 11*time.Minute || !c.Resolution.Since.IsZero() {
		t.Fatalf("answered: %+v", c)
	}
	if got.Handled != time.Minute {
		t.Errorf("handled %v, want a minute", got.Handled)
	}
	m := d.message(router.ChannelChat, "v1", "it is not there")
	for range 2 { // triage twice
		d.must(d.Triage(d.ctx, m.ID))
		d.Advance(time.Minute)
	}
	got = d.Read(ticket.ID)
	if c := got.Clocks; !c.NextAnswer.Since.Equal(m.ReceivedAt) || c.NextAnswer.Target != 480*time.Minute || c.Resolution.Since.IsZero() {
		t.Fatalf("the customer wrote: %+v", c)
	}
}
