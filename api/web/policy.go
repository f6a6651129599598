package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"switchyard/router"
	"switchyard/router/decide"
	"switchyard/router/load"
	"switchyard/router/policy"
	"switchyard/router/prioritize"
	"switchyard/router/store"
)

// historyShown bounds the changes of the policy in force that the page lists.
const historyShown = 20

// shownFields are the columns of the table of classes.
var shownFields = []string{"weight", "target", "handling", "k", "guard", "boost"}

// policyData is the policy page.
type policyData struct {
	Active   string
	Version  string // the one whose document is shown
	Doc      string
	Fields   []string
	Classes  []classRow
	Versions []store.PolicyVersion
	History  []store.PolicyChange
	Before   string // where a roll-back goes; empty: nowhere
	Govern   bool
}

// classRow is a class in the table.
type classRow struct {
	Name  router.ClassName
	Title router.Sentence
	Cells []classCell
}

// classCell is one expression with what it gives now, in minutes where it is a time.
type classCell struct {
	Field string
	Path  string
	Expr  string
	Now   string
}

func (p *Pages) managerPolicy(c echo.Context) error {
	ctx := c.Request().Context()
	active, err := store.ActivePolicy(p.Store).Get(ctx, "active")
	if err != nil {
		return err
	}
	d := policyData{Active: active.Value.Version, Version: c.QueryParam("version"), Fields: shownFields, Govern: callerGoverns(c)}
	if d.Version == "" {
		d.Version = d.Active
	}
	shown, err := store.Policies(p.Store).Get(ctx, d.Version)
	if err != nil {
		return err
	}
	d.Doc = shown.Value.Doc
	if d.Classes, err = p.classRows([]byte(d.Doc)); err != nil {
		return err
	}
	if err := p.policyPast(ctx, &d); err != nil {
		return err
	}
	return p.render(c, http.StatusOK, "policy.html", "policy", d)
}

// policyPast reads the versions, and what was in force when.
func (p *Pages) policyPast(ctx context.Context, d *policyData) error {
	all, err := store.Policies(p.Store).List(ctx, "", "", maxListed)
	if err != nil {
		return err
	}
	for _, v := range all {
		d.Versions = append(d.Versions, v.Value)
	}
	history, err := store.PolicyHistory(ctx, p.Store)
	d.Before = store.PolicyBefore(history, d.Active)
	d.History = history[:min(len(history), historyShown)]
	return err
}

// classRows are the classes of a document. One that this build does not take shows no values.
func (p *Pages) classRows(doc []byte) ([]classRow, error) {
	parsed, err := policy.Parse(doc)
	if err != nil {
		return nil, nil // the document below says what it says
	}
	now := map[router.ClassName]prioritize.Params{}
	if rules, err := decide.Compile(doc, time.LoadLocation); err == nil {
		now, _ = valuesNow(rules.Ruleset, p.Live.View().Snapshot)
	}
	var out []classRow
	for i, cl := range parsed.Classes {
		row := classRow{Name: cl.Name, Title: cl.Title}
		params, known := now[cl.Name]
		values := params.Values()
		for _, field := range shownFields {
			cell := classCell{Field: field, Path: "classes[" + strconv.Itoa(i) + "]." + field, Expr: *cl.ClassField(field)}
			if known {
				cell.Now = strconv.FormatFloat(values[field], 'g', -1, 64)
			}
			row.Cells = append(row.Cells, cell)
		}
		out = append(out, row)
	}
	return out, nil
}

func valuesNow(rules *policy.Ruleset, s *load.Snapshot) (map[router.ClassName]prioritize.Params, []string) {
	return prioritize.Evaluate(rules, s.Vars, s.Classes)
}
