package demo

import "switchyard/router"

// text is one thing a customer writes, with the subject it has as a mail, and what the customer answers
// when the desk asks for what is missing.
type text struct {
	subject string
	body    string
	facts   string
}

// texts are what customers of the wallet write, by language; the topics are mixed as a desk sees them.
var texts = map[router.Language][]text{
	router.LanguageEN: {
		{"Charged twice", "Hi, I was charged twice for order 88213345 yesterday, 35.90 USD each time. Please refund one of them.", "It was to Ann Lee's shop, payee: Ann Lee, at about 14:30."},
		{"Wrong recipient", "I sent 250 USD to the wrong recipient ten minutes ago, the payment is still pending. Can you cancel it please??", "It went to Robert Stone instead of Robin Stone, ten minutes before I wrote. Please cancel it."},
		{"Payment failed", "The payment failed with error code 5021 but the money is gone from my balance.", "Today at 9:15, 64.00 USD, paid to Grace Kim."},
		{"Someone is in my account", "Someone is paying from my account right now! Three unauthorized transactions since this morning. Freeze the account!", "Yes, freeze it. It began this morning at about 7."},
		{"Phishing?", "I got a mail that looks like yours asking for my password. I think it is phishing, and I clicked the link...", "Since yesterday evening. Please do not freeze it yet, nothing is gone."},
		{"Withdrawal late", "My withdrawal of 1,200 USD to my bank (card ending 4242) has been processing since Tuesday. Where is it?", "I asked for it on Tuesday at 10 am."},
		{"Payout refused", "My payout was refused because identity verification failed. I uploaded my passport twice already.", "500 USD, card ending 7719, asked for yesterday."},
		{"Locked out", "I lost my phone and cannot log in any more. My registered email is still the same. How do I recover my account?", "The number was +44 7700 900123 and the mail is ann.lee@example.com"},
		{"Password", "forgot my password, the reset mail never comes", "registered with hugo@example.com, phone +1 202 555 0147"},
		{"Fees", "Hello, how do I see the fees for sending money abroad, and what is the daily limit?", ""},
		{"App crashes", "The app crashes every time I open the cards page since the update. Version 6.2.1.", ""},
		{"Nobody answers", "I have been trying to get through to customer service for two days. Nobody answers the phone. This is a complaint.", ""},
		{"Thanks", "Just wanted to say thanks, the agent yesterday was very helpful.", ""},
		{"Refund", "The merchant did not receive my payment of 79 EUR but it was charged. Refund please.", "Yesterday at noon, payee: Corner Bookshop."},
		{"Suspicious login", "You told me about a suspicious login from another city. That was not me. What should I do?", "Since last night, and yes, please freeze my account."},
		{"SEO", "Dear sir, our SEO services increase your traffic. Act now.", ""},
		// words of one topic used for another, several at once, long ones with the point at the end, codes and screens
		{"Is this normal", "Saw a login from Porto on my phone this morning, I live in Leeds. Is that you or somebody else's fingers in my wallet?", "Since this morning 6:40. Freeze it please."},
		{"Two things", "My account was taken over on Sunday and now the withdrawal of 800 USD I never asked for is on its way to a card ending 0087. Stop it!", "Since Sunday, and yes, freeze everything."},
		{"Help please", "Good morning, I have used your app for four years and never had a reason to write. My daughter studies abroad, so I send her something every month, and it has always been quick. On Monday I sent the usual, and the shop screen turned grey, and she says there is nothing. I am not angry, only worried. The screen says PAYMENT_PENDING.", "Monday at 9:20, 300 EUR, paid to Clara Weiss."},
		{"ERR_4012", "ERR_4012 PAYMENT_STUCK txn 20261103118 amount 18.40 GBP", "Today at 11:05, payee: Dan Okafor."},
		{"Bank says no", "bank says nothing came from u, app says payout complete. who is lying", "250 USD, card ending 3310, last Friday"},
		{"No code", "New sim card, new number. The code keeps going to my old phone so I am locked out of my own money.", "Old number +44 7700 900456, mail carla@example.com"},
		{"What if", "Just asking: what happens to my balance if somebody steals my phone one day?", ""},
		{"Top up", "can i top up w/ a prepaid card?", ""},
		{"Rude bot", "Your chat robot hung up on me THREE TIMES. I want a HUMAN.", ""},
		{"Where is my parcel", "Hello, my parcel should have come on Thursday, the courier says it is at the depot. Can you call them?", ""},
		{"Re: invoice 7714", "Your mailbox is almost full. Sign in here to keep receiving messages.", ""},
		{"Partner offer", "We buy verified wallets, best price, guest post and casino links welcome, act now", ""},
		{"refund???", "refund", "It was 12.99 USD on the 3rd, paid to Eve Martin"},
		{"Paid 小明 twice", "hi, I paid 小明 twice by mistake, 200 块 each, can the second one come back?", "昨天晚上八点，收款人：小明"},
	},
	router.LanguageZH: {
		{"重复扣款", "你好，昨天下午订单 88213345 重复扣款了，两次都是 259 元，请退回一笔。", "收款人：张敏，下午两点半左右。"},
		{"转错人了", "我刚才把 2000 元转错人了，付款还在处理中，能不能马上撤销？急！", "收款人：王小明，十分钟前转的，请撤销。"},
		{"付款失败", "付款失败，错误码 5021，但是余额里的钱已经扣了，什么时候能退款？", "今天上午九点，64 元，收款人：李静。"},
		{"账户被盗", "有人盗刷我的账户，今天早上开始有三笔不是我操作的交易，请马上冻结账户！", "可以冻结，今天早上七点开始的。"},
		{"收到钓鱼短信", "我收到一条像你们发的短信要我填密码，应该是钓鱼，我不小心点进去了怎么办", "昨天晚上收到的，先不要冻结，钱还在。"},
		{"提现没到账", "提现 5000 元到银行卡（尾号 4242）三天了还没到账，状态一直显示处理中。", "三天前上午十点申请的。"},
		{"提现被拒", "提现一直失败，说我实名认证没通过，身份证已经上传两次了。", "300 元，尾号 7719，昨天申请的。"},
		{"手机丢了", "手机丢了换了新号，现在登录不了，收不到验证码，怎么找回账户？", "注册手机号 13800138000，邮箱 yangfan@example.cn"},
		{"忘记密码", "忘记密码了，重置的邮件一直收不到", "手机 13900139000，邮箱是 zhouting@example.cn"},
		{"手续费", "请问转账到境外的手续费怎么算，每天限额是多少？", ""},
		{"闪退", "更新以后一打开银行卡页面就闪退，版本 6.2.1。", ""},
		{"打不通电话", "客服电话打了两天都打不通，一直没人接，我要投诉。", ""},
		{"谢谢", "昨天的客服很耐心，谢谢你们。", ""},
		{"商户没收到", "付款 79 元，商户没收到，但是我这边已经扣款了，请退款。", "昨天中午付的，收款人：街角书店。"},
		{"异地登录", "提示异地登录，不是我本人，账户安全吗？", "昨晚开始的，可以冻结。"},
		{"代开发票", "代开发票，加微信领优惠", ""},
		// the same kinds as above; Cantonese, mixed and Traditional among them
		{"这正常吗", "早上手机显示在福州登录过，我人在沈阳，是你们系统的问题还是有人动了我的钱包？", "今天早上六点多开始的，可以冻结。"},
		{"两件事", "周日账户被人盗了，现在又看到一笔 800 元的提现不是我申请的，到尾号 0087 的卡，快拦住！", "周日开始，可以冻结。"},
		{"请帮忙看看", "您好，我是老用户了，用了四年从来没有找过客服。女儿在外地读书，我每个月给她转生活费，一直都很快。这周一照常转的，结果页面变灰了，她说没有收到。我不着急，就是有点担心。页面上写的是“交易处理中”。", "周一上午九点二十，2000 元，收款人：刘小雨"},
		{"4012", "错误码 4012 交易卡住 流水号 20261103118 金额 18.40 元", "今天十一点零五分，收款人：陈静"},
		{"银行说没有", "银行讲冇收到，你哋app话提現成功，到底邊個啱", "250元，尾号3310，上星期五"},
		{"收不到码", "换了新卡新号，验证码一直发到旧手机上，自己的钱自己登不进去。", "旧手机号 13700137000，邮箱 zhaolei@example.cn"},
		{"问一下", "如果哪天手机被偷了，余额会怎么样？就是先问问。", ""},
		{"充值", "预付卡能充值不", ""},
		{"要人工", "机器人挂断我三次了！！我要人工！！", ""},
		{"快递", "你好，我的快递说周四到的，现在还在网点，能帮我催一下吗", ""},
		{"账单提醒", "您的邮箱即将停用，请点击登录验证以继续接收邮件。", ""},
		{"合作", "长期收实名钱包，价格从优，兼职日结，加微信领", ""},
		{"退款", "退款", "3 号，12.99 元，收款人：马丁"},
		{"payment 一直 pending", "你好我的 payment 一直 pending，钱扣了 merchant 说没有收到，怎么办呀", "今天下午三点，88 元，收款人：王强"},
		{"帳號", "您好，我忘記密碼又換了門號，無法登入，請問怎麼辦？", "手機 0912345678，信箱 lin@example.tw"},
	},
}

