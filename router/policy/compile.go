package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"

	"switchyard/router"
	"switchyard/router/hours"
	"switchyard/router/order"
)

func (c *compiler) calendars() {
	for name, doc := range c.doc.Calendars {
		path := "calendars." + name
		zone := c.out.Zone
		if doc.Zone != "" {
			zone = c.zone(path+".zone", doc.Zone)
		}
		week, unknown := hours.WeekOf(doc.Daily, doc.Week, func(place string, list []string) []hours.Interval { return c.intervals(path+"."+place, list) })
		for _, day := range unknown {
			c.bad(path+".week."+day, "is not one of mon tue wed thu fri sat sun")
		}
		holidays := map[string][]hours.Interval{}
		for date, is := range doc.Holidays {
			holidays[date] = c.intervals(path+".holidays."+date, is)
		}
		cal, err := hours.New(zone, week, holidays)
		if err != nil {
			c.bad(path, "%v", err)
			cal = hours.Always(zone)
		}
		c.out.Calendars[name] = cal
	}
}

// intervals reads "08:00-22:00"; a close that is not later than the open is on the next day.
func (c *compiler) intervals(path string, in []string) []hours.Interval {
	var out []hours.Interval
	for i, s := range in {
		from, to, ok := strings.Cut(s, "-")
		a, err1 := minutes(from)
		b, err2 := minutes(to)
		if !ok || err1 != nil || err2 != nil {
			c.bad(fmt.Sprintf("%s[%d]", path, i), "%q is not like 08:00-22:00", s)
			continue
		}
		if b <= a {
			b += 1440
		}
		out = append(out, hours.Interval{Open: a, Close: b})
	}
	return out
}

func minutes(s string) (int, error) {
	h, m, ok := strings.Cut(strings.TrimSpace(s), ":")
	hh, err1 := strconv.Atoi(h)
	mm, err2 := strconv.Atoi(m)
	if !ok || err1 != nil || err2 != nil || hh < 0 || hh > 24 || mm < 0 || mm > 59 || hh == 24 && mm > 0 {
		return 0, fmt.Errorf("not a time")
	}
	return hh*60 + mm, nil
}

func (c *compiler) expr(env *cel.Env, path, src, standard string) *Expr {
	if src == "" {
		src = standard
	}
	if src == "" {
		c.bad(path, "must be given")
		return nil
	}
	x, err := compile(env, src)
	if err != nil {
		c.bad(path, "%v", err)
	}
	return x
}

// maybe compiles an expression that need not be there.
func (c *compiler) maybe(env *cel.Env, path, src string) *Expr {
	if src == "" {
		return nil
	}
	return c.expr(env, path, src, "")
}

func (c *compiler) classes() {
	for i, doc := range c.doc.Classes {
		path := fmt.Sprintf("classes[%d]", i)
		if doc.Name == "" || c.out.Classes[doc.Name] != nil {
			c.bad(path+".name", "must be given and different from the others")
			continue
		}
		env := c.env.class
		cl := &Class{ClassDoc: doc,
			Weight: c.expr(env, path+".weight", doc.Weight, ""), Target: c.expr(env, path+".target", doc.Target, ""),
			Handling: c.expr(env, path+".handling", doc.Handling, "8"), Lead: c.expr(env, path+".lead", doc.Lead, "10"),
			K: c.expr(env, path+".k", doc.K, "10"), Guard: c.expr(env, path+".guard", doc.Guard, "3"),
			Boost: c.expr(env, path+".boost", doc.Boost, "1"), HandlingBy: map[router.Channel]*Expr{},
			Bonus: c.expr(env, path+".bonus", doc.Bonus, "0"), Reserve: c.expr(env, path+".reserve", doc.Reserve, "0"),
			FirstAnswer: c.maybe(env, path+".first_answer", doc.FirstAnswer), NextAnswer: c.maybe(env, path+".next_answer", doc.NextAnswer),
			Resolution: c.maybe(env, path+".resolution", doc.Resolution)}
		for ch, src := range doc.HandlingBy {
			if !ch.Valid() {
				c.bad(path+".handling_by."+string(ch), "is not a channel")
			}
			cl.HandlingBy[ch] = c.expr(env, path+".handling_by."+string(ch), src, "")
		}
		c.out.Classes[doc.Name] = cl
		c.out.ClassList = append(c.out.ClassList, cl)
	}
	if len(c.doc.Classes) == 0 {
		c.bad("classes", "at least one class must be given")
	}
}

func (c *compiler) queues() {
	for i, doc := range c.doc.Queues {
		path := fmt.Sprintf("queues[%d]", i)
		if doc.Name == "" || c.out.Queues[doc.Name] != nil || strings.ContainsAny(string(doc.Name), "|,: ") {
			c.bad(path+".name", "must be given, different from the others, and without blanks or | , :")
			continue
		}
		if doc.Order == "" {
			doc.Order = c.doc.Order
		}
		if !doc.Order.Valid() {
			c.bad(path+".order", "%q is not one of %v", doc.Order, order.Rules())
		}
		q := &Queue{QueueDoc: doc, Hours: c.out.Calendars[doc.Calendar]}
		if q.Hours == nil {
			c.bad(path+".calendar", "calendar %q is not defined", doc.Calendar)
			q.Hours = hours.Always(c.out.Zone)
		}
		c.out.Queues[doc.Name] = q
		c.out.QueueList = append(c.out.QueueList, q)
	}
	for i, q := range c.doc.Queues {
		path := fmt.Sprintf("queues[%d]", i)
		c.cover(path, q)
		if o := q.Overflow; o != nil {
			c.queue(path+".overflow.to", o.To)
			if o.Low <= 0 || o.High <= o.Low || o.ReceiverBelow <= 0 {
				c.bad(path+".overflow", "needs 0 < low < high and receiver_below > 0")
			}
		}
	}
	c.circles()
}

