package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"switchyard/router/simulate"
)

// The shape of INTERFACES §7; and who of the workers was first does not matter.
func TestSimulateReference(t *testing.T) {
	code, out, errs := run(t, "", "simulate", "--reference", "--seeds", "2", "--days", "3", "--json")
	if code != 0 || !strings.Contains(errs, "simulating") {
		t.Fatalf("%d %s", code, errs)
	}
	var r struct {
		Load  float64
		Seeds int
		Days  int
		Rules []struct {
			Rule      string
			Params    map[string]any
			InSLA     struct{ Mean, SE, Lo, Hi float64 } `json:"in_sla"`
			Worst     struct{ Mean, Max float64 }        `json:"worst_over_sla"`
			ByClass   map[string]any                     `json:"by_class"`
			CutMet    *float64                           `json:"cutoffs_met"`
			MeanWait  *float64                           `json:"mean_wait_min"`
			Published map[string]any
		}
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Load != .94 || r.Seeds != 2 || r.Days != 3 || len(r.Rules) != 8 {
		t.Fatalf("%+v", r)
	}
	for _, x := range r.Rules {
		if x.Rule == "" || x.Params == nil || !(x.InSLA.Lo <= x.InSLA.Mean && x.InSLA.Mean <= x.InSLA.Hi && x.InSLA.Mean > 10 && x.InSLA.Mean <= 100) || !(x.Worst.Mean > 0 && x.Worst.Mean <= x.Worst.Max) ||
			len(x.ByClass) != 4 || x.CutMet == nil || x.MeanWait == nil || x.Published["in_sla"] == nil {
			t.Errorf("%+v", x)
		}
	}
	_, again, _ := run(t, "", "simulate", "--reference", "--seeds", "2", "--days", "3", "--json")
	if again != out {
		t.Error("two runs differ")
	}
}

func TestSimulateTableAndSearch(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.yaml")
	doc := strings.Replace(string(simulate.Reference()), "runs: 60", "runs: 5", 1)
	if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := run(t, "", "simulate", file, "--search", "--load", "0.8", "--seeds", "1", "--days", "2")
	if code != 0 || !strings.Contains(out, "load 0.80") || !strings.Contains(out, "atc K 10 g 3 b 1") || !strings.Contains(out, "frontier") {
		t.Errorf("%d %s\n%s", code, out, errs)
	}
}

func TestSimulateRefuses(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yaml")
	doc := strings.NewReplacer("target: 5m", "target: 0s", "count: 20", "count: -1").Replace(string(simulate.Reference()))
	if err := os.WriteFile(bad, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"simulate", 2, "give one scenario"},
		{"simulate --reference --wallet", 2, "give one scenario"},
		{"simulate a b", 2, ""},
		{"simulate --reference --load 0", 2, "--load"},
		{"simulate --reference --load NaN", 2, "--load"},
		{"simulate --reference --load 99", 2, "--load"},
		{"simulate --reference --seeds -1", 2, "--seeds"},
		{"simulate --reference --days x", 2, "days"},
		{"simulate " + filepath.Join(dir, "none.yaml"), 1, "cannot read"},
		{"simulate " + bad, 1, "classes[0].target"},
		{"simulate " + bad, 1, "agents[0].count"},
	} {
		start := time.Now()
		code, out, errs := run(t, "", strings.Fields(c.args)...)
		if code != c.code || out != "" || !strings.Contains(errs, c.says) || time.Since(start) > 5*time.Second {
			t.Errorf("%s: %d %q %q", c.args, code, out, errs)
		}
	}
}
