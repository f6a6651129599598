package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const chatName = "web"

// visitors chat through the same socket as the widget.
type visitors struct {
	base  string
	speed float64
}

// stay is how long a visitor waits for answers before closing the page.
const stay = 4 * time.Minute

type frame struct {
	Type     string `json:"type"`
	Token    string `json:"token,omitempty"`
	ClientID string `json:"client_id,omitempty"`
	Text     string `json:"text,omitempty"`
	From     string `json:"from,omitempty"`
}

func (v *visitors) do(ctx context.Context, a act) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(float64(stay)/v.speed))
	defer cancel()
	token, err := v.open(ctx, a)
	if err != nil {
		return err
	}
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(v.base, "http")+"/v1/chat/"+chatName+"/socket", nil)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	if err := send(ctx, conn, frame{Type: "hello", Token: token}); err != nil {
		return err
	}
	if err := send(ctx, conn, frame{Type: "message", ClientID: a.external(), Text: a.text.body}); err != nil {
		return err
	}
	return v.listen(ctx, conn, a)
}

// listen waits for the desk's answer, writes back perhaps, and leaves when time is up.
func (v *visitors) listen(ctx context.Context, conn *websocket.Conn, a act) error {
	answered := false
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			if ctx.Err() != nil || websocket.CloseStatus(err) >= 0 {
				return nil // time is up, or the desk is stopping
			}
			return err
		}
		var f frame
		if err := json.Unmarshal(data, &f); err != nil {
			return err
		}
		if f.Type != "message" || f.From == "customer" || answered {
			continue
		}
		text, id, more, waits := a.reacts(asksByItself(f.Text))
		answered = !waits
		if more {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(time.Duration(float64(4*time.Second) / v.speed)):
			}
			if err := send(ctx, conn, frame{Type: "message", ClientID: id, Text: text}); err != nil {
				return err
			}
		}
	}
}

func send(ctx context.Context, conn *websocket.Conn, f frame) error {
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageText, b)
}

// open opens a session and answers its visitor token.
func (v *visitors) open(ctx context.Context, a act) (string, error) {
	body, err := json.Marshal(map[string]string{"name": a.name, "language": string(a.language)})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base+"/v1/chat/"+chatName+"/sessions", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return "", err
	}
	if res.StatusCode >= 300 {
		return "", fmt.Errorf("opening a session answered %d", res.StatusCode)
	}
	var s struct {
		Token string `json:"token"`
	}
	return s.Token, json.Unmarshal(answer, &s)
}
