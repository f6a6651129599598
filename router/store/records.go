package store

import (
	"context"
	"encoding/json"
	"time"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/route"
	"switchyard/router/textmodel"
)

// PolicyVersion is a policy document as it was put in.
type PolicyVersion struct {
	Version string         `json:"version"`
	Doc     string         `json:"doc"`
	Author  router.AgentID `json:"author"`
	Note    string         `json:"note,omitempty"`
	At      time.Time      `json:"at"`
}

// Active names the version in force of the policy, or of the text model.
type Active struct {
	Version string         `json:"version"`
	By      router.AgentID `json:"by"`
	At      time.Time      `json:"at"`
}

// DecisionRecord is a decision with the input it can be made again from.
type DecisionRecord struct {
	Input    decide.Record   `json:"input"`
	Decision router.Decision `json:"decision"`
}

// Generation rises whenever users, policies or sources change, so that running processes look again.
type Generation struct {
	N int64 `json:"n"`
}

// Users are the desk's people by sign-in name.
func Users(d Docs) Collection[router.User] { return Collection[router.User]{Docs: d, Kind: "user"} }

// Presences are agents' states by sign-in name.
func Presences(d Docs) Collection[router.Presence] {
	return Collection[router.Presence]{Docs: d, Kind: "presence"}
}

// Policies are all policy versions.
func Policies(d Docs) Collection[PolicyVersion] {
	return Collection[PolicyVersion]{Docs: d, Kind: "policy"}
}

// ActivePolicy is the one record, under the id "active", of the policy in force.
func ActivePolicy(d Docs) Collection[Active] {
	return Collection[Active]{Docs: d, Kind: "policy_active"}
}

// Threads are tickets by thread key (thread.Key).
func Threads(d Docs) Collection[router.TicketID] {
	return Collection[router.TicketID]{Docs: d, Kind: "thread"}
}

// Decisions are decisions by id, listed by ticket.
func Decisions(d Docs) Collection[DecisionRecord] {
	return Collection[DecisionRecord]{Docs: d, Kind: "decision", Ref: func(r DecisionRecord) string { return string(r.Decision.TicketID) }}
}

// Snapshots are load snapshots by digest, as sealed bytes of JSON.
func Snapshots(d Docs) Collection[json.RawMessage] {
	return Collection[json.RawMessage]{Docs: d, Kind: "snapshot"}
}

// TextModel is a trained text model that the desk keeps; its file is the blob ModelBlob(version).
type TextModel struct {
	Version string          `json:"version"`
	Info    textmodel.Info  `json:"info"`
	By      router.AgentID  `json:"by"` // empty: it came with the program
	Note    string          `json:"note,omitempty"`
	At      time.Time       `json:"at"`
	UsedAt  time.Time       `json:"used_at,omitzero"` // when it was last put in force; zero: never
	Check   json.RawMessage `json:"check,omitempty"`  // how it did beside the one in force when it was made (learn.Check)
}

// TextModels are all text models by version.
func TextModels(d Docs) Collection[TextModel] {
	return Collection[TextModel]{Docs: d, Kind: "text_model"}
}

// ActiveModel is the one record, under the id "active", of the text model in force; version "" is none.
func ActiveModel(d Docs) Collection[Active] {
	return Collection[Active]{Docs: d, Kind: "text_model_active"}
}

// ModelBlob is the blob of a text model's file.
func ModelBlob(version string) router.BlobID { return router.BlobID("text_model_" + version) }

// ModesRecord is the one record, under the id "desk", of the modes in force.
func ModesRecord(d Docs) Collection[route.Modes] {
	return Collection[route.Modes]{Docs: d, Kind: "modes"}
}

// Redecision is how far waiting work was decided again after the policy assigned it differently.
type Redecision struct {
	Assigns    string                        `json:"assigns"` // policy.Ruleset.Assigns
	Policy     string                        `json:"policy"`
	Total      int                           `json:"total"`
	Done       int                           `json:"done"`
	Moved      int                           `json:"moved"`
	After      map[router.RunKey]router.Head `json:"after,omitempty"` // the last ticket done of each run
	StartedAt  time.Time                     `json:"started_at,omitzero"`
	SeenAt     time.Time                     `json:"seen_at,omitzero"` // somebody worked on it then
	FinishedAt time.Time                     `json:"finished_at,omitzero"`
}

