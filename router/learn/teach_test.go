package learn_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/learn"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/store/storetest"
	"switchyard/router/textmodel"
)

func TestWhatPeopleSayIsKept(t *testing.T) {
	d := newDesk(t, policy.Default())
	sure := d.Receive("I was charged twice for one order, refund please")
	d.Resolve(sure.ID, "payment_error")
	if c := d.Correction(sure.ID); c.Ticket != "" {
		t.Errorf("a decision that was right is a correction: %+v", c)
	}
	wrong := d.Receive("charged twice, please refund")
	d.Resolve(wrong.ID, "withdrawal")
	if c := d.Correction(wrong.ID); c.Topic != "withdrawal" || c.Was != "payment_error" || c.By != "ann" || c.At.IsZero() || c.Confidence == 0 {
		t.Errorf("%+v", c)
	}
	rejected := d.Receive("qwertz zuiop")
	d.Resolve(rejected.ID, rejected.Topic)
	if c := d.Correction(rejected.ID); rejected.Topic != "" && c.Topic != rejected.Topic {
		t.Errorf("a rejected decision that an agent confirmed is none: %+v", c)
	}
	asItIs := d.Receive("refund, charged twice again")
	d.Resolve(asItIs.ID, "")
	if c := d.Correction(asItIs.ID); c.Ticket != "" {
		t.Errorf("nobody said anything: %+v", c)
	}

	// An agent's mark teaches spam; a manager's release takes it back, and the resolution says what it is.
	marked := d.Receive("double charge on my card bill, refund it")
	s, err := d.Claim(d.ctx, d.agent, marked.ID)
	d.must(err)
	_, err = d.Spam(d.ctx, "ann", marked.ID, s.Ticket.Epoch)
	d.must(err)
	if c := d.Correction(marked.ID); c.Topic != "spam" {
		t.Errorf("%+v", c)
	}
	_, err = d.ReleaseHeld(d.ctx, "boss", marked.ID)
	d.must(err)
	examples := func() map[string]string {
		taught, err := learn.Corrections(d.ctx, d.Store, d.rules().TopicNames())
		d.must(err)
		out := map[string]string{}
		for _, e := range taught.Examples {
			out[e.Text] = e.Topic
		}
		return out
	}
	if c := d.Correction(marked.ID); c.Topic != "" || c.Was != "spam" || c.By != "boss" || examples()["double charge on my card bill, refund it"] != "" {
		t.Errorf("what it is is not known yet: %+v", c)
	}
	d.Resolve(marked.ID, "")
	if got := examples(); got["double charge on my card bill, refund it"] != "payment_error" || got["charged twice, please refund"] != "withdrawal" {
		t.Errorf("%v", got)
	}
	// What the policy does not have is left out and counted.
	taught, err := learn.Corrections(d.ctx, d.Store, []string{"withdrawal"})
	d.must(err)
	if len(taught.Examples) != 1 || taught.Unknown == 0 {
		t.Errorf("%+v", taught)
	}
}

// teachWord lets the desk hear an invented word that agents say is about a topic.
func (d *desk) teachWord(word string, topic router.Topic, n int) {
	d.Helper()
	for i := range n {
		t := d.Receive(fmt.Sprintf("my %s is %s number %d", word, word, i))
		d.Resolve(t.ID, topic)
	}
}

