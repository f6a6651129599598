package web

import (
	"maps"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"switchyard/api/chart"
	"switchyard/router"
	"switchyard/router/backtest"
)

// changedShown bounds the tickets whose fate changed most.
const changedShown = 12

// backTestData is what a policy would have done to the desk's past.
type backTestData struct {
	Report  *backtest.Report // nil: there is no past
	Rows    []verdictRow
	Changed []backtest.Change
	Chart   *chart.Picture
}

// verdictRow is one class of it.
type verdictRow struct {
	backtest.Verdict
	Title  router.Sentence
	Points float64 // won or lost
}

// backTest answers the past replayed under a stored policy, as a part of the policy page.
func (p *Pages) backTest(c echo.Context) error {
	ctx := c.Request().Context()
	rules, err := p.Live.Ruleset(ctx, c.QueryParam("version"))
	if err != nil {
		return err
	}
	d := backTestData{}
	if d.Report, err = p.Desk.BackTest(ctx, rules); err != nil {
		return err
	}
	if d.Report != nil {
		if err := p.verdicts(c, &d); err != nil {
			return err
		}
	}
	return p.render(c, http.StatusOK, "backtest.html", "what_if", d)
}

func (p *Pages) verdicts(c echo.Context, d *backTestData) error {
	lang := language(c)
	in := chart.BarChart{Title: say(lang, "in_time_chart"), XName: say(lang, "class"), Series: []chart.Series{{Name: say(lang, "line_now")}, {Name: say(lang, "line_then")}}}
	rules := p.Live.View().Rules
	for _, v := range d.Report.Classes {
		title := router.Sentence{ZH: string(v.Class), EN: string(v.Class)}
		if cl := rules.Classes[v.Class]; cl != nil {
			title = cl.Title
		}
		d.Rows = append(d.Rows, verdictRow{v, title, v.Proposed - v.Today})
		in.X = append(in.X, sentence(lang, title))
		in.Series[0].Values = append(in.Series[0].Values, v.Today)
		in.Series[1].Values = append(in.Series[1].Values, v.Proposed)
	}
	d.Changed = d.Report.Changed[:min(len(d.Report.Changed), changedShown)]
	if len(in.X) == 0 {
		return nil
	}
	picture, err := chart.Bars(in)
	d.Chart = &picture
	return err
}

// frontierData is the share in SLA against the worst wait, guard by guard.
type frontierData struct {
	Points []backtest.Point
	Chart  *chart.Picture
}

// frontier answers what each guard would have given over the desk's past, as a part of the policy page.
func (p *Pages) frontier(c echo.Context) error {
	points, err := p.Desk.Frontier(c.Request().Context())
	if err != nil {
		return err
	}
	lang, d := language(c), frontierData{Points: points}
	if len(points) > 0 {
		in := chart.FrontierChart{Title: say(lang, "frontier_chart"), NameName: say(lang, "field.guard"), ShareName: say(lang, "in_time_chart"), WorstName: say(lang, "worst_over"),
			ChosenName: say(lang, "in_force"), FrontierName: say(lang, "frontier_best"), DominatedNames: say(lang, "frontier_beaten")}
		for _, x := range points {
			in.Choices = append(in.Choices, chart.Choice{Name: "g " + strconv.FormatFloat(x.Guard, 'g', 3, 64), Share: x.Share, Worst: x.Worst, Chosen: x.InForce})
		}
		picture, err := chart.Frontier(in)
		if err != nil {
			return err
		}
		d.Chart = &picture
	}
	return p.render(c, http.StatusOK, "frontier.html", "frontier", d)
}

// replayDone answers how far the replay that is being made has come, in per cent.
func (p *Pages) replayDone(c echo.Context) error {
	return c.String(http.StatusOK, strconv.Itoa(int(100*p.Desk.ReplayDone())))
}

var backTestWords = map[string]router.Sentence{
	"replay":          {ZH: "用过去的工单重放", EN: "The past, replayed"},
	"replaying":       {ZH: "正在用过去的工单重放…", EN: "Replaying the past…"},
	"replay_none":     {ZH: "过去这段时间没有工单可以重放，或者还没有客服；启用不会因此被拒绝。", EN: "There are no tickets of that time to replay, or no agents yet; nothing is refused because of it."},
	"replay_of":       {ZH: "重放了", EN: "Replayed:"},
	"today_in_time":   {ZH: "现行按时", EN: "In time now"},
	"then_in_time":    {ZH: "这个版本按时", EN: "Under this version"},
	"change":          {ZH: "变化", EN: "Change"},
	"may_lose":        {ZH: "允许下降", EN: "May lose"},
	"worst_wait":      {ZH: "最长等待", EN: "Worst wait"},
	"refused":         {ZH: "变差过多", EN: "worse than allowed"},
	"too_few":         {ZH: "太少，不计", EN: "too few to count"},
	"all_tickets":     {ZH: "全部（按各自目标）", EN: "All (by each policy's own targets)"},
	"mean_wait":       {ZH: "平均等待", EN: "Mean wait"},
	"gave_up":         {ZH: "放弃", EN: "Gave up"},
	"busy_share":      {ZH: "忙碌", EN: "Busy"},
	"changed_most":    {ZH: "变化最大的工单", EN: "The tickets whose fate changes most"},
	"told_waits":      {ZH: "告诉客户的等待准不准", EN: "How good the told waits were"},
	"told_waits_help": {ZH: "误差以分钟计（告诉的减去实际的）；后两列是实际等待落在 50% 和 90% 区间的比例。", EN: "Errors in minutes (told minus happened); the last two columns are the share of waits inside the 50 % and the 90 % band."},
	"mean_error":      {ZH: "平均误差", EN: "Mean error"},
	"mean_absolute":   {ZH: "平均绝对误差", EN: "Mean absolute"},
	"in_time_chart":   {ZH: "按时的比例（%）", EN: "Share in time (%)"},
	"frontier":        {ZH: "护栏的取舍", EN: "What a guard costs"},
	"frontier_help":   {ZH: "用过去的工单重放，护栏 g 依次取不同的值：按时的比例越高，最长的等待往往越久。选哪一个由您决定。", EN: "The past replayed with one guard g after the other: a larger share in time costs a longer worst wait. The choice is yours."},
	"frontier_chart":  {ZH: "按时的比例与最长等待", EN: "Share in time against worst wait"},
	"frontier_best":   {ZH: "没有更好的", EN: "nothing beats it"},
	"frontier_beaten": {ZH: "两方面都不如别的", EN: "beaten in both"},
	"worst_over":      {ZH: "最长等待 / 目标", EN: "Worst wait / target"},
	"work_it_out":     {ZH: "算一算", EN: "Work it out"},
	"numbers":         {ZH: "数字", EN: "The numbers"},
	"override":        {ZH: "仍然启用（需要理由）", EN: "put it in force all the same (needs a reason)"},
}

func init() { maps.Copy(words, backTestWords) }
