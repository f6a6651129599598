package route

import (
	"fmt"
	"time"

	"switchyard/router"
	"switchyard/router/load"
	"switchyard/router/policy"
)

// Overload is the desk's mode for more work than it can do.
type Overload struct {
	On    bool            `json:"on"`
	Since time.Time       `json:"since"`        // of the last change
	Why   router.Sentence `json:"why,omitzero"` // of the last change
}

// Change is a mode that was switched.
type Change struct {
	Mode  string           `json:"mode"` // overload, or overflow
	Queue router.QueueName `json:"queue,omitempty"`
	On    bool             `json:"on"`
	At    time.Time        `json:"at"`
	Why   router.Sentence  `json:"why"`
}

// receiverOver ends an overflow whose receiver has become as loaded as this many times its own mark.
const receiverOver = 2

// NextModes moves the modes by a snapshot. Overflow begins while the donor's predicted wait is above its high mark and
// the receiver's below the receiver's own mark; it ends below the donor's low mark, or when the receiver's
// predicted wait is above twice its mark, so that the receiver's own customers do not pay for it. Overload begins where its
// enter expression holds; it ends where leave holds and enter does not, after at_least. An expression that fails leaves it as it is.
// Modes of queues and policies that are gone are switched off. Without changes the modes are returned as they were.
func NextModes(rs *policy.Ruleset, s *load.Snapshot, m Modes, now time.Time) (Modes, []Change) {
	next := Modes{Overload: m.Overload}
	var changes []Change
	for _, q := range rs.QueueList {
		on, why := overflow(q, s, m.Overflow[q.Name])
		if on {
			if next.Overflow == nil {
				next.Overflow = map[router.QueueName]bool{}
			}
			next.Overflow[q.Name] = true
		}
		if on != m.Overflow[q.Name] {
			changes = append(changes, Change{Mode: "overflow", Queue: q.Name, On: on, At: now, Why: why})
		}
	}
	if on, why := overload(rs.Overload, s, m.Overload, now); on != m.Overload.On {
		next.Overload = Overload{On: on, Since: now, Why: why}
		changes = append(changes, Change{Mode: "overload", On: on, At: now, Why: why})
	}
	if len(changes) == 0 {
		return m, nil
	}
	return next, changes
}

func overflow(q *policy.Queue, s *load.Snapshot, on bool) (bool, router.Sentence) {
	o := q.Overflow
	if o == nil {
		return false, router.Sentence{ZH: "策略不再让它分流", EN: "the policy has no overflow for it any more"}
	}
	wait, receiver := s.Queues[q.Name].Predicted, s.Queues[o.To].Predicted
	mark := o.ReceiverBelow.D().Minutes()
	switch {
	case !on && wait > o.High.D().Minutes() && receiver < mark:
		return true, router.Sentence{ZH: fmt.Sprintf("预计等候 %.0f 分钟，超过上限 %.0f 分钟，%s 还有余力", wait, o.High.D().Minutes(), o.To),
			EN: fmt.Sprintf("the predicted wait is %.0f minutes, above the high mark of %.0f, and %s has room", wait, o.High.D().Minutes(), o.To)}
	case on && wait < o.Low.D().Minutes():
		return false, router.Sentence{ZH: fmt.Sprintf("预计等候 %.0f 分钟，低于下限 %.0f 分钟", wait, o.Low.D().Minutes()),
			EN: fmt.Sprintf("the predicted wait is %.0f minutes, below the low mark of %.0f", wait, o.Low.D().Minutes())}
	case on && receiver > receiverOver*mark:
		return false, router.Sentence{ZH: fmt.Sprintf("接收队列 %s 的预计等候 %.0f 分钟，超过其标准 %.0f 分钟的两倍", o.To, receiver, mark),
			EN: fmt.Sprintf("the predicted wait of the receiver %s is %.0f minutes, above twice its mark of %.0f", o.To, receiver, mark)}
	}
	return on, router.Sentence{}
}

func overload(o *policy.Overload, s *load.Snapshot, was Overload, now time.Time) (bool, router.Sentence) {
	if o == nil {
		return false, router.Sentence{ZH: "策略里没有超负荷模式", EN: "the policy has no overload mode"}
	}
	enter, err := o.Enter.Bool(s.Vars)
	if err != nil {
		return was.On, router.Sentence{}
	}
	if !was.On {
		return enter, numbers(s, o.Enter.Source)
	}
	leave, err := o.Leave.Bool(s.Vars)
	if err != nil || enter || !leave || now.Sub(was.Since) < o.AtLeast.D() {
		return true, router.Sentence{}
	}
	return false, numbers(s, o.Leave.Source)
}

// numbers says what the load was when an expression held.
func numbers(s *load.Snapshot, source string) router.Sentence {
	return router.Sentence{ZH: fmt.Sprintf("最长预计等候 %.0f 分钟，近一刻钟来量是预测的 %.1f 倍；%s 成立", s.WorstWait, s.VsForecast, source),
		EN: fmt.Sprintf("the longest predicted wait is %.0f minutes, and %.1f times the forecast came in the last quarter of an hour; %s holds", s.WorstWait, s.VsForecast, source)}
}
