package chart

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-analyze/charts"

	"switchyard/router"
)

// Picture is a drawing and the same in words.
type Picture struct {
	SVG   []byte
	Title string
	Head  []string   // of the table
	Rows  [][]string // of the table
}

// The bounds of a picture (invariant B), and its measures in units of its view box.
const (
	maxPoints, maxSeries = 2000, 8
	width, height        = 640, 300
	fontPx               = 14
	left, right, bottom  = 52, 12, 28
)

// ink is a color of the page.
type ink int

// The colors. Their names are the style sheet's.
const (
	inkText ink = iota
	inkMuted
	inkLine
	inkBlue
	inkAmber
	inkGreen
	inkRed
)

var (
	inkNames = []string{"--ink", "--muted", "--line", "--blue", "--amber", "--green", "--red"}
	series   = []ink{inkBlue, inkAmber, inkGreen, inkRed, inkMuted, inkText, inkLine, inkBlue}
)

// color stands for an ink while it is drawn: no other color occurs. alpha is from 0 to 255.
func (i ink) color(alpha uint8) charts.Color { return charts.Color{R: 1, G: 0, B: uint8(i), A: alpha} }

// canvas draws in a field with its two axes.
type canvas struct {
	p           *charts.Painter
	title       string
	top         int
	height      int
	low, high   float64 // of the upright axis
	tick        float64
	first, last float64 // of the level axis
}

func newCanvas(title string, tall int) *canvas {
	return &canvas{title: title, height: tall, top: 12,
		p: charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: width, Height: tall})}
}

// wide is about how wide a text is: a Chinese character is as wide as it is high.
func wide(s string) int {
	w := 0.0
	for _, r := range s {
		if r >= 0x2e80 {
			w += fontPx
		} else {
			w += fontPx * 0.56
		}
	}
	return int(math.Ceil(w))
}

func (c *canvas) text(s string, x, y int, of ink) {
	if s != "" {
		c.p.Text(s, x, y, 0, charts.FontStyle{FontSize: fontPx * 0.75, FontColor: of.color(255)})
	}
}

func (c *canvas) line(of ink, thick float64, dashed bool, points ...charts.Point) {
	switch {
	case len(points) < 2:
	case dashed:
		c.p.DashedLineStroke(points, of.color(255), thick, []float64{5, 4})
	default:
		c.p.LineStroke(points, of.color(255), thick)
	}
}

// entry is one line of a legend.
type entry struct {
	name   string
	of     ink
	dashed bool
	band   bool
	dot    bool
}

// legend writes what the colors mean, in as many rows as it takes.
func (c *canvas) legend(entries []entry) {
	x, y := left, 16
	for _, e := range entries {
		w := 30 + wide(e.name)
		if x > left && x+w > width-right {
			x, y = left, y+20
		}
		switch {
		case e.band:
			c.p.FilledRect(x, y-10, x+20, y, e.of.color(50), e.of.color(0), 0)
		case e.dot:
			c.p.Circle(5, x+10, y-5, e.of.color(255), e.of.color(255), 1)
		default:
			c.line(e.of, 3, e.dashed, charts.Point{X: x, Y: y - 5}, charts.Point{X: x + 20, Y: y - 5})
		}
		c.text(e.name, x+26, y, inkText)
		x += w + 14
	}
	c.top = y + 14
}

// upright chooses the axis that holds the values, from 0 where they are not far from it.
func (c *canvas) upright(fromZero bool, values ...float64) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if finite(v) {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	if low > high {
		low, high = 0, 1
	}
	if fromZero {
		low, high = math.Min(low, 0), math.Max(high, 0)
	}
	if !(high-low > 0) || high-low < 1e-9*math.Abs(high) {
		high = low + math.Max(1, math.Abs(low)*0.1)
	}
	c.tick = step((high - low) / 4)
	c.low, c.high = math.Floor(low/c.tick)*c.tick, math.Ceil(high/c.tick)*c.tick
}

