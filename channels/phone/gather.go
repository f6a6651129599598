package phone

import (
	"cmp"
	"slices"
	"time"

	"switchyard/router"
)

// farBehind is after how many further rows a call is complete, in a file that is read in one go.
const farBehind = 5000

// pending is a call whose rows are being gathered.
type pending struct {
	legs   []leg
	seenAt time.Time
	row    int             // count of rows when the last one came
	at     map[*tail]spot  // its first row in each file that is followed
	ready  *router.Inbound // built, but not taken yet
	known  map[string]bool // rows it has, by id
}

// spot is a place in a file.
type spot struct {
	offset int64
	line   int
}

// gather joins rows into calls.
type gather struct {
	calls map[string]*pending
	rows  int
}

func newGather() *gather { return &gather{calls: map[string]*pending{}} }

// add takes a row; t is nil where no file is followed.
func (g *gather) add(l leg, now time.Time, t *tail, at spot) {
	key := l.call
	if key == "" {
		key = l.id
	}
	p := g.calls[key]
	if p == nil {
		p = &pending{at: map[*tail]spot{}, known: map[string]bool{}}
		g.calls[key] = p
	}
	g.rows++
	p.seenAt, p.row = now, g.rows
	if have, ok := p.at[t]; t != nil && (!ok || at.offset < have.offset) {
		p.at[t] = at
	}
	if !p.known[l.id] && len(p.legs) < maxLegs {
		p.known[l.id] = true
		p.legs, p.ready = append(p.legs, l), nil
	}
}

// maxLegs bounds the rows of one call.
const maxLegs = 500

// settled lists the calls that are complete, in the order they began: those without a row for
// as long as settle, and those that lie far behind. all lists every call.
func (g *gather) settled(now time.Time, settle time.Duration, all bool) []string {
	var keys []string
	for k, p := range g.calls {
		if now.Before(p.seenAt) {
			p.seenAt = now // the clock was set back
		}
		if all || now.Sub(p.seenAt) >= settle || g.rows-p.row > farBehind {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(g.calls[a].legs[0].start.Compare(g.calls[b].legs[0].start), cmp.Compare(a, b))
	})
	return keys
}
