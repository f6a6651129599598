package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"switchyard/router"
)

var nan = math.NaN()

func samples() map[string]func() (Picture, error) {
	hours := make([]string, 24)
	low, mid, high, past := make([]float64, 24), make([]float64, 24), make([]float64, 24), make([]float64, 24)
	for i := range hours {
		hours[i] = fmt.Sprintf("%02d:00", i)
		mid[i] = 20 + 15*math.Sin(float64(i)/4)
		low[i], high[i], past[i] = mid[i]-6, mid[i]+8, mid[i]+float64(i%3)-1
		if i > 13 {
			past[i] = nan
		}
	}
	week := [][]float64{past, mid, high, low, mid, high, low}
	return map[string]func() (Picture, error){
		"lines": func() (Picture, error) {
			return Lines(LineChart{Title: `到达 <b>"量"</b> & x`, XName: "时间", X: hours, Band: &Band{Name: "90 % 区间", Low: low, High: high},
				Series: []Series{{Name: "实际", Values: past}, {Name: "预测", Values: mid, Dashed: true}}})
		},
		"bars": func() (Picture, error) {
			return Bars(BarChart{Title: "In SLA", XName: "Class", X: []string{"Security", "支付", "Withdrawal", "Recovery"},
				Series: []Series{{Name: "Today", Values: []float64{99, 96.4, nan, 80}}, {Name: "Proposed", Values: []float64{98, 97, 95, 93.25}}}})
		},
		"heat": func() (Picture, error) {
			return HeatMap(Heat{Title: "来量", RowName: "日", Rows: []string{"周一", "周二", "周三", "周四", "周五", "周六", "Sunday 22nd"}, Columns: hours, Values: week})
		},
		"frontier": func() (Picture, error) {
			return Frontier(FrontierChart{Title: "SLA share against worst wait", NameName: "Setting", ShareName: "in SLA %", WorstName: "worst wait / T", ChosenName: "chosen", FrontierName: "frontier", DominatedNames: "dominated",
				Choices: []Choice{{"g 2", 97.2, 2.5, false}, {"b 8, g 3", 98.6, 3.0, false}, {"K 10, g 3", 98.7, 3.5, true}, {"K 5, g 3", 98.9, 3.5, false}, {"edf", 88.7, 14, false}, {"lost", nan, 2, false}}})
		},
		"steps": func() (Picture, error) {
			shift := make([]float64, 24)
			for i := range shift {
				shift[i] = float64(6 + 3*(i/8))
			}
			need := make([]float64, 24)
			for i := range need {
				need[i] = math.Ceil(mid[i] / 3)
			}
			return Steps(StepChart{Title: "排班", XName: "时间", X: hours, Needed: Series{Name: "需要", Values: need}, OnShift: Series{Name: "在班", Values: shift}})
		},
	}
}

// Invariants A, B, C and D on every kind of picture.
func TestPictures(t *testing.T) {
	for name, draw := range samples() {
		p, err := draw()
		if err != nil {
			t.Fatal(name, err)
		}
		again, err := draw()
		if err != nil || !bytes.Equal(p.SVG, again.SVG) {
			t.Errorf("B: %s is drawn otherwise the second time", name)
		}
		sound(t, name, p)
		if dir := os.Getenv("SWITCHYARD_TEST_SHOTS"); dir != "" {
			_ = os.WriteFile(filepath.Join(dir, name+".svg"), p.SVG, 0o600)
		}
	}
}

var coordinates = regexp.MustCompile(`([ML]) (-?\d+) (-?\d+)`)

// sound checks that a picture is well-formed, carries no style, stays within its frame and has no number that is none.
func sound(t *testing.T, name string, p Picture) {
	t.Helper()
	svg := string(p.SVG)
	for _, bad := range []string{"style=", "<style", "<script", "NaN", "Inf", "rgb(", "rgba(", "font-family"} {
		if strings.Contains(svg, bad) {
			t.Errorf("%s has %q", name, bad)
		}
	}
	box := regexp.MustCompile(`viewBox="0 0 (\d+) (\d+)"`).FindStringSubmatch(svg)
	w, _ := strconv.Atoi(box[1])
	h, _ := strconv.Atoi(box[2])
	found := coordinates.FindAllStringSubmatch(svg, -1)
	for _, m := range found {
		x, _ := strconv.Atoi(m[2])
		y, _ := strconv.Atoi(m[3])
		if x < 0 || x > w || y < 0 || y > h {
			t.Errorf("%s draws at %d,%d outside %d×%d", name, x, y, w, h)
			break
		}
	}
	if len(found) == 0 && !strings.Contains(svg, "<circle") {
		t.Errorf("%s draws nothing", name)
	}
	elements(t, name, svg)
	if p.Title == "" || len(p.Head) == 0 || len(p.Rows) == 0 {
		t.Errorf("%s has no text equivalent", name)
	}
	for _, r := range p.Rows {
		if len(r) != len(p.Head) || strings.Contains(strings.Join(r, " "), "NaN") {
			t.Errorf("%s has the row %q under %q", name, r, p.Head)
		}
	}
}

