package sqlitestore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"switchyard/router"
)

// childDir names the data folder for a child process of these tests.
const childDir = "SWITCHYARD_TEST_CHILD_DIR"

// TestChild is the body of a child process: it takes the server's lock and
// inserts messages until it is killed, saying which it was told are stored.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("runs as a child of the tests of durability")
	}
	release, err := LockServer(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer release() // held until the kill: a lock that nothing refers to is closed by the garbage collector
	s := openIn(t, dir)
	var mu sync.Mutex
	for g := range 8 {
		go func() {
			for i := g; ; i += 8 {
				if _, err := s.InsertMessages(context.Background(), []router.Message{benchMail(i)}); err == nil {
					mu.Lock()
					fmt.Println("stored", i)
					mu.Unlock()
				}
			}
		}()
	}
	select {}
}

// TestKilled kills a process in the midst of writing: what it was told is stored is there,
// the counter agrees with the rows, and the server's lock is free.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := killAfter(t, dir, 300)
	if len(told) < 300 {
		t.Fatalf("only %d stored", len(told))
	}
	for _, i := range told {
		if _, err := s.Message(t.Context(), benchMail(i).ID); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	counts, err := s.CountStages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rows int64
	err = s.read(t.Context(), "test", func(c *conn) error {
		return c.rows("SELECT count(*) FROM messages", nil, func(r row) error { rows = r.int(0); return nil })
	})
	if err != nil || rows != int64(counts[router.StageReceived]) {
		t.Fatalf("%d rows, counted %v, %v", rows, counts, err)
	}
	release, err := LockServer(dir)
	if err != nil {
		t.Fatal("the lock outlived its process:", err)
	}
	release()
}

// killAfter runs a child until it has told n numbers, tries the server's lock, writes beside it,
// kills it, and gives every number it told.
func killAfter(t *testing.T, dir string, n int) []int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // so that a store that stores nothing fails and does not hang
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var told []int
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var i int
		if _, err := fmt.Sscanf(lines.Text(), "stored %d", &i); err == nil && strings.HasPrefix(lines.Text(), "stored ") {
			told = append(told, i)
		}
		if len(told) == n {
			besideServer(t, dir)
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // it was killed
	return told
}

// besideServer does what a command in a second process does while the server writes.
func besideServer(t *testing.T, dir string) {
	t.Helper()
	if _, err := LockServer(dir); !router.IsCode(err, router.CodeConflict) {
		t.Errorf("second server: %v", err)
	}
	s := openIn(t, dir)
	defer s.Close()
	for i := range 20 {
		if _, err := s.InsertMessages(t.Context(), []router.Message{benchMail(-1 - i)}); err != nil {
			t.Errorf("beside the server: %v", err)
		}
	}
}

func TestLockServer(t *testing.T) {
	dir := t.TempDir()
	release, err := LockServer(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockServer(dir); !router.IsCode(err, router.CodeConflict) {
		t.Fatalf("second: %v", err)
	}
	release()
	release()
	again, err := LockServer(dir)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

// TestReopened reads after a restart what was written before it.
func TestReopened(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w, err := s.InsertTicket(t.Context(), benchTicket(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openIn(t, dir)
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	have, err := s.Ticket(t.Context(), w.ID)
	if err != nil || have.Version != 1 {
		t.Fatal(have, err)
	}
	runs, err := s.Runs(t.Context(), []router.QueueName{w.Queue}, "")
	if err != nil || len(runs) != 1 || runs[0].Key != w.Run().Key {
		t.Fatal(runs, err)
	}
}

// TestBatch puts a write that fails between two that do not, in one transaction.
func TestBatch(t *testing.T) {
	s := openIn(t, t.TempDir())
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	hold, held := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = s.change(context.Background(), "test", func(*tx) error { close(held); <-hold; return nil })
	})
	<-held
	bad := errors.New("no")
	errs := make([]error, 3)
	for i := range errs {
		wg.Go(func() {
			errs[i] = s.change(context.Background(), "test", func(x *tx) error {
				x.count("stage", "dead", 1)
				if _, err := x.exec(`INSERT INTO docs (kind, id, ref, version, body) VALUES ('k', ?, '', 1, x'')`, fmt.Sprint(i)); err != nil || i != 1 {
					return err
				}
				return bad
			})
		})
	}
	gaveUp, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.change(gaveUp, "test", func(*tx) error { t.Error("a canceled write ran"); return nil }); !router.IsCode(err, router.CodeUnavailable) {
		t.Fatal(err)
	}
	close(hold)
	wg.Wait()
	if errs[0] != nil || !errors.Is(errs[1], bad) || errs[2] != nil {
		t.Fatal(errs)
	}
	ds, err := s.ListDocs(t.Context(), "k", "", "", 10)
	if err != nil || len(ds) != 2 || ds[0].ID != "0" || ds[1].ID != "2" {
		t.Fatal(ds, err)
	}
	counts, err := s.CountStages(t.Context())
	if err != nil || counts[router.StageDead] != 2 {
		t.Fatal(counts, err)
	}
}

// TestFull fills the file to its limit: writes fail as unavailable, reads go on, and room mends it.
func TestFull(t *testing.T) {
	s := openIn(t, t.TempDir())
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		if err := s.change(t.Context(), "test", func(x *tx) error {
			return x.rows(fmt.Sprintf("PRAGMA max_page_count = %d", pages), nil, func(row) error { return nil })
		}); err != nil {
			t.Fatal(err)
		}
	}
	limit(100)
	var err error
	stored := 0
	for i := 0; err == nil && i < 2000; i++ {
		if _, err = s.InsertMessages(t.Context(), []router.Message{benchMail(i)}); err == nil {
			stored++
		}
	}
	if !router.IsCode(err, router.CodeUnavailable) || stored == 0 {
		t.Fatalf("after %d: %v", stored, err)
	}
	if err := s.PutBlob(t.Context(), "b", make([]byte, 1<<20)); !router.IsCode(err, router.CodeUnavailable) {
		t.Fatal(err)
	}
	if _, err := s.Message(t.Context(), benchMail(0).ID); err != nil {
		t.Fatal(err)
	}
	limit(100000)
	if _, err := s.InsertMessages(t.Context(), []router.Message{benchMail(-1)}); err != nil {
		t.Fatal(err)
	}
	counts, err := s.CountStages(t.Context())
	if err != nil || counts[router.StageReceived] != stored+1 {
		t.Fatal(stored, counts, err)
	}
}
