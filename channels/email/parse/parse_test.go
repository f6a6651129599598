package parse

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"switchyard/router"
)

var desk = Options{Desk: []string{"support@desk.example"}}

func sample(t testing.TB, name string) []byte {
	raw, err := os.ReadFile(filepath.Join("testdata/mails", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func read(t testing.TB, name string) Mail {
	t.Helper()
	m, err := Parse(sample(t, name), desk)
	if err != nil {
		t.Fatal(err)
	}
	checkMail(t, m)
	return m
}

const (
	zh = "我的提现一直没有到账，请帮我查一下订单。谢谢！"
	ru = "Мой перевод не пришёл, помогите."
)

func TestText(t *testing.T) {
	tests := []struct{ name, subject, text string }{
		{"gbk-declared", "提现未到账", zh},
		{"gb18030-no-label", "提现未到账", zh},
		{"big5-called-gbk", "提現未到帳", "我的提現一直沒有到帳，請幫我查詢一下訂單，謝謝。"},
		{"utf8-called-gbk", "提现未到账", zh},
		{"iso2022jp", "出金できません", "出金が届きません。確認してください。"},
		{"shiftjis", "x", "出金が届きません。"},
		{"koi8", "Перевод не пришёл", ru},
		{"win1251", "x", ru},
		{"win1252-called-ascii", "x", "The café payment failed — please help"},
		{"utf7", "Münze", "Gebühr zu hoch"},
		{"utf16", "x", zh},
		{"broken-words", "提现未到账 a b =?utf-8?X?zz?=", "x"},
		{"html-only", "refund", "Hello,\nmy refund is late.\n\n[logo]bad good"},
		{"alternative", "refund", "plain words"},
		{"reply-en", "Re: refund", "Still not there."},
		{"reply-zh", "回复：提现", "还是没有到账。"},
		{"reply-zh-wrote", "回复：提现", "好的，谢谢。"},
		{"reply-outlook", "RE: refund", "Any news?"},
		{"reply-inline", "Re: refund", "Number 7.\n\nThe blue one."},
		{"flowed", "flowed", "This is one line of text.\n\nAnother."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := read(t, tt.name)
			if m.Subject != tt.subject || m.Text != tt.text {
				t.Errorf("subject %q, text %q\nwant %q and %q", m.Subject, m.Text, tt.subject, tt.text)
			}
			if m.Kind != router.KindMessage || m.Handle.Address != "li.wei@customer.example" || m.Name != "Li Wei" {
				t.Errorf("kind %s from %q %q", m.Kind, m.Handle.Address, m.Name)
			}
			if !m.SentAt.Equal(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)) {
				t.Errorf("sent at %v", m.SentAt)
			}
		})
	}
}

func TestQuotesAreKept(t *testing.T) {
	if m := read(t, "reply-en"); !strings.Contains(m.Full, "> Please wait.") {
		t.Errorf("full text %q", m.Full)
	}
	m := read(t, "forward")
	if !strings.Contains(m.Text, "Your refund was sent.") || !strings.Contains(m.Text, "From: Shop") {
		t.Errorf("a forwarded mail was cut: %q", m.Text)
	}
}

func TestHTML(t *testing.T) {
	m := read(t, "html-only")
	for _, want := range []string{"<b>refund</b>", `href="https://ok.example/x"`, "nofollow"} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("HTML lost %s: %s", want, m.HTML)
		}
	}
	for _, bad := range []string{"track.example", "alert", "color", "evil.example", "javascript"} {
		if strings.Contains(m.HTML, bad) {
			t.Errorf("HTML has %s: %s", bad, m.HTML)
		}
	}
}

func TestFiles(t *testing.T) {
	tests := []struct {
		mail  string
		names []string
		types []string
	}{
		{"rfc2231", []string{"截图.png", "账单.pdf", "passwd"}, []string{"image/png", "application/pdf", "text/plain"}},
		{"alternative", []string{"dot.gif"}, []string{"image/gif"}},
		{"signed", []string{"smime.p7s"}, []string{"application/pkcs7-signature"}},
		{"winmail", []string{"winmail.dat"}, []string{"application/ms-tnef"}},
		{"enclosed", []string{"inner mail.eml"}, []string{"message/rfc822"}},
	}
	for _, tt := range tests {
		var names, types []string
		for _, a := range read(t, tt.mail).Attachments {
			names, types = append(names, a.Name), append(types, a.Type)
		}
		if !slices.Equal(names, tt.names) || !slices.Equal(types, tt.types) {
			t.Errorf("%s has files %q of types %q", tt.mail, names, types)
		}
	}
	if a := read(t, "alternative").Attachments[0]; !a.Inline || a.ContentID != "i1" || string(a.Data) != "GIF89a" {
		t.Errorf("inline image %+v", a)
	}
	if a := read(t, "signed").Attachments[0]; a.Mark != "signature" {
		t.Error("a signature is not marked")
	}
}

