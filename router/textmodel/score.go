package textmodel

import (
	"maps"
	"math"
	"slices"
	"sort"
)

// Score counts how predictions compare with the truth.
type Score struct {
	rows      []scored
	out       int // out of scope in truth
	outFound  int // and rejected
	inRight   int // in scope, right and not rejected
	confusion map[string]map[string]int
}

type scored struct {
	want, got, language string
	confidence, sure    float64
	near                bool
}

// Add counts one prediction. rejected says that it would go to review, near that the model was
// trained on nearly the same text; language may be empty.
func (s *Score) Add(want, language string, p Prediction, rejected, near bool) {
	if s.confusion == nil {
		s.confusion = map[string]map[string]int{}
	}
	if s.confusion[want] == nil {
		s.confusion[want] = map[string]int{}
	}
	if want == OutOfScope {
		s.out++
		if rejected {
			s.outFound++
			s.confusion[want][OutOfScope]++
			return
		}
		s.confusion[want][p.Topic]++
		return
	}
	s.confusion[want][p.Topic]++
	if p.Topic == want && !rejected {
		s.inRight++
	}
	s.rows = append(s.rows, scored{want, p.Topic, language, p.Confidence, p.Sure(), near})
}

// TopicScore is precision, recall and F1 of one topic, 0–1.
type TopicScore struct {
	N         int     `json:"n"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// LanguageScore is how well one language does.
type LanguageScore struct {
	N        int     `json:"n"`
	Accuracy float64 `json:"accuracy"`
	MacroF1  float64 `json:"macro_f1"`
}

// Report is a score in figures, shares from 0 to 1. Accuracy, F1, calibration error and
// coverage are of the texts in scope, without rejection; OOSRecall is the share of
// out-of-scope texts that are rejected, InScopeAccuracy the share of texts in scope that
// are right and not rejected.
type Report struct {
	N               int                       `json:"n"`
	Accuracy        float64                   `json:"accuracy"`
	MacroF1         float64                   `json:"macro_f1"`
	ECE             float64                   `json:"ece"`
	OOSRecall       float64                   `json:"oos_recall"`
	InScopeAccuracy float64                   `json:"in_scope_accuracy"`
	Coverage        float64                   `json:"coverage_at_2pct_error"`
	NearDuplicates  int                       `json:"near_duplicates"`                  // of training texts
	AccuracyFar     float64                   `json:"accuracy_without_near_duplicates"` // of the others
	ByTopic         map[string]TopicScore     `json:"by_topic"`
	ByLanguage      map[string]LanguageScore  `json:"by_language"`
	Confusion       map[string]map[string]int `json:"confusion"`
}

// Report sums up.
func (s *Score) Report() Report {
	r := Report{N: len(s.rows) + s.out, ByLanguage: map[string]LanguageScore{}, Confusion: s.confusion}
	if s.out > 0 {
		r.OOSRecall = float64(s.outFound) / float64(s.out)
	}
	if len(s.rows) == 0 {
		return r
	}
	r.Accuracy, r.MacroF1, r.ByTopic = topicScores(s.rows)
	r.InScopeAccuracy = float64(s.inRight) / float64(len(s.rows))
	r.ECE = calibrationError(s.rows)
	r.Coverage = coverage(s.rows, 0.02)
	var far []scored
	byLanguage := map[string][]scored{}
	for _, x := range s.rows {
		if !x.near {
			far = append(far, x)
		}
		if x.language != "" {
			byLanguage[x.language] = append(byLanguage[x.language], x)
		}
	}
	if len(far) > 0 {
		r.AccuracyFar, _, _ = topicScores(far)
	}
	r.NearDuplicates = len(s.rows) - len(far)
	for l, rows := range byLanguage {
		a, f, _ := topicScores(rows)
		r.ByLanguage[l] = LanguageScore{len(rows), a, f}
	}
	return r
}

func topicScores(rows []scored) (accuracy, macroF1 float64, by map[string]TopicScore) {
	want, got, hit := map[string]int{}, map[string]int{}, map[string]int{}
	right := 0
	for _, x := range rows {
		want[x.want]++
		got[x.got]++
		if x.want == x.got {
			hit[x.want]++
			right++
		}
	}
	by = map[string]TopicScore{}
	for _, t := range slices.Sorted(maps.Keys(want)) { // sums in one order
		s := TopicScore{N: want[t], Recall: float64(hit[t]) / float64(want[t])}
		if got[t] > 0 {
			s.Precision = float64(hit[t]) / float64(got[t])
		}
		if hit[t] > 0 {
			s.F1 = 2 * s.Precision * s.Recall / (s.Precision + s.Recall)
		}
		by[t] = s
		macroF1 += s.F1 / float64(len(want))
	}
	return float64(right) / float64(len(rows)), macroF1, by
}

// calibrationError is the expected calibration error with 15 bins of equal width (Guo et al. 2017).
func calibrationError(rows []scored) float64 {
	const bins = 15
	var n, right, sum [bins]float64
	for _, x := range rows {
		b := min(int(x.confidence*bins), bins-1)
		n[b]++
		sum[b] += x.confidence
		if x.want == x.got {
			right[b]++
		}
	}
	e := 0.0
	for b := range n {
		if n[b] > 0 {
			e += math.Abs(right[b]-sum[b]) / float64(len(rows))
		}
	}
	return e
}

// coverage is the largest share of texts, the surest first, of which at most so many are wrong.
func coverage(rows []scored, wrong float64) float64 {
	rows = append([]scored{}, rows...)
	sort.SliceStable(rows, func(i, j int) bool { return rows[i].sure > rows[j].sure })
	bad, best := 0, 0
	for i, x := range rows {
		if x.want != x.got {
			bad++
		}
		if float64(bad) <= wrong*float64(i+1) {
			best = i + 1
		}
	}
	return float64(best) / float64(len(rows))
}
