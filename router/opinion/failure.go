package opinion

import (
	"fmt"
	"time"
)

// Kind says why a call gave nothing.
type Kind string

// The kinds of failures.
const (
	Busy        Kind = "busy"        // as many calls as may be are under way
	Resting     Kind = "resting"     // it failed too often a moment ago
	Spent       Kind = "spent"       // the day's budget
	Stopped     Kind = "stopped"     // whoever asked no longer waits
	TimedOut    Kind = "timed_out"   // no whole answer in time
	Unreachable Kind = "unreachable" // no connection
	Refused     Kind = "refused"     // 401, 403: the key
	Missing     Kind = "missing"     // 404: the address or the model
	Moved       Kind = "moved"       // a redirect, which is not followed
	Limited     Kind = "limited"     // 429
	Unfit       Kind = "unfit"       // any other status below 500
	Broken      Kind = "broken"      // 500 and above
	TooLong     Kind = "too_long"    // an answer over the bound
	Unreadable  Kind = "unreadable"  // not the JSON that was asked for
	Unlisted    Kind = "unlisted"    // not one of the topics, or no usable vector
)

// words are a kind's plain sentence, and what to do about it.
var words = map[Kind]struct{ what, remedy string }{
	Busy:        {"as many calls as may be are under way", "use a faster endpoint"},
	Resting:     {"it failed too often and is left alone for a while", "see the failures before this one in the log"},
	Spent:       {"the budget of this day is spent", "raise budget, or wait until midnight UTC"},
	Stopped:     {"whoever asked no longer waits", "ask again"},
	TimedOut:    {"no answer in time", "raise timeout, or use a smaller model or a machine that is closer"},
	Unreachable: {"no connection", "is url right, the endpoint up, and its certificate valid?"},
	Refused:     {"the endpoint refused the key", "is key right, and may it use this model?"},
	Missing:     {"the endpoint does not know this address or model", "url must end where /chat/completions or /embeddings begins, most often in /v1; is model the id the endpoint lists under /models?"},
	Moved:       {"the endpoint redirects, which is not followed", "set url to the address it redirects to, if you trust it"},
	Limited:     {"the endpoint says that it is asked too often", "ask its owner for a higher limit, or lower budget"},
	Unfit:       {"the endpoint does not take the request", "it must take an OpenAI-compatible request; for chat with response_format json_schema: another model or server may"},
	Broken:      {"the endpoint has an error of its own", "look at the endpoint's own log"},
	TooLong:     {"the answer is too long", "is this an endpoint of the right kind?"},
	Unreadable:  {"the answer is not the JSON that was asked for", "is this an OpenAI-compatible endpoint, and does the model keep to a JSON schema?"},
	Unlisted:    {"the answer names none of the topics, or has no usable vector", "the model does not keep to the schema: use another one"},
}

// Failure is why a call gave nothing. Neither key, address, text nor the endpoint's own words stand in it.
type Failure struct {
	Kind   Kind
	Status int           // HTTP status, 0 if there was none
	Wait   time.Duration // how long the endpoint asked to be left alone, 0 if it did not
	cause  error         // of the network
}

func (f *Failure) Error() string {
	s := words[f.Kind].what
	if f.Status != 0 {
		s += fmt.Sprintf(" (status %d)", f.Status)
	}
	if f.cause != nil {
		s += ": " + f.cause.Error()
	}
	return s
}

// Remedy says what to do.
func (f *Failure) Remedy() string { return words[f.Kind].remedy }

// ofEndpoint reports whether it is the endpoint that failed.
func (f *Failure) ofEndpoint() bool {
	return f.Kind != Busy && f.Kind != Resting && f.Kind != Spent && f.Kind != Stopped
}
