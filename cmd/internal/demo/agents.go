package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"switchyard/router"
)

const (
	// hands is how many tickets a synthetic agent works on at once, where the desk lets him.
	hands = 3
	// reading is how long he looks at a ticket before he answers, working how long he then needs for it, on average.
	reading, working = 8 * time.Second, 100 * time.Second
	// beat is how often he says that he still works on it.
	beat = 20 * time.Second
)

// agent is one hand of a synthetic agent, who works through the HTTP API like any program.
type agent struct {
	base  string
	token string
	speed float64
	r     *rand.Rand
	log   *slog.Logger
}

type pulled struct {
	Ticket struct {
		ID       router.TicketID `json:"id"`
		Channel  router.Channel  `json:"channel"`
		Language router.Language `json:"language"`
	} `json:"ticket"`
	Claim struct {
		Epoch int64 `json:"epoch"`
	} `json:"claim"`
}

// run pulls, thinks, answers, and rests, until the context ends.
func (a *agent) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := a.one(ctx); err != nil && ctx.Err() == nil {
			a.log.Debug("a synthetic agent stumbled", "error", err)
		}
		a.pause(ctx, 6*time.Second)
	}
}

// pause waits about d of demo time.
func (a *agent) pause(ctx context.Context, d time.Duration) {
	d = time.Duration(float64(d) * (0.5 + a.r.Float64()) / a.speed)
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (a *agent) one(ctx context.Context) error {
	var p pulled
	status, err := a.call(ctx, "/v1/pull", map[string]any{}, &p)
	if err != nil || status == http.StatusNoContent {
		return err
	}
	a.pause(ctx, reading)
	path := "/v1/tickets/" + string(p.Ticket.ID)
	language := p.Ticket.Language
	if language != router.LanguageZH {
		language = router.LanguageEN
	}
	if p.Ticket.Channel == router.ChannelChat { // who waits in a chat is told at once that somebody is there
		if _, err := a.call(ctx, path+"/replies", map[string]any{"epoch": p.Claim.Epoch, "text": greetings[language], "then": "keep"}, nil); err != nil {
			return err
		}
	}
	if err := a.work(ctx, path, p.Claim.Epoch); err != nil {
		return err
	}
	if p.Ticket.Channel == router.ChannelPhone {
		if _, err := a.call(ctx, path+"/callbacks", map[string]any{"epoch": p.Claim.Epoch, "outcome": "reached"}, nil); err != nil {
			return err
		}
		_, err = a.call(ctx, path+"/resolve", map[string]any{"epoch": p.Claim.Epoch}, nil)
		return err
	}
	then := "pending_customer"
	if a.r.IntN(3) == 0 {
		then = "resolve"
	}
	_, err = a.call(ctx, path+"/replies", map[string]any{"epoch": p.Claim.Epoch, "text": pick(a.r, answers[language]), "then": then}, nil)
	return err
}

// work takes its time, and says now and then that it goes on.
func (a *agent) work(ctx context.Context, path string, epoch int64) error {
	for left := time.Duration(a.r.ExpFloat64() * float64(working)); left > 0 && ctx.Err() == nil; left -= beat {
		a.pause(ctx, min(left, beat))
		if _, err := a.call(ctx, path+"/heartbeat", map[string]any{"epoch": epoch}, nil); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (a *agent) call(ctx context.Context, path string, body, out any) (int, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+path, bytes.NewReader(b))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+a.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return res.StatusCode, err
	}
	if res.StatusCode >= 300 {
		return res.StatusCode, fmt.Errorf("%s answered %d", path, res.StatusCode)
	}
	if out != nil && len(answer) > 0 {
		return res.StatusCode, json.Unmarshal(answer, out)
	}
	return res.StatusCode, nil
}
