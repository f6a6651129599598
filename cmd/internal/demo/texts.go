package demo

import "switchyard/router"

// text is one thing a customer writes, with the subject it has as a mail.
type text struct {
	subject string
	body    string
}

// texts are what customers of the wallet write, by language; the topics are mixed as a desk sees them.
var texts = map[router.Language][]text{
	router.LanguageEN: {
		{"Charged twice", "Hi, I was charged twice for order 88213345 yesterday, 35.90 USD each time. Please refund one of them."},
		{"Wrong recipient", "I sent 250 USD to the wrong recipient ten minutes ago, the payment is still pending. Can you cancel it please??"},
		{"Payment failed", "The payment failed with error code 5021 but the money is gone from my balance."},
		{"Someone is in my account", "Someone is paying from my account right now! Three unauthorized transactions since this morning. Freeze the account!"},
		{"Phishing?", "I got a mail that looks like yours asking for my password. I think it is phishing, and I clicked the link..."},
		{"Withdrawal late", "My withdrawal of 1,200 USD to my bank (card ending 4242) has been processing since Tuesday. Where is it?"},
		{"Payout refused", "My payout was refused because identity verification failed. I uploaded my passport twice already."},
		{"Locked out", "I lost my phone and cannot log in any more. My registered email is still the same. How do I recover my account?"},
		{"Password", "forgot my password, the reset mail never comes"},
		{"Fees", "Hello, how do I see the fees for sending money abroad, and what is the daily limit?"},
		{"App crashes", "The app crashes every time I open the cards page since the update. Version 6.2.1."},
		{"Nobody answers", "I have been trying to get through to customer service for two days. Nobody answers the phone. This is a complaint."},
		{"Thanks", "Just wanted to say thanks, the agent yesterday was very helpful."},
		{"Refund", "The merchant did not receive my payment of 79 EUR but it was charged. Refund please."},
		{"Suspicious login", "You told me about a suspicious login from another city. That was not me. What should I do?"},
		{"SEO", "Dear sir, our SEO services increase your traffic. Act now."},
	},
	router.LanguageZH: {
		{"重复扣款", "你好，昨天下午订单 88213345 重复扣款了，两次都是 259 元，请退回一笔。"},
		{"转错人了", "我刚才把 2000 元转错人了，付款还在处理中，能不能马上撤销？急！"},
		{"付款失败", "付款失败，错误码 5021，但是余额里的钱已经扣了，什么时候能退款？"},
		{"账户被盗", "有人盗刷我的账户，今天早上开始有三笔不是我操作的交易，请马上冻结账户！"},
		{"收到钓鱼短信", "我收到一条像你们发的短信要我填密码，应该是钓鱼，我不小心点进去了怎么办"},
		{"提现没到账", "提现 5000 元到银行卡（尾号 4242）三天了还没到账，状态一直显示处理中。"},
		{"提现被拒", "提现一直失败，说我实名认证没通过，身份证已经上传两次了。"},
		{"手机丢了", "手机丢了换了新号，现在登录不了，收不到验证码，怎么找回账户？"},
		{"忘记密码", "忘记密码了，重置的邮件一直收不到"},
		{"手续费", "请问转账到境外的手续费怎么算，每天限额是多少？"},
		{"闪退", "更新以后一打开银行卡页面就闪退，版本 6.2.1。"},
		{"打不通电话", "客服电话打了两天都打不通，一直没人接，我要投诉。"},
		{"谢谢", "昨天的客服很耐心，谢谢你们。"},
		{"商户没收到", "付款 79 元，商户没收到，但是我这边已经扣款了，请退款。"},
		{"异地登录", "提示异地登录，不是我本人，账户安全吗？"},
		{"代开发票", "代开发票，加微信领优惠"},
	},
}

// followUps are what customers answer to the desk.
var followUps = map[router.Language][]string{
	router.LanguageEN: {"Thank you, that helped.", "Ok. How long will it take?", "It was at about 14:30, 35.90 USD.", "Still not there..."},
	router.LanguageZH: {"好的，谢谢！", "大概要多久？", "大概是下午两点半，259 元。", "还是没有到账……"},
}

// answers are what synthetic agents write.
var answers = map[router.Language][]string{
	router.LanguageEN: {"Thank you for writing. I am looking into it now.", "I can see the payment. I have asked for it to be returned; it takes up to two days.", "Could you tell us the time, the amount and the status you see? We never ask for a password or a code."},
	router.LanguageZH: {"您好，已经在为您查询。", "已经看到这笔交易，正在申请退回，最多两个工作日。", "请告诉我们时间、金额和显示的状态。我们绝不会索要密码或验证码。"},
}

// names are what customers are called.
var names = map[router.Language][]string{
	router.LanguageEN: {"Ann Lee", "Bob Stone", "Carla Ruiz", "Dan Okafor", "Eve Martin", "Frank Hill", "Grace Kim", "Hugo Weiss"},
	router.LanguageZH: {"李娜", "王伟", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "周婷"},
}
