package web

import (
	"maps"

	"switchyard/router"
)

// forecastWords are the words of the forecast and of the customers' contact page.
var forecastWords = map[string]router.Sentence{
	"forecast":             {ZH: "预测与排班", EN: "Forecast"},
	"forecast_none":        {ZH: "用 switchyard import phone 或 import email 导入过去的记录，就可以预测。", EN: "Import past records with switchyard import phone or import email to have one."},
	"arrivals_chart":       {ZH: "每刻钟的来访量", EN: "Contacts per quarter-hour"},
	"staff_chart":          {ZH: "需要的客服与在班的客服", EN: "Agents needed and on shift"},
	"heat_chart":           {ZH: "未来一周每小时的来访量", EN: "Contacts per hour, the coming week"},
	"forecast_report":      {ZH: "过去两周预测得准不准", EN: "How the forecasts of the last two weeks came out"},
	"forecast_report_help": {ZH: "每次只用当时已知的数据；“照上周”是直接照抄上周同一时段。", EN: "Each made from what was known then; the plain rule copies the same time of last week."},
	"days_ahead":           {ZH: "提前天数", EN: "Days ahead"},
	"mean":                 {ZH: "平均", EN: "Mean"},
	"naive_rule":           {ZH: "照上周", EN: "Plain rule"},
	"per_quarter":          {ZH: "每刻钟", EN: "per quarter-hour"},
	"per_day":              {ZH: "每天", EN: "per day"},
	"the_week":             {ZH: "未来一周", EN: "The coming week"},
	"expected":             {ZH: "预计", EN: "Expected"},
	"came":                 {ZH: "实际", EN: "Came"},
	"hour":                 {ZH: "时间", EN: "Time"},
	"day":                  {ZH: "日期", EN: "Day"},
	"all":                  {ZH: "全部", EN: "all"},
	"staffing":             {ZH: "排班", EN: "Staffing"},
	"staff_missing":        {ZH: "最缺时少几人：", EN: "Agents missing at worst:"},
	"staff_enough":         {ZH: "全天人手足够。", EN: "There are enough agents all day."},
	"staff_help":           {ZH: "按策略的 staffing：在最短的目标时间内接到的比例（选了主题就按它的目标）、客户的耐心；处理时间按渠道占用折算；负载的高峰晚于来访的高峰。没有班次的客服算全天在班。", EN: "By the policy's staffing section: the share served within the shortest target (that of the topic, where one is chosen), and customers' patience; handling times are weighed by what the channel costs. The peak of load comes after the peak of contacts. Agents without a shift count all day."},
	"needed":               {ZH: "需要", EN: "Needed"},
	"on_shift":             {ZH: "在班", EN: "On shift"},
	"by_hour":              {ZH: "每小时", EN: "By the hour"},
	"in_target":            {ZH: "达标", EN: "In target"},
	"quietest":             {ZH: "最空闲的时段", EN: "Quietest hours"},
	"quietest_help":        {ZH: "客户在这里看到同样的时段：", EN: "Customers see the same hours at"},
	"quietest_customer":    {ZH: "这些时段联系我们，通常等得最短。", EN: "At these hours you will usually wait least."},
	"contact_us":           {ZH: "联系我们", EN: "Contact us"},
	"we_are_open":          {ZH: "现在有客服", EN: "We are open"},
	"we_are_closed":        {ZH: "现在是非工作时间", EN: "We are closed"},
	"until":                {ZH: "到", EN: "until"},
	"opens":                {ZH: "开门：", EN: "open again"},
	"before_you_write":     {ZH: "联系之前", EN: "Before you write"},
	"how_long":             {ZH: "现在大约要等多久", EN: "How long it takes now"},
	"wait_now":             {ZH: "等待", EN: "Wait"},
	"about_so_many":        {ZH: "约", EN: "about"},
	"nobody_there":         {ZH: "现在没有客服在，上班后回复", EN: "nobody is there now; we answer when we are back"},
	"at_once":              {ZH: "马上", EN: "at once"},
	"weekday.Monday":       {ZH: "周一", EN: "Mon"},
	"weekday.Tuesday":      {ZH: "周二", EN: "Tue"},
	"weekday.Wednesday":    {ZH: "周三", EN: "Wed"},
	"weekday.Thursday":     {ZH: "周四", EN: "Thu"},
	"weekday.Friday":       {ZH: "周五", EN: "Fri"},
	"weekday.Saturday":     {ZH: "周六", EN: "Sat"},
	"weekday.Sunday":       {ZH: "周日", EN: "Sun"},
}

func init() { maps.Copy(words, forecastWords) }
