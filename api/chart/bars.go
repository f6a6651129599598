package chart

import (
	"github.com/go-analyze/charts"

	"switchyard/router"
)

// BarChart says what Bars draws: at each place one bar a series, side by side.
type BarChart struct {
	Title  string
	XName  string
	X      []string
	Series []Series
}

// maxBars bounds the places of a bar chart.
const maxBars = 60

// Bars draws grouped bars, such as today's values beside proposed ones. invalid_field as Lines.
func Bars(in BarChart) (Picture, error) {
	if err := fits("chart.bars", in.X, in.Series); err != nil {
		return Picture{}, err
	}
	if len(in.X) > maxBars {
		return Picture{}, router.FailField("chart.bars", "x", "must have at most %d places", maxBars)
	}
	c := newCanvas(in.Title, height)
	var entries []entry
	var all []float64
	for i, s := range in.Series {
		entries = append(entries, entry{name: s.Name, of: series[i]})
		all = append(all, s.Values...)
	}
	c.legend(entries)
	c.upright(true, all...)
	c.first, c.last = 0, float64(len(in.X))
	c.grid()
	c.labels(in.X, func(i int) int { return c.x(float64(i) + 0.5) })
	share := 0.8 / float64(len(in.Series))
	for i := range in.X {
		for k, s := range in.Series {
			if !finite(s.Values[i]) {
				continue
			}
			x := float64(i) + 0.1 + share*float64(k)
			y, zero := c.y(s.Values[i]), c.y(0)
			c.p.FilledRect(c.x(x), min(y, zero), max(c.x(x+share)-1, c.x(x)+1), max(y, zero), series[k].color(255), series[k].color(0), 0)
		}
	}
	return c.done(in.XName, in.X, in.Series)
}

// StepChart says what Steps draws, such as agents needed in each quarter-hour against those on shift.
type StepChart struct {
	Title           string
	XName           string
	X               []string
	Needed, OnShift Series
}

// Steps draws two staircases, and shades where the first is above the second: who is missing. invalid_field as Lines.
func Steps(in StepChart) (Picture, error) {
	cols := []Series{in.Needed, in.OnShift}
	if err := fits("chart.steps", in.X, cols); err != nil {
		return Picture{}, err
	}
	c := newCanvas(in.Title, height)
	c.legend([]entry{{name: in.Needed.Name, of: inkBlue}, {name: in.OnShift.Name, of: inkGreen, dashed: in.OnShift.Dashed}})
	c.upright(true, append(append([]float64(nil), in.Needed.Values...), in.OnShift.Values...)...)
	c.first, c.last = 0, float64(len(in.X))
	c.grid()
	c.labels(in.X, func(i int) int { return c.x(float64(i)) })
	for i := range in.X {
		need, have := in.Needed.Values[i], in.OnShift.Values[i]
		if finite(need) && finite(have) && need > have {
			c.p.FilledRect(c.x(float64(i)), c.y(need), c.x(float64(i+1)), c.y(have), inkRed.color(60), inkRed.color(0), 0)
		}
	}
	for k, s := range cols {
		for _, run := range runs(s.Values) {
			var points []charts.Point
			for i := run[0]; i < run[1]; i++ {
				points = append(points, charts.Point{X: c.x(float64(i)), Y: c.y(s.Values[i])}, charts.Point{X: c.x(float64(i + 1)), Y: c.y(s.Values[i])})
			}
			c.line([]ink{inkBlue, inkGreen}[k], 2, s.Dashed, points...)
		}
	}
	return c.done(in.XName, in.X, cols)
}
