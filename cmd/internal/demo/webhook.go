package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"switchyard/channels"
	"switchyard/channels/generic"
)

const (
	genericName   = "community"
	genericSecret = "demo-secret-of-the-community-feed"
)

// community is a social network without an adapter of its own, connected by the generic webhook.
type community struct {
	base  string // of the desk
	speed float64
	mu    sync.Mutex
	acts  map[string]act // by handle
}

func (c *community) do(ctx context.Context, a act) error {
	handle := fmt.Sprintf("member-%d", a.n)
	c.mu.Lock()
	c.acts[handle] = a
	c.mu.Unlock()
	return c.post(ctx, a, a.external(), handle, a.text.body)
}

func (c *community) post(ctx context.Context, a act, id, handle, body string) error {
	payload, err := json.Marshal(map[string]string{"external_id": id, "handle": handle, "name": a.name, "text": body, "language": string(a.language)})
	if err != nil {
		return err
	}
	header := http.Header{}
	channels.SignRequest(header, genericSecret, time.Now(), payload)
	return post(ctx, c.base+"/v1/hooks/"+genericName, header, payload)
}

// post sends JSON and wants a 2xx.
func post(ctx context.Context, url string, header http.Header, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)); err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("the desk answered %d", res.StatusCode)
	}
	return nil
}

// ServeHTTP takes the desk's replies; some members write back.
func (c *community) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var d generic.Delivery
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&d); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	a, known := c.acts[d.Handle]
	text, id, more, waits := a.reacts(d.Automatic)
	if !waits {
		delete(c.acts, d.Handle)
	}
	c.mu.Unlock()
	if known && more {
		time.AfterFunc(time.Duration(float64(5*time.Second)/c.speed), func() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_ = c.post(ctx, a, id, d.Handle, text) // the demo may be over
		})
	}
	w.WriteHeader(http.StatusNoContent)
}
