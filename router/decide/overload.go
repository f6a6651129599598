package decide

import (
	"strings"

	"switchyard/router"
	"switchyard/router/classify"
)

// overloaded reports whether the desk is in that mode and its policy has one.
func (in Input) overloaded() bool { return in.Modes.Overload.On && in.Rules.Overload != nil }

// answers reports whether a new ticket of the topic is answered at once.
func (in Input) answers(c classify.Result) bool {
	return in.overloaded() && in.Rules.Overload.Answers && c.Topic != nil && c.Topic.Answer != router.Sentence{}
}

// overload says in the trace that the desk is overloaded, and what that changes for this ticket.
func (in Input) overload(c classify.Result, d *router.Decision) {
	if !in.overloaded() {
		return
	}
	o, why := in.Rules.Overload, in.Modes.Overload.Why
	d.Reasons = append(d.Reasons, router.Reason{Step: "overload", Rule: "overload", Matched: true, Why: router.Sentence{ZH: "超负荷模式已开启：" + why.ZH, EN: "the desk is overloaded: " + why.EN}})
	if o.Promise > 1 {
		d.Reasons = append(d.Reasons, router.Reason{Step: "overload", Rule: "overload-promise", Matched: true, Why: router.Sentence{
			ZH: "告诉客户的等候时间相应延长", EN: "waits told to customers are longer by the policy's factor"}})
	}
	if !o.Callers || in.Ticket.Channel != router.ChannelChat {
		return
	}
	var left []string
	for _, s := range c.Signals {
		if s.Kind == router.SignalPhone || s.Kind == router.SignalEmail {
			left = append(left, s.Kind)
		}
	}
	r := router.Reason{Step: "overload", Rule: "overload-callback", Matched: len(left) > 0, Value: strings.Join(left, ","), Why: router.Sentence{
		ZH: "客户得知可以留下联系方式，暂未留下", EN: "the customer is told that he may leave a number or address; he has left none"}}
	if len(left) > 0 {
		r.Why = router.Sentence{ZH: "客户可能已离开聊天：请用他留下的电话或邮箱联系", EN: "the customer may have left the chat: contact him at the number or address that he wrote"}
	}
	d.Reasons = append(d.Reasons, r)
}
