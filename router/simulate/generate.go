package simulate

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/hours"
	"switchyard/router/order"
)

// Scenario is a document that was checked.
type Scenario struct {
	Document
	Trials []Trial

	zone      *time.Location
	start     time.Time
	shifts    []*hours.Calendar // by group of agents
	calendars map[router.QueueName]router.Calendar
	runs      [][][]*router.Run // by class, channel, language
	mistakes  map[mistake]*router.Run
	channels  [][]mixPart[router.Channel]
	languages [][]mixPart[router.Language]
	staffed   float64 // agents there, mean over a week
	axes      []axis
	first     []Trial // of a search
}

// mistake is a class that a ticket stands in and does not belong to.
type mistake struct {
	class    int
	channel  router.Channel
	language router.Language
}

// mixPart is a part of a mix, up to an upper bound of a number from 0 to 1.
type mixPart[K any] struct {
	key K
	to  float64
}

func parts[K ~string](mix map[K]float64, otherwise K) (out []mixPart[K]) {
	sum := 0.0
	for _, k := range slices.Sorted(maps.Keys(mix)) {
		sum += mix[k]
		out = append(out, mixPart[K]{k, sum})
	}
	if out == nil {
		out = []mixPart[K]{{otherwise, 1}}
	}
	out[len(out)-1].to = 2
	return out
}

func drawn[K any](mix []mixPart[K], u float64) int {
	for i, p := range mix {
		if u < p.to {
			return i
		}
	}
	return len(mix) - 1
}

// spoken is the language an agent must have for a customer's.
func spoken(l router.Language) router.Language {
	if l == router.LanguageZH || l == router.LanguageEN {
		return l
	}
	return ""
}

func (g AgentsDoc) user(n int) router.User {
	return router.User{ID: router.AgentID(fmt.Sprintf("%s-%d", g.Name, n+1)), Role: router.RoleAgent, Skills: g.Skills, Languages: g.Languages, Queues: g.Queues}
}

func (k ClassDoc) run(ch router.Channel, l router.Language) *router.Run {
	run := router.Ticket{Queue: k.Queue, Class: k.Name, Channel: ch, Needs: k.Needs, Speaks: spoken(l)}.Run()
	return &run
}

// build works out the runs, mixes and staff of a checked document.
func (s *Scenario) build() {
	for _, k := range s.Classes {
		channels, languages := parts(k.Channels, router.ChannelChat), parts(k.Language, "")
		s.channels, s.languages = append(s.channels, channels), append(s.languages, languages)
		byChannel := make([][]*router.Run, len(channels))
		for i, ch := range channels {
			for _, l := range languages {
				byChannel[i] = append(byChannel[i], k.run(ch.key, l.key))
			}
		}
		s.runs = append(s.runs, byChannel)
	}
	s.mistakes = map[mistake]*router.Run{}
	for i, k := range s.Classes {
		for other := range s.Classes {
			for _, ch := range s.channels[other] {
				for _, l := range s.languages[other] {
					s.mistakes[mistake{i, ch.key, l.key}] = k.run(ch.key, l.key)
				}
			}
		}
	}
	week := s.start.AddDate(0, 0, 7)
	for i, g := range s.Agents {
		there := 1.0
		if shift := s.shifts[i]; shift != nil {
			there = float64(shift.Between(s.start, week)) / float64(week.Sub(s.start))
		}
		s.staffed += there * float64(g.Count)
	}
}

// work is the capacity a ticket of a class takes, in agent hours.
func (s *Scenario) work(k ClassDoc) float64 {
	cost := 0.0
	for _, ch := range parts(k.Channels, router.ChannelChat) {
		share, c := k.Channels[ch.key], full
		if len(k.Channels) == 0 {
			share = 1
		}
		if own, ok := s.Capacity[ch.key]; ok {
			c = own
		}
		cost += share * float64(c) / full
	}
	return cost * k.Service.Mean.D().Hours()
}

// rates are tickets an hour by class, mean over the day: as the document says, or scaled to its load.
func (s *Scenario) rates() []float64 {
	out, work := make([]float64, len(s.Classes)), 0.0
	for i, k := range s.Classes {
		out[i] = max(k.PerHour, k.Share) // one of them is given
		work += out[i] * s.work(k)
	}
	if s.Load > 0 {
		for i := range out {
			out[i] *= s.Load * s.staffed / work
		}
	}
	return out
}

// stream is the arrivals of one class. Two generators, so that a change of what a ticket is like moves no arrival.
type stream struct {
	class  int
	doc    *ClassDoc
	when   *rand.Rand
	what   *rand.Rand
	most   float64 // the highest rate, per nanosecond
	mean   float64
	shape  []float64 // by local hour, mean 1; nil: a cosine
	at     float64   // nanoseconds since start
	hour   int64     // the UTC quarter whose local hour is known
	factor float64
}

// Options of one run.
type Options struct {
	Progress func(done, total float64) // told days done and in all; nil: nobody
	Stop     func() bool               // asked once a day; true ends the run with an error
}

// Override sets load, seeds and days other than the document's; 0 leaves what it says.
func (s *Scenario) Override(load float64, seeds, days int) error {
	c := checker{doc: s.Document, out: s}
	if load > 0 && c.within("load", load, 0.01, 3) {
		s.Load = load
	}
	if seeds > 0 && c.within("seeds", float64(seeds), 1, maxSeeds) {
		s.Seeds = seeds
	}
	if days > 0 && c.within("days", float64(days), 1, maxDays) {
		s.Days = days
	}
	c.amount()
	if len(c.problems) > 0 {
		return router.FailField("simulate.override", c.problems[0].Path, "%s", c.problems[0].Detail)
	}
	return nil
}

