package demo

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"switchyard/router"
)

// act is one thing a synthetic customer does.
type act struct {
	n        int
	after    time.Duration // since the act before
	channel  router.Channel
	network  string // of social: telegram or generic
	language router.Language
	name     string
	text     text
}

// script is the sequence of what customers do: a function of the seed.
type script struct {
	r *rand.Rand
	n int
}

func newScript(seed uint64) *script { return &script{r: rand.New(rand.NewPCG(seed, 2026))} }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

const (
	// customerEvery is how long it is from one customer to the next, on average; the first ones come faster, so that
	// somebody is in line when the pages open.
	customerEvery = 20 * time.Second
	firstEvery    = 3 * time.Second
	firstOnes     = 10
)

// next is the next act; half of them are Chinese.
func (s *script) next() act {
	s.n++
	every := customerEvery
	if s.n <= firstOnes {
		every = firstEvery
	}
	a := act{n: s.n, after: time.Duration(min(s.r.ExpFloat64(), 4) * float64(every)), language: router.LanguageEN}
	if s.r.IntN(2) == 0 {
		a.language = router.LanguageZH
	}
	switch k := s.r.IntN(10); {
	case k < 3:
		a.channel = router.ChannelEmail
	case k < 6:
		a.channel = router.ChannelChat
	case k < 9:
		a.channel = router.ChannelSocial
		a.network = pick(s.r, []string{"telegram", "generic"})
	default:
		a.channel = router.ChannelPhone
	}
	a.name, a.text = pick(s.r, names[a.language]), pick(s.r, texts[a.language])
	return a
}

// door lets a customer act on one channel.
type door interface {
	do(ctx context.Context, a act) error
}

// customers act until the context ends. Failures are told, not fatal: the desk may be stopping.
type customers struct {
	script *script
	doors  map[router.Channel]door
	speed  float64
	log    *slog.Logger
	wg     sync.WaitGroup
}

// openers make sure that every channel and both languages show within the first seconds.
var openers = []struct {
	channel  router.Channel
	network  string
	language router.Language
	text     int
}{
	{router.ChannelChat, "", router.LanguageZH, 3}, {router.ChannelEmail, "", router.LanguageEN, 0}, {router.ChannelSocial, "telegram", router.LanguageEN, 5},
	{router.ChannelPhone, "", router.LanguageZH, 0}, {router.ChannelSocial, "generic", router.LanguageZH, 5}, {router.ChannelChat, "", router.LanguageEN, 1},
	{router.ChannelEmail, "", router.LanguageZH, 1}, {router.ChannelEmail, "", router.LanguageEN, 15},
}

func (c *customers) run(ctx context.Context) {
	defer c.wg.Wait()
	for i, o := range openers {
		c.start(ctx, act{n: -i - 1, channel: o.channel, network: o.network, language: o.language, name: names[o.language][i%8], text: texts[o.language][o.text]})
	}
	for {
		a := c.script.next()
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(float64(a.after) / c.speed)):
		}
		c.start(ctx, a)
	}
}

func (c *customers) start(ctx context.Context, a act) {
	d := c.doors[a.channel]
	if d == nil {
		return
	}
	c.wg.Add(1)
	go func() {
		defer c.wg.Done()
		if err := d.do(ctx, a); err != nil && ctx.Err() == nil {
			c.log.Warn("a synthetic customer could not get through", "channel", a.channel, "error", err)
		}
	}()
}

// external is a stable id of an act.
func (a act) external() string { return fmt.Sprintf("demo-%d", a.n) }

// asksByItself reports whether a message of the desk is its automatic question, as a customer would tell.
func asksByItself(text string) bool {
	return strings.Contains(text, "sent automatically") || strings.Contains(text, "自动发送")
}

// answer is what this customer answers to the automatic question, if anything: a function of the act.
func (a act) answer() (string, bool) {
	r := rand.New(rand.NewPCG(uint64(a.n), 11))
	return a.text.facts, a.text.facts != "" && r.IntN(3) > 0
}

// reacts is what this customer writes after a message of the desk, if anything, under which id, and whether
// an answer of an agent is still to come.
func (a act) reacts(automatic bool) (text, id string, more, waits bool) {
	if automatic {
		text, more = a.answer()
		return text, a.external() + "-1", more, true
	}
	text, more = a.followUp()
	return text, a.external() + "-2", more, false
}

// followUp is what this customer answers to an agent, if anything: a function of the act.
func (a act) followUp() (string, bool) {
	r := rand.New(rand.NewPCG(uint64(a.n), 7))
	list := followUps[a.language]
	if len(list) == 0 || r.IntN(2) == 0 {
		return "", false
	}
	return pick(r, list), true
}
