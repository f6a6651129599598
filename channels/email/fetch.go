package email

import (
	"errors"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"switchyard/channels/email/parse"
)

const (
	batchBytes = 4 << 20
	batchMails = 25
	maxTries   = 4 // after which a mail that the server cannot give out is noted and passed over
)

// listing is a mail as the folder lists it.
type listing struct {
	uid  uint32
	size int64
	at   time.Time // when the server received it
}

// item is a mail as it was read. Header says that it is too large and raw is only its header.
type item struct {
	listing
	raw    []byte
	header bool
	lost   bool // the server cannot give it out
}

// list asks for size and time. Mails that are gone are not in the answer.
func (f *folder) list(uids []uint32) ([]listing, error) {
	var out []listing
	err := f.conn.within(commandTimeout, func() error {
		cmd := f.conn.Fetch(uidSet(uids), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true})
		ms, err := cmd.Collect()
		for _, m := range ms {
			if slices.Contains(uids, uint32(m.UID)) {
				out = append(out, listing{uint32(m.UID), m.RFC822Size, m.InternalDate})
			}
		}
		return err
	})
	slices.SortFunc(out, func(a, b listing) int { return int(int64(a.uid) - int64(b.uid)) })
	return slices.CompactFunc(out, func(a, b listing) bool { return a.uid == b.uid }), unavailable("email.list", err)
}

func uidSet(uids []uint32) imap.UIDSet {
	var set imap.UIDSet
	for _, u := range uids {
		set.AddNum(imap.UID(u))
	}
	return set
}

// batch says how many of the mails are read at once: one, if it is large or has made trouble.
func (f *folder) batch(ls []listing) int {
	total, n := int64(0), 0
	for _, l := range ls {
		if n > 0 && (total+l.size > batchBytes || n == batchMails || f.tries(l.uid) > 0) {
			break
		}
		total += l.size
		n++
		if f.tries(l.uid) > 0 || l.size > parse.MaxSize {
			break
		}
	}
	return n
}

// fetch reads mails, without marking them as seen.
func (f *folder) fetch(ls []listing) ([]item, error) {
	if len(ls) == 1 && f.tries(ls[0].uid) >= maxTries {
		return []item{{listing: ls[0], lost: true}}, nil
	}
	large := len(ls) == 1 && ls[0].size > parse.MaxSize
	uids := make([]uint32, len(ls))
	for i, l := range ls {
		uids[i] = l.uid
	}
	var bodies map[uint32][]byte
	err := f.conn.within(bodyTimeout, func() (err error) {
		bodies, err = f.bodies(uids, large)
		return err
	})
	if err != nil {
		for _, u := range uids {
			if _, ok := bodies[u]; !ok {
				f.failed(u)
			}
		}
		return nil, unavailable("email.fetch", err)
	}
	var out []item
	for _, l := range ls {
		if raw, ok := bodies[l.uid]; ok {
			out = append(out, item{listing: l, raw: raw, header: large || len(raw) > parse.MaxSize})
		}
	}
	return out, nil
}

var errShort = errors.New("a mail came in part")

// bodies reads mails whole, or only their headers.
func (f *folder) bodies(uids []uint32, headers bool) (map[uint32][]byte, error) {
	section := &imap.FetchItemBodySection{Peek: true}
	if headers {
		section.Specifier = imap.PartSpecifierHeader
	}
	cmd := f.conn.Fetch(uidSet(uids), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	out := map[uint32][]byte{}
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		uid, raw, err := body(m)
		if err != nil {
			// The command is left as it is: the connection is gone, and to read on would race with its reader.
			return out, err
		}
		if raw != nil && slices.Contains(uids, uid) {
			out[uid] = raw
		}
	}
	return out, cmd.Close()
}

func body(m *imapclient.FetchMessageData) (uid uint32, raw []byte, err error) {
	for item := m.Next(); item != nil; item = m.Next() {
		switch data := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = uint32(data.UID)
		case imapclient.FetchItemDataBodySection:
			if data.Literal == nil {
				continue
			}
			size := data.Literal.Size()
			raw, err = io.ReadAll(io.LimitReader(data.Literal, parse.MaxSize+1))
			if err == nil && int64(len(raw)) < min(size, parse.MaxSize+1) {
				err = errShort
			}
			if err != nil {
				return uid, nil, err
			}
		}
	}
	return uid, raw, err
}

func (f *folder) key(uid uint32) mailKey { return mailKey{f.name, f.at.Validity, uid} }

func (f *folder) tries(uid uint32) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.trouble[f.key(uid)]
}

func (f *folder) failed(uid uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trouble[f.key(uid)]++
}

func (f *folder) forget(uid uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.trouble, f.key(uid))
}
