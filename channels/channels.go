package channels

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// Kind is a kind of source: how it is configured and how one is opened.
type Kind struct {
	Name    string
	Channel router.Channel
	// Settings returns a pointer to a new settings struct. Its fields carry the tags
	// yaml (key), doc (one line), default, and secret:"true" for what may be file: or env:.
	Settings func() any
	// Open makes a source from settings that Settings made and configuration filled. It does no I/O.
	// Errors are invalid_field with the key that is wrong; several are joined (Check).
	Open func(Config, Deps) (*Source, error)
	// Local says that it reads files of this machine: only the configuration file may name those.
	Local bool
}

// Config is one configured source.
type Config struct {
	Name     router.SourceName
	Kind     string
	Backlog  Backlog
	Settings any
	// Private allows addresses in private networks; only the configuration file may set it.
	Private bool
}

// Backlog says which of the messages found at a source's first start are work; older ones are history.
type Backlog struct {
	All    bool
	None   bool
	Within time.Duration
}

// DefaultBacklog applies where a source states none.
const DefaultBacklog = 72 * time.Hour

// IsHistory reports whether a message of this time, found at the first start, is only recorded.
func (b Backlog) IsHistory(sentAt, firstStart time.Time) bool {
	if b.All || !sentAt.Before(firstStart) {
		return false
	}
	within := b.Within
	if within == 0 {
		within = DefaultBacklog
	}
	return b.None || sentAt.Before(firstStart.Add(-within))
}

// Source is one configured instance of a kind. Parts it does not have are nil.
type Source struct {
	Name    router.SourceName
	Kind    string
	Channel router.Channel
	Adapter Adapter // reads by itself; run by one process at a time
	Hook    Hook    // is called by the provider
	Sender  Sender  // nil: replies are refused with cannot_reply
	Files   bool    // its Sender can carry attachments
	Chat    Chat    // live sessions
	Import  Importer
}

// Adapter receives by itself until its context ends.
type Adapter interface {
	// Run reads and hands on until ctx ends. An error means it gave up; it is run again after a pause.
	Run(ctx context.Context) error
}

// Importer reads past records of a source's kind as history.
type Importer interface {
	// Import hands every record of a file to Intake with History set, and reports progress in
	// bytes. It answers how many records were accepted and which were refused.
	Import(ctx context.Context, path string, progress func(done, total int64)) (accepted int, refused []error, err error)
}

// HookRequest is a provider's call, body already read within its limit.
type HookRequest struct {
	Method string
	URL    string // public address as the provider sees it, with query
	Query  map[string][]string
	Header http.Header
	Body   []byte
}

// HookAnswer is what the provider gets back. With an error beside it, Results becomes a
// member of the problem document.
type HookAnswer struct {
	Status  int
	Type    string // content type
	Body    []byte
	Results any
}

// Hook answers a provider's calls.
type Hook interface {
	// ServeHook verifies, parses and accepts. Errors: bad_signature, stale_timestamp, invalid_json,
	// invalid_field, too_large, unavailable.
	ServeHook(ctx context.Context, r HookRequest) (HookAnswer, error)
}

// OutgoingFile is a file of a reply.
type OutgoingFile struct {
	ID   router.BlobID // under which the desk keeps it
	Name string
	Type string
	Data []byte
}

// Outgoing is a reply on its way to the customer.
type Outgoing struct {
	MessageID  router.MessageID // the stable key of this reply
	TicketID   router.TicketID
	Handle     router.Handle
	Name       string
	Subject    string
	Text       string
	Language   router.Language
	Automatic  bool // sent by the desk itself; machines must not answer it
	Files      []OutgoingFile
	InReplyTo  string    // external id of the customer's last message
	ThreadKeys []string  // keys of the thread, oldest first
	InboundAt  time.Time // when the customer last wrote, for networks with a reply window
}

// Receipt is what the channel said when it took a reply.
type Receipt struct {
	ProviderID string // how later delivery reports name it
}

// Sender replies through a channel.
type Sender interface {
	// Send hands one reply to the channel. An error with code unavailable or rate_limited may pass and
	// is tried again (RetryAfter says when, if the channel said); any other is final.
	Send(ctx context.Context, out Outgoing) (Receipt, error)
}

// RetryAfter wraps an error with the pause the channel asked for.
type RetryAfter struct {
	After time.Duration
	Err   error
}

func (e *RetryAfter) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *RetryAfter) Unwrap() error { return e.Err }

