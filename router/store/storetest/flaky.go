package storetest

import (
	"context"
	"sync/atomic"
	"time"

	"switchyard/router"
	"switchyard/router/store"
)

// Fault is what happens to one call of a Flaky store.
type Fault int

// The faults. FailAfter is the network's favorite: the write happened, and its caller is told that it did not.
const (
	Pass       Fault = iota // nothing is wrong
	FailBefore              // fails with code unavailable and does nothing
	FailAfter               // does it, then fails with code unavailable
	Hang                    // does nothing until the context ends, then fails with code unavailable
)

// Flaky is a store that fails on demand. Fault is asked at every call with the
// method's name; it must be safe for concurrent use and may be nil.
type Flaky struct {
	inner store.Store
	fault func(op string) Fault
	down  atomic.Int32
}

var _ store.Store = (*Flaky)(nil)

// NewFlaky wraps a store.
func NewFlaky(inner store.Store, fault func(op string) Fault) *Flaky {
	if fault == nil {
		fault = func(string) Fault { return Pass }
	}
	return &Flaky{inner: inner, fault: fault}
}

// SetDown makes every call end in this fault, whatever the fault function says; Pass ends that.
func (f *Flaky) SetDown(with Fault) { f.down.Store(int32(with)) }

func (f *Flaky) next(op string) Fault {
	if down := Fault(f.down.Load()); down != Pass {
		return down
	}
	return f.fault(op)
}

func lost(op string) error {
	return router.Fail("storetest."+op, router.CodeUnavailable, "the store was made to fail")
}

// call runs one call under its fault.
func call[T any](ctx context.Context, f *Flaky, op string, fn func() (T, error)) (T, error) {
	var none T
	switch f.next(op) {
	case FailBefore:
		return none, lost(op)
	case Hang:
		<-ctx.Done()
		return none, router.Wrap("storetest."+op, router.CodeUnavailable, ctx.Err())
	case FailAfter:
		if _, err := fn(); err != nil {
			return none, err
		}
		return none, lost(op)
	}
	return fn()
}

func act(ctx context.Context, f *Flaky, op string, fn func() error) error {
	_, err := call(ctx, f, op, func() (struct{}, error) { return struct{}{}, fn() })
	return err
}

type page[T any] struct {
	items []T
	next  string
}

func callPage[T any](ctx context.Context, f *Flaky, op string, fn func() ([]T, string, error)) ([]T, string, error) {
	p, err := call(ctx, f, op, func() (page[T], error) {
		items, next, err := fn()
		return page[T]{items, next}, err
	})
	return p.items, p.next, err
}

// Migrate is the inner store's, under a fault.
func (f *Flaky) Migrate(ctx context.Context) error {
	return act(ctx, f, "Migrate", func() error { return f.inner.Migrate(ctx) })
}

// Ping is the inner store's, under a fault.
func (f *Flaky) Ping(ctx context.Context) error {
	return act(ctx, f, "Ping", func() error { return f.inner.Ping(ctx) })
}

// Close closes the inner store; it never fails.
func (f *Flaky) Close() error { return f.inner.Close() }

// InsertMessages is the inner store's, under a fault.
func (f *Flaky) InsertMessages(ctx context.Context, ms []router.Message) ([]bool, error) {
	return call(ctx, f, "InsertMessages", func() ([]bool, error) { return f.inner.InsertMessages(ctx, ms) })
}

// Message is the inner store's, under a fault.
func (f *Flaky) Message(ctx context.Context, id router.MessageID) (router.Message, error) {
	return call(ctx, f, "Message", func() (router.Message, error) { return f.inner.Message(ctx, id) })
}

// MessagesByID is the inner store's, under a fault.
func (f *Flaky) MessagesByID(ctx context.Context, ids []router.MessageID) ([]router.Message, error) {
	return call(ctx, f, "MessagesByID", func() ([]router.Message, error) { return f.inner.MessagesByID(ctx, ids) })
}

// SaveMessage is the inner store's, under a fault.
func (f *Flaky) SaveMessage(ctx context.Context, m router.Message) (router.Message, error) {
	return call(ctx, f, "SaveMessage", func() (router.Message, error) { return f.inner.SaveMessage(ctx, m) })
}

// TicketMessages is the inner store's, under a fault.
func (f *Flaky) TicketMessages(ctx context.Context, t router.TicketID, after string, limit int) ([]router.Message, string, error) {
	return callPage(ctx, f, "TicketMessages", func() ([]router.Message, string, error) { return f.inner.TicketMessages(ctx, t, after, limit) })
}