func TestACorrectionChangesTheNextModel(t *testing.T) {
	d := newDesk(t, policy.Default())
	teacher := d.teacher("p1")
	first, err := teacher.Train(d.ctx, "boss", 1, nil)
	d.must(err)
	_, err = learn.Activate(d.ctx, d.Store, d.rules().Learning, first.Record.Version, "boss", "", d.now)
	d.must(err)
	d.must(d.Live.Refresh(d.ctx))
	if got := d.Live.View().Model.Predict("my flurbo is flurbo number 99", nil); got.Topic == "withdrawal" {
		t.Fatal("the word says something already")
	}
	d.teachWord("flurbo", "withdrawal", 12)
	d.now = d.now.Add(time.Minute)
	next, err := teacher.Train(d.ctx, "boss", 1, nil)
	d.must(err)
	m, err := textmodel.Decode(next.File)
	d.must(err)
	if got := m.Predict("my flurbo is flurbo number 99", nil); got.Topic != "withdrawal" {
		t.Errorf("the next model says %s", got.Topic)
	}
	if c := next.Check; c.Corrections != 12 || c.Against != first.Record.Version || c.Today == nil || c.N == 0 || len(c.Candidate.ByTopic) == 0 {
		t.Errorf("%+v", c)
	}
	run, err := store.Trainings(d.Store).Get(d.ctx, "desk")
	d.must(err)
	if run.Value.Version != next.Record.Version || run.Value.EndedAt.IsZero() || run.Value.Running(d.now) || run.Value.Done != 1 {
		t.Errorf("%+v", run.Value)
	}

	// E. It comes in force by its check; another process takes it at its next look.
	other := d.live(d.Store)
	d.must(other.Refresh(d.ctx))
	c, err := learn.Activate(d.ctx, d.Store, policy.Learning{Margin: 1, MinExamples: 1}, next.Record.Version, "boss", "", d.now)
	if err != nil || c.Act != learn.ActPromote || c.Before != first.Record.Version {
		t.Fatal(c, err)
	}
	d.must(other.Refresh(d.ctx))
	d.must(d.Live.Refresh(d.ctx))
	if a, b := d.Live.View().Model.Version(), other.View().Model.Version(); a != next.Record.Version || b != a {
		t.Errorf("%s and %s are in force", a, b)
	}
	// Rolling back is never blocked, and needs no reason.
	if c, err = learn.Activate(d.ctx, d.Store, policy.Learning{}, first.Record.Version, "boss", "", d.now); err != nil || c.Act != learn.ActRollback {
		t.Fatal(c, err)
	}
	if c, err = learn.Activate(d.ctx, d.Store, policy.Learning{}, first.Record.Version, "boss", "", d.now); err != nil || c.Act != learn.ActUnchanged {
		t.Fatal(c, err)
	}
}

// E. What gets worse is refused, unless a reason is given; what was checked beside another model as well.
func TestAWorseModelIsRefused(t *testing.T) {
	d := newDesk(t, policy.Default())
	put := func(version string, check string, used time.Time) {
		_, err := store.TextModels(d.Store).Ensure(d.ctx, version, store.TextModel{Version: version, By: "boss", At: d.now, UsedAt: used, Check: []byte(check)})
		d.must(err)
		d.must(d.Store.PutBlob(d.ctx, store.ModelBlob(version), learn.Wallet()))
	}
	put("old", `{"n":100}`, d.now)
	check := `{"n":100,"against":"old","today":{"by_topic":{"general":{"n":30,"f1":0.9},"spam":{"n":5,"f1":1}}},"candidate":{"by_topic":{"general":{"n":30,"f1":%v},"spam":{"n":5,"f1":0.1}}}}`
	put("same", fmt.Sprintf(check, 0.89), time.Time{})
	put("worse", fmt.Sprintf(check, 0.8), time.Time{})
	put("unchecked", "null", time.Time{})
	do := func(version, reason string) (learn.Change, error) {
		return learn.Activate(d.ctx, d.Store, policy.Learning{Margin: 0.02, MinExamples: 20}, version, "boss", reason, d.now)
	}
	_, err := do("old", "")
	d.must(err)
	if _, err := do("worse", ""); !router.IsCode(err, router.CodeInvalidTransition) || !strings.Contains(err.Error(), "general") || strings.Contains(err.Error(), "spam") {
		t.Error(err)
	}
	if _, err := do("unchecked", ""); !router.IsCode(err, router.CodeInvalidTransition) {
		t.Error(err)
	}
	if c, err := do("worse", "the new rules need it"); err != nil || c.Act != learn.ActOverride || len(c.Worse) != 1 {
		t.Error(c, err)
	}
	if _, err := do("same", ""); !router.IsCode(err, router.CodeInvalidTransition) { // checked beside old, which is not in force
		t.Error(err)
	}
	_, err = do("old", "")
	d.must(err)
	if c, err := do("same", ""); err != nil || c.Act != learn.ActPromote {
		t.Error(c, err)
	}
	if _, err := do("nothing", "x"); !router.IsCode(err, router.CodeNotFound) {
		t.Error(err)
	}
}

