package learn

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/store"
	"switchyard/router/textmodel"
)

const (
	// maxCorrections bounds the corrections that a training run takes: the newest.
	maxCorrections = 20_000
	// correctedMessages bounds the messages of one ticket that are read: the newest, as in decisions.
	correctedMessages = 50
	// maxText bounds a corrected text, in bytes; a model looks at its first 8,000 characters.
	maxText = 32_000
)

// Taught is what the people of a desk taught.
type Taught struct {
	Examples []textmodel.Example // in the order of their tickets' ids
	Unknown  int                 // left out: their topics are not in the policy (any more)
	Open     int                 // left out: released from spam and not resolved yet, or without words
}

// Corrections are the desk's corrections as examples: the masked words that the customer had
// written until then. A ticket released from spam has the topic it was resolved under.
func Corrections(ctx context.Context, st store.Store, topics []string) (Taught, error) {
	all, err := store.Corrections(st).All(ctx, "")
	if err != nil {
		return Taught{}, err
	}
	slices.SortFunc(all, func(a, b store.Record[store.Correction]) int {
		return cmp.Or(b.Value.At.Compare(a.Value.At), cmp.Compare(a.ID, b.ID))
	})
	all = all[:min(len(all), maxCorrections)]
	slices.SortFunc(all, func(a, b store.Record[store.Correction]) int { return cmp.Compare(a.ID, b.ID) })
	var out Taught
	for _, r := range all {
		topic, err := topicOf(ctx, st, r.Value)
		if err != nil {
			return out, err
		}
		text, err := wordsOf(ctx, st, r.Value)
		switch {
		case err != nil:
			return out, err
		case topic == "" || text == "":
			out.Open++
		case !slices.Contains(topics, string(topic)):
			out.Unknown++
		default:
			out.Examples = append(out.Examples, textmodel.Example{Text: text, Topic: string(topic)})
		}
	}
	return out, nil
}

// CountCorrections counts the desk's corrections, up to what a training run takes.
func CountCorrections(ctx context.Context, d store.Docs) (int, error) {
	n, after := 0, ""
	for n < maxCorrections {
		page, err := store.Corrections(d).List(ctx, "", after, store.MaxLimit)
		if err != nil || len(page) == 0 {
			return n, err
		}
		n += len(page)
		after = page[len(page)-1].ID
	}
	return n, nil
}

func topicOf(ctx context.Context, st store.Store, c store.Correction) (router.Topic, error) {
	if c.Topic != "" {
		return c.Topic, nil
	}
	t, err := st.Ticket(ctx, c.Ticket)
	if router.IsCode(err, router.CodeNotFound) || err == nil && (t.State != router.StateResolved || t.Topic == c.Was) {
		return "", nil
	}
	return t.Topic, err
}

// wordsOf are the customer's words until the correction.
func wordsOf(ctx context.Context, st store.Store, c store.Correction) (string, error) {
	var ms []router.Message
	for after, more := "", true; more; more = after != "" {
		page, next, err := st.TicketMessages(ctx, c.Ticket, after, store.MaxLimit)
		if err != nil {
			return "", err
		}
		for _, m := range page {
			if m.Direction == router.DirectionIn && !m.ReceivedAt.After(c.At) {
				ms = append(ms, m)
			}
		}
		ms = ms[max(0, len(ms)-correctedMessages):]
		after = next
	}
	text := decide.Words(ms)
	return strings.ToValidUTF8(text[:min(len(text), maxText)], ""), nil
}