// Accepted is the intake's answer for one Inbound. Err nil: durable under MessageID, now or before.
// Err with code unavailable: it may pass, send again. Any other Err: refused for good.
type Accepted struct {
	ExternalID string
	MessageID  router.MessageID
	Duplicate  bool
	Err        error
}

// Report is news about a reply that a channel had taken.
type Report struct {
	Source     router.SourceName
	ProviderID string           // as in Receipt, or
	MessageID  router.MessageID // our own key
	Failed     bool
	Detail     string
}

// Intake is the one writer of inbound messages.
type Intake interface {
	// Accept validates, masks, seals, stores once and nudges; one answer for each, in order.
	Accept(ctx context.Context, ins []router.Inbound) []Accepted
	// Report notes a delivery report. Reports about unknown messages are ignored.
	Report(ctx context.Context, r Report) error
}

// Cursors keeps how far a source has been read. A cursor is any small JSON value.
type Cursors interface {
	// LoadCursor reads into v; found is false when there is none yet.
	LoadCursor(ctx context.Context, source router.SourceName, name string, v any) (found bool, err error)
	// SaveCursor replaces it. Only the holder of the source's lease calls it.
	SaveCursor(ctx context.Context, source router.SourceName, name string, v any) error
}

// Bus carries live news between processes. It may lose some; whoever listens reads the store as well.
type Bus interface {
	Publish(ctx context.Context, topic string, data []byte) error
	// Subscribe gives news of a topic until stop is called or ctx ends. A slow listener misses some.
	Subscribe(ctx context.Context, topic string) (news <-chan []byte, stop func())
}

// Position is where a customer stands in line.
type Position struct {
	Ahead int
	Wait  time.Duration     // expected; 0: unknown
	Notes []router.Sentence // what waiting customers are told besides, while the desk is overloaded
}

// Health is how a source is, for managers. Detail has no secret and no handle in it.
type Health struct {
	State     HealthState `json:"state"`
	Detail    string      `json:"detail,omitempty"`
	At        time.Time   `json:"at,omitzero"`
	LastInput time.Time   `json:"last_input,omitzero"`
	Received  int64       `json:"received,omitempty"` // since the adapter started; webhooks and chats do not count
}

// HealthState is a word for how a source is.
type HealthState string

// The states of a source's health.
const (
	HealthOK       HealthState = "ok"
	HealthDegraded HealthState = "degraded"
	HealthDown     HealthState = "down"
	HealthIdle     HealthState = "idle" // run by another process, or not started
)

// Deps is what the desk lends to a source.
type Deps struct {
	Intake    Intake
	Cursors   Cursors
	Streams   store.Streams
	Docs      store.Docs
	Bus       Bus
	HTTP      *http.Client // for calls to the provider: bounded in time, guarded against private addresses where due
	Now       func() time.Time
	Zone      func(name string) (*time.Location, error)
	Log       *slog.Logger
	Mask      func(text string) string // masks secrets as the policy in force asks; for what a source stores besides messages
	Health    func(Health)
	PublicURL string
	// Position says where the handle's ticket stands; ok is false when it does not wait.
	Position func(ctx context.Context, source router.SourceName, h router.Handle) (p Position, ok bool)
	// Attachment opens a stored file that the handle may see.
	Attachment func(ctx context.Context, id router.BlobID) (a router.Attachment, data []byte, err error)
}

// SessionRequest opens a chat session.
type SessionRequest struct {
	Name     string            `json:"name"`
	Email    string            `json:"email"`
	Language string            `json:"language"`
	Answers  map[string]string `json:"answers"`
	Origin   string            `json:"-"`
}

// Session is an opened chat session and its visitor token, shown once.
type Session struct {
	ID    string `json:"session_id"`
	Token string `json:"token"`
}

// Chat is a source with live sessions.
type Chat interface {
	// OpenSession checks the origin and makes a session. forbidden, invalid_field.
	OpenSession(ctx context.Context, r SessionRequest) (Session, error)
	// ServeSocket upgrades and serves one visitor's connection until it ends.
	ServeSocket(w http.ResponseWriter, r *http.Request)
	// Visitor finds the handle a visitor token speaks for. unauthorized.
	Visitor(ctx context.Context, token string) (router.Handle, error)
	// Origins may embed the widget.
	Origins() []string
	// Widget is the script that a page embeds.
	Widget() []byte
}
