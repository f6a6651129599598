// Package task says what the workers are asked to do: kinds of tasks, their
// versioned payloads, the lanes they run in, and the Nudger through which
// everybody else asks. It knows no task queue.
//
// What always holds:
//
//	A. A nudge is only a hint. The store says what is to be done; a lost nudge
//	   is made up for by the sweep, a doubled one finds nothing left to do.
//	B. A payload carries ids, never text or handles.
//	C. A payload of an unknown version is refused, not guessed at.
package task

import (
	"context"
	"encoding/json"

	"switchyard/router"
)

// Kind names what a task does.
type Kind string

// The kinds of tasks.
const (
	KindTriage   Kind = "message:triage"  // join messages to tickets and decide
	KindDeliver  Kind = "message:deliver" // hand replies to their channels
	KindDue      Kind = "ticket:due"      // claims, snoozes, waits and keeps that are over; replies to settle
	KindEdge     Kind = "queue:edge"      // a queue opened or closed: decide its tickets again
	KindAgain    Kind = "desk:again"      // the policy assigns work differently: decide all that waits again
	KindWebhook  Kind = "webhook:call"    // make outgoing webhook calls
	KindIncident Kind = "incident:work"   // link an incident's tickets, and give its common answers
)

// Lane is a line of tasks with its own share of workers.
type Lane string

// The lanes, most urgent first.
const (
	LaneChat     Lane = "chat"
	LaneSocial   Lane = "social"
	LanePhone    Lane = "phone"
	LaneEmail    Lane = "email"
	LaneDelivery Lane = "delivery"
	LaneTimers   Lane = "timers"
)

// Lanes are all lanes with their weights: how often a free worker looks there first.
func Lanes() map[Lane]int {
	return map[Lane]int{LaneChat: 8, LaneSocial: 6, LanePhone: 5, LaneDelivery: 5, LaneEmail: 4, LaneTimers: 3}
}

// LaneOf is the lane of a channel's messages.
func LaneOf(ch router.Channel) Lane {
	switch ch {
	case router.ChannelChat:
		return LaneChat
	case router.ChannelSocial:
		return LaneSocial
	case router.ChannelPhone:
		return LanePhone
	}
	return LaneEmail
}

// MaxIDs bounds the ids one payload carries.
const MaxIDs = 100

// payloadVersion is the only version this build writes and reads.
const payloadVersion = 1

// Payload is what a task carries: ids of messages, tickets, queues or webhook calls.
type Payload struct {
	Version int      `json:"v"`
	IDs     []string `json:"ids,omitempty"`
}

// Encode writes a payload.
func Encode(ids []string) []byte {
	b, err := json.Marshal(Payload{Version: payloadVersion, IDs: ids})
	if err != nil {
		panic(err) // strings always encode
	}
	return b
}

// Decode reads a payload. unreadable: broken, of another version, or too long.
func Decode(b []byte) (Payload, error) {
	var p Payload
	if err := json.Unmarshal(b, &p); err != nil {
		return p, router.Wrap("task.decode", router.CodeUnreadable, err)
	}
	if p.Version != payloadVersion || len(p.IDs) > MaxIDs {
		return p, router.Fail("task.decode", router.CodeUnreadable, "payload version %d with %d ids", p.Version, len(p.IDs))
	}
	return p, nil
}

// Nudger asks the workers to look at something soon. It never fails the caller:
// what it loses the sweep finds.
type Nudger interface {
	// Nudge asks for one thing of a kind to be done in a lane.
	Nudge(ctx context.Context, kind Kind, lane Lane, id string)
}
