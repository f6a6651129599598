package demo

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"switchyard/router"
	"switchyard/router/forecast"
)

const (
	// pastDays is how long the demo's made-up past is, ticketDays how much of it is there as tickets.
	pastDays, ticketDays = 56, 4
	// lastContact is how long before the start of the demo the last made-up customer came.
	lastContact = 30 * time.Minute
)

// pastTopics are what customers wrote about, by how often.
var pastTopics = []router.Topic{"account_security", "payment_error", "payment_error", "payment_error", "withdrawal", "withdrawal", "account_recovery", "general", "general", "general"}

// pastTexts are the texts of both languages that speak of a topic.
var pastTexts = map[router.Topic][]int{"account_security": {3, 4, 14}, "payment_error": {0, 1, 2, 13}, "withdrawal": {5, 6}, "account_recovery": {7, 8}, "general": {9, 10, 11, 12}}

// pastContact is one customer of the past.
type pastContact struct {
	at  time.Time
	key forecast.Key
	// what a ticket is made of
	name  string
	text  text
	wait  float64 // of an exponential law with mean 1
	work  float64 // of a lognormal law with mean 1
	agent router.AgentID
}

// pastContacts are the customers of eight weeks until now, oldest first: a function of the seed and the days, so that
// a demo that starts later the same day has the same past and a little more.
func pastContacts(seed uint64, now time.Time, zone *time.Location) (out []pastContact) {
	for day := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -pastDays); day.Before(now); day = day.AddDate(0, 0, 1) {
		r := rand.New(rand.NewPCG(seed, uint64(day.Unix())))
		for slot := range 96 {
			at := day.Add(time.Duration(slot) * forecast.Slot)
			for n := r.ExpFloat64(); n < busyness(at.In(zone)); n += r.ExpFloat64() {
				if c := pastCustomer(at, r); c.at.Before(now.Add(-lastContact)) {
					out = append(out, c)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b pastContact) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	return out
}

// busyness is how many customers of a wallet come in the quarter-hour at a local moment, on average.
func busyness(local time.Time) float64 {
	h := float64(local.Hour()) + float64(local.Minute())/60
	rate := 0.3 + 3*math.Exp(-(h-11)*(h-11)/8) + 3.5*math.Exp(-(h-19.5)*(h-19.5)/6)
	if wd := local.Weekday(); wd == time.Saturday || wd == time.Sunday {
		rate *= 0.6
	}
	return busyDesk * rate
}

// busyDesk makes the past as busy as the demo, whose customers come one every twenty seconds.
const busyDesk = 8

// spread is the deviation of the logarithm of handling times.
const spread = 0.6

func pastCustomer(slot time.Time, r *rand.Rand) pastContact {
	c := pastContact{at: slot.Add(time.Duration(r.Int64N(int64(forecast.Slot)))).Truncate(time.Millisecond), wait: r.ExpFloat64(), work: math.Exp(spread*r.NormFloat64() - spread*spread/2)}
	c.key = forecast.Key{Channel: pick(r, router.Channels()), Topic: pick(r, pastTopics), Language: pick(r, []router.Language{router.LanguageZH, router.LanguageZH, router.LanguageEN})}
	if c.key.Channel == router.ChannelPhone { // missed calls say nothing
		c.key.Topic = "general"
	}
	c.name, c.text = pick(r, names[c.key.Language]), texts[c.key.Language][pick(r, pastTexts[c.key.Topic])]
	c.agent = map[router.Language]router.AgentID{router.LanguageZH: "lin", router.LanguageEN: "maya"}[c.key.Language]
	if c.key.Topic == "withdrawal" {
		c.agent = "tomas"
	}
	return c
}
