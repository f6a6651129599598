package simulate

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/hours"
	"switchyard/router/policy"
)

// Bounds of a scenario: what is larger is a slip of the pen.
const (
	maxDays, maxSeeds, maxClasses, maxAgents, maxRules = 3660, 1000, 200, 5000, 200
	maxTicketsADay                                     = 1e6
)

// checker turns a Document into a Scenario and notes every problem by its path.
type checker struct {
	doc      Document
	zones    func(string) (*time.Location, error)
	out      *Scenario
	problems policy.Problems
}

func (c *checker) bad(path, format string, args ...any) {
	c.problems = append(c.problems, policy.Problem{Path: path, Detail: fmt.Sprintf(format, args...)})
}

// within notes a number that is not from lo to hi.
func (c *checker) within(path string, x, lo, hi float64) bool {
	ok := x >= lo && x <= hi
	if !ok {
		c.bad(path, "must be from %g to %g", lo, hi)
	}
	return ok
}

func (c *checker) lasting(path string, d policy.Duration) {
	c.within(path+" (hours)", d.D().Hours(), 1.0/3600, 1e5)
}

func (c *checker) run() {
	c.out = &Scenario{Document: c.doc}
	c.head()
	c.classes()
	c.agents()
	c.rest()
	c.rules()
	if len(c.problems) == 0 {
		c.reachable()
	}
	if len(c.problems) == 0 {
		c.out.build()
		c.amount()
	}
}

func (c *checker) head() {
	d := &c.out.Document
	if d.Name == "" {
		c.bad("name", "must be given")
	}
	if d.Zone == "" {
		d.Zone = "UTC"
	}
	zone, err := c.zones(d.Zone)
	if err != nil {
		c.bad("zone", "%q is not a time zone", d.Zone)
		zone = time.UTC
	}
	if d.Start == "" {
		d.Start = "2026-01-05"
	}
	c.out.zone = zone
	if c.out.start, err = time.ParseInLocation(time.DateOnly, d.Start, zone); err != nil {
		c.bad("start", "%q is not a date like 2026-01-05", d.Start)
	}
	c.within("days", float64(d.Days), 1, maxDays)
	c.within("seeds", float64(d.Seeds), 1, maxSeeds)
	if d.Load != 0 {
		c.within("load", d.Load, 0.01, 3)
	}
}

func (c *checker) classes() {
	if n := len(c.doc.Classes); n == 0 || n > maxClasses {
		c.bad("classes", "there must be 1 to %d", maxClasses)
	}
	seen, shares := map[router.ClassName]bool{}, 0.0
	for i := range c.out.Classes {
		k, path := &c.out.Classes[i], fmt.Sprintf("classes[%d]", i)
		if k.Name == "" || seen[k.Name] {
			c.bad(path+".name", "must be given, and once")
		}
		seen[k.Name] = true
		shares += k.Share
		switch {
		case k.Share != 0 && k.PerHour != 0:
			c.bad(path, "give share or per_hour, not both")
		case c.doc.Load > 0 && c.doc.Classes[0].PerHour == 0:
			c.within(path+".share", k.Share, 1e-6, 1)
		default:
			c.within(path+".per_hour", k.PerHour, 1e-6, 1e5)
		}
		c.class(path, k)
	}
	if shares > 0 && !(math.Abs(shares-1) <= 1e-6) {
		c.bad("classes", "the shares add up to %g, not to 1", shares)
	}
}

