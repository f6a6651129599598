package email

import (
	"slices"
	"time"
)

// recent is how far back from the last UID it is remembered which were handled.
const (
	recent    = 1000
	maxRanges = 200
)

// cursor is how far a folder has been read.
type cursor struct {
	Validity uint32    `json:"validity"`
	Last     uint32    `json:"last"`      // every UID up to here was seen
	Handled  ranges    `json:"handled"`   // UIDs near Last that were handled
	StartUID uint32    `json:"start_uid"` // UIDs below were there when the folder was first read
	FirstAt  time.Time `json:"first_at"`  // when the source first started
}

func cursorName(folder string) string { return "folder/" + folder }

// done marks a UID as handled.
func (c *cursor) done(uid uint32) {
	c.Last = max(c.Last, uid)
	c.Handled = c.Handled.add(uid)
	floor := uint32(0)
	if c.Last > recent {
		floor = c.Last - recent
	}
	c.Handled = c.Handled.above(floor)
}

// floor is the UID at and below which everything counts as handled.
func (c *cursor) floor() uint32 {
	floor := uint32(0)
	if c.Last > recent {
		floor = c.Last - recent
	}
	if len(c.Handled) >= maxRanges {
		floor = max(floor, c.Handled[0][0]-1)
	}
	return floor
}

// ranges is a set of numbers as sorted ranges that do not touch.
type ranges [][2]uint32

func (r ranges) contains(n uint32) bool {
	i, found := slices.BinarySearchFunc(r, n, func(x [2]uint32, n uint32) int {
		switch {
		case n < x[0]:
			return 1
		case n > x[1]:
			return -1
		}
		return 0
	})
	_ = i
	return found
}

func (r ranges) add(n uint32) ranges {
	if r.contains(n) {
		return r
	}
	i := 0
	for i < len(r) && r[i][1] < n {
		i++
	}
	r = slices.Insert(r, i, [2]uint32{n, n})
	if i+1 < len(r) && r[i+1][0] == n+1 {
		r[i][1] = r[i+1][1]
		r = slices.Delete(r, i+1, i+2)
	}
	if i > 0 && r[i-1][1]+1 == n {
		r[i-1][1] = r[i][1]
		r = slices.Delete(r, i, i+1)
	}
	return r
}

// above drops what is at or below floor, and the oldest of too many ranges.
func (r ranges) above(floor uint32) ranges {
	for len(r) > 0 && (r[0][1] <= floor || len(r) > maxRanges) {
		r = r[1:]
	}
	return r
}
