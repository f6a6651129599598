package demo

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/mail"
	"strings"
	"sync"
	"time"

	"switchyard/channels/email/emailtest"
)

const deskAddress = "support@wallet.test"

// mailbox is the desk's mailbox on a mail server in process; customers write into it and read the answers.
type mailbox struct {
	server *emailtest.Server
	speed  float64
	mu     sync.Mutex
	acts   map[string]act // by customer's address
}

func openMailbox(speed float64) (*mailbox, error) {
	m := &mailbox{speed: speed, acts: map[string]act{}}
	server, err := emailtest.Start(emailtest.Options{OnMail: m.answered})
	m.server = server
	return m, err
}

func (a act) mailAddress() string { return fmt.Sprintf("customer%d@example.test", a.n) }

func (m *mailbox) do(_ context.Context, a act) error {
	m.mu.Lock()
	m.acts[a.mailAddress()] = a
	m.mu.Unlock()
	return m.server.Deliver(compose(a, a.text.subject, a.text.body, "<"+a.external()+"@example.test>", ""))
}

// compose writes a mail as a customer's program would.
func compose(a act, subject, body, id, inReplyTo string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s <%s>\r\nTo: Support <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: %s\r\n",
		mime.QEncoding.Encode("utf-8", a.name), a.mailAddress(), deskAddress, mime.QEncoding.Encode("utf-8", subject), time.Now().Format(time.RFC1123Z), id)
	if inReplyTo != "" {
		fmt.Fprintf(&b, "In-Reply-To: %s\r\nReferences: %s\r\n", inReplyTo, inReplyTo)
	}
	fmt.Fprintf(&b, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n", body)
	return b.Bytes()
}

// answered is called with every mail that the desk sends; some customers write back.
func (m *mailbox) answered(sent emailtest.Mail) {
	msg, err := mail.ReadMessage(bytes.NewReader(sent.Raw))
	if err != nil {
		return
	}
	for _, to := range sent.To {
		m.mu.Lock()
		a, known := m.acts[strings.ToLower(to)]
		text, id, more, waits := a.reacts(msg.Header.Get("Auto-Submitted") != "")
		if !waits {
			delete(m.acts, strings.ToLower(to)) // one follow-up is enough
		}
		m.mu.Unlock()
		if !known || !more {
			continue
		}
		answers := msg.Header.Get("Message-ID")
		time.AfterFunc(time.Duration(float64(5*time.Second)/m.speed), func() {
			_ = m.server.Deliver(compose(a, "Re: "+a.text.subject, text, "<"+id+"@example.test>", answers)) // the demo may be over
		})
	}
}
