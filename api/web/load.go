package web

import (
	"fmt"
	"maps"

	"switchyard/router"
	"switchyard/router/dispatch"
	"switchyard/router/load"
	"switchyard/router/prioritize"
)

// loadRow is one class as it is now.
type loadRow struct {
	Title    router.Sentence
	Load     load.ClassLoad
	Now      prioritize.Params
	Late     bool
	Handling float64 // minutes; over channels by what was seen of each, the stated one where nothing was
	Learned  string  // what was learned of its handling, by channel; empty: nothing yet
}

func loadRows(view *dispatch.View) (out []loadRow) {
	s := view.Snapshot
	for _, cl := range view.Rules.ClassList {
		r := loadRow{Title: cl.Title, Load: s.Lines[cl.Name], Now: s.Classes[cl.Name]}
		r.Late = r.Load.OldestMinutes > r.Now.Target.Minutes()
		r.Handling = r.Now.Handling.Minutes()
		seen, spent := 0.0, 0.0
		for _, h := range s.Handling {
			if h.Class == cl.Name {
				r.Learned += fmt.Sprintf("%s: %.1f → %.1f (n %.0f); ", h.Channel, h.Stated.Minutes(), h.Counts.Minutes(), h.N)
				seen, spent = seen+h.N, spent+h.N*h.Counts.Minutes()
			}
		}
		if seen > 0 {
			r.Handling = spent / seen
		}
		out = append(out, r)
	}
	return out
}

var loadWords = map[string]router.Sentence{
	"unserved":       {ZH: "没有人能处理", EN: "Nobody can serve these"},
	"unserved_help":  {ZH: "没有客服具备所需的技能或语言，放宽之后也没有：它们会一直等下去。", EN: "No agent has the skills or the language they need, at any ring: they will wait for ever."},
	"deciding_again": {ZH: "正在重新判定等待中的工单", EN: "Waiting work is being decided again"},
	"moved_so_far":   {ZH: "已移动", EN: "moved"},
	"weight_now":     {ZH: "权重", EN: "Weight now"},
	"handling_now":   {ZH: "处理", EN: "Handling"},
	"with_work":      {ZH: "手上有工单", EN: "with work in hand"},
	"due_to_end":     {ZH: "即将下班", EN: "about to end their shift"},
	"off_shift":      {ZH: "不在班", EN: "off shift"},
	"runs":           {ZH: "队列分段", EN: "runs"},
	"vs_forecast":    {ZH: "来访与预测之比", EN: "contacts against forecast"},
	"learned_help":   {ZH: "* 处理时间含从实际工作学到的部分", EN: "* handling learned from work done"},
	"some_hours":     {ZH: "数小时", EN: "several hours"},
}

func init() { maps.Copy(words, loadWords) }
