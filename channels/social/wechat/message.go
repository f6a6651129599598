package wechat

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"switchyard/router"
)

// message is what the network posts.
type message struct {
	From        string `xml:"FromUserName"`
	CreateTime  int64  `xml:"CreateTime"`
	Type        string `xml:"MsgType"`
	ID          string `xml:"MsgId"`
	Content     string `xml:"Content"`
	MediaID     string `xml:"MediaId"`
	Format      string `xml:"Format"`
	Recognition string `xml:"Recognition"`
	X           string `xml:"Location_X"`
	Y           string `xml:"Location_Y"`
	Label       string `xml:"Label"`
	Title       string `xml:"Title"`
	Description string `xml:"Description"`
	URL         string `xml:"Url"`
	Event       string `xml:"Event"`
	Encrypt     string `xml:"Encrypt"`
}

// parseMessage reads a body. invalid_field.
func parseMessage(body []byte) (message, error) {
	const op = "wechat.parse"
	var m message
	if !utf8.Valid(body) {
		return m, router.FailField(op, "body", "is not UTF-8")
	}
	if err := xml.Unmarshal(body, &m); err != nil {
		return m, router.FailField(op, "body", "is not the XML of a message")
	}
	return m, nil
}

// normalize makes a message; ok is false when nobody wrote. what names a file to fetch, if there is one.
func normalize(source router.SourceName, m message) (in router.Inbound, what string, ok bool) {
	if m.From == "" || m.Type == "" || m.Type == "event" {
		return in, "", false
	}
	in = router.Inbound{Source: source, Channel: router.ChannelSocial, Kind: router.KindMessage, ExternalID: m.ID, SentAt: time.Unix(m.CreateTime, 0).UTC(),
		Handle: router.Handle{Channel: router.ChannelSocial, Address: m.From}}
	if m.ID == "" {
		in.ExternalID = m.From + "/" + strconv.FormatInt(m.CreateTime, 10)
	}
	switch m.Type {
	case "text":
		in.Text = strings.TrimSpace(m.Content)
	case "image":
		in.Text, what = "[图片 image]", "image"
	case "voice":
		in.Text, what = strings.TrimSpace("[语音 voice message]\n"+m.Recognition), "voice"
	case "video", "shortvideo":
		in.Text, what = "[视频 video]", "video"
	case "location":
		in.Text = strings.TrimSpace(fmt.Sprintf("[位置 location %s, %s] %s", m.X, m.Y, m.Label))
	case "link":
		in.Text = strings.TrimSpace("[链接 link] " + m.Title + "\n" + m.Description + "\n" + m.URL)
	}
	if in.Text == "" {
		in.Text = "[a message of a kind that is not shown here]"
	}
	if m.MediaID == "" {
		what = ""
	}
	return in, what, true
}
