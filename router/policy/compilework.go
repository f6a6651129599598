package policy

import (
	"encoding/json"
	"fmt"
	"time"

	"switchyard/router"
)

// work compiles what bounds and moves waiting work.
func (c *compiler) work() {
	c.rings("rings", c.doc.Rings)
	for i, q := range c.doc.Queues {
		c.rings(fmt.Sprintf("queues[%d].rings", i), q.Rings)
		if q.Offer < 0 {
			c.bad(fmt.Sprintf("queues[%d].offer", i), "must not be negative")
		}
	}
	for _, q := range c.out.QueueList {
		if len(q.Rings) == 0 {
			q.Rings = c.doc.Rings
		}
	}
	c.escalations()
	c.overload()
	c.promotion()
	c.out.Incidents = c.doc.Incidents
	if c.doc.Incidents.AtLeast == 0 {
		c.out.Incidents.AtLeast = 8
	}
	if c.doc.Incidents.Within == 0 {
		c.out.Incidents.Within = Duration(time.Hour)
	}
	if c.doc.Incidents.AtLeast < 0 || c.doc.Incidents.Within < 0 {
		c.bad("incidents", "needs at_least and within that are not negative")
	}
	c.staffing()
	c.out.MaxMoves = c.doc.MaxMoves
	if c.out.MaxMoves == 0 {
		c.out.MaxMoves = 4
	}
	if c.doc.MaxMoves < 0 {
		c.bad("max_moves", "must not be negative")
	}
	c.out.LearnHandling = c.doc.LearnHandling == nil || *c.doc.LearnHandling
	c.out.Assigns = assigns(c.doc)
}

func (c *compiler) staffing() {
	s := c.doc.Staffing
	if s.Share == 0 {
		s.Share = 90
	}
	if s.Patience == 0 {
		s.Patience = Duration(time.Hour)
	}
	if !(s.Share > 0 && s.Share < 100) {
		c.bad("staffing.share", "must be above 0 and below 100 (per cent)")
	}
	if s.Patience < 0 {
		c.bad("staffing.patience", "must not be negative")
	}
	c.out.Staffing = s
}

// cover checks where a closed queue's tickets go.
func (c *compiler) cover(path string, q QueueDoc) {
	if q.Night != "" {
		c.queue(path+".night", q.Night)
	}
	if q.Holiday != "" {
		c.queue(path+".holiday", q.Holiday)
	}
	if q.OnCall != nil {
		c.queue(path+".on_call.to", q.OnCall.To)
		for i, cl := range q.OnCall.Classes {
			c.class(fmt.Sprintf("%s.on_call.classes[%d]", path, i), cl)
		}
	}
}

func (c *compiler) rings(path string, rings []RingDoc) {
	last := Duration(0)
	for i, r := range rings {
		at := fmt.Sprintf("%s[%d]", path, i)
		if r.After <= last {
			c.bad(at+".after", "must be later than the ring before it, and above 0")
		}
		if r.Lower < 0 {
			c.bad(at+".lower", "must not be negative")
		}
		if r.Lower == 0 && len(r.Drop) == 0 && !r.Language {
			c.bad(at, "relaxes nothing: give lower, drop or any_language")
		}
		last = r.After
	}
}

func (c *compiler) escalations() {
	seen := map[string]bool{}
	for i, e := range c.doc.Escalations {
		path := fmt.Sprintf("escalations[%d]", i)
		if e.Name == "" || seen[e.Name] {
			c.bad(path+".name", "must be given and different from the others")
		}
		seen[e.Name] = true
		if e.Clock == "" {
			e.Clock = router.ClockWait
		}
		if !e.Clock.Valid() {
			c.bad(path+".clock", "%q is not one of %v", e.Clock, router.ClockNames())
		}
		if (e.After > 0) == (e.Times > 0) || e.After < 0 || !(e.Times >= 0 && e.Times <= 1000) {
			c.bad(path+".after", "give either after, or times_target from 0 to 1000")
		}
		for j, cl := range e.Classes {
			c.class(fmt.Sprintf("%s.classes[%d]", path, j), cl)
		}
		for j, q := range e.Queues {
			c.queue(fmt.Sprintf("%s.queues[%d]", path, j), q)
		}
		if e.Class != "" {
			c.class(path+".raise_to", e.Class)
		}
		if e.Queue != "" {
			c.queue(path+".move_to", e.Queue)
		}
		if e.Class == "" && e.Queue == "" && !e.Tell && e.Webhook == "" {
			c.bad(path, "does nothing: give raise_to, move_to, tell_managers or webhook")
		}
		c.out.Escalations = append(c.out.Escalations, e)
	}
}

func (c *compiler) overload() {
	d := c.doc.Overload
	if d == nil {
		return
	}
	o := &Overload{OverloadDoc: *d, Enter: c.expr(c.env.class, "overload.enter", d.Enter, ""), Leave: c.expr(c.env.class, "overload.leave", d.Leave, "")}
	if o.AtLeast == 0 {
		o.AtLeast = Duration(10 * time.Minute)
	}
	if o.Promise == 0 {
		o.Promise = 1
	}
	if o.AtLeast < 0 {
		c.bad("overload.at_least", "must not be negative")
	}
	if !(o.Promise >= 1 && o.Promise <= 10) {
		c.bad("overload.promise", "must be from 1 to 10")
	}
	c.out.Overload = o
}

func (c *compiler) promotion() {
	d := c.doc.Promotion
	margin := 1.0
	if d.Margin != nil {
		margin = *d.Margin
	}
	p := Promotion{Margins: map[router.ClassName]float64{}, Days: d.Days, Least: d.Least}
	if p.Days == 0 {
		p.Days = 14
	}
	if p.Least == 0 {
		p.Least = 30
	}
	if !(margin >= 0 && margin <= 100) {
		c.bad("promotion.margin", "must be from 0 to 100 (per cent)")
	}
	if p.Days < 0 || p.Days > 366 {
		c.bad("promotion.days", "must be from 1 to 366")
	}
	if p.Least < 0 {
		c.bad("promotion.min_tickets", "must not be negative")
	}
	for i, cl := range c.doc.Classes {
		p.Margins[cl.Name] = margin
		if cl.Margin == nil {
			continue
		}
		if !(*cl.Margin >= 0 && *cl.Margin <= 100) {
			c.bad(fmt.Sprintf("classes[%d].margin", i), "must be from 0 to 100 (per cent)")
		}
		p.Margins[cl.Name] = *cl.Margin
	}
	c.out.Promotion = p
}

// assigns is the digest of what decides where a ticket stands: the document without what a class is worth,
// without orders, and without what is looked at only at pulls.
func assigns(p Policy) string {
	kept := Policy{Zone: p.Zone, Calendars: p.Calendars, Topics: p.Topics, Rules: p.Rules, Review: p.Review, Escalations: p.Escalations, MaxMoves: p.MaxMoves}
	for _, q := range p.Queues {
		q.Order, q.Rings, q.Offer, q.Title = "", nil, 0, router.Sentence{}
		kept.Queues = append(kept.Queues, q)
	}
	for _, cl := range p.Classes {
		kept.Classes = append(kept.Classes, ClassDoc{Name: cl.Name, FirstAnswer: cl.FirstAnswer, NextAnswer: cl.NextAnswer, Resolution: cl.Resolution})
	}
	body, err := json.Marshal(kept)
	if err != nil {
		return router.HashID("a", err.Error())
	}
	return router.HashID("a", string(body))
}