// Redecisions has the one record "desk".
func Redecisions(d Docs) Collection[Redecision] {
	return Collection[Redecision]{Docs: d, Kind: "redecision"}
}

// Deliveries are our messages by what a channel called them (DeliveryKey).
func Deliveries(d Docs) Collection[router.MessageID] {
	return Collection[router.MessageID]{Docs: d, Kind: "delivery"}
}

// DeliveryKey names a channel's own id of a message we sent.
func DeliveryKey(source router.SourceName, providerID string) string {
	return router.HashID("r", string(source), providerID)
}

func generations(d Docs) Collection[Generation] {
	return Collection[Generation]{Docs: d, Kind: "generation"}
}

// BumpGeneration tells running processes that something was configured anew.
func BumpGeneration(ctx context.Context, d Docs) error {
	_, err := generations(d).Update(ctx, "desk", func(g *Generation) (bool, error) { g.N++; return true, nil })
	return err
}

// PutInForce makes a stored policy the one in force, and tells running processes. before is the version that was.
func PutInForce(ctx context.Context, d Docs, a Active) (before string, err error) {
	_, err = ActivePolicy(d).Update(ctx, "active", func(have *Active) (bool, error) {
		before, *have = have.Version, a
		return true, nil
	})
	if err == nil {
		err = BumpGeneration(ctx, d)
	}
	return before, err
}

// ReadGeneration is the present generation.
func ReadGeneration(ctx context.Context, d Docs) (int64, error) {
	r, err := generations(d).Get(ctx, "desk")
	if router.IsCode(err, router.CodeNotFound) {
		return 0, nil
	}
	return r.Value.N, err
}

// AuditEntry is one act that a manager or auditor may want to see.
type AuditEntry struct {
	By     router.AgentID `json:"by"`
	Act    string         `json:"act"`
	Target string         `json:"target,omitempty"`
	Note   string         `json:"note,omitempty"`
	Remote string         `json:"remote,omitempty"`
}

// AuditStream is the stream of all audit entries.
const AuditStream = "audit"

// Notice is what the desk tells its managers.
type Notice struct {
	At     time.Time       `json:"at"`
	Kind   string          `json:"kind"` // escalation, webhook, mode, incident, demo
	Ticket router.TicketID `json:"ticket,omitempty"`
	Text   router.Sentence `json:"text"`
}

// NoticeStream is the stream of all notices.
const NoticeStream = "notices"

// TicketStream is the stream of a ticket's life.
func TicketStream(id router.TicketID) string { return "ticket:" + string(id) }

// AppendJSON appends a value to a stream under an id.
func AppendJSON(ctx context.Context, s Streams, stream, id string, at time.Time, v any) (int64, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return 0, router.Wrap("store.append", router.CodeInternal, err)
	}
	return s.Append(ctx, stream, Entry{ID: id, At: at, Body: body})
}

// Said is a value that AppendJSON appended.
type Said[T any] struct {
	Seq   int64
	At    time.Time
	Value T
}

// TailJSON reads the last values of a stream before a number (0: its end), newest first (Streams.TailStream).
func TailJSON[T any](ctx context.Context, s Streams, stream string, before int64, limit int) ([]Said[T], error) {
	entries, err := s.TailStream(ctx, stream, before, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Said[T], len(entries))
	for i, e := range entries {
		out[i].Seq, out[i].At = e.Seq, e.At
		if err := json.Unmarshal(e.Body, &out[i].Value); err != nil {
			return nil, router.Wrap("store.tail", router.CodeInternal, err)
		}
	}
	return out, nil
}

// Values are the values alone.
func Values[T any](said []Said[T]) []T {
	out := make([]T, len(said))
	for i, x := range said {
		out[i] = x.Value
	}
	return out
}
