package store

import (
	"context"
	"time"

	"switchyard/router"
)

// Store is everything a desk keeps.
type Store interface {
	Messages
	Tickets
	Contacts
	Docs
	Streams
	Blobs

	// Migrate brings indexes and layout up to date; nothing else works before it ran once. It is
	// idempotent and safe beside other processes.
	Migrate(ctx context.Context) error
	// Ping fails with code unavailable when the store cannot be read or written now.
	Ping(ctx context.Context) error
	// Close releases everything; safe twice.
	Close() error
}

// MaxLimit bounds every list.
const MaxLimit = 1000

// Messages keeps what was received and sent.
type Messages interface {
	// InsertMessages stores messages that are not there yet, all of them durable
	// when it returns, with Version 1. The answer has one entry for each: true where
	// this call stored it, false where the id was there before (the first text stands).
	InsertMessages(ctx context.Context, ms []router.Message) ([]bool, error)
	// Message reads one. not_found.
	Message(ctx context.Context, id router.MessageID) (router.Message, error)
	// MessagesByID reads those that exist of at most MaxLimit ids, in the order asked.
	MessagesByID(ctx context.Context, ids []router.MessageID) ([]router.Message, error)
	// SaveMessage writes what may change (stage, ticket, contact, attempts, retry, provider id,
	// error) by compare-and-set on Version and returns the stored message. conflict, not_found.
	SaveMessage(ctx context.Context, m router.Message) (router.Message, error)
	// TicketMessages reads a ticket's messages, oldest first (ReceivedAt, then id), after a cursor
	// ("" for the first page). next is "" after the last page.
	TicketMessages(ctx context.Context, t router.TicketID, after string, limit int) (ms []router.Message, next string, err error)
	// ContactMessages reads a contact's messages over all tickets and history, newest first, pages like TicketMessages.
	ContactMessages(ctx context.Context, c router.ContactID, after string, limit int) (ms []router.Message, next string, err error)
	// StagedMessages reads messages that are in a stage since before a moment and whose RetryAt
	// is not after it, oldest StageAt first. invalid_field for a stage that CountStages does not count.
	StagedMessages(ctx context.Context, stage router.Stage, before time.Time, limit int) ([]router.Message, error)
	// CountStages counts messages by stage among received, draft, queued, failed and dead.
	CountStages(ctx context.Context) (map[router.Stage]int, error)
}

// TicketFilter selects tickets for a list; zero fields do not restrict.
type TicketFilter struct {
	Queue   router.QueueName
	State   router.State
	Topic   router.Topic
	Channel router.Channel
	Agent   router.AgentID
	Contact router.ContactID
	Terms   []string // all of them must occur in its messages; made by Terms()
	After   string   // cursor
	Limit   int
}

// HeadQuery asks for the few tickets of a run that a pull looks at. The moments are
// compared with AgeAt: older than GuardAt is guarded, then late until LateAt, then feasible.
type HeadQuery struct {
	Run        router.RunKey
	LateAt     time.Time // AgeAt before this: over its target
	GuardAt    time.Time // AgeAt before this: over its guard
	CutoffFrom time.Time // with CutoffTo: the window in which a cut-off counts; zero: cut-offs do not matter
	CutoffTo   time.Time // not in the window itself
	AgedTo     time.Time // only tickets whose AgeAt is not after this; zero: any
	Limit      int       // of each kind
}

// RunLoad is how much waits in a run.
type RunLoad struct {
	Run         router.Run
	Waiting     int
	OldestAgeAt time.Time
}

// Tickets keeps the work.
type Tickets interface {
	// InsertTicket stores a new ticket with Version 1, due at its EscalateAt (zero: never). exists: the id is there, or its OpenKey is taken.
	InsertTicket(ctx context.Context, t router.Ticket) (router.Ticket, error)
	// Ticket reads one. not_found.
	Ticket(ctx context.Context, id router.TicketID) (router.Ticket, error)
	// SaveTicket writes by compare-and-set on Version and returns the stored ticket.
	// due is the moment it is next due (router.Ticket.DueAt), zero for never. conflict, not_found, exists (OpenKey).
	SaveTicket(ctx context.Context, t router.Ticket, due time.Time) (router.Ticket, error)
	// LatestTicket reads the newest ticket (CreatedAt, then id) of a handle on a source among those joined by handle. not_found.
	LatestTicket(ctx context.Context, source router.SourceName, handleKey string) (router.Ticket, error)
	// ListTickets reads tickets, newest first (CreatedAt, then id).
	ListTickets(ctx context.Context, f TicketFilter) (ts []router.Ticket, next string, err error)
	// ClaimedBy reads what an agent holds now, oldest first (CreatedAt, then id).
	ClaimedBy(ctx context.Context, agent router.AgentID) ([]router.Ticket, error)
	// DueTickets reads ids of tickets whose due moment is not after now, earliest first.
	DueTickets(ctx context.Context, now time.Time, limit int) ([]router.TicketID, error)
	// QueueTickets walks the waiting tickets of a queue in the order of their ids, for work on all of them.
	QueueTickets(ctx context.Context, q router.QueueName, after router.TicketID, limit int) ([]router.Ticket, error)
	// KeptTickets reads waiting tickets that are kept for an agent.
	KeptTickets(ctx context.Context, agent router.AgentID, limit int) ([]router.Ticket, error)

	// Runs lists the runs of these queues that hold waiting tickets and are kept for nobody or for
	// one of these agents, ordered by key. It may list a run that has just become empty.
	Runs(ctx context.Context, queues []router.QueueName, agents ...router.AgentID) ([]router.Run, error)
	// Heads answers each query with at most Limit tickets of each kind: earliest cut-off within its
	// window, oldest feasible, oldest late, oldest guarded; a ticket occurs once. Tickets that are to
	// be skipped for this agent (SkipAgent, until after now) are left out; agent "" leaves out none,
	// and each head says for whom it is to be skipped. The answer has the order
	// of the queries, within one the order of kinds named here, within a kind age and then id (a
	// cut-off before both). The cost is bounded by the number of queries and their limits, never by
	// the number of waiting tickets.
	Heads(ctx context.Context, agent router.AgentID, now time.Time, qs []HeadQuery) ([]router.Head, error)
	// RunTickets walks the waiting tickets of a run, oldest first (AgeAt, then id), after one of
	// them; a zero Head begins. For work on all of them.
	RunTickets(ctx context.Context, run router.RunKey, after router.Head, limit int) ([]router.Head, error)
	// Load counts waiting tickets by run, with the oldest of each.
	Load(ctx context.Context) ([]RunLoad, error)
	// CountStates counts tickets by state other than resolved.
	CountStates(ctx context.Context) (map[router.State]int, error)
	// IndexTerms adds search terms to a ticket; adding one again changes nothing, nor does it
	// change the ticket's Version. not_found.
	IndexTerms(ctx context.Context, id router.TicketID, terms []string) error
}