// A broken file is refused; one that breaks later leaves the old model in force, in every process.
func TestABrokenModel(t *testing.T) {
	d := newDesk(t, policy.Default())
	d.must(learn.Ensure(d.ctx, d.Store, d.rules().TopicNames(), d.now, d.Log))
	d.must(d.Live.Refresh(d.ctx))
	before := d.Live.View().Model.Version()
	_, err := store.TextModels(d.Store).Ensure(d.ctx, "broken", store.TextModel{Version: "broken", By: "boss", UsedAt: d.now})
	d.must(err)
	d.must(d.Store.PutBlob(d.ctx, store.ModelBlob("broken"), learn.Wallet()[:1000]))
	if _, err := learn.Activate(d.ctx, d.Store, policy.Learning{}, "broken", "boss", "x", d.now); !router.IsCode(err, router.CodeUnreadable) {
		t.Error(err)
	}
	_, _, err = store.Activate(d.ctx, d.Store, store.Active{Version: "broken", By: "boss"}, func(store.Active) bool { return true })
	d.must(err)
	d.must(d.Live.Refresh(d.ctx))
	if got := d.Live.View().Model.Version(); got != before {
		t.Errorf("%s is in force", got)
	}
}

// D. One run at a time, over all processes; a run that is stopped leaves nothing.
func TestOneTrainingAtATime(t *testing.T) {
	d := newDesk(t, policy.Default())
	slow := d.teacher("p1")
	slow.Seeds = learn.Seeds
	state, err := slow.Start(d.ctx, "boss")
	d.must(err)
	if !state.Running(d.now) {
		t.Errorf("%+v", state)
	}
	for _, owner := range []*learn.Teacher{slow, d.teacher("p2")} {
		if _, err := owner.Start(d.ctx, "boss"); !router.IsCode(err, router.CodeInvalidTransition) {
			t.Error(err)
		}
	}
	slow.Stop()
	slow.Stop()
	run, err := store.Trainings(d.Store).Get(d.ctx, "desk")
	d.must(err)
	if run.Value.EndedAt.IsZero() || run.Value.Problem == "" || run.Value.Version != "" {
		t.Errorf("%+v", run.Value)
	}
	models, err := store.TextModels(d.Store).All(d.ctx, "")
	if err != nil || len(models) != 0 {
		t.Error("a stopped run left a model", err)
	}
	// The lease is free, and that of a process that died frees itself.
	if _, held, err := (store.Leases{Docs: d.Store}).Take(d.ctx, "training", "dead", d.now, store.TrainingTTL); err != nil || !held {
		t.Fatal(held, err)
	}
	next := d.teacher("p2")
	if _, err := next.Start(d.ctx, "boss"); !router.IsCode(err, router.CodeInvalidTransition) {
		t.Error(err)
	}
	d.now = d.now.Add(store.TrainingTTL)
	if _, err := next.Train(d.ctx, "boss", 1, nil); err != nil {
		t.Error(err)
	}
}

// A desk of another business learns from its own corrections alone, once there are enough.
func TestAnotherBusiness(t *testing.T) {
	d := newDesk(t, otherBusiness(t))
	d.must(learn.Ensure(d.ctx, d.Store, d.rules().TopicNames(), d.now, d.Log))
	d.must(d.Live.Refresh(d.ctx))
	if d.Live.View().Model != nil {
		t.Error("the wallet's model is in force")
	}
	teacher := d.teacher("p1")
	if _, err := teacher.Train(d.ctx, "boss", 1, nil); !router.IsCode(err, router.CodeInvalidTransition) || !strings.Contains(err.Error(), "too little") {
		t.Error(err)
	}
	d.teachWord("parcel", "shipping", 20)
	d.teachWord("hotel", "travel", 20)
	made, err := teacher.Train(d.ctx, "boss", 1, nil)
	d.must(err)
	m, err := textmodel.Decode(made.File)
	d.must(err)
	if got := m.Predict("where is my parcel", nil); got.Topic != "shipping" || len(m.Topics) != 2 {
		t.Errorf("%+v of %v", got.Topic, m.Topics)
	}
}

