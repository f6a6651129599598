package router

import "time"

// Contact is a customer. It owns handles; whoever writes from one of them is this contact.
type Contact struct {
	ID         ContactID         `json:"id"`
	Name       string            `json:"name,omitempty"`
	Language   Language          `json:"language,omitempty"`
	Handles    []Handle          `json:"handles"`
	Tags       []string          `json:"tags,omitempty"`
	Fields     map[string]string `json:"fields,omitempty"`
	CreatedAt  time.Time         `json:"created_at"`
	LastSeenAt time.Time         `json:"last_seen_at,omitzero"`
	Version    int64             `json:"version"`
}

// Role is what somebody may do.
type Role string

// The roles. A customer is not a user: he holds a token to one conversation.
const (
	RoleAgent   Role = "agent"
	RoleManager Role = "manager"
	RoleAuditor Role = "auditor"
	RoleMachine Role = "machine"
)

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool {
	return r == RoleAgent || r == RoleManager || r == RoleAuditor || r == RoleMachine
}

// User is somebody of the desk who signs in: an agent, a manager, an auditor or a machine.
type User struct {
	ID        AgentID       `json:"id"`
	Role      Role          `json:"role"`
	Languages []Language    `json:"languages,omitempty"` // empty: all
	Skills    map[Skill]int `json:"skills,omitempty"`    // empty: every skill at level 1
	Queues    []QueueName   `json:"queues,omitempty"`    // empty: all
	Disabled  bool          `json:"disabled,omitempty"`
	// Weights are factors on the worth of a queue's tickets in this agent's pulls; a queue without one has 1.
	Weights   map[QueueName]float64 `json:"weights,omitempty"`
	Shift     string                `json:"shift,omitempty"`    // the policy's calendar he works by; empty: always on shift
	Password  string                `json:"password,omitempty"` // argon2id hash; never leaves the store through an API
	CreatedAt time.Time             `json:"created_at"`
	Version   int64                 `json:"version"`
}

// Covers reports whether the agent pulls from this queue.
func (u User) Covers(q QueueName) bool {
	if len(u.Queues) == 0 {
		return true
	}
	for _, have := range u.Queues {
		if have == q {
			return true
		}
	}
	return false
}

// CanServe reports whether the agent has the skills and the language that a run asks for.
func (u User) CanServe(needs []Need, speaks Language) bool {
	if speaks != "" && len(u.Languages) > 0 {
		found := false
		for _, l := range u.Languages {
			found = found || l == speaks
		}
		if !found {
			return false
		}
	}
	for _, n := range needs {
		level := 1
		if len(u.Skills) > 0 {
			level = u.Skills[n.Skill]
		}
		if level < n.Level {
			return false
		}
	}
	return true
}

// PresenceState says whether an agent takes work.
type PresenceState string

// The states of an agent.
const (
	PresenceAvailable PresenceState = "available"
	PresenceAway      PresenceState = "away"
	PresenceOffline   PresenceState = "offline"
)

// Valid reports whether p is one of the states.
func (p PresenceState) Valid() bool {
	return p == PresenceAvailable || p == PresenceAway || p == PresenceOffline
}

// Presence is an agent's state and since when he is in it.
type Presence struct {
	Agent  AgentID       `json:"agent"`
	State  PresenceState `json:"state"`
	Since  time.Time     `json:"since"`
	SeenAt time.Time     `json:"seen_at"`
	// FreedAt is when his last claim ended; noted where queues make offers.
	FreedAt time.Time `json:"freed_at,omitzero"`
}
