package web

import (
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/router"
	"switchyard/router/forecast"
	"switchyard/router/policy"
)

// quietDays is how many coming days a customer sees quiet hours of.
const quietDays = 3

// contactData is what a customer should know before writing. It says nothing of anybody.
type contactData struct {
	Open    bool
	Edge    time.Time // when the desk closes or opens next
	Closed  router.Sentence
	Prepare router.Sentence
	Told    []router.Sentence // while the desk is overloaded
	Answers []*policy.Topic
	Waits   []contactWait
	Quiet   []forecast.Quiet
}

// contactWait is the wait of a topic as it is told, in whole minutes, rounded up; 0: at once.
type contactWait struct {
	Title   router.Sentence
	Minutes int
	Nobody  bool // nobody is there now: no wait can be told
}

// contactKept is how long what everybody sees is kept: anybody may ask for it.
const contactKept = 10 * time.Second

// contactCache is the contact page's data, made anew when it is old.
type contactCache struct {
	mu   sync.Mutex
	at   time.Time
	data contactData
}

// contactPage is for everybody: what is open, how long it takes, when it is quiet, what to prepare.
func (p *Pages) contactPage(c echo.Context) error {
	d, err := p.contact()
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "contact.html", "contact_us", d)
}

func (p *Pages) contact() (contactData, error) {
	p.contacts.mu.Lock()
	defer p.contacts.mu.Unlock()
	view, now := p.Live.View(), p.Now()
	if age := now.Sub(p.contacts.at); age >= 0 && age < contactKept {
		return p.contacts.data, nil
	}
	cal := view.Usual()
	d := contactData{Open: cal.Open(now), Edge: cal.NextEdge(now), Closed: view.Rules.Texts["closed"], Prepare: view.Rules.Texts["prepare"], Told: view.Told(false)}
	for _, t := range view.Rules.Topics {
		if t.Spam {
			continue
		}
		if t.Answer != (router.Sentence{}) {
			d.Answers = append(d.Answers, t)
		}
		wait, known := view.Expected(t.Name)
		d.Waits = append(d.Waits, contactWait{t.Title, int(math.Ceil(wait.Minutes())), !known})
	}
	var err error
	if d.Quiet, err = view.Quietest(now, quietDays); err == nil {
		p.contacts.at, p.contacts.data = now, d
	}
	return d, err
}
