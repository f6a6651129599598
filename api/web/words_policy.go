package web

import (
	"maps"

	"switchyard/router"
)

// policyWords are the words of the line and of the policy page.
var policyWords = map[string]router.Sentence{
	"the_line":         {ZH: "排队次序", EN: "The line"},
	"line_help":        {ZH: "现在有空、技能齐全的客服会按这个次序领到工单。", EN: "In this order an agent with free hands and every skill would be served now."},
	"all_queues":       {ZH: "全部队列", EN: "All queues"},
	"ticket":           {ZH: "工单", EN: "Ticket"},
	"tier":             {ZH: "层", EN: "Tier"},
	"score":            {ZH: "得分", EN: "Score"},
	"used":             {ZH: "已用目标", EN: "Of target"},
	"guard":            {ZH: "护栏", EN: "Guard"},
	"past_guard":       {ZH: "已过护栏", EN: "past its guard"},
	"kept_for":         {ZH: "留给", EN: "kept for"},
	"starvation":       {ZH: "每类等得最久的", EN: "Oldest of each class"},
	"starvation_help":  {ZH: "等待超过护栏的工单会提到最前一层；条满表示已到护栏。", EN: "A ticket that has waited past its guard moves to the front tier; a full bar is a guard reached."},
	"overtaken":        {ZH: "被谁超过", EN: "Overtaken by"},
	"overtaken_help":   {ZH: "它过了护栏之后，这些等得更短的工单先被领走。", EN: "After it had passed its guard, these tickets, which had waited less, were served first."},
	"moves_up":         {ZH: "前移", EN: "moves up"},
	"moves_down":       {ZH: "后移", EN: "moves down"},
	"what_if":          {ZH: "试算", EN: "What if"},
	"what_if_help":     {ZH: "左边是现在的次序，右边是同样的工单在这个版本下的次序。还没有启用。", EN: "On the left the line as it is, on the right the same work under this version. Nothing is in force yet."},
	"what_if_same":     {ZH: "在这个版本下，现在的次序不变。", EN: "Under this version the present line stays as it is."},
	"what_if_assigns":  {ZH: "这个版本的分派规则不同，启用后等待中的工单会重新判定。", EN: "It assigns work differently: once in force, waiting tickets are decided again."},
	"what_if_moved":    {ZH: "换了位置的工单：", EN: "Tickets that change places:"},
	"line_farther":     {ZH: "更后面变动最大的", EN: "Farther back, those that move most"},
	"line_now":         {ZH: "现在", EN: "Now"},
	"line_then":        {ZH: "这个版本", EN: "Under this version"},
	"classes_help":     {ZH: "时间以分钟计，可以写算式，例如 load.wait > 15 ? 12 : 8。等号后是现在的值。空着用标准值。", EN: "Times are minutes. Expressions may be used, such as load.wait > 15 ? 12 : 8. Behind = is the value now. Empty is the standard value."},
	"what_if_ticket":   {ZH: "要怎样才会不同？", EN: "What would have changed it?"},
	"what_if_first":    {ZH: "怎样会排在第一", EN: "what would put it first"},
	"what_if_queue":    {ZH: "怎样会进入", EN: "what would put it in"},
	"what_if_none":     {ZH: "已经如此，或者没有单独一项变化能做到。", EN: "It is so already, or no single change would do it."},
	"ask_why":          {ZH: "问", EN: "Ask"},
	"document":         {ZH: "策略文件（YAML）", EN: "The document (YAML)"},
	"saved_version":    {ZH: "已保存为版本", EN: "Saved as version"},
	"no_problems":      {ZH: "没有问题。", EN: "No problems."},
	"history":          {ZH: "启用记录", EN: "What was in force"},
	"roll_back_policy": {ZH: "恢复上一个版本", EN: "Roll back"},
	"rolled_back":      {ZH: "恢复到", EN: "back to"},
	"field.weight":     {ZH: "权重 w", EN: "Weight w"},
	"field.target":     {ZH: "目标 T", EN: "Target T"},
	"field.handling":   {ZH: "处理 p", EN: "Handling p"},
	"field.k":          {ZH: "前瞻 K", EN: "Look-ahead K"},
	"field.guard":      {ZH: "护栏 g", EN: "Guard g"},
	"field.boost":      {ZH: "加权 b", EN: "Boost b"},
}

func init() { maps.Copy(words, policyWords) }