// circles refuses queues whose overflow or night queues lead back to themselves.
func (c *compiler) circles() {
	for name := range c.out.Queues {
		next := map[string]func(*Queue) router.QueueName{
			"night":   func(q *Queue) router.QueueName { return q.Night },
			"holiday": func(q *Queue) router.QueueName { return q.Holiday },
			"on_call.to": func(q *Queue) router.QueueName {
				if q.OnCall == nil {
					return ""
				}
				return q.OnCall.To
			},
			"overflow.to": func(q *Queue) router.QueueName {
				if q.Overflow == nil {
					return ""
				}
				return q.Overflow.To
			},
		}
		for kind, follow := range next {
			at := name
			for range len(c.out.Queues) + 1 {
				q := c.out.Queues[at]
				if q == nil {
					break
				}
				at = follow(q)
				if at == name {
					c.bad("queues."+string(name)+"."+kind, "leads back to %s in a circle", name)
					break
				}
			}
		}
	}
}

func (c *compiler) queue(path string, q router.QueueName) {
	if c.out.Queues[q] == nil {
		c.bad(path, "queue %q is not defined", q)
	}
}

func (c *compiler) class(path string, name router.ClassName) {
	if c.out.Classes[name] == nil {
		c.bad(path, "class %q is not defined", name)
	}
}

func (c *compiler) topics() {
	seen := map[router.Topic]bool{}
	for i, doc := range c.doc.Topics {
		path := fmt.Sprintf("topics[%d]", i)
		if doc.Name == "" || seen[doc.Name] {
			c.bad(path+".name", "must be given and different from the others")
		}
		seen[doc.Name] = true
		if !doc.Spam {
			c.queue(path+".queue", doc.Queue)
			c.class(path+".class", doc.Class)
		}
		for j, w := range doc.Words {
			if w.Weight <= 0 && !w.Rule {
				c.bad(fmt.Sprintf("%s.words[%d].weight", path, j), "must be positive")
			}
		}
		for j, f := range doc.Facts {
			c.fact(fmt.Sprintf("%s.facts[%d]", path, j), f)
		}
		c.ask(path, doc)
		c.answer(path, doc)
		c.out.Topics = append(c.out.Topics, &Topic{TopicDoc: doc, Rank: i})
	}
	if len(c.doc.Topics) == 0 {
		c.bad("topics", "at least one topic must be given")
	}
}

func (c *compiler) fact(path string, f FactDoc) {
	if f.Name == "" {
		c.bad(path+".name", "must be given")
	}
	if f.Signal == "" {
		return
	}
	for kind := range strings.SplitSeq(f.Signal, "|") {
		if !slices.Contains(router.SignalKinds(), kind) {
			c.bad(path+".signal", "%q is not one of %s", kind, strings.Join(router.SignalKinds(), " "))
		}
	}
}

func (c *compiler) rules() {
	seen := map[string]bool{}
	for i, doc := range c.doc.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		if doc.Name == "" || seen[doc.Name] {
			c.bad(path+".name", "must be given and different from the others")
		}
		seen[doc.Name] = true
		r := &Rule{RuleDoc: doc, When: c.expr(c.env.ticket, path+".when", doc.When, "")}
		if doc.Cutoff != "" {
			r.Cutoff = c.expr(c.env.ticket, path+".cutoff_minutes", doc.Cutoff, "")
		}
		if doc.Topic != "" && c.out.Topic(doc.Topic) == nil {
			c.bad(path+".topic", "topic %q is not defined", doc.Topic)
		}
		if doc.Class != "" {
			c.class(path+".class", doc.Class)
		}
		if doc.Queue != "" {
			c.queue(path+".queue", doc.Queue)
		}
		c.out.Rules = append(c.out.Rules, r)
	}
}

func (c *compiler) review() {
	r := c.doc.Review
	c.queue("review.queue", r.Queue)
	c.class("review.class", r.Class)
	switch {
	case r.Below < 0 || r.Below >= 1:
		c.bad("review.below", "must be from 0 up to 1")
	case r.Cost != 0 && r.Below != 0:
		c.bad("review.wrong_queue_costs", "and below cannot both be given: the cost gives the threshold 1 − 1/cost")
	case r.Cost != 0 && r.Cost < 1:
		c.bad("review.wrong_queue_costs", "must be at least 1, what a review costs")
	case r.Cost != 0:
		r.Below = 1 - 1/r.Cost // review where (1 − sureness)·cost > 1
	}
	c.out.Review = r
}
