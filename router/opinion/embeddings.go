package opinion

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"
)

const (
	// maxLength bounds the numbers of a vector.
	maxLength = 8192
	// maxNumber bounds the bytes of one number in an answer.
	maxNumber = 26
	// batch is how many texts EmbedAll sends at a time.
	batch = 64
	// batchTries is how often EmbedAll tries a batch, with a longer pause before each.
	batchTries = 4
	// batchTimeout is how long EmbedAll waits for a batch, where the timeout is shorter: nobody else waits.
	batchTimeout = time.Minute
)

// Embeddings asks an embeddings endpoint for the vectors of texts. It may be used by many at once.
type Embeddings struct {
	c     *client
	pause func(context.Context, time.Duration) // before a batch is tried again
}

// NewEmbeddings makes a client of POST {URL}/embeddings.
func NewEmbeddings(o Options) *Embeddings {
	return &Embeddings{c: newClient(o, "opinion.embeddings", "/embeddings"), pause: pause}
}

// Close gives up idle connections; safe twice.
func (e *Embeddings) Close() { e.c.Close() }

// Model is the id of the embeddings model.
func (e *Embeddings) Model() string { return e.c.Model }

type embedRequest struct {
	Model string   `json:"model"`
	Input []string `json:"input"`
}

type embedAnswer struct {
	Data []struct {
		Index     int             `json:"index"`
		Embedding json.RawMessage `json:"embedding"`
	} `json:"data"`
}

// Embed gives a text's vector, of length 1 and at most 8,192 numbers.
// unavailable: there is none, for the reason in the *Failure.
func (e *Embeddings) Embed(ctx context.Context, text string) ([]float32, error) {
	vs, err := e.embed(ctx, []string{text}, 0, e.c.Timeout)
	if err != nil {
		return nil, err
	}
	return vs[0], nil
}

// EmbedAll gives the vectors of all texts, all of one length, for training: 64 a call, each call tried up to
// four times. progress hears how many texts are done, from this goroutine; it may be nil. unavailable as in Embed.
func (e *Embeddings) EmbedAll(ctx context.Context, texts []string, progress func(done, total int)) ([][]float32, error) {
	all := make([][]float32, 0, len(texts))
	length := 0
	for len(all) < len(texts) {
		vs, err := e.patient(ctx, texts[len(all):min(len(texts), len(all)+batch)], length)
		if err != nil {
			return nil, err
		}
		all = append(all, vs...)
		length = len(all[0])
		if progress != nil {
			progress(len(all), len(texts))
		}
	}
	return all, nil
}

// patient tries again after failures that may pass.
func (e *Embeddings) patient(ctx context.Context, texts []string, length int) ([][]float32, error) {
	for try := 1; ; try++ {
		vs, err := e.embed(ctx, texts, length, max(e.c.Timeout, batchTimeout))
		var f *Failure
		if err == nil || try == batchTries || !errors.As(err, &f) {
			return vs, err
		}
		switch f.Kind {
		case Busy, Resting, TimedOut, Unreachable, Limited, Broken:
			e.pause(ctx, max(time.Second<<try, min(f.Wait, maxRest)))
		default:
			return nil, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// embed makes one call. length is what the vectors must have; 0: any, but all the same.
func (e *Embeddings) embed(ctx context.Context, texts []string, length int, timeout time.Duration) ([][]float32, error) {
	in := embedRequest{Model: e.c.Model, Input: make([]string, len(texts))}
	for i, t := range texts {
		if in.Input[i] = outbound(t); in.Input[i] == "" {
			in.Input[i] = " " // endpoints refuse empty input
		}
	}
	var answer embedAnswer
	var out [][]float32
	check := func() (f *Failure) {
		out, f = answer.vectors(len(texts), length)
		return f
	}
	err := e.c.call(ctx, call{in, &answer, int64(len(texts))*maxLength*maxNumber + 64<<10, check, timeout})
	return out, err
}

// vectors puts an answer's vectors in the order of the texts. Invariant B.
func (a embedAnswer) vectors(n, length int) ([][]float32, *Failure) {
	if len(a.Data) != n {
		return nil, &Failure{Kind: Unlisted}
	}
	out := make([][]float32, n)
	for _, d := range a.Data {
		if d.Index < 0 || d.Index >= n || out[d.Index] != nil {
			return nil, &Failure{Kind: Unlisted}
		}
		v := vector(d.Embedding)
		if length == 0 {
			length = len(v)
		}
		if v == nil || len(v) != length {
			return nil, &Failure{Kind: Unlisted}
		}
		out[d.Index] = v
	}
	return out, nil
}

// vector reads a vector and brings it to length 1; nil if it has none, too many numbers, or one that is not finite.
func vector(raw json.RawMessage) []float32 {
	var v []float32
	if bytes.Contains(raw, []byte("null")) || json.Unmarshal(raw, &v) != nil || len(v) > maxLength {
		return nil
	}
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	norm := math.Sqrt(sum)
	if norm == 0 || math.IsNaN(norm) || math.IsInf(norm, 0) { // none, all zero, or out of range
		return nil
	}
	for i, x := range v {
		v[i] = float32(float64(x) / norm)
	}
	return v
}
