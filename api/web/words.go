package web

import (
	"strings"

	"switchyard/router"
)

// words are everything the pages say, by key.
var words = map[string]router.Sentence{
	"app":                      {ZH: "Switchyard 客服台", EN: "Switchyard desk"},
	"sign_in":                  {ZH: "登录", EN: "Sign in"},
	"sign_out":                 {ZH: "退出", EN: "Sign out"},
	"name":                     {ZH: "用户名", EN: "Name"},
	"password":                 {ZH: "密码", EN: "Password"},
	"new_password":             {ZH: "新密码（至少十位）", EN: "New password (at least ten characters)"},
	"wrong":                    {ZH: "用户名或密码不对。", EN: "The name or the password is wrong."},
	"link_gone":                {ZH: "这个链接已经用过或已过期，请再要一个。", EN: "This link was used or is out of date; ask for a new one."},
	"link_first":               {ZH: "创建第一位经理", EN: "Make the first manager"},
	"link_password":            {ZH: "设置密码", EN: "Set a password"},
	"link_sign_in":             {ZH: "一键登录", EN: "One-click sign-in"},
	"go_on":                    {ZH: "继续", EN: "Continue"},
	"agent":                    {ZH: "客服", EN: "Agent"},
	"manager":                  {ZH: "经理", EN: "Manager"},
	"pull":                     {ZH: "领取下一张", EN: "Pull next"},
	"presence":                 {ZH: "状态", EN: "Presence"},
	"available":                {ZH: "在线", EN: "Available"},
	"away":                     {ZH: "离开", EN: "Away"},
	"offline":                  {ZH: "下线", EN: "Offline"},
	"mine":                     {ZH: "我手上的工单", EN: "My tickets"},
	"queues":                   {ZH: "队列", EN: "Queues"},
	"queue":                    {ZH: "队列", EN: "Queue"},
	"waiting":                  {ZH: "等待", EN: "Waiting"},
	"oldest":                   {ZH: "最久", EN: "Oldest"},
	"at_risk":                  {ZH: "将超时", EN: "At risk"},
	"predicted":                {ZH: "预计等待", EN: "Predicted wait"},
	"agents":                   {ZH: "客服人数", EN: "Agents"},
	"open":                     {ZH: "营业", EN: "Open"},
	"closed":                   {ZH: "休息", EN: "Closed"},
	"minutes":                  {ZH: "分钟", EN: "min"},
	"nothing_here":             {ZH: "这里什么都没有。", EN: "Nothing here."},
	"back":                     {ZH: "返回列表", EN: "Back to the list"},
	"choose":                   {ZH: "领取或选择一张工单，对话会显示在这里。", EN: "Pull or choose a ticket; the conversation shows here."},
	"topic":                    {ZH: "主题", EN: "Topic"},
	"class":                    {ZH: "类别", EN: "Class"},
	"channel":                  {ZH: "渠道", EN: "Channel"},
	"language":                 {ZH: "语言", EN: "Language"},
	"wait":                     {ZH: "已等", EN: "Waited"},
	"target":                   {ZH: "目标", EN: "Target"},
	"cutoff":                   {ZH: "处理期限", EN: "Cut-off"},
	"contact":                  {ZH: "客户", EN: "Contact"},
	"earlier":                  {ZH: "以前的工单", EN: "Earlier tickets"},
	"missing":                  {ZH: "还缺的信息", EN: "Facts still missing"},
	"proposed":                 {ZH: "新消息像是在说", EN: "Newer messages speak of"},
	"accept":                   {ZH: "解决时改为这个主题", EN: "Resolve under this topic"},
	"automatic":                {ZH: "系统自动发送", EN: "sent automatically"},
	"why":                      {ZH: "为什么是它", EN: "Why this one"},
	"trace":                    {ZH: "判定过程", EN: "How it was decided"},
	"reply":                    {ZH: "回复", EN: "Reply"},
	"send":                     {ZH: "发送", EN: "Send"},
	"then":                     {ZH: "之后", EN: "Then"},
	"keep":                     {ZH: "继续处理", EN: "keep it"},
	"pending":                  {ZH: "等客户回复", EN: "wait for the customer"},
	"resolve":                  {ZH: "解决", EN: "Resolve"},
	"resolve_as":               {ZH: "解决，主题是", EN: "Resolve as"},
	"as_is":                    {ZH: "（不变）", EN: "(as it is)"},
	"note":                     {ZH: "内部备注", EN: "Internal note"},
	"add":                      {ZH: "添加", EN: "Add"},
	"release":                  {ZH: "放回", EN: "Release"},
	"transfer":                 {ZH: "转到", EN: "Transfer to"},
	"snooze":                   {ZH: "推迟一小时", EN: "Snooze one hour"},
	"spam":                     {ZH: "垃圾信息", EN: "Spam"},
	"claim":                    {ZH: "我来处理", EN: "Claim"},
	"callback":                 {ZH: "回电结果", EN: "Call-back"},
	"reached":                  {ZH: "已接通", EN: "Reached"},
	"no_answer":                {ZH: "无人接听", EN: "No answer"},
	"busy":                     {ZH: "占线", EN: "Busy"},
	"wrong_number":             {ZH: "号码错误", EN: "Wrong number"},
	"files":                    {ZH: "附件", EN: "Files"},
	"draft":                    {ZH: "草稿，没有发出", EN: "Draft, not sent"},
	"sent":                     {ZH: "已送达渠道", EN: "sent"},
	"queued":                   {ZH: "发送中", EN: "sending"},
	"failed":                   {ZH: "发送失败", EN: "not delivered"},
	"held":                     {ZH: "暂扣（垃圾与自动邮件）", EN: "Held (spam and automatic mail)"},
	"held_short":               {ZH: "暂扣", EN: "Held"},
	"held_all":                 {ZH: "查看全部", EN: "See all of them"},
	"held_intro":               {ZH: "这些消息不进任何队列，也不会消失。放行会让它进入队列，关闭则结束它。", EN: "These messages are in no queue, and none of them vanishes. Release lets one into its queue, dismiss closes it."},
	"sureness":                 {ZH: "把握", EN: "Sureness"},
	"older":                    {ZH: "更早的", EN: "Older"},
	"newest":                   {ZH: "最新的", EN: "Newest"},
	"let_in":                   {ZH: "放行", EN: "Release"},
	"dismiss":                  {ZH: "关闭", EN: "Dismiss"},
	"dead":                     {ZH: "死信与发送失败", EN: "Dead letters and failed replies"},
	"retry":                    {ZH: "重试", EN: "Try again"},
	"sources":                  {ZH: "来源", EN: "Sources"},
	"source":                   {ZH: "来源", EN: "Source"},
	"health":                   {ZH: "健康", EN: "Health"},
	"visitor":                  {ZH: "访客", EN: "Visitor"},
	"health.ok":                {ZH: "正常", EN: "ok"},
	"health.degraded":          {ZH: "不稳定", EN: "degraded"},
	"health.down":              {ZH: "中断", EN: "down"},
	"health.idle":              {ZH: "未运行", EN: "idle"},
	"lang.zh":                  {ZH: "中文", EN: "Chinese"},
	"lang.en":                  {ZH: "英文", EN: "English"},
	"kind":                     {ZH: "类型", EN: "Kind"},
	"last_input":               {ZH: "最近收到", EN: "Last input"},
	"policy":                   {ZH: "策略", EN: "Policy"},
	"version":                  {ZH: "版本", EN: "Version"},
	"in_force":                 {ZH: "正在使用", EN: "in force"},
	"activate":                 {ZH: "启用", EN: "Activate"},
	"check":                    {ZH: "检查并保存", EN: "Check and save"},
	"saved":                    {ZH: "已保存为新版本", EN: "Saved as a new version"},
	"tasks":                    {ZH: "任务", EN: "Tasks"},
	"api_docs":                 {ZH: "接口文档", EN: "API"},
	"load":                     {ZH: "负载", EN: "Load"},
	"available_now":            {ZH: "在线客服", EN: "agents available"},
	"per_minute":               {ZH: "每分钟到达", EN: "arrivals a minute"},
	"waiting_chart":            {ZH: "各队列等待的工单", EN: "Tickets waiting by queue"},
	"people":                   {ZH: "人员", EN: "People"},
	"state":                    {ZH: "状态", EN: "State"},
	"holds":                    {ZH: "手上", EN: "Holds"},
	"unassigned":               {ZH: "等待中的工单", EN: "Waiting tickets"},
	"search":                   {ZH: "搜索", EN: "Search"},
	"chat_title":               {ZH: "联系我们", EN: "Talk to us"},
	"chat_intro":               {ZH: "我们绝不会索要密码或验证码。", EN: "We never ask for a password or a code."},
	"other_language":           {ZH: "English", EN: "中文"},
	"empty.nothing_waiting":    {ZH: "现在没有等待的工单。", EN: "Nothing is waiting."},
	"empty.no_skill":           {ZH: "等待的工单需要你没有的技能或语言。", EN: "What waits needs a skill or language you do not have."},
	"empty.no_capacity":        {ZH: "你手上的工单已满，先完成一些。", EN: "Your hands are full; finish something first."},
	"empty.reserved":           {ZH: "有一个来电在等你腾出手，请先完成手上的工单。", EN: "A call waits for your hands to be empty; finish what you hold."},
	"empty.kept":               {ZH: "等待的工单暂时留给上一位客服。", EN: "What waits is kept for its last agent for a while."},
	"empty.released_by_you":    {ZH: "剩下的是你刚放回的工单。", EN: "What is left you have just released."},
	"empty.off_shift":          {ZH: "你不在班次内。", EN: "You are off shift."},
	"code.stale_claim":         {ZH: "你对这张工单的占用已结束，文字已存为草稿。", EN: "Your claim has ended; your text is kept as a draft."},
	"code.unseen_message":      {ZH: "客户又写了新消息，请先看再发；文字已存为草稿。", EN: "The customer wrote again; read it first. Your text is kept as a draft."},
	"code.cannot_reply":        {ZH: "这个来源不能回复，请用回电或其他渠道。", EN: "This source carries no replies; use a call-back or another channel."},
	"code.not_claimable":       {ZH: "现在不能领取这张工单。", EN: "This ticket cannot be claimed now."},
	"code.unavailable":         {ZH: "暂时不可用，请稍后再试。", EN: "Not available now; try again in a moment."},
	"code.other":               {ZH: "没有成功：", EN: "That did not work: "},
	"returned.delivery_failed": {ZH: "上一条回复没有送达", EN: "the last reply did not arrive"},
	"returned.customer_wrote":  {ZH: "客户又写了", EN: "the customer wrote again"},
	"returned.expired":         {ZH: "上一位客服没有处理", EN: "its agent did not act"},
	"returned.released":        {ZH: "被放回", EN: "released"},
	"returned.transferred":     {ZH: "转来的", EN: "transferred"},
	"returned.reopened":        {ZH: "重新打开", EN: "reopened"},
	"returned.snooze_over":     {ZH: "推迟到期", EN: "its snooze is over"},
	"ch.email":                 {ZH: "邮件", EN: "email"},
	"ch.chat":                  {ZH: "网聊", EN: "chat"},
	"ch.phone":                 {ZH: "电话", EN: "phone"},
	"ch.social":                {ZH: "社交", EN: "social"},
	"returned.assigned":        {ZH: "由经理分配", EN: "assigned by a manager"},
}

// say is the word of a key in a language; a key without a word is shown as it is.
func say(lang router.Language, key string) string {
	s, ok := words[key]
	if !ok {
		return key
	}
	if lang == router.LanguageZH {
		return s.ZH
	}
	return s.EN
}

// sayOr is the word of a key, or nothing where there is none.
func sayOr(lang router.Language, key string) string {
	if _, ok := words[key]; !ok {
		return ""
	}
	return say(lang, key)
}

func sentence(lang router.Language, s router.Sentence) string {
	if lang == router.LanguageZH && s.ZH != "" {
		return s.ZH
	}
	return s.EN
}

// scriptWords are the keys of words that scripts show, as they stand in attributes.
func scriptWords(lang router.Language) map[string]string {
	out := map[string]string{}
	for key := range words {
		if strings.HasPrefix(key, "code.") || strings.HasPrefix(key, "empty.") {
			out["data-"+strings.NewReplacer(".", "-", "_", "-").Replace(key)] = say(lang, key)
		}
	}
	return out
}