// step is the smallest of 1, 2, 5 times a power of ten that is not below.
func step(atLeast float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(atLeast)))
	for _, f := range []float64{1, 2, 5} {
		if f*p >= atLeast*(1-1e-9) {
			return f * p
		}
	}
	return 10 * p
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) && math.Abs(v) < 1e12 }

// y is where a value stands.
func (c *canvas) y(v float64) int {
	field := float64(c.height - bottom - c.top)
	return c.height - bottom - int(math.Round(field*(v-c.low)/(c.high-c.low)))
}

// x is where a place of the level axis stands.
func (c *canvas) x(v float64) int {
	return left + int(math.Round(float64(width-right-left)*(v-c.first)/(c.last-c.first)))
}

// grid draws the upright axis.
func (c *canvas) grid() {
	for i := 0; ; i++ {
		v := c.low + float64(i)*c.tick
		if v > c.high+c.tick/2 {
			return
		}
		y := c.y(v)
		c.line(inkLine, 1, false, charts.Point{X: left, Y: y}, charts.Point{X: width - right, Y: y})
		s := number(v)
		c.text(s, left-6-wide(s), y+5, inkMuted)
	}
}

// labels writes words under the level axis, as many as there is room for. place is where the i-th stands.
func (c *canvas) labels(words []string, place func(i int) int) {
	widest := 1
	for _, w := range words {
		widest = max(widest, wide(w)+12)
	}
	room := max(1, (width-right-left)/widest)
	each := (len(words) + room - 1) / room
	for i := 0; i < len(words); i += each {
		x := place(i) - wide(words[i])/2
		c.text(words[i], min(max(x, 0), width-wide(words[i])), c.height-8, inkMuted)
	}
}

// number writes a value with at most three digits behind the point, without needless ones.
func number(v float64) string {
	if !finite(v) {
		return "–"
	}
	s := strconv.FormatFloat(v, 'f', 3, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

var (
	styleAttribute = regexp.MustCompile(` style="([^"]*)"`)
	inkColor       = regexp.MustCompile(`^rgba?\(1,0,(\d)(?:,([0-9.]+))?\)$`)
)

// picture ends a drawing: the painter's style attributes become presentation attributes with the page's
// colors (invariant A).
func (c *canvas) picture() ([]byte, error) {
	raw, err := c.p.Bytes()
	if err != nil {
		return nil, router.Wrap("chart.picture", router.CodeInternal, err)
	}
	out := styleAttribute.ReplaceAllFunc(raw, func(m []byte) []byte {
		return attributes(string(styleAttribute.FindSubmatch(m)[1]))
	})
	var title bytes.Buffer
	for _, r := range c.title {
		switch r {
		case '<', '>', '&', '"', '\'':
			fmt.Fprintf(&title, "&#%d;", r)
		default:
			if r >= ' ' {
				title.WriteRune(r)
			}
		}
	}
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="%s" viewBox="0 0 %d %d">`, title.String(), width, c.height)
	if at := bytes.IndexByte(out, '>'); at > 0 && bytes.HasPrefix(out, []byte("<svg")) {
		return append([]byte(head), out[at+1:]...), nil
	}
	return nil, router.Fail("chart.picture", router.CodeInternal, "the painter made no SVG")
}

// attributes are the declarations of a style as attributes.
func attributes(style string) []byte {
	var b bytes.Buffer
	for _, d := range strings.Split(style, ";") {
		name, value, ok := strings.Cut(d, ":")
		if !ok || name == "font-family" || !strings.Contains("stroke stroke-width fill font-size", name) {
			continue
		}
		if m := inkColor.FindStringSubmatch(value); m != nil {
			i, _ := strconv.Atoi(m[1])
			fmt.Fprintf(&b, ` %s="var(%s)"`, name, inkNames[min(i, len(inkNames)-1)])
			if m[2] != "" {
				fmt.Fprintf(&b, ` %s-opacity="%s"`, name, m[2])
			}
			continue
		}
		fmt.Fprintf(&b, ` %s="%s"`, name, value)
	}
	return b.Bytes()
}
