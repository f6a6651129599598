package decide

import (
	"time"

	"switchyard/router/classify"
	"switchyard/router/policy"
)

// Ruleset is a policy ready to decide with.
type Ruleset struct {
	*policy.Ruleset
	Matcher *classify.Matcher
}

// Compile makes a Ruleset of a policy document; errors are those of policy.Compile.
func Compile(doc []byte, zones func(string) (*time.Location, error)) (*Ruleset, error) {
	rs, err := policy.Compile(doc, zones)
	if err != nil {
		return nil, err
	}
	return &Ruleset{Ruleset: rs, Matcher: classify.NewMatcher(rs)}, nil
}
