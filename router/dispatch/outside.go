package dispatch

import (
	"context"
	"slices"
	"strings"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/policy"
	"switchyard/router/store"
)

// Opinions says what a text is about, from outside. Ask ends within a time of its own and answers one of
// the topics, or none where it cannot tell. opinion.Chat fulfils it.
type Opinions interface {
	Ask(ctx context.Context, text string, topics []*policy.Topic) (*router.Opinion, error)
}

// Embedder gives the vector of a text, from outside; Model is the id of what makes it. Embed ends within
// a time of its own. opinion.Embeddings fulfils it.
type Embedder interface {
	Model() string
	Embed(ctx context.Context, text string) ([]float32, error)
}

// outside is what a decision looks at that the ticket, its messages and the view of the desk do not say.
type outside struct {
	mayAsk    bool // decide.Input.MayAsk
	opinion   *router.Opinion
	embedding []float32
	model     string // version of the text model that the embedding is for
}

// decided makes the decision about a ticket, asking outside where that is configured. Who is asked has no
// part in it but its answer, which stands in the input: invariant F.
func (s *Service) decided(ctx context.Context, t router.Ticket, ms []router.Message, contact router.Contact) (decide.Input, router.Decision, error) {
	known, asked := s.answered(ctx, t, ms)
	var err error
	if known.mayAsk, err = s.mayAsk(ctx, t); err != nil {
		return decide.Input{}, router.Decision{}, err
	}
	in := s.input(t, ms, contact, known)
	if !asked {
		if known.embedding = s.vector(ctx, in); known.embedding != nil {
			known.model = in.Model.Version()
		}
		in = s.input(t, ms, contact, known)
	}
	d, err := decide.Decide(in)
	if err != nil || asked || !s.doubtful(in, d) {
		return in, d, err
	}
	if known.opinion = s.opinion(ctx, in); known.opinion == nil {
		return in, d, nil
	}
	in = s.input(t, ms, contact, known) // of this moment: the answer took its time
	d, err = decide.Decide(in)
	return in, d, err
}

// input is the input of a decision made now.
func (s *Service) input(t router.Ticket, ms []router.Message, contact router.Contact, o outside) decide.Input {
	v := s.Live.View()
	in := decide.Input{MayAsk: o.mayAsk, Ticket: t, Messages: ms, Contact: contact, Snapshot: v.Snapshot, Modes: v.Modes, Rules: v.Rules, Model: v.Model, Opinion: o.opinion, Now: s.Now()}
	if v.Model != nil && v.Model.Version() == o.model && len(o.embedding) == v.Model.Dense {
		in.Embedding = o.embedding
	}
	return in
}

// embeds reports whether the text model in force was trained with the vectors that are to be had.
func (s *Service) embeds(in decide.Input) bool {
	return s.Embedder != nil && in.Model != nil && in.Model.Dense > 0 && in.Model.Embeddings == s.Embedder.Model()
}

// answered are the answers that the ticket's last decision had, where that saw the same messages: nobody
// is asked twice about the same words, whatever a manager changes and however often an agent releases.
func (s *Service) answered(ctx context.Context, t router.Ticket, ms []router.Message) (o outside, asked bool) {
	if t.Decision == "" || s.Opinions == nil && s.Embedder == nil {
		return o, false
	}
	last, err := store.Decisions(s.Store).Get(ctx, t.Decision)
	if err != nil {
		return o, false
	}
	if !slices.EqualFunc(last.Value.Input.Messages, ms, func(id router.MessageID, m router.Message) bool { return id == m.ID }) {
		return o, false
	}
	r := last.Value.Input
	return outside{opinion: r.Opinion, embedding: r.Embedding, model: r.Model}, true
}

// vector is that of the customer's words, nil where there is none: the local model answers alone then.
func (s *Service) vector(ctx context.Context, in decide.Input) []float32 {
	text := decide.Words(in.Messages)
	if !s.embeds(in) || strings.TrimSpace(text) == "" {
		return nil
	}
	v, err := s.Embedder.Embed(ctx, text)
	if err != nil {
		s.Log.Debug("decided without the text's vector", "error", err)
		return nil
	}
	return v
}

// doubtful reports whether a decision is one for a second opinion: too unsure, about what a customer wrote himself.
func (s *Service) doubtful(in decide.Input, d router.Decision) bool {
	wrote := false
	for _, m := range in.Messages {
		if m.Failure != "" {
			return false
		}
		wrote = wrote || m.Kind == router.KindMessage && m.FromCustomer()
	}
	return s.Opinions != nil && wrote && d.State == router.StateWaiting && d.Classification.Rejected && strings.TrimSpace(decide.Words(in.Messages)) != ""
}

// opinion asks for a second opinion, nil where there is none. Spam is not among the topics: nobody outside
// keeps a customer out of every queue.
func (s *Service) opinion(ctx context.Context, in decide.Input) *router.Opinion {
	topics := slices.DeleteFunc(slices.Clone(in.Rules.Topics), func(t *policy.Topic) bool { return t.Spam })
	o, err := s.Opinions.Ask(ctx, decide.Words(in.Messages), topics)
	if err != nil {
		s.Log.Debug("decided without a second opinion", "error", err)
		return nil
	}
	return o
}
