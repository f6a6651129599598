package email

import (
	"context"
	"errors"
	"time"

	"switchyard/channels/email/parse"
	"switchyard/router"
)

// Record is one line of `parse email`: a mail, or why there is none.
type Record struct {
	File        string             `json:"file"`
	Line        int                `json:"line,omitempty"` // in a mailbox file
	ExternalID  string             `json:"external_id,omitempty"`
	Channel     router.Channel     `json:"channel,omitempty"`
	Handle      string             `json:"handle"`
	Name        string             `json:"name"`
	Subject     string             `json:"subject"`
	Text        string             `json:"text"`
	HTML        string             `json:"html"`
	SentAt      *time.Time         `json:"sent_at"` // null when the mail's date cannot be read
	ThreadKeys  []string           `json:"thread_keys"`
	Language    router.Language    `json:"language"`
	Attachments []RecordAttachment `json:"attachments"`
	Kind        router.Kind        `json:"kind,omitempty"`
	Warnings    []string           `json:"warnings"`
}

// RecordAttachment is a file of a Record.
type RecordAttachment struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int    `json:"size"`
}

// RecordError is the line of a mail that cannot be read.
type RecordError struct {
	File  string `json:"file"`
	Line  int    `json:"line,omitempty"`
	Error struct {
		Code   router.Code `json:"code"`
		Detail string      `json:"detail"`
	} `json:"error"`
}

// ParseFile reads the mails of a file, or of a folder's files in order, and calls emit with a Record or a
// RecordError for each. It answers how many could not be read. An error is emit's own, or the
// end of ctx.
func ParseFile(ctx context.Context, path string, opts parse.Options, emit func(line any) error) (failed int, err error) {
	files, err := findFiles(path)
	if err != nil {
		return 1, emit(recordError(path, 0, err))
	}
	for _, f := range files {
		err := readMails(ctx, f, func(m rawMail) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			mail, err := parse.Mail{}, m.err
			if err == nil {
				mail, err = read(m.raw, opts)
			}
			if err != nil {
				failed++
				return emit(recordError(f.path, m.line, err))
			}
			return emit(record(f.path, m.line, mail))
		})
		if err != nil {
			return failed, err
		}
	}
	return failed, nil
}

func recordError(path string, line int, err error) RecordError {
	r := RecordError{File: path, Line: line}
	r.Error.Code, r.Error.Detail = router.CodeOf(err), err.Error()
	var own *router.Error
	if errors.As(err, &own) && own.Detail != "" {
		r.Error.Detail = own.Detail
	}
	return r
}

func record(path string, line int, m parse.Mail) Record {
	r := Record{
		File: path, Line: line, ExternalID: m.ExternalID, Channel: router.ChannelEmail, Handle: m.Handle.Address,
		Name: m.Name, Subject: m.Subject, Text: m.Text, HTML: m.HTML, ThreadKeys: append([]string{}, m.ThreadKeys...),
		Language: m.Language, Attachments: []RecordAttachment{}, Kind: m.Kind, Warnings: append([]string{}, m.Warnings...),
	}
	if !m.SentAt.IsZero() {
		r.SentAt = &m.SentAt
	}
	for _, a := range m.Attachments {
		r.Attachments = append(r.Attachments, RecordAttachment{a.Name, a.Type, len(a.Data)})
	}
	return r
}