// Contacts keeps customers.
type Contacts interface {
	// EnsureContact returns the contact that owns the handle key, storing c as its owner (with
	// Version 1) if there is none. A c that is stored already becomes the owner as it is stored.
	EnsureContact(ctx context.Context, handleKey string, c router.Contact) (router.Contact, error)
	// Contact reads one. not_found.
	Contact(ctx context.Context, id router.ContactID) (router.Contact, error)
	// ContactByHandle finds the owner of a handle key. not_found.
	ContactByHandle(ctx context.Context, handleKey string) (router.Contact, error)
	// SaveContact writes by compare-and-set on Version. conflict, not_found.
	SaveContact(ctx context.Context, c router.Contact) (router.Contact, error)
}

// Doc is a small record of some kind: a user, a token, a policy, a lease. Body is
// JSON of at most 1 MiB. Ref is a second key under which records of a kind are listed.
type Doc struct {
	Kind    string
	ID      string
	Ref     string
	Body    []byte
	Version int64
}

// MaxDoc bounds the Body of one Doc, in bytes.
const MaxDoc = 1 << 20

// Docs keeps small records under compare-and-set. Collection gives them types.
type Docs interface {
	// GetDoc reads one. not_found.
	GetDoc(ctx context.Context, kind, id string) (Doc, error)
	// PutDoc writes if the stored Version is d.Version (0: must not exist) and returns the stored record.
	// exists (Version 0 and it is there), conflict, too_large.
	PutDoc(ctx context.Context, d Doc) (Doc, error)
	// DeleteDoc deletes if the stored Version is the one given (0: any). conflict; deleting what is not there is no error.
	DeleteDoc(ctx context.Context, kind, id string, version int64) error
	// ListDocs reads records of a kind in the order of their ids, after an id. ref "" lists all.
	ListDocs(ctx context.Context, kind, ref, after string, limit int) ([]Doc, error)
}

// Entry is one line of a stream.
type Entry struct {
	Seq  int64 // 1, 2, 3 … without holes, in the order of appending
	ID   string
	At   time.Time
	Body []byte
}

// CheckEntry refuses an entry that no stream takes.
func CheckEntry(op string, e Entry) error {
	if e.ID == "" {
		return router.FailField(op, "id", "an entry needs an id, so that it can be appended twice")
	}
	if len(e.Body) > MaxDoc {
		return router.Fail(op, router.CodeTooLarge, "an entry may have at most %d bytes", MaxDoc)
	}
	return nil
}

// Streams keeps ordered logs that are only appended to: audit, a chat session, a ticket's life.
type Streams interface {
	// Append adds an entry and returns its number; an id that the stream has already gives the
	// number it has. invalid_field without an id; too_large over MaxDoc.
	Append(ctx context.Context, stream string, e Entry) (int64, error)
	// ReadStream reads entries with Seq > after, oldest first.
	ReadStream(ctx context.Context, stream string, after int64, limit int) ([]Entry, error)
	// TailStream reads the last entries, newest first, before a number (0: from the end).
	TailStream(ctx context.Context, stream string, before int64, limit int) ([]Entry, error)
}

// MaxBlob bounds one blob, in bytes.
const MaxBlob = 64 << 20

// Blobs keeps sealed bytes: raw input and attachments. The store never sees them open.
type Blobs interface {
	// PutBlob stores bytes under an id; an id that exists keeps its bytes. too_large.
	PutBlob(ctx context.Context, id router.BlobID, data []byte) error
	// Blob reads them. not_found.
	Blob(ctx context.Context, id router.BlobID) ([]byte, error)
	// DeleteBlob forgets them; deleting what is not there is no error.
	DeleteBlob(ctx context.Context, id router.BlobID) error
}
