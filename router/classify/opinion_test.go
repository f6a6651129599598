package classify

import (
	"testing"

	"switchyard/router"
)

// Invariant H.
func TestOpinions(t *testing.T) {
	for _, c := range []struct {
		text    string
		opinion *router.Opinion
		topic   router.Topic
		review  bool
	}{
		{"zzz", nil, "", true},
		{"zzz", &router.Opinion{Model: "m"}, "", true},
		{"zzz", &router.Opinion{Model: "m", Topic: "withdrawal"}, "withdrawal", false},
		{"zzz", &router.Opinion{Model: "m", Topic: "spam"}, "", true},
		{"zzz", &router.Opinion{Model: "m", Topic: "gone"}, "", true}, // from the policy
		{"I was charged twice", &router.Opinion{Model: "m", Topic: "withdrawal"}, "payment_error", false},
	} {
		rs, m := rules(t)
		rs.Rules = nil
		got := Classify(Input{Rules: rs, Matcher: m, Text: c.text, Opinion: c.opinion})
		if got.Classification.Topic != c.topic || got.Rejected != c.review || got.Spam {
			t.Errorf("%q with %+v: %q, rejected %v, spam %v", c.text, c.opinion, got.Classification.Topic, got.Rejected, got.Spam)
		}
	}
}