// Source gives the arrivals of a seed: the same for every trial.
func (s *Scenario) Source(seed uint64) Source {
	rates := s.rates()
	streams := make([]*stream, len(rates))
	for i, perHour := range rates {
		k := &s.Classes[i]
		st := &stream{class: i, doc: k, when: rand.New(rand.NewPCG(seed, uint64(2*i+1))), what: rand.New(rand.NewPCG(seed, uint64(2*i+2))), mean: perHour / float64(time.Hour), hour: -1}
		peak := 1 + k.Arrivals.Amp
		if by := k.Arrivals.ByHour; len(by) > 0 {
			sum := 0.0
			for _, x := range by {
				sum += x
			}
			for _, x := range by {
				st.shape = append(st.shape, 24*x/sum)
			}
			peak = slices.Max(st.shape)
		}
		st.most = peak * st.mean
		s.advance(st)
		streams[i] = st
	}
	return func(a *Arrival) bool {
		first := streams[0]
		for _, st := range streams[1:] {
			if st.at < first.at {
				first = st
			}
		}
		s.draw(first, a)
		s.advance(first)
		return true
	}
}

// advance finds the next arrival of a stream by thinning (Lewis and Shedler 1979).
func (s *Scenario) advance(st *stream) {
	for {
		st.at += st.when.ExpFloat64() / st.most
		if st.when.Float64()*st.most <= st.mean*s.shapeAt(st) {
			return
		}
	}
}

const day = float64(24 * time.Hour)

func (s *Scenario) shapeAt(st *stream) float64 {
	if st.shape == nil {
		return 1 + st.doc.Arrivals.Amp*math.Cos(2*math.Pi*(st.at/day-st.doc.Arrivals.Phase))
	}
	if quarter := int64(st.at / float64(slice)); quarter != st.hour {
		st.hour, st.factor = quarter, st.shape[s.start.Add(time.Duration(quarter)*slice).In(s.zone).Hour()]
	}
	return st.factor
}

// draw says what the ticket is like; it takes the same random numbers whatever the scenario switches on.
func (s *Scenario) draw(st *stream, a *Arrival) {
	r, k := st.what, st.doc
	service, patience := spread(r, k.Service), spread(r, k.Patience)
	cut, within, channel, language, wrong, as := r.Float64(), r.Float64(), r.Float64(), r.Float64(), r.Float64(), r.Float64()
	at := s.start.Add(time.Duration(st.at))
	ch, l := drawn(s.channels[st.class], channel), drawn(s.languages[st.class], language)
	*a = Arrival{At: at, Run: s.runs[st.class][ch][l], Language: s.languages[st.class][l].key, Service: max(service, time.Second), Target: k.Target.D()}
	if k.Patience.Mean > 0 {
		a.Patience = max(patience, time.Second)
	}
	if cut < k.Cutoff.Share {
		a.CutoffAt = at.Add(k.Cutoff.From.D() + time.Duration(within*float64(k.Cutoff.To-k.Cutoff.From)))
	}
	if wrong < s.Wrong.Share {
		a.Truth, a.Run = a.Run, s.mistaken(st.class, s.channels[st.class][ch].key, a.Language, as)
	}
}

// mistaken is the run of another class, by the shares of the others, with the ticket's own channel and language.
func (s *Scenario) mistaken(class int, ch router.Channel, l router.Language, u float64) *router.Run {
	weight := func(i int) float64 { return max(s.Classes[i].Share, s.Classes[i].PerHour) }
	total := 0.0
	for i := range s.Classes {
		if i != class {
			total += weight(i)
		}
	}
	as := (class + 1) % len(s.Classes)
	for i := range s.Classes {
		if i == class {
			continue
		}
		as = i
		if u -= weight(i) / total; u < 0 {
			break
		}
	}
	return s.mistakes[mistake{as, ch, l}]
}

// spread draws a duration; always two numbers, whatever the kind.
func spread(r *rand.Rand, d SpreadDoc) time.Duration {
	normal, exponential := r.NormFloat64(), r.ExpFloat64()
	mean := float64(d.Mean)
	switch {
	case d.Kind == "exponential":
		return time.Duration(mean * exponential)
	case d.Kind == "constant" || d.CV == 0:
		return time.Duration(mean)
	}
	v := math.Log1p(d.CV * d.CV)
	return time.Duration(mean * math.Exp(math.Sqrt(v)*normal-v/2))
}

// Play runs one trial on one seed.
func (s *Scenario) Play(t Trial, seed uint64, o Options) (*Outcome, error) {
	setup := Setup{Start: s.start, End: s.start.AddDate(0, 0, s.Days), Zone: s.zone, Classes: s.classes(t), Calendars: s.calendars, Cost: s.Capacity,
		Reserve: s.Reserve, Rooms: s.Rooms.D(), PassOn: s.Wrong.PassOn.D(), Rules: map[router.QueueName]order.Rule{}, Progress: o.Progress, Stop: o.Stop}
	for _, k := range s.Classes {
		setup.Rules[k.Queue] = t.Rule
	}
	for i, g := range s.Agents {
		for n := range g.Count {
			a := Agent{User: g.user(n)}
			if s.shifts[i] != nil {
				a.Shift = s.shifts[i]
			}
			setup.Agents = append(setup.Agents, a)
		}
	}
	return Run(setup, s.Source(seed))
}