func (c *checker) class(path string, k *ClassDoc) {
	if k.Queue == "" {
		k.Queue = "desk"
	}
	c.spread(path+".service", k.Service)
	if k.Handling == 0 {
		k.Handling = k.Service.Mean
	}
	if k.Lead == 0 {
		k.Lead = policy.Duration(10 * time.Minute)
	}
	c.lasting(path+".handling", k.Handling)
	c.lasting(path+".target", k.Target)
	c.lasting(path+".lead", k.Lead)
	c.within(path+".weight", k.Weight, 1e-6, 1e6)
	c.within(path+".bonus (hours)", k.Bonus.D().Hours(), 0, 1e5)
	if k.Patience != (SpreadDoc{}) {
		c.spread(path+".patience", k.Patience)
	}
	if k.Cutoff != (CutoffDoc{}) {
		c.within(path+".cutoff.share", k.Cutoff.Share, 0, 1)
		if k.Cutoff.From < 0 || k.Cutoff.To <= k.Cutoff.From {
			c.bad(path+".cutoff", "to must be later than from, which must not be negative")
		}
	}
	c.shape(path+".arrivals", k.Arrivals)
	for i, n := range k.Needs {
		if n.Skill == "" || n.Level < 1 {
			c.bad(fmt.Sprintf("%s.needs[%d]", path, i), "must name a skill and a level of at least 1")
		}
	}
	for _, ch := range slices.Sorted(maps.Keys(k.Channels)) {
		if !ch.Valid() {
			c.bad(path+".channels."+string(ch), "is not one of %v", router.Channels())
		}
	}
	mixed(c, path+".channels", k.Channels)
	mixed(c, path+".languages", k.Language)
}

// mixed checks that the parts of a mix add up to 1; an empty one is well.
func mixed[K ~string](c *checker, path string, mix map[K]float64) {
	sum := 0.0
	for _, k := range slices.Sorted(maps.Keys(mix)) {
		c.within(path+"."+string(k), mix[k], 0, 1)
		sum += mix[k]
	}
	if len(mix) > 0 && !(math.Abs(sum-1) <= 1e-6) {
		c.bad(path, "the parts add up to %g, not to 1", sum)
	}
}

func (c *checker) spread(path string, s SpreadDoc) {
	c.lasting(path+".mean", s.Mean)
	c.within(path+".cv", s.CV, 0, 20)
	if s.Kind != "" && s.Kind != "lognormal" && s.Kind != "exponential" && s.Kind != "constant" {
		c.bad(path+".distribution", "%q is not lognormal, exponential or constant", s.Kind)
	}
	if s.CV > 0 && s.Kind != "" && s.Kind != "lognormal" {
		c.bad(path+".cv", "only a lognormal has one")
	}
}

func (c *checker) shape(path string, a ArrivalsDoc) {
	c.within(path+".amp", a.Amp, 0, 1)
	c.within(path+".phase", a.Phase, 0, 1)
	if len(a.ByHour) == 0 {
		return
	}
	if a.Amp != 0 || len(a.ByHour) != 24 {
		c.bad(path+".by_hour", "must have 24 numbers, and no amp beside them")
		return
	}
	sum := 0.0
	for h, x := range a.ByHour {
		c.within(fmt.Sprintf("%s.by_hour[%d]", path, h), x, 0, 1e6)
		sum += x
	}
	if !(sum > 0) {
		c.bad(path+".by_hour", "nobody ever comes")
	}
}

func (c *checker) agents() {
	total := 0
	for i, g := range c.doc.Agents {
		path := fmt.Sprintf("agents[%d]", i)
		if g.Name == "" {
			c.bad(path+".name", "must be given")
		}
		if g.Count < 1 {
			c.bad(path+".count", "must be at least 1")
		}
		for _, s := range slices.Sorted(maps.Keys(g.Skills)) {
			c.within(path+".skills."+string(s), float64(g.Skills[s]), 0, 100)
		}
		total += g.Count
		var shift *hours.Calendar
		if g.Shift.Daily != nil || g.Shift.Week != nil {
			shift = c.schedule(path+".shift", g.Shift)
		}
		c.out.shifts = append(c.out.shifts, shift)
	}
	if total < 1 || total > maxAgents {
		c.bad("agents", "there must be 1 to %d", maxAgents)
	}
}

