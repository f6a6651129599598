package store

import (
	"context"
	"time"

	"switchyard/router"
)

// PolicyHistoryStream is the stream of all PolicyChanges.
const PolicyHistoryStream = "policy_history"

// policyHistoryLength bounds the changes that are read: the last.
const policyHistoryLength = 200

// PolicyChange is one time that another policy was put in force.
type PolicyChange struct {
	Version string         `json:"version"`
	Before  string         `json:"before,omitempty"`
	By      router.AgentID `json:"by"`
	At      time.Time      `json:"at"`
	Reason  string         `json:"reason,omitempty"`
	Back    bool           `json:"back,omitempty"` // by a roll-back
}

// PolicyHistory reads the changes of the policy in force, newest first, at most the last 200.
func PolicyHistory(ctx context.Context, s Streams) ([]PolicyChange, error) {
	said, err := TailJSON[PolicyChange](ctx, s, PolicyHistoryStream, 0, policyHistoryLength)
	return Values(said), err
}

// PolicyBefore is the version to which a roll-back of the active one goes, by the history, newest first: a
// roll-back undoes the last change that was not undone yet. Empty where none is known.
func PolicyBefore(history []PolicyChange, active string) string {
	var stack []string // the versions under the one in force, the last of them the nearest
	now := ""
	for i := len(history) - 1; i >= 0; i-- {
		c := history[i]
		switch {
		case c.Back && len(stack) > 0 && stack[len(stack)-1] == c.Version:
			stack = stack[:len(stack)-1]
		case c.Before != "":
			stack = append(stack, c.Before)
		}
		now = c.Version
	}
	if now != active && now != "" { // a change whose note was lost
		return now
	}
	if len(stack) == 0 {
		return ""
	}
	return stack[len(stack)-1]
}
