package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/learn"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/router/textmodel"
)

// trained waits for the run that goes on in the background and answers the list of models after it.
func (d *desk) trained() answer {
	d.Helper()
	for range 600 {
		a := d.Do(call{method: "GET", path: "/v1/admin/models", as: "auditor"}).Want(200)
		if a.Get("training.running") == false {
			return a
		}
		select {
		case <-d.Context().Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	d.Fatal("the training run does not end")
	return answer{}
}

// Policy puts a policy in force.
func (d *desk) Policy(doc string) {
	d.Helper()
	version := d.Do(call{method: "POST", path: "/v1/admin/policies", as: "manager", body: map[string]any{"doc": doc}}).Want(201).Text("version")
	d.Do(call{method: "POST", path: "/v1/admin/policies/" + version + "/activate", as: "manager"}).Want(200)
}

// A correction that an agent makes at resolve changes the next model; a manager puts it in force and takes it back.
func TestADeskTeachesItsModel(t *testing.T) {
	d := newDesk(t)
	a := d.Do(call{method: "GET", path: "/v1/admin/models", as: "auditor"}).Want(200)
	program := textmodel.VersionOf(learn.Wallet())
	if a.Text("active") != program || a.Get("items.0.active") != true || a.Get("items.0.by") != nil || a.Get("corrections") != 0.0 || a.Get("training") != nil {
		t.Fatalf("%s", a.body)
	}
	for i := range 12 {
		d.Receive(fmt.Sprint("v", i), fmt.Sprintf("my flurbo is flurbo number %d", i))
		id, epoch := d.Pull("agent")
		d.Do(call{method: "POST", path: "/v1/tickets/" + id + "/resolve", as: "agent", body: map[string]any{"epoch": epoch, "topic": "withdrawal"}}).Want(200)
		d.Advance(time.Second)
	}
	if got := d.desk.Live.View().Model.Predict("my flurbo is flurbo number 99", nil).Topic; got == "withdrawal" {
		t.Fatal("the word says something already")
	}
	d.Do(call{method: "POST", path: "/v1/admin/models", as: "agent"}).Problem(403, router.CodeForbidden)
	if a := d.Do(call{method: "POST", path: "/v1/admin/models", as: "manager"}).Want(202); a.Get("running") != true || a.Text("by") != "manager" {
		t.Fatalf("%s", a.body)
	}
	d.Do(call{method: "POST", path: "/v1/admin/models", as: "manager"}).Problem(409, router.CodeInvalidTransition)
	a = d.trained()
	made := a.Text("training.version")
	if made == "" || a.Get("corrections") != 12.0 || a.Get("training.done") != 1.0 {
		t.Fatalf("%s", a.body)
	}
	path := "/v1/admin/models/" + made
	a = d.Do(call{method: "GET", path: path, as: "auditor"}).Want(200)
	if a.Text("by") != "manager" || a.Get("active") != false || a.Text("check.against") != program || a.Get("check.corrections") != 12.0 || a.Get("check.today.by_topic.general.f1") == nil {
		t.Fatalf("%s", a.body)
	}
	// It was made of few examples and is worse, where the policy lets few texts count: refused, then put in force on the record.
	d.Policy(strings.Replace(string(policy.Default()), "min_examples: 20", "min_examples: 1", 1))
	d.Do(call{method: "POST", path: path + "/activate", as: "manager"}).Problem(409, router.CodeInvalidTransition)
	d.Do(call{method: "POST", path: path + "/activate", as: "auditor"}).Problem(403, router.CodeForbidden)
	d.Do(call{method: "POST", path: path + "/activate", as: "manager", body: `{"reason":1}`}).Problem(422, router.CodeInvalidField, "reason")
	d.Do(call{method: "POST", path: path + "/activate", as: "manager", body: map[string]any{"reason": "we say flurbo"}}).Want(200)
	if m := d.desk.Live.View().Model; m.Version() != made || m.Predict("my flurbo is flurbo number 99", nil).Topic != "withdrawal" {
		t.Fatal("the new model is not in force")
	}
	d.Receive("late", "my flurbo is flurbo number 99")
	if a := d.Do(call{method: "GET", path: "/v1/tickets?topic=withdrawal&state=waiting", as: "agent"}).Want(200); a.Text("items.0.topic") != "withdrawal" {
		t.Fatalf("%s", a.body)
	}
	d.Do(call{method: "POST", path: "/v1/admin/models/" + program + "/activate", as: "manager"}).Want(200)
	a = d.Do(call{method: "GET", path: "/v1/admin/audit", as: "auditor"}).Want(200)
	if a.Text("items.0.act") != learn.ActRollback || a.Text("items.1.act") != learn.ActOverride || a.Text("items.1.by") != "manager" || a.Text("items.1.target") != made ||
		!strings.Contains(a.Text("items.1.note"), "we say flurbo") || !strings.Contains(a.Text("items.1.note"), program) || a.Text("items.4.act") != "train_model" {
		t.Fatalf("%s", a.body)
	}
}

func TestModelsPageByPage(t *testing.T) {
	d := newDesk(t)
	for i := range 4 {
		v := fmt.Sprint("m", i)
		_, err := store.TextModels(d.store).Ensure(d.Context(), v, store.TextModel{Version: v, By: "x", At: d.clock().Add(time.Duration(i+1) * time.Second), Info: textmodel.Info{Topics: []string{}}})
		d.must(err)
	}
	var got []string
	for cursor, more := "", true; more; more = cursor != "" {
		a := d.Do(call{method: "GET", path: "/v1/admin/models?limit=2&cursor=" + cursor, as: "manager"}).Want(200)
		for i := range 2 {
			if v := a.Get(fmt.Sprintf("items.%d", i)); v != nil {
				got = append(got, a.Text(fmt.Sprintf("items.%d.version", i)))
			}
		}
		cursor = a.Text("next_cursor")
	}
	if !slices.Equal(got, []string{"m3", "m2", "m1", "m0", textmodel.VersionOf(learn.Wallet())}) {
		t.Fatalf("%v", got)
	}
}

func TestDriftIsMeasured(t *testing.T) {
	d := newDesk(t)
	d.Receive("v1", "I was charged twice, refund please")
	d.desk.Live.Decided(router.Decision{At: d.clock(), Classification: router.Classification{Topic: "general", Rejected: true}}) // one that no model is sure of
	d.Advance(20 * time.Second)
	body := string(d.Do(call{method: "GET", path: "/metrics"}).Want(200).body)
	for _, want := range []string{`switchyard_topic_tickets{topic="payment_error",window="day"} 1`, `switchyard_decisions_below_threshold_share{window="day"} 0.5`,
		`switchyard_text_model_info{version="` + textmodel.VersionOf(learn.Wallet()) + `"} 1`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(body, "switchyard_topic_mix_distance 0") {
		t.Error("a distance to nothing")
	}
	d.Advance(48 * time.Hour)
	d.Receive("v3", "I was charged twice, refund please")
	d.Advance(20 * time.Second)
	if body := string(d.Do(call{method: "GET", path: "/metrics"}).Want(200).body); !strings.Contains(body, "switchyard_topic_mix_distance 0.5") {
		t.Errorf("no distance: %s", body)
	}
}
