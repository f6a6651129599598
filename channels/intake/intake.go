package intake

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"switchyard/channels"
	"switchyard/router"
	"switchyard/router/privacy"
	"switchyard/router/store"
	"switchyard/workers/task"
)

// The bounds of one inbound message.
const (
	MaxText        = 1 << 20
	MaxName        = 1024 // of names, subjects and addresses, in bytes
	MaxAttachments = 50
	MaxAttachment  = 25 << 20
)

// Service is the intake of a desk.
type Service struct {
	Store  store.Store
	Sealer *Sealer
	Nudger task.Nudger
	Now    func() time.Time
	Log    *slog.Logger
	Also   func() []string // kinds that the policy in force masks besides the secrets; nil: none
}

// Mask masks a text as everything is that comes in, and gives the kinds that were masked.
func (s *Service) Mask(text string) (string, []string) {
	if s.Also == nil {
		return privacy.Mask(text)
	}
	return privacy.Mask(text, s.Also()...)
}

// Accept implements channels.Intake.
func (s *Service) Accept(ctx context.Context, ins []router.Inbound) []channels.Accepted {
	out := make([]channels.Accepted, len(ins))
	var ms []router.Message
	var at []int
	for i, in := range ins {
		out[i].ExternalID = in.ExternalID
		if err := validate(in); err != nil {
			out[i].Err = err
			continue
		}
		m, err := s.prepare(ctx, in)
		if err != nil {
			out[i].Err = err
			continue
		}
		out[i].MessageID = m.ID
		ms, at = append(ms, m), append(at, i)
	}
	if len(ms) == 0 {
		return out
	}
	fresh, err := s.Store.InsertMessages(ctx, ms)
	for j, i := range at {
		if err != nil {
			out[i].Err, out[i].MessageID = passing(err), ""
			continue
		}
		out[i].Duplicate = !fresh[j]
		if ms[j].Stage == router.StageReceived {
			s.Nudger.Nudge(ctx, task.KindTriage, task.LaneOf(ms[j].Channel), string(ms[j].ID))
		}
	}
	return out
}

// passing gives every failure of the store the code that says: send again.
func passing(err error) error {
	return &router.Error{Op: "intake.accept", Code: router.CodeUnavailable, Detail: "the message could not be stored now; send it again", Err: err}
}

func validate(in router.Inbound) error {
	const op = "intake.validate"
	for _, f := range []struct{ name, value string }{{"external_id", in.ExternalID}, {"handle", in.Handle.Address}, {"name", in.Name}, {"subject", in.Subject}, {"text", in.Text}} {
		limit := MaxName
		if f.name == "text" {
			limit = MaxText
		}
		switch {
		case !utf8.ValidString(f.value):
			return router.FailField(op, f.name, "is not valid UTF-8")
		case len(f.value) > limit:
			return &router.Error{Op: op, Code: router.CodeTooLarge, Field: f.name, Detail: "is longer than " + strconv.Itoa(limit) + " bytes"}
		}
	}
	switch {
	case in.Source == "" || !in.Channel.Valid() || !in.Kind.Valid():
		return router.Fail(op, router.CodeInternal, "an adapter gave no source, channel or kind")
	case in.ExternalID == "":
		return router.FailField(op, "external_id", "must be given")
	case strings.TrimSpace(in.Handle.Address) == "":
		return router.FailField(op, "handle", "must be given")
	case len(in.Attach) > MaxAttachments:
		return router.FailField(op, "attachments", "are more than %d", MaxAttachments)
	case strings.TrimSpace(in.Text+in.Subject) == "" && len(in.Attach) == 0 && in.Call == nil && in.Failure == "":
		return router.FailField(op, "text", "must not be empty")
	}
	for _, a := range in.Attach {
		if len(a.Data) > MaxAttachment {
			return &router.Error{Op: op, Code: router.CodeTooLarge, Field: "attachments", Detail: "one is larger than 25 MiB"}
		}
	}
	return nil
}

// prepare masks and seals; what it stores before the message is named by the message's id, so that it may run twice.
func (s *Service) prepare(ctx context.Context, in router.Inbound) (router.Message, error) {
	now := s.Now()
	m := router.Message{ID: router.NewMessageID(in.Source, in.ExternalID), Source: in.Source, Channel: in.Channel, Direction: router.DirectionIn,
		Kind: in.Kind, ExternalID: in.ExternalID, Handle: in.Handle, ThreadKeys: in.ThreadKeys, Language: in.Language, Call: in.Call,
		History: in.History, SentAt: in.SentAt.UTC(), ReceivedAt: now, Stage: router.StageReceived, StageAt: now}
	if in.SentAt.IsZero() || in.SentAt.After(now) {
		m.SentAt = now
	}
	mask := s.maskWords(&m, in)
	for i, a := range in.Attach {
		stored, err := s.attachment(ctx, m.ID, i, a, mask(a.Name))
		if err != nil {
			return m, passing(err)
		}
		m.Attachments = append(m.Attachments, stored)
	}
	if len(in.Raw) > 0 {
		m.Raw = router.BlobID(router.HashID("b", string(m.ID), "raw"))
		if err := s.put(ctx, m.Raw, in.Raw); err != nil {
			return m, passing(err)
		}
	}
	if in.History {
		c, err := s.Store.EnsureContact(ctx, m.Handle.Key(m.Source), router.Contact{ID: router.NewContactID(m.Handle.Key(m.Source)), Name: m.Name,
			Handles: []router.Handle{m.Handle}, CreatedAt: m.SentAt, LastSeenAt: m.SentAt})
		if err != nil {
			return m, passing(err)
		}
		m.Stage, m.ContactID, m.ReceivedAt = router.StageRecorded, c.ID, m.SentAt
	}
	return m, nil
}

func union(have, more []string) []string {
	for _, k := range more {
		found := false
		for _, h := range have {
			found = found || h == k
		}
		if !found {
			have = append(have, k)
		}
	}
	return have
}

// put seals and stores bytes under an id.
func (s *Service) put(ctx context.Context, id router.BlobID, data []byte) error {
	sealed, err := s.Sealer.Seal(id, data)
	if err != nil {
		return err
	}
	return s.Store.PutBlob(ctx, id, sealed)
}

// Report implements channels.Intake.
func (s *Service) Report(ctx context.Context, r channels.Report) error {
	if r.MessageID == "" {
		d, err := store.Deliveries(s.Store).Get(ctx, store.DeliveryKey(r.Source, r.ProviderID))
		if router.IsCode(err, router.CodeNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		r.MessageID = d.Value
	}
	if !r.Failed {
		return nil
	}
	m, err := s.Store.Message(ctx, r.MessageID)
	if router.IsCode(err, router.CodeNotFound) || err == nil && (m.Direction != router.DirectionOut || m.Source != r.Source || m.Stage != router.StageSent) {
		return nil
	}
	if err != nil {
		return err
	}
	m.Stage, m.StageAt, m.Error = router.StageFailed, s.Now(), r.Detail
	if _, err := s.Store.SaveMessage(ctx, m); err != nil {
		return err
	}
	s.Nudger.Nudge(ctx, task.KindDeliver, task.LaneDelivery, string(m.ID))
	return nil
}
