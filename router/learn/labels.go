package learn

import (
	"fmt"
	"slices"
	"strings"

	"switchyard/router"
	"switchyard/router/textmodel"
)

// CheckLabels names the examples whose topic a model or policy does not have, with their lines.
func CheckLabels(examples []textmodel.Example, topics []string) error {
	var bad []string
	for _, e := range examples {
		if e.Topic != textmodel.OutOfScope && !slices.Contains(topics, e.Topic) {
			bad = append(bad, fmt.Sprintf("line %d: there is no topic %q", e.Line, e.Topic))
		}
	}
	if len(bad) == 0 {
		return nil
	}
	more := ""
	if len(bad) > maxProblems {
		more = fmt.Sprintf("; and %d more", len(bad)-maxProblems)
	}
	return router.FailField("learn.labels", "topic", "%s%s", strings.Join(bad[:min(len(bad), maxProblems)], "; "), more)
}