func TestKinds(t *testing.T) {
	tests := map[string]router.Kind{
		"bounce-standard": router.KindBounce, "bounce-delayed": router.KindBounce, "bounce-qmail": router.KindBounce,
		"bounce-zh": router.KindBounce, "auto-header": router.KindAutoReply, "auto-subject-zh": router.KindAutoReply,
		"auto-subject-en": router.KindAutoReply, "list": router.KindList, "signed": router.KindMessage,
	}
	for name, kind := range tests {
		if m := read(t, name); m.Kind != kind {
			t.Errorf("%s is %s, want %s", name, m.Kind, kind)
		}
	}
	group := strings.Replace(string(sample(t, "list")), "List-Id: <news.shop.example>", "List-Id: <support.desk.example>", 1)
	if m, _ := Parse([]byte(group), desk); m.Kind != router.KindMessage {
		t.Errorf("a mail through the desk's own group is %s", m.Kind)
	}
}

func TestBounces(t *testing.T) {
	const ours = router.MessageID("maaaaaaaaaaaaaaaaaaaaaaaaaa")
	tests := map[string]router.Bounce{
		"bounce-standard": {MessageID: ours, Address: "li.wei@customer.example", Status: "5.1.1", Detail: "550 5.1.1 <…>: no such user", Permanent: true},
		"bounce-delayed":  {Address: "li.wei@customer.example", Status: "4.4.1", Detail: "the mail could not be delivered"},
		"bounce-qmail":    {MessageID: ours, Address: "gone@customer.example", Status: "5.1.1", Detail: "550 5.1.1 unknown user", Permanent: true},
		"bounce-zh":       {Address: "gone@mail.example", Status: "5.1.1", Detail: "您的邮件无法投递到 …：550 5.1.1 用户不存在", Permanent: true},
	}
	for name, want := range tests {
		m := read(t, name)
		if m.Bounce == nil || *m.Bounce != want {
			t.Errorf("%s: %+v, want %+v", name, m.Bounce, want)
		}
	}
	if keys := read(t, "bounce-standard").ThreadKeys; !slices.Contains(keys, "<"+string(ours)+"@desk.example>") {
		t.Errorf("the keys %q lack the mail that failed", keys)
	}
}

func TestKeys(t *testing.T) {
	want := []string{"<r1@customer.example>", "<maaaaaaaaaaaaaaaaaaaaaaaaaa@desk.example>", "<h1@customer.example>", "ticket:tbbbbbbbbbbbbbbbbbbbbbbbbbb"}
	if m := read(t, "reply-en"); !slices.Equal(m.ThreadKeys, want) {
		t.Errorf("keys %q, want %q", m.ThreadKeys, want)
	}
	if id, ok := TicketOf(want[3]); !ok || id != "tbbbbbbbbbbbbbbbbbbbbbbbbbb" {
		t.Error("a ticket key is not read")
	}
	foreign := strings.ReplaceAll(string(sample(t, "reply-en")), "@desk.example>\n", "@other.example>\n")
	if m, _ := Parse([]byte(foreign), Options{Desk: []string{"other@desk.example"}}); slices.Contains(m.ThreadKeys, want[3]) {
		t.Error("a plus-address of somebody else names a ticket")
	}
	many := "From: a@b.example\nMessage-ID: <own@b.example>\nIn-Reply-To: <last@b.example>\nReferences:" + strings.Repeat(" <x@b.example>", 3)
	for i := range 200 {
		many += " <" + strings.Repeat("r", i+1) + "@b.example>\n"
	}
	m, _ := Parse([]byte(many+"\n\nx"), desk)
	if len(m.ThreadKeys) > MaxKeys || m.ThreadKeys[0] != "<own@b.example>" || m.ThreadKeys[1] != "<last@b.example>" {
		t.Errorf("%d keys, first %q", len(m.ThreadKeys), m.ThreadKeys[:2])
	}
}

func TestExternalID(t *testing.T) {
	raw := string(sample(t, "reply-en"))
	one, _ := Parse([]byte(raw), desk)
	crlf, _ := Parse([]byte(strings.ReplaceAll(raw, "\n", "\r\n")), desk)
	relayed, _ := Parse([]byte("Received: from x by y\nDelivered-To: z@desk.example\n"+raw), desk)
	other, _ := Parse([]byte(raw+"more"), desk)
	if one.ExternalID != crlf.ExternalID || one.ExternalID != relayed.ExternalID {
		t.Error("one mail has several external ids")
	}
	if one.ExternalID == other.ExternalID {
		t.Error("two mails with one Message-ID have one external id")
	}
	if id, ok := MessageIDOf(one.ExternalID); !ok || id != "<r1@customer.example>" {
		t.Errorf("Message-ID of the external id is %q", id)
	}
	bare := read(t, "no-message-id")
	if _, ok := MessageIDOf(bare.ExternalID); ok || !strings.HasPrefix(bare.ExternalID, "raw#") {
		t.Errorf("external id without Message-ID: %q", bare.ExternalID)
	}
}

