package learn

import (
	"switchyard/router/classify"
	"switchyard/router/textmodel"
)

// WrongQueueCosts is what a wrong queue costs, where a review costs 1, for a model that is
// asked without a policy: what is surer than 1 − 1/cost is routed.
const WrongQueueCosts = 4.0 / 3

// Below is the sureness under which a model without a policy sends a text to review.
const Below = 1 - 1/WrongQueueCosts

// Evaluate scores a model on labelled examples; below is the sureness under which they would go to review.
func Evaluate(m *textmodel.Model, examples []textmodel.Example, below float64) textmodel.Report {
	var s textmodel.Score
	for _, e := range examples {
		p := m.Predict(e.Text, e.Vector)
		s.Add(e.Topic, string(classify.DetectLanguage(e.Text)), p, p.Sure() < below, m.Near(e.Text))
	}
	return s.Report()
}
