package phone

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"

	"switchyard/router"
)

// The columns of cdr-csv, by number; the last three only where there are 21.
const (
	colSrc         = 1
	colDst         = 2
	colContext     = 3
	colCallerID    = 4
	colDstChannel  = 6
	colLastApp     = 7
	colStart       = 9
	colAnswer      = 10
	colEnd         = 11
	colDuration    = 12
	colBillsec     = 13
	colDisposition = 14
	colUniqueID    = 16
	colLinkedID    = 19
	columns18      = 18
	columns21      = 21
)

const maxSeconds = 7 * 24 * 3600

// leg is one row: one leg of a call.
type leg struct {
	id          string // hash and occurrence
	line        int
	src, dst    string
	context     string
	name        string
	number      string // of the caller id
	dstChannel  string
	lastApp     string
	start       time.Time
	answer      time.Time // zero: not answered
	end         time.Time
	duration    time.Duration
	billsec     time.Duration
	disposition string
	call        string // what joins the legs of a call
	warnings    []string
	raw         []byte
}

func (s *splitter) wrongCount(n int) string {
	if s.columns != 0 {
		return fmt.Sprintf("has %d columns, not %d", n, s.columns)
	}
	return fmt.Sprintf("has %d columns, not 18 or 21", n)
}

// readLeg makes a leg of a row. unreadable says what is wrong, without the row's words.
func readLeg(p piece, zone *time.Location) (leg, error) {
	const op = "phone.row"
	if p.bad != "" {
		return leg{}, router.Fail(op, router.CodeUnreadable, "line %d: %s", p.line, p.bad)
	}
	l := leg{line: p.line, raw: p.raw}
	f := make([]string, len(p.fields))
	for i, v := range p.fields {
		f[i] = l.text(v)
	}
	bad := func(what string) (leg, error) {
		return leg{}, router.Fail(op, router.CodeUnreadable, "line %d: %s", p.line, what)
	}
	var ok bool
	if l.start, ok = wallTime(f[colStart], zone); !ok || l.start.IsZero() {
		return bad("the start is no time")
	}
	if l.answer, ok = wallTime(f[colAnswer], zone); !ok {
		return bad("the answer is no time")
	}
	if l.end, ok = wallTime(f[colEnd], zone); !ok {
		return bad("the end is no time")
	}
	if l.duration, ok = seconds(f[colDuration]); !ok {
		return bad("the duration is no number of seconds")
	}
	if l.billsec, ok = seconds(f[colBillsec]); !ok {
		return bad("billsec is no number of seconds")
	}
	if l.end.IsZero() || l.end.Before(l.start) {
		l.end = l.start.Add(l.duration)
		l.warnings = append(l.warnings, "the end was missing or before the start")
	}
	l.src, l.dst, l.context = f[colSrc], f[colDst], f[colContext]
	l.name, l.number = callerID(f[colCallerID])
	l.dstChannel, l.lastApp, l.disposition = f[colDstChannel], f[colLastApp], strings.ToUpper(f[colDisposition])
	l.call = f[colUniqueID]
	if len(f) == columns21 && f[colLinkedID] != "" {
		l.call = f[colLinkedID]
	}
	return l, nil
}

// text makes UTF-8 of a field; bytes that are none are read as GB18030 where they make sense so, else as Latin-1.
func (l *leg) text(v string) string {
	v = strings.TrimSpace(strings.ReplaceAll(v, "\x00", ""))
	if utf8.ValidString(v) {
		return v
	}
	name, read := "Latin-1", charmap.ISO8859_1.NewDecoder()
	if chinese([]byte(v)) {
		name, read = "GB18030", simplifiedchinese.GB18030.NewDecoder()
	}
	l.warnings = append(l.warnings, "a field was not UTF-8 and was read as "+name)
	out, err := read.String(v)
	if err != nil || !utf8.ValidString(out) {
		return strings.ToValidUTF8(v, "\ufffd")
	}
	return out
}

// chinese reports whether bytes are GB18030 with at least one character of the common set:
// Latin-1 letters beside plain ones never are.
func chinese(b []byte) bool {
	decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
	if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
		return false
	}
	for i := 0; i+1 < len(b); i++ {
		if b[i] < 0x80 {
			continue
		}
		if b[i] >= 0xb0 && b[i] <= 0xf7 && b[i+1] >= 0xa1 {
			return true
		}
		i++
	}
	return false
}

// wallTime reads local wall time; empty is the zero time.
func wallTime(s string, zone *time.Location) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s, zone)
	return t, err == nil && t.Year() > 1970
}

func seconds(s string) (time.Duration, bool) {
	n, err := strconv.Atoi(s)
	return time.Duration(n) * time.Second, err == nil && n >= 0 && n <= maxSeconds
}

// callerID parts `"Name" <number>`.
func callerID(s string) (name, number string) {
	open := strings.LastIndexByte(s, '<')
	if open < 0 || !strings.HasSuffix(s, ">") {
		return "", strings.Trim(s, `" `)
	}
	return strings.Trim(s[:open], `" `), s[open+1 : len(s)-1]
}

// rowID is the id of a row that occurs for the nth time.
func rowID(raw []byte, occurrence int) string {
	return router.HashID("r", string(raw)) + "-" + strconv.Itoa(occurrence)
}