// followUps are what customers answer to the desk.
var followUps = map[router.Language][]string{
	router.LanguageEN: {"Thank you, that helped.", "Ok. How long will it take?", "It was at about 14:30, 35.90 USD.", "Still not there...", "Something else now: somebody is logged in to my account, that was not me! Please freeze it."},
	router.LanguageZH: {"好的，谢谢！", "大概要多久？", "大概是下午两点半，259 元。", "还是没有到账……", "还有一件事：刚才提示有人异地登录，不是我本人，请冻结账户！"},
}

// greetings are what synthetic agents write first in a chat.
var greetings = map[router.Language]string{router.LanguageEN: "Thank you for writing. I am looking into it now.", router.LanguageZH: "您好，已经在为您查询。"}

// answers are what they write when they know more.
var answers = map[router.Language][]string{
	router.LanguageEN: {"It is done. Please look at your wallet again in a few minutes.", "I can see the payment. I have asked for it to be returned; it takes up to two days.", "Could you tell us the time, the amount and the status you see? We never ask for a password or a code."},
	router.LanguageZH: {"已经处理好了，请过几分钟再看一下钱包。", "已经看到这笔交易，正在申请退回，最多两个工作日。", "请告诉我们时间、金额和显示的状态。我们绝不会索要密码或验证码。"},
}

// names are what customers are called.
var names = map[router.Language][]string{
	router.LanguageEN: {"Ann Lee", "Bob Stone", "Carla Ruiz", "Dan Okafor", "Eve Martin", "Frank Hill", "Grace Kim", "Hugo Weiss"},
	router.LanguageZH: {"李娜", "王伟", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "周婷"},
}
