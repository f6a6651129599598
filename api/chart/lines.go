package chart

import (
	"github.com/go-analyze/charts"

	"switchyard/router"
)

// Series is one line, or one bar of each group. Values that are no numbers are gaps.
type Series struct {
	Name   string
	Values []float64
	Dashed bool // what is forecast and has not happened
}

// Band is what lies between two lines.
type Band struct {
	Name      string
	Low, High []float64
}

// LineChart says what Lines draws; X are the labels of the places, as many as values.
type LineChart struct {
	Title  string
	XName  string // of the table's first column
	X      []string
	Series []Series
	Band   *Band // nil: none
}

// Lines draws values over time. invalid_field where lengths differ or there is too much.
func Lines(in LineChart) (Picture, error) {
	cols := in.columns()
	if err := fits("chart.lines", in.X, cols); err != nil {
		return Picture{}, err
	}
	c := newCanvas(in.Title, height)
	var entries []entry
	for i, s := range in.Series {
		entries = append(entries, entry{name: s.Name, of: series[i], dashed: s.Dashed})
	}
	if in.Band != nil {
		entries = append(entries, entry{name: in.Band.Name, of: inkBlue, band: true})
	}
	c.legend(entries)
	c.level(in.X, cols)
	if in.Band != nil {
		c.band(*in.Band)
	}
	for i, s := range in.Series {
		for _, run := range runs(s.Values) {
			c.line(series[i], 2, s.Dashed, c.points(s.Values, run)...)
			if run[1]-run[0] == 1 {
				c.p.Circle(2, c.x(float64(run[0])), c.y(s.Values[run[0]]), series[i].color(255), series[i].color(255), 1)
			}
		}
	}
	return c.done(in.XName, in.X, cols)
}

func (in LineChart) columns() []Series {
	cols := append([]Series(nil), in.Series...)
	if in.Band != nil {
		cols = append(cols, Series{Name: in.Band.Name + " ↓", Values: in.Band.Low}, Series{Name: in.Band.Name + " ↑", Values: in.Band.High})
	}
	return cols
}

// level draws both axes of values over places.
func (c *canvas) level(x []string, cols []Series) {
	var all []float64
	for _, s := range cols {
		all = append(all, s.Values...)
	}
	c.upright(true, all...)
	c.first, c.last = 0, float64(max(1, len(x)-1))
	c.grid()
	c.labels(x, func(i int) int { return c.x(float64(i)) })
}

func (c *canvas) points(values []float64, run [2]int) []charts.Point {
	out := make([]charts.Point, 0, run[1]-run[0])
	for i := run[0]; i < run[1]; i++ {
		out = append(out, charts.Point{X: c.x(float64(i)), Y: c.y(values[i])})
	}
	return out
}

func (c *canvas) band(b Band) {
	both := make([]float64, len(b.Low))
	for i := range both {
		both[i] = b.Low[i] + b.High[i] // a gap in either is a gap
	}
	for _, run := range runs(both) {
		points := c.points(b.Low, run)
		high := c.points(b.High, run)
		for i := len(high) - 1; i >= 0; i-- {
			points = append(points, high[i])
		}
		if len(points) > 2 {
			c.p.FillArea(points, inkBlue.color(50))
		}
	}
}

// runs are the stretches of numbers between gaps, from and to.
func runs(values []float64) [][2]int {
	var out [][2]int
	for i := 0; i < len(values); i++ {
		from := i
		for i < len(values) && finite(values[i]) {
			i++
		}
		if i > from {
			out = append(out, [2]int{from, i})
		}
	}
	return out
}

// fits refuses what does not fit together or is too big.
func fits(op string, x []string, cols []Series) error {
	switch {
	case len(x) == 0 || len(x) > maxPoints:
		return router.FailField(op, "x", "must have from 1 to %d places", maxPoints)
	case len(cols) == 0 || len(cols) > maxSeries:
		return router.FailField(op, "series", "must be from 1 to %d", maxSeries)
	}
	for _, s := range cols {
		if len(s.Values) != len(x) {
			return router.FailField(op, "series", "%q has %d values for %d places", s.Name, len(s.Values), len(x))
		}
	}
	return nil
}

// done ends a picture of values over places.
func (c *canvas) done(xName string, x []string, cols []Series) (Picture, error) {
	out := Picture{Title: c.title, Head: []string{xName}}
	for _, s := range cols {
		out.Head = append(out.Head, s.Name)
	}
	for i := range x {
		row := []string{x[i]}
		for _, s := range cols {
			row = append(row, number(s.Values[i]))
		}
		out.Rows = append(out.Rows, row)
	}
	var err error
	out.SVG, err = c.picture()
	return out, err
}
