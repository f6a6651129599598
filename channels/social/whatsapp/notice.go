package whatsapp

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"switchyard/router"
)

// The parts of a webhook call that we look at.
type (
	notice struct {
		Entry []struct {
			Changes []struct {
				Field string `json:"field"`
				Value value  `json:"value"`
			} `json:"changes"`
		} `json:"entry"`
	}
	value struct {
		Metadata struct {
			NumberID string `json:"phone_number_id"`
		} `json:"metadata"`
		Contacts []struct {
			ID      string `json:"wa_id"`
			Profile struct {
				Name string `json:"name"`
			} `json:"profile"`
		} `json:"contacts"`
		Messages []message `json:"messages"`
		Statuses []status  `json:"statuses"`
	}
	message struct {
		ID        string `json:"id"`
		From      string `json:"from"`
		Timestamp string `json:"timestamp"`
		Type      string `json:"type"`
		Text      struct {
			Body string `json:"body"`
		} `json:"text"`
		Image    *media `json:"image"`
		Audio    *media `json:"audio"`
		Video    *media `json:"video"`
		Document *media `json:"document"`
		Sticker  *media `json:"sticker"`
		Location *struct {
			Latitude  float64 `json:"latitude"`
			Longitude float64 `json:"longitude"`
			Name      string  `json:"name"`
			Address   string  `json:"address"`
		} `json:"location"`
		Contacts []struct {
			Name struct {
				Formatted string `json:"formatted_name"`
			} `json:"name"`
			Phones []struct {
				Phone string `json:"phone"`
			} `json:"phones"`
		} `json:"contacts"`
		Interactive struct {
			Button choice `json:"button_reply"`
			List   choice `json:"list_reply"`
		} `json:"interactive"`
		Button struct {
			Text string `json:"text"`
		} `json:"button"`
		Reaction struct {
			Emoji string `json:"emoji"`
		} `json:"reaction"`
	}
	choice struct {
		Title string `json:"title"`
	}
	media struct {
		ID      string `json:"id"`
		Type    string `json:"mime_type"`
		Name    string `json:"filename"`
		Caption string `json:"caption"`
	}
	status struct {
		ID     string `json:"id"`
		Status string `json:"status"`
		Key    string `json:"biz_opaque_callback_data"`
		Errors []struct {
			Code int `json:"code"`
		} `json:"errors"`
	}
)

const (
	maxMessages = 100 // of one call
	maxStatuses = 1000
)

// parseNotice reads a call and keeps what is about one number. invalid_json, invalid_field.
func parseNotice(body []byte, number string) (vs []value, err error) {
	const op = "whatsapp.parse"
	if !json.Valid(body) {
		return nil, router.Fail(op, router.CodeInvalidJSON, "the body is not JSON")
	}
	var n notice
	if err := json.Unmarshal(body, &n); err != nil {
		return nil, router.FailField(op, "entry", "is not a notice of the Cloud API")
	}
	messages, statuses := 0, 0
	for _, e := range n.Entry {
		for _, c := range e.Changes {
			if c.Field != "" && c.Field != "messages" || c.Value.Metadata.NumberID != number {
				continue
			}
			vs, messages, statuses = append(vs, c.Value), messages+len(c.Value.Messages), statuses+len(c.Value.Statuses)
		}
	}
	if messages > maxMessages || statuses > maxStatuses {
		return nil, router.FailField(op, "entry", "has more than %d messages or %d statuses", maxMessages, maxStatuses)
	}
	return vs, nil
}

// normalize makes a message; ok is false when nobody wrote. files are still to be fetched.
func normalize(source router.SourceName, v value, m message) (in router.Inbound, files []media, ok bool) {
	if m.ID == "" || m.From == "" || m.Type == "system" {
		return in, nil, false
	}
	in = router.Inbound{Source: source, Channel: router.ChannelSocial, Kind: router.KindMessage, ExternalID: m.ID, Handle: router.Handle{Channel: router.ChannelSocial, Address: m.From}}
	if at, err := strconv.ParseInt(m.Timestamp, 10, 64); err == nil {
		in.SentAt = time.Unix(at, 0).UTC()
	}
	for _, c := range v.Contacts {
		if c.ID == m.From || len(v.Contacts) == 1 {
			in.Name = c.Profile.Name
		}
	}
	in.Text, files = m.words()
	if in.Text = strings.TrimSpace(in.Text); in.Text == "" {
		in.Text = "[a message of a kind that is not shown here]"
	}
	return in, files, true
}

// words are what a message says, or what it is.
func (m *message) words() (text string, files []media) {
	for what, f := range map[string]*media{"image": m.Image, "audio": m.Audio, "video": m.Video, "document": m.Document, "sticker": m.Sticker} {
		if f == nil || m.Type != what {
			continue
		}
		if f.ID != "" {
			if f.Name == "" {
				f.Name = what
			}
			files = append(files, *f)
		}
		return "[" + what + "]\n" + f.Caption, files
	}
	switch m.Type {
	case "text":
		return m.Text.Body, nil
	case "button":
		return m.Button.Text, nil
	case "interactive":
		return m.Interactive.Button.Title + m.Interactive.List.Title, nil
	case "reaction":
		if m.Reaction.Emoji == "" {
			return "[reaction removed]", nil
		}
		return "[reaction " + m.Reaction.Emoji + "]", nil
	case "location":
		if l := m.Location; l != nil {
			return strings.TrimSpace(fmt.Sprintf("[location %.5f, %.5f] %s %s", l.Latitude, l.Longitude, l.Name, l.Address)), nil
		}
	case "contacts":
		var b strings.Builder
		for _, c := range m.Contacts {
			b.WriteString("[contact " + c.Name.Formatted)
			for _, p := range c.Phones {
				b.WriteString(" " + p.Phone)
			}
			b.WriteString("]\n")
		}
		return b.String(), nil
	}
	return "", nil
}
