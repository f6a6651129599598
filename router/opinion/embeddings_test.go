package opinion

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
)

// vectors answers an embeddings call with a vector for each text, in reverse order, as the index allows.
func vectors(length int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var parts []string
		for i := batch - 1; i >= 0; i-- {
			parts = append(parts, fmt.Sprintf(`{"index":%d,"embedding":[%d%s]}`, i, i+1, strings.Repeat(",1", length-1)))
		}
		says(200, `{"data":[`+strings.Join(parts, ",")+`]}`)(w, r)
	}
}

func TestEmbed(t *testing.T) {
	e := newEndpoint(t)
	e.answers(says(200, `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[3,-4,0e0]}],"model":"other","usage":{}}`))
	c := e.embeddings()
	v, err := c.Embed(t.Context(), "call 13800138000")
	if err != nil || fmt.Sprint(v) != "[0.6 -0.8 0]" || c.Model() != "m1" {
		t.Errorf("%v, %v", v, err)
	}
	if _, err = c.Embed(t.Context(), ""); err != nil {
		t.Error(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.calls[0] != "POST /v1/embeddings "+`{"model":"m1","input":["call •••• 8000"]}`+"\n" && !strings.Contains(e.calls[0], "phone •••• 8000") {
		t.Error(e.calls[0])
	}
	if strings.Contains(e.calls[0], "13800138000") || !strings.Contains(e.calls[1], `[" "]`) {
		t.Error(e.calls)
	}
}

// Invariant B.
func TestWrongVectors(t *testing.T) {
	e := newEndpoint(t)
	one := func(v string) http.HandlerFunc { return says(200, `{"data":[{"index":0,"embedding":`+v+`}]}`) }
	for name, x := range map[string]struct {
		answer http.HandlerFunc
		want   Kind
	}{
		"NaN":       {one("[NaN,1]"), Unreadable},
		"Infinity":  {one("[Infinity]"), Unreadable},
		"overflow":  {one("[1e39,1]"), Unlisted},
		"null":      {one("[null,1]"), Unlisted},
		"no list":   {one("null"), Unlisted},
		"words":     {one(`["1"]`), Unlisted},
		"base64":    {one(`"AACAPw=="`), Unlisted},
		"empty":     {one("[]"), Unlisted},
		"zero":      {one("[0,0,-0.0]"), Unlisted},
		"too many":  {one("[1" + strings.Repeat(",0", maxLength) + "]"), Unlisted},
		"missing":   {says(200, `{"data":[]}`), Unlisted},
		"no data":   {says(200, `{}`), Unlisted},
		"two":       {says(200, `{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}]}`), Unlisted},
		"other":     {says(200, `{"data":[{"index":1,"embedding":[1]}]}`), Unlisted},
		"negative":  {says(200, `{"data":[{"index":-1,"embedding":[1]}]}`), Unlisted},
		"oversized": {one("[1" + strings.Repeat(" ", maxLength*maxNumber+64<<10) + "]"), TooLong},
		"error":     {says(503, ""), Broken},
		"key":       {says(401, "the endpoint's words "+secret), Refused},
	} {
		e.answers(x.answer)
		v, err := e.embeddings().Embed(t.Context(), "refund of Ann")
		if kindOf(err) != x.want || v != nil {
			t.Errorf("%s: %v, %v", name, v, err)
		}
		e.clean(err)
	}
	e.answers(one("[1" + strings.Repeat(",0.0000001", maxLength-1) + "]"))
	if v, err := e.embeddings().Embed(t.Context(), "x"); err != nil || len(v) != maxLength {
		t.Errorf("the longest vector: %d, %v", len(v), err)
	}
}

// Sixty-four texts a call; every vector at its text, of length 1.
func TestEmbedAll(t *testing.T) {
	e := newEndpoint(t)
	e.answers(vectors(3))
	var heard []string
	texts := make([]string, 2*batch)
	for i := range texts {
		texts[i] = fmt.Sprint("text ", i)
	}
	c := e.embeddings()
	vs, err := c.EmbedAll(t.Context(), texts, func(done, total int) { heard = append(heard, fmt.Sprint(done, "/", total)) })
	if err != nil || len(vs) != len(texts) || fmt.Sprint(heard) != "[64/128 128/128]" || e.count() != 2 {
		t.Fatalf("%d vectors, %v, %v, %d calls", len(vs), err, heard, e.count())
	}
	for i, v := range vs {
		if ratio := float64(v[0] / v[1]); math.Abs(ratio-float64(i%batch+1)) > 1e-3 {
			t.Errorf("text %d has the vector of %v", i, ratio-1)
		}
		if sum := v[0]*v[0] + v[1]*v[1] + v[2]*v[2]; math.Abs(float64(sum)-1) > 1e-5 {
			t.Errorf("the square of the length is %v", sum)
		}
	}
	if vs, err := c.EmbedAll(t.Context(), nil, nil); err != nil || len(vs) != 0 {
		t.Errorf("%v, %v", vs, err)
	}
}

// All vectors of a training run have one length, within an answer and over all of them.
func TestLengthsMustAgree(t *testing.T) {
	e := newEndpoint(t)
	calls := 0
	e.answers(func(w http.ResponseWriter, r *http.Request) { calls++; vectors(2+calls)(w, r) })
	vs, err := e.embeddings().EmbedAll(t.Context(), make([]string, 2*batch), nil)
	if kindOf(err) != Unlisted || vs != nil || calls != 2 {
		t.Errorf("%d vectors after %d calls, %v", len(vs), calls, err)
	}
	e.answers(says(200, `{"data":[{"index":0,"embedding":[1,1]},{"index":1,"embedding":[1]}]}`))
	_, err = e.embeddings().EmbedAll(t.Context(), make([]string, 2), nil)
	e.want(err, Unlisted)
	e.answers(says(200, `{"data":[{"index":0,"embedding":[1,1]},{"index":0,"embedding":[1,2]}]}`))
	_, err = e.embeddings().EmbedAll(t.Context(), make([]string, 2), nil)
	e.want(err, Unlisted)
}

// A training run waits where waiting may help, as long as the endpoint asks, and gives up where it cannot.
func TestEmbedAllIsPatient(t *testing.T) {
	e := newEndpoint(t)
	c := e.embeddings()
	var pauses []time.Duration
	c.pause = func(_ context.Context, d time.Duration) { pauses = append(pauses, d); e.advance(d) }
	calls := 0
	e.answers(func(w http.ResponseWriter, r *http.Request) {
		switch calls++; calls {
		case 1:
			says(429, "", "Retry-After", "30")(w, r)
		case 2:
			says(500, "")(w, r)
		default:
			says(200, `{"data":[{"index":0,"embedding":[1]}]}`)(w, r)
		}
	})
	vs, err := c.EmbedAll(t.Context(), []string{"x"}, nil)
	if err != nil || len(vs) != 1 || fmt.Sprint(pauses) != "[30s 4s]" {
		t.Errorf("%v, %v, pauses %v", vs, err, pauses)
	}
	pauses = nil
	e.answers(says(500, ""))
	_, err = c.EmbedAll(t.Context(), []string{"x"}, nil)
	e.want(err, Broken)
	if len(pauses) != batchTries-1 {
		t.Errorf("pauses %v", pauses)
	}
	pauses = nil
	e.answers(says(401, ""))
	other := e.embeddings()
	other.pause = c.pause
	_, err = other.EmbedAll(t.Context(), []string{"x"}, nil)
	e.want(err, Refused)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = other.EmbedAll(ctx, []string{"x"}, nil)
	e.want(err, Stopped)
	if len(pauses) != 0 {
		t.Errorf("pauses %v", pauses)
	}
}

// Training sends what serving sends.
func TestTrainingMasksAsServingDoes(t *testing.T) {
	e := newEndpoint(t)
	e.answers(says(200, `{"data":[{"index":0,"embedding":[1]}]}`))
	c := e.embeddings()
	text := "mail ann@example.com 转账 " + strings.Repeat("长", 9000)
	if _, err := c.Embed(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if _, err := c.EmbedAll(t.Context(), []string{text}, nil); err != nil {
		t.Fatal(err)
	}
	var in embedRequest
	if err := json.Unmarshal([]byte(strings.TrimPrefix(e.calls[0], "POST /v1/embeddings ")), &in); err != nil {
		t.Fatal(err)
	}
	if e.calls[0] != e.calls[1] || strings.Contains(in.Input[0], "ann@") || len([]rune(in.Input[0])) != maxText {
		t.Errorf("%.200s", e.calls[0])
	}
}
