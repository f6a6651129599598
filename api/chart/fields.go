package chart

import (
	"math"

	"github.com/go-analyze/charts"

	"switchyard/router"
)

// Heat says what HeatMap draws: Values[row][column], such as days by hours.
type Heat struct {
	Title   string
	RowName string
	Rows    []string
	Columns []string
	Values  [][]float64
}

// HeatMap draws a field of cells, darker where there is more. invalid_field where sizes differ or there is too much.
func HeatMap(in Heat) (Picture, error) {
	most, err := in.check()
	if err != nil {
		return Picture{}, err
	}
	const cell = 24
	c := newCanvas(in.Title, 8+cell*len(in.Rows)+bottom)
	c.first, c.last = 0, float64(len(in.Columns))
	wider := 0
	for _, r := range in.Rows {
		wider = max(wider, wide(r)+8-left) // long names take room from the cells
	}
	x := func(i int) int { return left + wider + (width-right-left-wider)*i/len(in.Columns) }
	for r, vs := range in.Values {
		y := 8 + cell*r
		c.text(in.Rows[r], 2, y+17, inkMuted)
		for k, v := range vs {
			alpha := uint8(0)
			if finite(v) && v > 0 && most > 0 {
				alpha = uint8(20 + math.Round(235*v/most))
			}
			c.p.FilledRect(x(k), y, x(k+1)-1, y+cell-1, inkBlue.color(alpha), inkLine.color(255), 1)
		}
	}
	c.labels(in.Columns, func(i int) int { return (x(i) + x(i+1)) / 2 })
	cols := make([]Series, len(in.Columns))
	for k := range cols {
		cols[k] = Series{Name: in.Columns[k], Values: make([]float64, len(in.Rows))}
		for r := range in.Rows {
			cols[k].Values[r] = in.Values[r][k]
		}
	}
	return c.done(in.RowName, in.Rows, cols)
}

// check refuses what does not fit together, and answers the largest value.
func (in Heat) check() (float64, error) {
	const op = "chart.heat_map"
	switch {
	case len(in.Rows) == 0 || len(in.Rows) > 60 || len(in.Values) != len(in.Rows):
		return 0, router.FailField(op, "rows", "must be from 1 to 60, each with its values")
	case len(in.Columns) == 0 || len(in.Columns) > 96:
		return 0, router.FailField(op, "columns", "must be from 1 to 96")
	}
	most := 0.0
	for _, vs := range in.Values {
		if len(vs) != len(in.Columns) {
			return 0, router.FailField(op, "values", "a row must have a value for each column")
		}
		for _, v := range vs {
			if finite(v) {
				most = math.Max(most, v)
			}
		}
	}
	return most, nil
}

// Choice is one setting that a simulation tried.
type Choice struct {
	Name   string
	Share  float64 // in SLA, per cent: more is better
	Worst  float64 // wait over target: less is better
	Chosen bool
}

// FrontierChart says what Frontier draws.
type FrontierChart struct {
	Title                                    string
	NameName, ShareName, WorstName           string
	ChosenName, FrontierName, DominatedNames string
	Choices                                  []Choice
}

// Dominated reports for each choice whether another is no worse in both and better in one.
func Dominated(cs []Choice) []bool {
	out := make([]bool, len(cs))
	for i, a := range cs {
		for _, b := range cs {
			if b.Share >= a.Share && b.Worst <= a.Worst && (b.Share > a.Share || b.Worst < a.Worst) {
				out[i] = true
			}
		}
	}
	return out
}

// Frontier draws the share in SLA against the worst wait: dominated choices faint, the chosen one marked.
// Choices with a value that is no number are left out of the picture. invalid_field for none or more than 500.
func Frontier(in FrontierChart) (Picture, error) {
	if len(in.Choices) == 0 || len(in.Choices) > 500 {
		return Picture{}, router.FailField("chart.frontier", "choices", "must be from 1 to 500")
	}
	out := Picture{Title: in.Title, Head: []string{in.NameName, in.ShareName, in.WorstName, ""}}
	c := newCanvas(in.Title, height+20)
	c.legend([]entry{{name: in.FrontierName, of: inkBlue, dot: true}, {name: in.DominatedNames, of: inkMuted, dot: true}, {name: in.ChosenName, of: inkRed, dot: true}})
	var shares, worsts []float64
	var seen []Choice
	for _, k := range in.Choices {
		if finite(k.Share) && finite(k.Worst) {
			shares, worsts, seen = append(shares, k.Share), append(worsts, k.Worst), append(seen, k)
		}
	}
	c.axes(in, shares, worsts)
	dominated := Dominated(seen)
	for i, k := range seen {
		at, row := charts.Point{X: c.x(k.Worst), Y: c.y(k.Share)}, []string{k.Name, number(k.Share), number(k.Worst), in.FrontierName}
		of, alpha := inkBlue, uint8(255)
		if dominated[i] {
			of, alpha, row[3] = inkMuted, 90, in.DominatedNames
		}
		c.p.Circle(4, at.X, at.Y, of.color(alpha), of.color(0), 0)
		if k.Chosen {
			c.p.Circle(9, at.X, at.Y, inkRed.color(0), inkRed.color(255), 2.5)
			c.text(k.Name, min(at.X+13, width-wide(k.Name)), at.Y-8, inkText)
			row[3] = in.ChosenName
		}
		out.Rows = append(out.Rows, row)
	}
	var err error
	out.SVG, err = c.picture()
	return out, err
}

// axes draws the worst wait from left to right and the share upwards.
func (c *canvas) axes(in FrontierChart, shares, worsts []float64) {
	c.text(in.ShareName+" ↑  "+in.WorstName+" →", left, c.top+8, inkMuted)
	c.top += 22
	c.upright(false, worsts...)
	c.first, c.last = c.low, c.high
	ticks := c.tick
	c.upright(false, shares...)
	c.grid()
	var words []string
	for v := c.first; v <= c.last+ticks/2; v += ticks {
		words = append(words, number(v))
	}
	c.labels(words, func(i int) int { return c.x(c.first + float64(i)*ticks) })
}
