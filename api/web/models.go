package web

import (
	"context"
	"net/http"
	"sort"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/router"
	"switchyard/router/learn"
	"switchyard/router/store"
	"switchyard/router/textmodel"
)

// modelsData is the manager's page of text models.
type modelsData struct {
	Run      runData
	InForce  *modelRow
	SinceAt  time.Time
	SinceBy  router.AgentID
	Models   []modelRow
	Drift    learn.Drift
	Mix      []mixRow
	Govern   bool
	Distance bool // both windows have tickets
}

// Fragment is the part about the training, as it is fetched again.
func (d modelsData) Fragment() page { return page{Data: d.Run} }

// runData is how the training goes; a fragment of its own.
type runData struct {
	store.Training
	Corrections int
	Going       bool
	Broken      bool
	Govern      bool
}

// modelRow is one text model with its check.
type modelRow struct {
	store.TextModel
	Active  bool
	Verdict learn.Verdict
	Worse   []router.Sentence
	Check   *learn.Check
	Topics  []checkRow
}

// checkRow is a topic before and after, F1 from 0 to 1.
type checkRow struct {
	Title         router.Sentence
	N             int
	Before, After float64
	Worse, Few    bool
}

// mixRow is a topic's share lately.
type mixRow struct {
	Title router.Sentence
	learn.TopicDrift
}

func (p *Pages) modelsPage(c echo.Context) error {
	d, err := p.models(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "models.html", "classification", d)
}

func (p *Pages) modelsRun(c echo.Context) error {
	d, err := p.trainingRun(c)
	if err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "modelsrun.html", "classification", d)
}

func (p *Pages) trainingRun(c echo.Context) (runData, error) {
	ctx, d := c.Request().Context(), runData{Govern: callerGoverns(c)}
	var err error
	if d.Corrections, err = learn.CountCorrections(ctx, p.Store); err != nil {
		return d, err
	}
	run, err := store.Trainings(p.Store).Get(ctx, "desk")
	if router.IsCode(err, router.CodeNotFound) {
		return d, nil
	}
	d.Training = run.Value
	d.Going = d.Running(p.Now())
	d.Broken = !d.Going && d.EndedAt.IsZero()
	return d, err
}

func (p *Pages) models(c echo.Context) (modelsData, error) {
	ctx, d := c.Request().Context(), modelsData{Govern: callerGoverns(c)}
	var err error
	if d.Run, err = p.trainingRun(c); err != nil {
		return d, err
	}
	active, err := store.ActiveModel(p.Store).Get(ctx, "active")
	if err != nil && !router.IsCode(err, router.CodeNotFound) {
		return d, err
	}
	d.SinceAt, d.SinceBy = active.Value.At, active.Value.By
	if err := p.listModels(ctx, &d, active.Value.Version); err != nil {
		return d, err
	}
	if d.Drift, err = learn.DriftOf(ctx, p.Store, p.Now()); err != nil {
		return d, err
	}
	d.Distance = d.Drift.Day > 0 && d.Drift.Weeks > 0
	for _, t := range d.Drift.Topics {
		d.Mix = append(d.Mix, mixRow{p.topicTitle(t.Topic), t})
	}
	return d, nil
}

func (p *Pages) listModels(ctx context.Context, d *modelsData, inForce string) error {
	all, err := learn.Models(ctx, p.Store)
	if err != nil {
		return err
	}
	for _, t := range all {
		row, err := p.modelRow(t, inForce)
		if err != nil {
			return err
		}
		d.Models = append(d.Models, row)
		if row.Active {
			d.InForce = &row
		}
	}
	return nil
}

func (p *Pages) modelRow(t store.TextModel, inForce string) (modelRow, error) {
	row := modelRow{TextModel: t, Active: t.Version == inForce}
	var err error
	if row.Verdict, err = learn.Judge(t, inForce, p.Live.View().Rules.Learning); err != nil {
		return row, err
	}
	for _, w := range row.Verdict.Worse {
		row.Worse = append(row.Worse, p.topicTitle(router.Topic(w)))
	}
	row.Check, err = learn.CheckOf(t)
	if row.Check != nil {
		row.Topics = p.checkRows(*row.Check)
	}
	return row, err
}

// checkRows are the topics of a check in the policy's order.
func (p *Pages) checkRows(c learn.Check) []checkRow {
	rules := p.Live.View().Rules
	worse := c.WorseBy(rules.Learning)
	names := make([]string, 0, len(c.Candidate.ByTopic))
	for name := range c.Candidate.ByTopic {
		names = append(names, name)
	}
	rank := func(name string) int {
		if t := rules.Topic(router.Topic(name)); t != nil {
			return t.Rank
		}
		return len(rules.Topics)
	}
	sort.Slice(names, func(i, j int) bool {
		return rank(names[i]) < rank(names[j]) || rank(names[i]) == rank(names[j]) && names[i] < names[j]
	})
	var out []checkRow
	for _, name := range names {
		after, before := c.Candidate.ByTopic[name], textmodel.TopicScore{}
		if c.Today != nil {
			before = c.Today.ByTopic[name]
		}
		row := checkRow{Title: p.topicTitle(router.Topic(name)), N: after.N, Before: before.F1, After: after.F1, Few: after.N < rules.Learning.MinExamples}
		for _, w := range worse {
			row.Worse = row.Worse || w == name
		}
		out = append(out, row)
	}
	return out
}
