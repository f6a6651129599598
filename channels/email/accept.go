package email

import (
	"context"
	"fmt"
	"time"

	"switchyard/channels/email/parse"
	"switchyard/router"
)

// accept hands mails to the intake until it has answered for each. While the intake is
// down the mails wait here.
func (f *folder) accept(ctx context.Context, items []item) error {
	var ins []router.Inbound
	for _, it := range items {
		if in, take := f.inbound(it); take {
			ins = append(ins, in)
		}
	}
	pause := backoff{}
	for len(ins) > 0 {
		answers := f.deps.Intake.Accept(ctx, ins)
		var again []router.Inbound
		stored := 0
		for i, in := range ins {
			switch {
			case i >= len(answers), router.IsCode(answers[i].Err, router.CodeUnavailable):
				again = append(again, in)
			case answers[i].Err != nil:
				f.deps.Log.Warn("the intake refused a mail", "folder", f.name, "code", string(router.CodeOf(answers[i].Err)))
			case !answers[i].Duplicate:
				stored++
			}
		}
		f.took(stored)
		if len(again) == 0 {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		ins = again
		f.report(f.name, "the intake is not available")
		sleep(ctx, pause.next())
	}
	return ctx.Err()
}

// inbound makes what the intake gets of a mail; take is false for our own.
func (f *folder) inbound(it item) (in router.Inbound, take bool) {
	switch {
	case it.lost:
		in = failure(f.cfg.Name, "the server cannot give out this mail",
			fmt.Appendf(nil, "IMAP folder %s, UIDVALIDITY %d, UID %d\n", f.name, f.at.Validity, it.uid))
		in.ExternalID = fmt.Sprintf("uid#%s/%d/%d", router.HashID("", f.name), f.at.Validity, it.uid)
		in.ThreadKeys = []string{in.ExternalID}
	case it.header:
		in = largeMail(f.cfg.Name, it, f.opts)
	default:
		m, err := read(it.raw, f.opts)
		if err != nil {
			in = failure(f.cfg.Name, detail(err), it.raw)
			break
		}
		if m.Own != "" {
			return in, false
		}
		in = m.Inbound(f.cfg.Name, it.raw)
	}
	if in.SentAt.IsZero() {
		in.SentAt = it.at.UTC()
	}
	if in.SentAt.IsZero() {
		in.SentAt = f.deps.Now()
	}
	in.History = it.uid < f.at.StartUID && f.cfg.Backlog.IsHistory(in.SentAt, f.at.FirstAt)
	return in, true
}

// read parses a mail; should a parser panic, that mail alone is lost to reading.
func read(raw []byte, opts parse.Options) (m parse.Mail, err error) {
	defer func() {
		if recover() != nil {
			err = router.Fail("email.parse", router.CodeUnreadable, "the mail cannot be read")
		}
	}()
	return parse.Parse(raw, opts)
}

// failure is the Inbound of a mail that cannot be read.
func failure(source router.SourceName, why string, raw []byte) router.Inbound {
	if len(raw) == 0 {
		raw = []byte("\r\n")
	}
	id := "raw#" + router.HashID("", string(raw))
	return router.Inbound{
		Source: source, Channel: router.ChannelEmail, Kind: router.KindMessage, Failure: why, Raw: raw,
		ExternalID: id, ThreadKeys: []string{id}, Handle: parse.Nobody(),
	}
}

// largeMail is the Inbound of a mail of which only the header was read.
func largeMail(source router.SourceName, it item, opts parse.Options) router.Inbound {
	raw := it.raw[:min(len(it.raw), parse.MaxText)]
	why := fmt.Sprintf("the mail is larger than %d MiB", parse.MaxSize>>20)
	m, err := parse.Header(raw, opts)
	if err != nil {
		in := failure(source, why, raw)
		in.ExternalID = "large#" + router.HashID("", string(raw), fmt.Sprint(it.size), it.at.Format(time.RFC3339))
		in.ThreadKeys = []string{in.ExternalID}
		return in
	}
	in := m.Inbound(source, raw)
	in.Failure = why
	return in
}
