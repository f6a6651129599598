package backtest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
)

// Case is one ticket of the past.
type Case struct {
	ID       router.TicketID
	At       time.Time
	Topic    router.Topic     // given, or that of Given
	Class    router.ClassName // given: the ticket is in it whatever rules say; empty: as the policy decides
	Channel  router.Channel
	Language router.Language
	Service  time.Duration // 0: what its class is expected to take
	Patience time.Duration // it leaves after so long; 0: never
	CutoffAt time.Time
	Given    *router.Classification // stored; nil: Topic alone
	Messages []router.Message       // of the customer, where rules look at them
}

const (
	// maxCases bounds a history.
	maxCases = 500_000
	// maxProblems bounds the rows that a refusal names.
	maxProblems = 20
)

// columns of a history file: INTERFACES §7.
var columns = []string{"arrival", "class", "topic", "channel", "service_seconds", "patience_seconds", "outcome", "language", "cutoff"}

// Read reads a history file, for a policy that knows its topics and classes. Its error has code invalid_field and
// names every bad row, up to a bound, by its line; then nothing is read at all.
func Read(r io.Reader, rs *policy.Ruleset) ([]Case, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord, in.TrimLeadingSpace, in.ReuseRecord = -1, true, true
	head, err := in.Read()
	if err != nil {
		return nil, router.FailField("backtest.read", "history", "the first line must name the columns: %v", err)
	}
	p := &rows{rs: rs, at: map[string]int{}}
	if err := p.head(slices.Clone(head)); err != nil {
		return nil, err
	}
	var out []Case
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			p.bad(err.Error())
		} else {
			line, _ := in.FieldPos(0)
			p.line = line
			out = append(out, p.row(row, len(out)))
		}
		if len(p.problems) >= maxProblems || len(out) > maxCases {
			break
		}
	}
	switch {
	case len(p.problems) > 0:
		return nil, router.FailField("backtest.read", "history", "%s", strings.Join(p.problems, "; "))
	case len(out) > maxCases:
		return nil, router.FailField("backtest.read", "history", "has more than %d rows", maxCases)
	case len(out) == 0:
		return nil, router.FailField("backtest.read", "history", "has no rows")
	}
	slices.SortStableFunc(out, func(a, b Case) int { return a.At.Compare(b.At) })
	return out, nil
}

// rows reads one row after the other.
type rows struct {
	rs       *policy.Ruleset
	at       map[string]int
	line     int
	problems []string
}

func (p *rows) bad(what string) {
	if p.line > 0 {
		what = fmt.Sprintf("line %d: %s", p.line, what)
	}
	p.problems = append(p.problems, what)
}

func (p *rows) head(names []string) error {
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if _, twice := p.at[name]; twice || !slices.Contains(columns, name) {
			return router.FailField("backtest.read", "history", "line 1: column %q is unknown or stands twice; known are %s", name, strings.Join(columns, " "))
		}
		p.at[name] = i
	}
	_, class := p.at["class"]
	_, topic := p.at["topic"]
	for _, must := range []string{"arrival", "channel", "service_seconds"} {
		if _, ok := p.at[must]; !ok {
			return router.FailField("backtest.read", "history", "line 1: column %s is missing", must)
		}
	}
	if !class && !topic {
		return router.FailField("backtest.read", "history", "line 1: column class or topic is missing")
	}
	return nil
}

func (p *rows) row(row []string, n int) Case {
	get := func(name string) string {
		if i, ok := p.at[name]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	c := Case{ID: router.TicketID(fmt.Sprintf("row%07d", n+1)), Topic: router.Topic(get("topic")), Class: router.ClassName(get("class")),
		Channel: router.Channel(get("channel")), Language: router.Language(get("language"))}
	c.At = p.moment("arrival", get("arrival"), true)
	c.CutoffAt = p.moment("cutoff", get("cutoff"), false)
	c.Service = p.seconds("service_seconds", get("service_seconds"))
	c.Patience = p.seconds("patience_seconds", get("patience_seconds"))
	if !c.Channel.Valid() {
		p.bad(fmt.Sprintf("channel: %q is not phone, email, chat or social", c.Channel))
	}
	if c.Language != "" && c.Language != router.LanguageZH && c.Language != router.LanguageEN {
		c.Language = router.LanguageOther
	}
	if o := get("outcome"); o != "" && o != "served" && o != "abandoned" {
		p.bad(fmt.Sprintf("outcome: %q is not served or abandoned", o))
	}
	p.about(&c)
	return c
}

// about finds the topic of a class, or the class's existence; one of both must be there.
func (p *rows) about(c *Case) {
	switch {
	case c.Topic != "" && p.rs.Topic(c.Topic) == nil:
		p.bad(fmt.Sprintf("topic: the policy has no topic %q", c.Topic))
	case c.Class != "" && p.rs.Classes[c.Class] == nil:
		p.bad(fmt.Sprintf("class: the policy has no class %q", c.Class))
	case c.Topic == "" && c.Class == "":
		p.bad("class: neither class nor topic is given")
	case c.Topic == "":
		for _, t := range p.rs.Topics {
			if t.Class == c.Class && c.Topic == "" {
				c.Topic = t.Name
			}
		}
	}
}

func (p *rows) moment(name, s string, must bool) time.Time {
	if s == "" && !must {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		p.bad(fmt.Sprintf("%s: %q is not a time like 2026-11-25T09:00:00+08:00", name, s))
	}
	return at.UTC()
}

// maxService bounds a service time or patience of a row: a week.
const maxService = 7 * 24 * 3600

func (p *rows) seconds(name, s string) time.Duration {
	if s == "" {
		return 0
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 0 && f <= maxService) {
		p.bad(fmt.Sprintf("%s: %q is not a number of seconds from 0 to %d", name, s, maxService))
		return 0
	}
	return time.Duration(f * float64(time.Second))
}
