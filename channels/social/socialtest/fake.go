package socialtest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxKept bounds what a fake remembers.
const maxKept = 10_000

// Sent is one message that a network was given for a customer.
type Sent struct {
	To   string // the network's id of the customer
	Kind string // text, image, document …
	Text string
	Name string // of a file
	Data []byte
	Key  string // the caller's own key, where the network has one
	ID   string // what the network called it
}

// Failure is one answer of a network that is no success.
type Failure struct {
	Status     int // HTTP
	Code       int // the network's own
	RetryAfter int // seconds
	Hang       time.Duration
}

// fake is what the networks have in common.
type fake struct {
	mu    sync.Mutex
	sent  []Sent
	fails []Failure
	files map[string][]byte
	next  int64
	// OnSent, if set, hears of every message that was taken, outside of all locks.
	OnSent func(Sent)
}

// Sent is everything that was taken, in order.
func (f *fake) Sent() []Sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Sent(nil), f.sent...)
}

// Fail makes the next calls that send something fail, in order.
func (f *fake) Fail(next ...Failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails = append(f.fails, next...)
}

// AddFile puts a file of a customer there, to be fetched by id.
func (f *fake) AddFile(id string, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.files == nil {
		f.files = map[string][]byte{}
	}
	f.files[id] = data
}

func (f *fake) file(id string) ([]byte, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, ok := f.files[id]
	return data, ok
}

// failing takes the failure that is due.
func (f *fake) failing(r *http.Request) (Failure, bool) {
	f.mu.Lock()
	if len(f.fails) == 0 {
		f.mu.Unlock()
		return Failure{}, false
	}
	due := f.fails[0]
	f.fails = f.fails[1:]
	f.mu.Unlock()
	if due.Hang > 0 {
		select {
		case <-r.Context().Done():
		case <-time.After(due.Hang):
		}
	}
	return due, true
}

// keep remembers a message under a new number and tells it on.
func (f *fake) keep(s Sent, name func(n int64) string) (id string, n int64) {
	f.mu.Lock()
	f.next++
	n = f.next
	s.ID = name(n)
	if len(f.sent) < maxKept {
		f.sent = append(f.sent, s)
	}
	tell := f.OnSent
	f.mu.Unlock()
	if tell != nil {
		tell(s)
	}
	return s.ID, n
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// field reads a number or a string as a string.
func field(raw json.RawMessage) string { return strings.Trim(string(raw), `"`) }

// form reads a file and the fields beside it.
func form(r *http.Request, names ...string) (name string, data []byte, ok bool) {
	if err := r.ParseMultipartForm(32 << 20); err != nil {
		return "", nil, false
	}
	for _, n := range names {
		f, header, err := r.FormFile(n)
		if err != nil {
			continue
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		return header.Filename, data, err == nil
	}
	return "", nil, false
}