func otherBusiness(t *testing.T) []byte {
	t.Helper()
	return []byte(`
name: shop
zone: UTC
calendars: {always: {daily: ["00:00-24:00"]}}
queues: [{name: q, title: {zh: 队, en: Q}, calendar: always}]
classes: [{name: c, title: {zh: 类, en: C}, weight: "1", target: "60"}]
topics:
  - {name: shipping, title: {zh: 物流, en: Shipping}, queue: q, class: c}
  - {name: travel, title: {zh: 旅行, en: Travel}, queue: q, class: c}
review: {queue: q, class: c, below: 0.5}
`)
}

func TestTheProgramsModel(t *testing.T) {
	d := newDesk(t, policy.Default())
	ensure := func() string {
		d.must(learn.Ensure(d.ctx, d.Store, d.rules().TopicNames(), d.now, d.Log))
		r, err := store.ActiveModel(d.Store).Get(d.ctx, "active")
		d.must(err)
		return r.Value.Version
	}
	ours := textmodel.VersionOf(learn.Wallet())
	if got := ensure(); got != ours || ensure() != ours || len(d.Audit()) > 0 {
		t.Errorf("%s is in force, audit %v", got, d.Audit())
	}
	set := func(a store.Active) {
		_, _, err := store.Activate(d.ctx, d.Store, a, func(store.Active) bool { return true })
		d.must(err)
	}
	set(store.Active{Version: "of the last program"})
	if got := ensure(); got != ours || len(d.Audit()) != 1 || !strings.Contains(d.Audit()[0], "of the last program") {
		t.Errorf("%s is in force, audit %v", got, d.Audit())
	}
	set(store.Active{Version: "chosen", By: "boss"})
	if got := ensure(); got != "chosen" {
		t.Errorf("%s took the place of the manager's choice", got)
	}
}

// Candidates that were never in force do not heap up.
func TestOldCandidatesAreForgotten(t *testing.T) {
	d := newDesk(t, policy.Default())
	for i := range 9 {
		v := fmt.Sprint("v", i)
		_, err := store.TextModels(d.Store).Ensure(d.ctx, v, store.TextModel{Version: v, By: "boss", At: d.now.Add(time.Duration(i) * time.Second)})
		d.must(err)
		d.must(d.Store.PutBlob(d.ctx, store.ModelBlob(v), []byte("x")))
	}
	_, err := store.TextModels(d.Store).Ensure(d.ctx, "used", store.TextModel{Version: "used", By: "boss", UsedAt: d.now})
	d.must(err)
	d.now = d.now.Add(time.Minute)
	made, err := d.teacher("p1").Train(d.ctx, "boss", 1, nil)
	d.must(err)
	all, err := store.TextModels(d.Store).All(d.ctx, "")
	d.must(err)
	got := map[string]bool{}
	for _, r := range all {
		got[r.ID] = true
	}
	if len(got) != 6 || !got["used"] || !got["v8"] || got["v4"] || !got[made.Record.Version] {
		t.Errorf("%v", got)
	}
	if _, err := d.Store.Blob(d.ctx, store.ModelBlob("v0")); !router.IsCode(err, router.CodeNotFound) {
		t.Error("its file stays", err)
	}
}

func TestDrift(t *testing.T) {
	d := newDesk(t, policy.Default())
	at := func(ago time.Duration, topic router.Topic, rejected bool, n int) {
		for range n {
			d.Live.Decided(router.Decision{At: d.now.Add(-ago), Classification: router.Classification{Topic: topic, Rejected: rejected}})
		}
	}
	at(29*24*time.Hour, "spam", true, 50) // too old
	at(10*24*time.Hour, "general", false, 60)
	at(25*time.Hour, "withdrawal", false, 40)
	at(23*time.Hour, "general", false, 10)
	at(0, "withdrawal", true, 30)
	d.now = d.now.Add(20 * time.Second)
	d.must(d.Live.Refresh(d.ctx))
	got, err := learn.DriftOf(d.ctx, d.Store, d.now)
	d.must(err)
	if got.Day != 40 || got.Weeks != 100 || got.Below != 0.75 || got.BelowWeeks != 0 || got.Distance < 0.3499 || got.Distance > 0.3501 || got.Topics[0].Topic != "withdrawal" {
		t.Errorf("%+v", got)
	}
	// Counts of another process are added, and a stop loses none.
	other := d.live(d.Store)
	other.Decided(router.Decision{At: d.now, Classification: router.Classification{Topic: "general"}})
	other.Stop()
	d.Receive("charged twice, refund")
	d.Live.Stop()
	if got, err = learn.DriftOf(d.ctx, d.Store, d.now); err != nil || got.Day != 42 {
		t.Errorf("%+v, %v", got, err)
	}
}

