package dispatch

import (
	"fmt"
	"time"

	"switchyard/router"
	"switchyard/router/order"
)

// traceHeads bounds the heads that a trace lists on each side of the one that won.
const traceHeads = 8

// trace says why the head at hand won: which heads at the front others were claiming,
// the best head of each run that came after it, and the runs that the agent cannot serve.
func (p *pull) trace() *router.PullTrace {
	won := p.ranked[p.at]
	rule := order.ATC
	if q := p.view.Rules.Queues[won.Head.Run.Queue]; q != nil {
		rule = q.Order
	}
	tr := &router.PullTrace{At: p.now, Rule: string(rule), Tier: won.Tier, Score: order.Round(won.Score), Wait: won.Wait.Round(time.Second).Seconds(), Why: tierSentence(won)}
	before := append(p.ahead[:len(p.ahead):len(p.ahead)], p.ranked[:p.at]...)
	for _, r := range before[max(0, len(before)-traceHeads):] {
		tr.Passed = append(tr.Passed, passedHead(r, "taken"))
	}
	named := map[router.RunKey]bool{}
	for _, r := range p.ranked[p.at+1:] {
		if !named[r.Head.Run.Key] && len(named) < traceHeads {
			named[r.Head.Run.Key] = true
			tr.Passed = append(tr.Passed, passedHead(r, "lower"))
		}
	}
	tr.Passed = append(tr.Passed, p.passed[:min(len(p.passed), traceHeads)]...)
	return tr
}

func passedHead(r order.Ranked, reason string) router.PassedRun {
	return router.PassedRun{Run: r.Head.Run.Key, TicketID: r.Head.TicketID, Tier: r.Tier, Score: order.Round(r.Score), Reason: reason}
}

func tierSentence(r order.Ranked) router.Sentence {
	waited, target := r.Wait.Round(time.Minute).Minutes(), r.Class.Target.Minutes()
	switch {
	case r.Tier == 1:
		return router.Sentence{ZH: "它的处理期限就要到了，所以最先处理。", EN: "Its cut-off is near and can still be met, so it goes first."}
	case r.Tier == 2 && r.Wait <= r.Class.Target:
		return router.Sentence{ZH: fmt.Sprintf("等了 %.0f 分钟，目标 %.0f 分钟，按紧急程度现在最值得处理。", waited, target),
			EN: fmt.Sprintf("It has waited %.0f of %.0f minutes, and by weight and urgency it is worth most now.", waited, target)}
	case r.Tier == 2:
		return router.Sentence{ZH: fmt.Sprintf("等了 %.0f 分钟，远超目标 %.0f 分钟，不能再拖。", waited, target),
			EN: fmt.Sprintf("It has waited %.0f minutes, far over its target of %.0f, and must not wait longer.", waited, target)}
	}
	return router.Sentence{ZH: fmt.Sprintf("等了 %.0f 分钟，已超过目标 %.0f 分钟，在超时的工单里最急。", waited, target),
		EN: fmt.Sprintf("It has waited %.0f minutes, over its target of %.0f, and is the most pressing of the late ones.", waited, target)}
}