// ContactMessages is the inner store's, under a fault.
func (f *Flaky) ContactMessages(ctx context.Context, c router.ContactID, after string, limit int) ([]router.Message, string, error) {
	return callPage(ctx, f, "ContactMessages", func() ([]router.Message, string, error) { return f.inner.ContactMessages(ctx, c, after, limit) })
}

// StagedMessages is the inner store's, under a fault.
func (f *Flaky) StagedMessages(ctx context.Context, stage router.Stage, before time.Time, limit int) ([]router.Message, error) {
	return call(ctx, f, "StagedMessages", func() ([]router.Message, error) { return f.inner.StagedMessages(ctx, stage, before, limit) })
}

// CountStages is the inner store's, under a fault.
func (f *Flaky) CountStages(ctx context.Context) (map[router.Stage]int, error) {
	return call(ctx, f, "CountStages", func() (map[router.Stage]int, error) { return f.inner.CountStages(ctx) })
}

// InsertTicket is the inner store's, under a fault.
func (f *Flaky) InsertTicket(ctx context.Context, t router.Ticket) (router.Ticket, error) {
	return call(ctx, f, "InsertTicket", func() (router.Ticket, error) { return f.inner.InsertTicket(ctx, t) })
}

// Ticket is the inner store's, under a fault.
func (f *Flaky) Ticket(ctx context.Context, id router.TicketID) (router.Ticket, error) {
	return call(ctx, f, "Ticket", func() (router.Ticket, error) { return f.inner.Ticket(ctx, id) })
}

// SaveTicket is the inner store's, under a fault.
func (f *Flaky) SaveTicket(ctx context.Context, t router.Ticket, due time.Time) (router.Ticket, error) {
	return call(ctx, f, "SaveTicket", func() (router.Ticket, error) { return f.inner.SaveTicket(ctx, t, due) })
}

// LatestTicket is the inner store's, under a fault.
func (f *Flaky) LatestTicket(ctx context.Context, source router.SourceName, handleKey string) (router.Ticket, error) {
	return call(ctx, f, "LatestTicket", func() (router.Ticket, error) { return f.inner.LatestTicket(ctx, source, handleKey) })
}

// ListTickets is the inner store's, under a fault.
func (f *Flaky) ListTickets(ctx context.Context, filter store.TicketFilter) ([]router.Ticket, string, error) {
	return callPage(ctx, f, "ListTickets", func() ([]router.Ticket, string, error) { return f.inner.ListTickets(ctx, filter) })
}

// ClaimedBy is the inner store's, under a fault.
func (f *Flaky) ClaimedBy(ctx context.Context, agent router.AgentID) ([]router.Ticket, error) {
	return call(ctx, f, "ClaimedBy", func() ([]router.Ticket, error) { return f.inner.ClaimedBy(ctx, agent) })
}

// DueTickets is the inner store's, under a fault.
func (f *Flaky) DueTickets(ctx context.Context, now time.Time, limit int) ([]router.TicketID, error) {
	return call(ctx, f, "DueTickets", func() ([]router.TicketID, error) { return f.inner.DueTickets(ctx, now, limit) })
}

// QueueTickets is the inner store's, under a fault.
func (f *Flaky) QueueTickets(ctx context.Context, q router.QueueName, after router.TicketID, limit int) ([]router.Ticket, error) {
	return call(ctx, f, "QueueTickets", func() ([]router.Ticket, error) { return f.inner.QueueTickets(ctx, q, after, limit) })
}

// KeptTickets is the inner store's, under a fault.
func (f *Flaky) KeptTickets(ctx context.Context, agent router.AgentID, limit int) ([]router.Ticket, error) {
	return call(ctx, f, "KeptTickets", func() ([]router.Ticket, error) { return f.inner.KeptTickets(ctx, agent, limit) })
}

// Runs is the inner store's, under a fault.
func (f *Flaky) Runs(ctx context.Context, queues []router.QueueName, agents ...router.AgentID) ([]router.Run, error) {
	return call(ctx, f, "Runs", func() ([]router.Run, error) { return f.inner.Runs(ctx, queues, agents...) })
}

// RunTickets is the inner store's, under a fault.
func (f *Flaky) RunTickets(ctx context.Context, run router.RunKey, after router.Head, limit int) ([]router.Head, error) {
	return call(ctx, f, "RunTickets", func() ([]router.Head, error) { return f.inner.RunTickets(ctx, run, after, limit) })
}

// Heads is the inner store's, under a fault.
func (f *Flaky) Heads(ctx context.Context, agent router.AgentID, now time.Time, qs []store.HeadQuery) ([]router.Head, error) {
	return call(ctx, f, "Heads", func() ([]router.Head, error) { return f.inner.Heads(ctx, agent, now, qs) })
}