// elements checks that a picture is well-formed and has only the elements of a drawing.
func elements(t *testing.T, name, svg string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(svg))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s is not well-formed: %v", name, err)
		}
		if el, ok := tok.(xml.StartElement); ok && !strings.Contains("svg path text circle", el.Name.Local) {
			t.Errorf("D: %s has an element %q", name, el.Name.Local)
		}
	}
}

// Values of any kind leave no coordinate outside and no NaN.
func TestPicturesOfRandomValues(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	odd := []float64{0, nan, math.Inf(1), math.Inf(-1), -3, 1e-9, 1e11, 5, 1e300}
	for range 300 {
		n := 1 + rnd.IntN(40)
		x, a, b := make([]string, n), make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], a[i], b[i] = strconv.Itoa(i), odd[rnd.IntN(len(odd))], rnd.Float64()*100
		}
		s := []Series{{Name: "a", Values: a}, {Name: "b", Values: b}}
		for _, draw := range []func() (Picture, error){
			func() (Picture, error) {
				return Lines(LineChart{Title: "t", XName: "x", X: x, Series: s, Band: &Band{"c", a, b}})
			},
			func() (Picture, error) { return Bars(BarChart{Title: "t", XName: "x", X: x, Series: s}) },
			func() (Picture, error) {
				return Steps(StepChart{Title: "t", XName: "x", X: x, Needed: s[0], OnShift: s[1]})
			},
			func() (Picture, error) {
				return HeatMap(Heat{Title: "t", RowName: "x", Rows: []string{"r"}, Columns: x, Values: [][]float64{a}})
			},
			func() (Picture, error) {
				return Frontier(FrontierChart{Title: "t", Choices: []Choice{{"a", b[0], 2, true}, {"b", a[0], b[0], false}}})
			},
		} {
			p, err := draw()
			if err != nil {
				t.Fatal(err)
			}
			sound(t, fmt.Sprint(a, b), p)
		}
	}
}

// What a picture shows: two series of lines and a dashed one, bars in their heights, the guard of dominated points.
func TestPicturesShowTheirNumbers(t *testing.T) {
	p, err := Bars(BarChart{Title: "t", XName: "x", X: []string{"a"}, Series: []Series{{Name: "one", Values: []float64{50}}, {Name: "two", Values: []float64{100}}}})
	if err != nil {
		t.Fatal(err)
	}
	bars := regexp.MustCompile(`<path d="M (\d+) (\d+)\s+L (\d+) \d+\s+L \d+ (\d+)[^"]*"[^>]*fill="var\((--blue|--amber)\)"`).FindAllStringSubmatch(string(p.SVG), -1)
	if len(bars) != 2 {
		t.Fatalf("%q in %s", bars, p.SVG)
	}
	tall := func(m []string) int { a, _ := strconv.Atoi(m[2]); b, _ := strconv.Atoi(m[4]); return b - a }
	if a, b := tall(bars[0]), tall(bars[1]); a < 50 || b < 2*a-1 || b > 2*a+1 {
		t.Errorf("50 is %d high, 100 is %d", a, b)
	}
	if got := p.Rows[0]; got[0] != "a" || got[1] != "50" || got[2] != "100" {
		t.Errorf("%q", got)
	}
	line, err := samples()["lines"]()
	if err != nil || strings.Count(string(line.SVG), "stroke-dasharray") != 2 { // in the field and in the legend
		t.Errorf("%d dashed, %v", strings.Count(string(line.SVG), "stroke-dasharray"), err)
	}
	want := []bool{false, false, true, false, true}
	for i, d := range Dominated([]Choice{{"", 97.2, 2.5, false}, {"", 98.6, 3, false}, {"", 98.7, 3.5, false}, {"", 98.9, 3.5, false}, {"", 88.7, 14, false}}) {
		if d != want[i] {
			t.Errorf("choice %d: dominated %v", i, d)
		}
	}
}

func TestPicturesRefuse(t *testing.T) {
	long := make([]string, maxPoints+1)
	for name, err := range map[string]error{
		"no places":    second(Lines(LineChart{Title: "t", Series: []Series{{}}})),
		"too many":     second(Lines(LineChart{Title: "t", X: long, Series: []Series{{Values: make([]float64, len(long))}}})),
		"a short one":  second(Lines(LineChart{Title: "t", X: []string{"a", "b"}, Series: []Series{{Values: []float64{1}}}})),
		"a short band": second(Lines(LineChart{Title: "t", X: []string{"a"}, Series: []Series{{Values: []float64{1}}}, Band: &Band{Low: []float64{1}}})),
		"many bars":    second(Bars(BarChart{Title: "t", X: long[:61], Series: []Series{{Values: make([]float64, 61)}}})),
		"a ragged map": second(HeatMap(Heat{Title: "t", Rows: []string{"a"}, Columns: []string{"b"}, Values: [][]float64{{1, 2}}})),
		"nothing":      second(Frontier(FrontierChart{Title: "t"})),
	} {
		if !router.IsCode(err, router.CodeInvalidField) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ Picture, err error) error { return err }
