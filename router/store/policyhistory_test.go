package store

import "testing"

func TestRollBackGoesOneStepAtATime(t *testing.T) {
	// oldest first: A is in force from the start
	steps := []PolicyChange{{Version: "B", Before: "A"}, {Version: "C", Before: "B"}, {Version: "B", Before: "C", Back: true},
		{Version: "A", Before: "B", Back: true}, {Version: "D", Before: "A"}, {Version: "A", Before: "D"}}
	want := []string{"A", "B", "A", "", "A", "D"}
	var newestFirst []PolicyChange
	for i, c := range steps {
		newestFirst = append([]PolicyChange{c}, newestFirst...)
		if got := PolicyBefore(newestFirst, c.Version); got != want[i] {
			t.Errorf("after step %d (%s) a roll-back goes to %q, want %q", i, c.Version, got, want[i])
		}
	}
	if got := PolicyBefore(newestFirst, "E"); got != "A" { // E's own note was lost
		t.Errorf("%q", got)
	}
	if got := PolicyBefore(nil, "A"); got != "" {
		t.Errorf("%q", got)
	}
}