// fakeVectors tell texts with a word from the others.
type fakeVectors struct{ word string }

func (fakeVectors) Model() string { return "e1" }

func (v fakeVectors) EmbedAll(_ context.Context, texts []string, progress func(done, total int)) ([][]float32, error) {
	if v.word == "" {
		return nil, router.Fail("test", router.CodeUnavailable, "the endpoint is down")
	}
	out := make([][]float32, len(texts))
	for i, text := range texts {
		out[i] = []float32{1, 0}
		if strings.Contains(text, v.word) {
			out[i] = []float32{0, 1}
		}
	}
	progress(len(texts), len(texts))
	return out, nil
}

// With an embeddings endpoint the candidate has its vectors; when the endpoint fails, so does the run, and says why.
func TestACandidateWithVectors(t *testing.T) {
	d := newDesk(t, otherBusiness(t))
	d.teachWord("parcel", "shipping", 20)
	d.teachWord("hotel", "travel", 20)
	teacher := d.teacher("p1")
	teacher.Vectors = fakeVectors{}
	if _, err := teacher.Train(d.ctx, "boss", 1, nil); !router.IsCode(err, router.CodeUnavailable) {
		t.Error(err)
	}
	run, err := store.Trainings(d.Store).Get(d.ctx, "desk")
	if err != nil || !strings.Contains(run.Value.Problem, "the endpoint is down") {
		t.Errorf("%+v, %v", run.Value, err)
	}
	teacher.Vectors = fakeVectors{"hotel"}
	made, err := teacher.Train(d.ctx, "boss", 1, nil)
	d.must(err)
	if i := made.Record.Info; i.Embeddings != "e1" || i.Dense != 2 || made.Check.N == 0 {
		t.Errorf("%+v", i)
	}
}

// D. A run whose writes fail leaves no model without its file; run again, it makes the same one.
func TestARunWhoseWritesFail(t *testing.T) {
	d := newDesk(t, otherBusiness(t))
	d.teachWord("parcel", "shipping", 20)
	d.teachWord("hotel", "travel", 20)
	for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		teacher := d.teacher("p1")
		teacher.Store = storetest.NewFlaky(d.Store, func(op string) storetest.Fault {
			if op == "PutBlob" {
				return fault
			}
			return storetest.Pass
		})
		if _, err := teacher.Train(d.ctx, "boss", 1, nil); !router.IsCode(err, router.CodeUnavailable) {
			t.Error(err)
		}
		if models, err := store.TextModels(d.Store).All(d.ctx, ""); err != nil || len(models) > 0 {
			t.Error("a model without its file", err)
		}
	}
	made, err := d.teacher("p2").Train(d.ctx, "boss", 1, nil)
	d.must(err)
	if file, err := d.Store.Blob(d.ctx, store.ModelBlob(made.Record.Version)); err != nil || string(file) != string(made.File) {
		t.Error("its file is another", err)
	}
}

// A model that cannot be had at this moment is asked for again.
func TestAStoreThatFailsForAMoment(t *testing.T) {
	d := newDesk(t, policy.Default())
	fail := false
	live := d.live(storetest.NewFlaky(d.Store, func(op string) storetest.Fault {
		if fail && op == "Blob" {
			return storetest.FailBefore
		}
		return storetest.Pass
	}))
	d.must(live.Refresh(d.ctx))
	d.must(learn.Ensure(d.ctx, d.Store, d.rules().TopicNames(), d.now, d.Log))
	fail = true
	if err := live.Refresh(d.ctx); !router.IsCode(err, router.CodeUnavailable) {
		t.Error(err)
	}
	fail = false
	d.must(live.Refresh(d.ctx))
	if live.View().Model == nil {
		t.Error("the model was given up")
	}
}