// Load is the inner store's, under a fault.
func (f *Flaky) Load(ctx context.Context) ([]store.RunLoad, error) {
	return call(ctx, f, "Load", func() ([]store.RunLoad, error) { return f.inner.Load(ctx) })
}

// CountStates is the inner store's, under a fault.
func (f *Flaky) CountStates(ctx context.Context) (map[router.State]int, error) {
	return call(ctx, f, "CountStates", func() (map[router.State]int, error) { return f.inner.CountStates(ctx) })
}

// IndexTerms is the inner store's, under a fault.
func (f *Flaky) IndexTerms(ctx context.Context, id router.TicketID, terms []string) error {
	return act(ctx, f, "IndexTerms", func() error { return f.inner.IndexTerms(ctx, id, terms) })
}

// EnsureContact is the inner store's, under a fault.
func (f *Flaky) EnsureContact(ctx context.Context, handleKey string, c router.Contact) (router.Contact, error) {
	return call(ctx, f, "EnsureContact", func() (router.Contact, error) { return f.inner.EnsureContact(ctx, handleKey, c) })
}

// Contact is the inner store's, under a fault.
func (f *Flaky) Contact(ctx context.Context, id router.ContactID) (router.Contact, error) {
	return call(ctx, f, "Contact", func() (router.Contact, error) { return f.inner.Contact(ctx, id) })
}

// ContactByHandle is the inner store's, under a fault.
func (f *Flaky) ContactByHandle(ctx context.Context, handleKey string) (router.Contact, error) {
	return call(ctx, f, "ContactByHandle", func() (router.Contact, error) { return f.inner.ContactByHandle(ctx, handleKey) })
}

// SaveContact is the inner store's, under a fault.
func (f *Flaky) SaveContact(ctx context.Context, c router.Contact) (router.Contact, error) {
	return call(ctx, f, "SaveContact", func() (router.Contact, error) { return f.inner.SaveContact(ctx, c) })
}

// GetDoc is the inner store's, under a fault.
func (f *Flaky) GetDoc(ctx context.Context, kind, id string) (store.Doc, error) {
	return call(ctx, f, "GetDoc", func() (store.Doc, error) { return f.inner.GetDoc(ctx, kind, id) })
}

// PutDoc is the inner store's, under a fault.
func (f *Flaky) PutDoc(ctx context.Context, d store.Doc) (store.Doc, error) {
	return call(ctx, f, "PutDoc", func() (store.Doc, error) { return f.inner.PutDoc(ctx, d) })
}

// DeleteDoc is the inner store's, under a fault.
func (f *Flaky) DeleteDoc(ctx context.Context, kind, id string, version int64) error {
	return act(ctx, f, "DeleteDoc", func() error { return f.inner.DeleteDoc(ctx, kind, id, version) })
}

// ListDocs is the inner store's, under a fault.
func (f *Flaky) ListDocs(ctx context.Context, kind, ref, after string, limit int) ([]store.Doc, error) {
	return call(ctx, f, "ListDocs", func() ([]store.Doc, error) { return f.inner.ListDocs(ctx, kind, ref, after, limit) })
}

// Append is the inner store's, under a fault.
func (f *Flaky) Append(ctx context.Context, stream string, e store.Entry) (int64, error) {
	return call(ctx, f, "Append", func() (int64, error) { return f.inner.Append(ctx, stream, e) })
}

// ReadStream is the inner store's, under a fault.
func (f *Flaky) ReadStream(ctx context.Context, stream string, after int64, limit int) ([]store.Entry, error) {
	return call(ctx, f, "ReadStream", func() ([]store.Entry, error) { return f.inner.ReadStream(ctx, stream, after, limit) })
}

// TailStream is the inner store's, under a fault.
func (f *Flaky) TailStream(ctx context.Context, stream string, before int64, limit int) ([]store.Entry, error) {
	return call(ctx, f, "TailStream", func() ([]store.Entry, error) { return f.inner.TailStream(ctx, stream, before, limit) })
}

// PutBlob is the inner store's, under a fault.
func (f *Flaky) PutBlob(ctx context.Context, id router.BlobID, data []byte) error {
	return act(ctx, f, "PutBlob", func() error { return f.inner.PutBlob(ctx, id, data) })
}

// Blob is the inner store's, under a fault.
func (f *Flaky) Blob(ctx context.Context, id router.BlobID) ([]byte, error) {
	return call(ctx, f, "Blob", func() ([]byte, error) { return f.inner.Blob(ctx, id) })
}

// DeleteBlob is the inner store's, under a fault.
func (f *Flaky) DeleteBlob(ctx context.Context, id router.BlobID) error {
	return act(ctx, f, "DeleteBlob", func() error { return f.inner.DeleteBlob(ctx, id) })
}