func (c *checker) schedule(path string, d ScheduleDoc) *hours.Calendar {
	week, unknown := hours.WeekOf(d.Daily, d.Week, func(place string, list []string) []hours.Interval { return c.intervals(path+"."+place, list) })
	for _, day := range unknown {
		c.bad(path+".week."+day, "is not one of mon tue wed thu fri sat sun")
	}
	cal, err := hours.New(c.out.zone, week, nil)
	if err != nil {
		c.bad(path, "%v", err)
		return hours.Always(c.out.zone)
	}
	return cal
}

func (c *checker) intervals(path string, in []string) (out []hours.Interval) {
	for i, s := range in {
		var h1, m1, h2, m2 int
		if n, err := fmt.Sscanf(s, "%d:%d-%d:%d", &h1, &m1, &h2, &m2); n != 4 || err != nil || len(s) != len("08:00-22:00") || m1 > 59 || m2 > 59 || h1 > 24 || h2 > 24 {
			c.bad(fmt.Sprintf("%s[%d]", path, i), "%q is not like 08:00-22:00", s)
			continue
		}
		v := hours.Interval{Open: 60*h1 + m1, Close: 60*h2 + m2}
		if v.Close <= v.Open {
			v.Close += 24 * 60
		}
		out = append(out, v)
	}
	return out
}

func (c *checker) rest() {
	for _, q := range slices.Sorted(maps.Keys(c.doc.Queues)) {
		if !slices.ContainsFunc(c.out.Classes, func(k ClassDoc) bool { return k.Queue == q }) {
			c.bad("queues."+string(q), "no class stands in it")
		}
		if c.out.calendars == nil {
			c.out.calendars = map[router.QueueName]router.Calendar{}
		}
		c.out.calendars[q] = c.schedule("queues."+string(q), c.doc.Queues[q])
	}
	for _, ch := range slices.Sorted(maps.Keys(c.doc.Capacity)) {
		if !ch.Valid() {
			c.bad("capacity."+string(ch), "is not one of %v", router.Channels())
		}
		c.within("capacity."+string(ch), float64(c.doc.Capacity[ch]), 1, full)
	}
	for _, k := range slices.Sorted(maps.Keys(c.doc.Reserve)) {
		c.known("reserve."+string(k), k)
		c.within("reserve."+string(k), float64(c.doc.Reserve[k]), 0, maxAgents)
	}
	c.within("reserve_after (hours)", c.doc.Rooms.D().Hours(), 0, 1e5)
	c.within("wrong_topic.share", c.doc.Wrong.Share, 0, 1)
	if c.doc.Wrong.Share > 0 {
		c.lasting("wrong_topic.pass_on_after", c.doc.Wrong.PassOn)
		if len(c.doc.Classes) < 2 {
			c.bad("wrong_topic", "there is no other class to mistake one for")
		}
	}
}

func (c *checker) known(path string, k router.ClassName) {
	if !slices.ContainsFunc(c.doc.Classes, func(d ClassDoc) bool { return d.Name == k }) {
		c.bad(path, "there is no class %q", k)
	}
}

// reachable notes classes that no agent can ever serve in a language in which their tickets come, or are mistaken for them.
func (c *checker) reachable() {
	for i, k := range c.out.Classes {
		languages := map[router.Language]float64{}
		for j, other := range c.out.Classes {
			if i == j || c.doc.Wrong.Share > 0 {
				maps.Copy(languages, other.Language)
			}
		}
		for _, l := range append(slices.Sorted(maps.Keys(languages)), "") {
			can := slices.ContainsFunc(c.doc.Agents, func(g AgentsDoc) bool {
				u := g.user(0)
				return u.Covers(k.Queue) && u.CanServe(k.Needs, spoken(l))
			})
			if !can {
				c.bad(fmt.Sprintf("classes[%d]", i), "no agent has the queue, the skills and the language %q for it: it would wait for ever", l)
				break
			}
		}
	}
}

// amount notes more tickets than a run could hold.
func (c *checker) amount() {
	perDay := 0.0
	for _, r := range c.out.rates() {
		perDay += 24 * r
	}
	if !(perDay <= maxTicketsADay) {
		c.bad("classes", "%.0f tickets a day are more than %.0f", perDay, maxTicketsADay)
	}
}
