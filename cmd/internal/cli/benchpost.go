package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"switchyard/channels"
	"switchyard/cmd/internal/app"
	"switchyard/cmd/internal/config"
	"switchyard/router"
)

const (
	benchName   = "bench"
	benchSecret = "bench-secret-of-the-benchmark"
)

// benchSource is a generic source that takes the benchmark's messages.
func benchSource() (config.Source, error) {
	s, ps := config.ParseSource("bench", map[string]any{"name": benchName, "kind": "generic", "secret": benchSecret, "channel": "social"}, app.Kinds())
	if len(ps) > 0 {
		return s, ps
	}
	return s, nil
}

// benchTexts are what the benchmark's customers write.
var benchTexts = []string{
	"I was charged twice for order 99887766, 35 USD, yesterday. Please refund.",
	"有人盗刷我的账户，请马上冻结",
	"提现到银行卡三天了还没到账，尾号 4242",
	"I forgot my password and cannot log in",
	"How do I see my fees and limits?",
	"付款失败了，钱也扣了，什么时候退款？",
}

// poster sends messages to the benchmark's source as a provider would.
type poster struct {
	client *http.Client
	url    string
}

func newPoster(base string, clients int) *poster {
	return &poster{url: base + "/v1/hooks/" + benchName, client: &http.Client{Timeout: 30 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients}}}
}

// externalID of message number i.
func benchExternalID(i int) string { return fmt.Sprintf("bench-%d", i) }

// benchMessageID is the id that message number i will have.
func benchMessageID(i int) router.MessageID {
	return router.NewMessageID(benchName, benchExternalID(i))
}

// post sends message number i; nil means that it is durable.
func (p *poster) post(ctx context.Context, i int) error {
	body, err := json.Marshal(map[string]string{"external_id": benchExternalID(i), "handle": fmt.Sprintf("customer-%d", i), "text": benchTexts[i%len(benchTexts)]})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	channels.SignRequest(req.Header, benchSecret, time.Now(), body)
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusAccepted {
		return fmt.Errorf("status %d: %.200s", res.StatusCode, answer)
	}
	return nil
}
