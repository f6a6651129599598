package email

import (
	"context"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"switchyard/router"
)

// folder is an open folder on one connection.
type folder struct {
	*adapter
	conn *conn
	name string
	at   cursor
}

// open selects the folder, read-only, and finds where to go on.
func (f *folder) open(ctx context.Context) error {
	var sel *imap.SelectData
	err := f.conn.within(commandTimeout, func() (err error) {
		sel, err = f.conn.Select(f.name, &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
	if err != nil {
		return unavailable("email.select", err)
	}
	found, err := f.deps.Cursors.LoadCursor(ctx, f.cfg.Name, cursorName(f.name), &f.at)
	if err != nil {
		return router.Wrap("email.cursor", router.CodeUnavailable, err)
	}
	if found && f.at.Validity == sel.UIDValidity {
		return nil
	}
	if found {
		f.deps.Log.Warn("the folder was made anew and is read again", "folder", f.name)
	} else {
		f.at.FirstAt = f.deps.Now()
	}
	f.at = cursor{Validity: sel.UIDValidity, FirstAt: f.at.FirstAt, StartUID: uint32(sel.UIDNext)}
	if f.at.StartUID == 0 {
		uids, err := f.search(1, 0)
		if err != nil {
			return err
		}
		for _, u := range uids {
			f.at.StartUID = max(f.at.StartUID, u+1)
		}
	}
	return f.save(ctx)
}

func (f *folder) save(ctx context.Context) error {
	err := f.deps.Cursors.SaveCursor(ctx, f.cfg.Name, cursorName(f.name), f.at)
	return router.Wrap("email.cursor", router.CodeUnavailable, err)
}

// search lists the UIDs from one to another (0: the end), in order.
func (f *folder) search(from, to uint32) ([]uint32, error) {
	var set imap.UIDSet
	set.AddRange(imap.UID(from), imap.UID(to))
	var data *imap.SearchData
	err := f.conn.within(commandTimeout, func() (err error) {
		data, err = f.conn.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{set}}, nil).Wait()
		return err
	})
	if err != nil {
		return nil, unavailable("email.search", err)
	}
	var out []uint32
	for _, u := range data.AllUIDs() {
		if n := uint32(u); n >= from && (to == 0 || n <= to) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// listSize is how many mails are listed at once.
const listSize = 100

// catchUp hands on everything after the cursor.
func (f *folder) catchUp(ctx context.Context) error {
	uids, err := f.search(f.at.Last+1, 0)
	if err != nil {
		return err
	}
	return f.read(ctx, uids)
}

// reconcile looks for mails that lie behind the cursor and were never handled: a server may
// show a lower number after a higher one.
func (f *folder) reconcile(ctx context.Context) error {
	from := f.at.floor() + 1
	if f.at.Last < from {
		return nil
	}
	uids, err := f.search(from, f.at.Last)
	if err != nil {
		return err
	}
	missed := slices.DeleteFunc(slices.Clone(uids), f.at.Handled.contains)
	if len(missed) > 0 {
		f.deps.Log.Warn("mails behind the cursor were missed", "folder", f.name, "missed", len(missed), "looked_at", len(uids))
	}
	return f.read(ctx, missed)
}

// read hands on these mails, in order.
func (f *folder) read(ctx context.Context, uids []uint32) error {
	for chunk := range slices.Chunk(uids, listSize) {
		listed, err := f.list(chunk)
		if err != nil {
			return err
		}
		for len(listed) > 0 {
			n := f.batch(listed)
			items, err := f.fetch(listed[:n])
			if err != nil {
				return err
			}
			if err := f.accept(ctx, items); err != nil {
				return err
			}
			if err := f.passed(ctx, listed[:n]); err != nil {
				return err
			}
			listed = listed[n:]
		}
		if last := chunk[len(chunk)-1]; last > f.at.Last { // the last ones were expunged meanwhile
			f.at.done(last)
			if err := f.save(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// passed moves the cursor over mails that the intake has answered for.
func (f *folder) passed(ctx context.Context, ls []listing) error {
	for _, l := range ls {
		f.at.done(l.uid)
		f.forget(l.uid)
	}
	return f.save(ctx)
}

// wait returns when there may be something new.
func (f *folder) wait(ctx context.Context) error {
	timer := time.NewTimer(f.set.Poll)
	defer timer.Stop()
	var idle *imapclient.IdleCommand
	if f.conn.Caps().Has(imap.CapIdle) {
		err := f.conn.within(commandTimeout, func() (err error) {
			idle, err = f.conn.Idle()
			return err
		})
		if err != nil {
			return unavailable("email.idle", err)
		}
	}
	var gone error
	select {
	case <-f.conn.news:
	case <-timer.C:
	case <-ctx.Done():
		gone = ctx.Err()
	case <-f.conn.Closed():
		gone = router.Fail("email.idle", router.CodeUnavailable, "the connection was closed")
	}
	if idle != nil {
		err := f.conn.within(commandTimeout, func() error {
			if err := idle.Close(); err != nil {
				return err
			}
			return idle.Wait()
		})
		if gone == nil {
			gone = unavailable("email.idle", err)
		}
	}
	return gone
}