func TestOwnMail(t *testing.T) {
	raw := "From: Desk <support@desk.example>\nMessage-ID: <maaaaaaaaaaaaaaaaaaaaaaaaaa@desk.example>\n\nhello"
	if m, _ := Parse([]byte(raw), desk); m.Own != "maaaaaaaaaaaaaaaaaaaaaaaaaa" {
		t.Errorf("our own mail is not known: %q", m.Own)
	}
	if m, _ := Parse([]byte(strings.Replace(raw, "support@", "someone@", 1)), desk); m.Own != "" {
		t.Error("somebody else's mail counts as our own")
	}
}

func TestWarnings(t *testing.T) {
	tests := map[string]string{"duplicate-headers": "the Date cannot be read", "no-message-id": "no Message-ID",
		"no-headers-to-speak-of": "the mail names no sender", "winmail": "files are packed in winmail.dat",
		"utf8-called-gbk": "the text is UTF-8 and not what its label says"}
	for name, want := range tests {
		if m := read(t, name); !slices.Contains(m.Warnings, want) {
			t.Errorf("%s: warnings %q lack %q", name, m.Warnings, want)
		}
	}
	if m := read(t, "duplicate-headers"); !m.SentAt.IsZero() || m.Subject != "first" {
		t.Errorf("sent at %v, subject %q", m.SentAt, m.Subject)
	}
	if in := read(t, "no-headers-to-speak-of").Inbound("s", nil); in.Failure == "" {
		t.Error("a mail without a sender is no failure")
	}
}

func TestDates(t *testing.T) {
	want := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	for _, v := range []string{"Mon, 02 Mar 2026 10:00:00 +0800", "2 Mar 2026 10:00:00 +0800 (CST)", "Mon, 2 Mar 2026 02:00:00 GMT",
		"Sun, 1 Mar 2026 21:00:00 EST", "Mon, 2 Mar 26 02:00:00 GMT", "2026-03-02 10:00:00 +0800", "星期一, 2 Mar 2026 10:00:00 +0800"} {
		if at, ok := parseDate(v); !ok || !at.Equal(want) {
			t.Errorf("%q: %v %v", v, at, ok)
		}
	}
}

// TestBombs: nothing a mail can be costs more than a moment.
func TestBombs(t *testing.T) {
	const head = "From: a@b.example\r\nMessage-ID: <x@b.example>\r\n"
	nested := head
	for i := range 3000 {
		b := "b" + strings.Repeat("x", i%40) + string(rune('a'+i%26))
		nested += "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n--" + b + "\r\n"
	}
	bombs := map[string]string{
		"flat":     head + "Content-Type: multipart/mixed; boundary=a\r\n\r\n" + strings.Repeat("--a\r\n\r\n", 500_000),
		"nested":   nested,
		"headers":  head + strings.Repeat("X-A: b\r\n", 300_000) + "\r\nhi",
		"folded":   head + "Subject: " + strings.Repeat("a\r\n ", 300_000) + "\r\n\r\nhi",
		"words":    head + "Subject: " + strings.Repeat("=?utf-8?Q?a?= ", 100_000) + "\r\n\r\nhi",
		"params":   head + "Content-Type: text/plain" + strings.Repeat("; a=b", 10_000) + "\r\n\r\nhi",
		"text":     head + "\r\n" + strings.Repeat("On Monday he wrote:\r\n", 300_000),
		"tags":     head + "Content-Type: text/html\r\n\r\n" + strings.Repeat("<div><blockquote>", 200_000),
		"lines":    head + "\r\n" + strings.Repeat("\r\n", 2_000_000),
		"oneline":  head + "\r\n" + strings.Repeat("a写", 2_000_000),
		"boundary": head + "Content-Type: multipart/mixed\r\n\r\n" + strings.Repeat("--", 1_000_000),
		"address":  "From: " + strings.Repeat("(<\"a@b.example", 50_000) + "\r\n\r\nx",
		"refs":     head + "References: " + strings.Repeat("<a@b> ", 10_000) + "\r\n\r\nx",
	}
	for name, raw := range bombs {
		start := time.Now()
		m, err := Parse([]byte(raw), desk)
		if err == nil {
			checkMail(t, m)
		}
		took := time.Since(start)
		t.Logf("%s: %v", name, took.Round(time.Millisecond))
		if took > 10*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	if _, err := Parse(make([]byte, MaxSize+1), desk); !router.IsCode(err, router.CodeTooLarge) {
		t.Errorf("a mail over the limit: %v", err)
	}
	for _, raw := range []string{"", "\r\n\r\n", "\x00\x01\x02", "just words"} {
		if _, err := Parse([]byte(raw), desk); !router.IsCode(err, router.CodeUnreadable) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/mails/*.eml")
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(raw, desk)
		if err != nil {
			return
		}
		checkMail(t, m)
		if again, _ := Parse(raw, desk); again.ExternalID != m.ExternalID || again.Text != m.Text {
			t.Error("the same bytes are two mails")
		}
	})
}
