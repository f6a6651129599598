package dispatch

import (
	"switchyard/router"
	"switchyard/router/order"
)

// traceHeads bounds the heads that a trace lists on each side of the one that won.
const traceHeads = 8

// trace says why the head at hand won: which heads at the front others were claiming,
// the best head of each run that came after it, and the runs that the agent cannot serve.
func (p *pull) trace() *router.PullTrace {
	before := append(p.ahead[:len(p.ahead):len(p.ahead)], p.ranked[:p.at]...)
	s := order.Served{Now: p.now, Policy: p.view.Rules.Version, Rules: p.view.Rules.OrderRules(), Profile: p.agent.Weights, Won: p.ranked[p.at].Candidate,
		Lower: order.FirstOf(p.ranked[p.at+1:], traceHeads), Passed: p.passed[:min(len(p.passed), traceHeads)]}
	for _, r := range before[max(0, len(before)-traceHeads):] {
		s.Taken = append(s.Taken, r.Candidate)
	}
	return order.Trace(s)
}
