package telegram

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"switchyard/router"
)

// The parts of an update that we look at.
type (
	update struct {
		ID      int64    `json:"update_id"`
		Message *message `json:"message"`
		Edited  *message `json:"edited_message"`
	}
	message struct {
		ID        int64     `json:"message_id"`
		From      *person   `json:"from"`
		Chat      chat      `json:"chat"`
		Date      int64     `json:"date"`
		EditDate  int64     `json:"edit_date"`
		Text      string    `json:"text"`
		Caption   string    `json:"caption"`
		Photo     []media   `json:"photo"`
		Voice     *media    `json:"voice"`
		Audio     *media    `json:"audio"`
		Video     *media    `json:"video"`
		VideoNote *media    `json:"video_note"`
		Animation *media    `json:"animation"`
		Document  *media    `json:"document"`
		Sticker   *media    `json:"sticker"`
		Location  *location `json:"location"`
		Venue     *venue    `json:"venue"`
		Contact   *contact  `json:"contact"`
	}
	person struct {
		ID       int64  `json:"id"`
		IsBot    bool   `json:"is_bot"`
		First    string `json:"first_name"`
		Last     string `json:"last_name"`
		Username string `json:"username"`
		Language string `json:"language_code"`
	}
	chat struct {
		ID   int64  `json:"id"`
		Type string `json:"type"`
	}
	media struct {
		FileID string `json:"file_id"`
		Name   string `json:"file_name"`
		Type   string `json:"mime_type"`
		Size   int64  `json:"file_size"`
		Emoji  string `json:"emoji"`
	}
	location struct {
		Latitude  float64 `json:"latitude"`
		Longitude float64 `json:"longitude"`
	}
	venue struct {
		Title   string `json:"title"`
		Address string `json:"address"`
	}
	contact struct {
		Phone string `json:"phone_number"`
		First string `json:"first_name"`
		Last  string `json:"last_name"`
	}
)

// maxUpdates bounds the updates of one call.
const maxUpdates = 100

// parseUpdates reads one update or an array of them. invalid_json, invalid_field.
func parseUpdates(body []byte) ([]update, error) {
	const op = "telegram.parse"
	body = bytes.TrimSpace(body)
	if len(body) == 0 || !json.Valid(body) {
		return nil, router.Fail(op, router.CodeInvalidJSON, "the body is not JSON")
	}
	var us []update
	if body[0] != '[' {
		us = make([]update, 1)
		if err := json.Unmarshal(body, &us[0]); err != nil {
			return nil, router.FailField(op, "update", "is not an update of the Bot API")
		}
		return us, nil
	}
	if err := json.Unmarshal(body, &us); err != nil || len(us) > maxUpdates {
		return nil, router.FailField(op, "update", "must be an update of the Bot API or an array of at most %d", maxUpdates)
	}
	return us, nil
}

// attached is a file of a message that is still to be fetched.
type attached struct {
	media
	what string
}

// normalize makes a message of an update; ok is false when nobody wrote to the desk with it.
func normalize(source router.SourceName, u update) (in router.Inbound, files []attached, ok bool) {
	m, edit := u.Message, false
	if m == nil {
		m, edit = u.Edited, true
	}
	if m == nil || m.From == nil || m.From.ID == 0 || m.From.IsBot || m.Chat.Type != "" && m.Chat.Type != "private" {
		return in, nil, false
	}
	in = router.Inbound{Source: source, Channel: router.ChannelSocial, Kind: router.KindMessage, SentAt: time.Unix(m.Date, 0).UTC(),
		ExternalID: fmt.Sprintf("%d/%d/%d", u.ID, m.Chat.ID, m.ID), Handle: router.Handle{Channel: router.ChannelSocial, Address: strconv.FormatInt(m.From.ID, 10)},
		Name: strings.TrimSpace(m.From.First + " " + m.From.Last)}
	if in.Name == "" {
		in.Name = m.From.Username
	}
	switch lead, _, _ := strings.Cut(strings.ToLower(m.From.Language), "-"); lead {
	case "zh", "en":
		in.Language = router.Language(lead)
	}
	words := strings.TrimSpace(m.Text + m.Caption)
	notes, files := m.parts()
	if words == "" && len(notes) == 0 {
		notes = []string{"[a message of a kind that is not shown here]"}
	}
	if edit {
		in.ExternalID += "/e" + strconv.FormatInt(m.EditDate, 10)
		in.SentAt = time.Unix(max(m.EditDate, m.Date), 0).UTC()
		notes = append([]string{"[edited]"}, notes...)
	}
	in.Text = strings.TrimSpace(strings.Join(append(notes, words), "\n"))
	return in, files, true
}

// parts names what a message carries beside its words, and lists the files to fetch.
func (m *message) parts() (notes []string, files []attached) {
	file := func(f *media, what string) {
		if f != nil && f.FileID != "" {
			notes, files = append(notes, "["+what+"]"), append(files, attached{*f, what})
		}
	}
	if n := len(m.Photo); n > 0 {
		best := m.Photo[n-1]
		best.Type, best.Name = "image/jpeg", "photo.jpg"
		file(&best, "photo")
	}
	file(m.Voice, "voice message")
	file(m.Audio, "audio")
	file(m.Video, "video")
	file(m.VideoNote, "video message")
	if m.Animation != nil {
		file(m.Animation, "animation")
	} else {
		file(m.Document, "file")
	}
	if m.Sticker != nil {
		notes = append(notes, strings.TrimSpace("[sticker "+m.Sticker.Emoji)+"]")
	}
	if m.Venue != nil {
		notes = append(notes, "[place "+m.Venue.Title+", "+m.Venue.Address+"]")
	}
	if m.Location != nil {
		notes = append(notes, fmt.Sprintf("[location %.5f, %.5f]", m.Location.Latitude, m.Location.Longitude))
	}
	if m.Contact != nil {
		notes = append(notes, "[contact "+strings.TrimSpace(m.Contact.First+" "+m.Contact.Last)+" "+m.Contact.Phone+"]")
	}
	return notes, files
}
