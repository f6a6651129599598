package classify

// action is what a word starts in the scanner.
type action int

const (
	actMoney    action = iota + 1 // a bare number behind it is an amount
	actSend                       // the same, and a name may follow: sent 200 to Ann
	actCurrency                   // a number behind it is an amount of this currency
	actOrder
	actTransaction
	actLast4
	actPayee // followed by a mark or "is", then any name
	actPayer
	actTo // followed by a name that looks like one
	actPhone
	actError
	actVersion
	actSystem
	actStatus
	actShown // a status where something says that it is shown
	actConsent
)

type word struct {
	act   action
	value string
}

// entityWords start facts. Longer ones go before shorter ones at the same place.
var entityWords = lexicon(func(put func(word, string)) {
	for act, list := range map[action]string{
		actMoney: "金额|数额|一笔|每笔|转走了|转走|刷了|被刷|被骗了|骗了|提走了|扣了|被扣|多扣了|少扣了|扣款|扣除|提现了|提现|提款|提了|充值了|充值|充了|退款|退了|到账|余额|花了|花费|收到|借了|存了|取了|转账|转账了|转出|转入|汇款|支付|支付了|付款|付了|付了款|" +
			"amount|charged|charge|deducted|debited|refund|refunded|deposit|deposited|withdraw|withdrew|withdrawal|withdrawing|total|balance|sum|topped up|top up|cost|price|taken|debit|bill|cash out|payout",
		actSend:  "转了|汇了|打了|sent|send|sending|paid|pay|payment|paying|transferred|transfer|transferring|wired",
		actOrder: "订单|订单号|订单编号|订单号码|单号|购物单号|order|order no|order number|order id|order ref|order nr|purchase id|purchase number|invoice|invoice no|invoice number",
		actTransaction: "交易|交易号|交易单号|交易编号|交易id|交易流水|交易流水号|流水|流水号|流水单号|参考号|凭证号|回单号|哈希|交易哈希|转账单号|付款单号|支付单号|提现单号|" +
			"transaction|transaction id|transaction no|transaction number|transaction ref|transaction reference|transaction hash|trans id|txn|txn id|tx|tx id|txid|tx hash|txhash|hash|ref|ref no|reference|reference no|reference number|reference id|payment id|transfer id|withdrawal id|payout id|utr|utr number|rrn|arn",
		actLast4:   "尾号|卡尾号|卡号尾号|尾数|后四位|后4位|末四位|末4位|最后四位|最后4位|卡号后四位|ending|ending in|ending with|ends in|ends with|ending on|last four|last 4|last four digits|last 4 digits|last4|final four digits|last digits",
		actPayee:   "收款方|收款人|收款账户|收款账号|收款人姓名|收款卡号|收款商户|收款商家|对方账户|对方账号|对方户名|对方名字|对方姓名|对方|商家|商户|商户名称|商家名称|payee|recipient|recipient name|recipient account|beneficiary|receiver|merchant|merchant name|seller|shop|payee account|payee name",
		actPayer:   "付款方|付款人|付款账户|付款账号|付款卡号|付款人姓名|我的账户|我的账号|我账号|我的钱包id|我的用户id|用户id|payer|payer account|payer name|sender|sender name|from my account|from account|my account number|my account no|my account id|my user id|user id|my wallet id",
		actTo:      "转给|转给了|转账给|转账给了|转帐给|汇给|汇给了|付给|付给了|付款给|打给|打给了|打款给|转到|转到了|转错给|转错给了",
		actPhone:   "手机|手机号|手机号码|电话|电话号码|联系电话|绑定手机|注册手机|注册手机号|号码|座机|phone|phone number|phone no|mobile|mobile number|mobile no|cell|cell number|tel|telephone|call me at|call me on|reach me at|reach me on|whatsapp|my number|my number is|registered number|contact number",
		actError:   "错误码|错误代码|错误编码|错误编号|错误号|错误提示|错误|报错|报错代码|报错码|异常码|故障码|故障代码|返回码|返回代码|提示代码|提示码|状态码|error|error code|error no|error number|err|err code|code|http|https status|status code|fault code|response code|reason code",
		actVersion: "版本|版本号|app版本|当前版本|软件版本|客户端版本|version|app version|app|ver|build|app build",
	} {
		put(word{act: act}, list)
	}
	systemWords(put)
	moneyWords(put)
	statusWords(put)
	consentWords(put)
})

func systemWords(put func(word, string)) {
	for name, list := range map[string]string{"iOS": "ios|ios version|ios系统|苹果系统", "Android": "android|android version|安卓|安卓系统|安卓版本", "HarmonyOS": "harmonyos|harmony os|鸿蒙|鸿蒙系统|鸿蒙os",
		"iPadOS": "ipados", "macOS": "macos", "Windows": "windows", "MIUI": "miui", "HyperOS": "hyperos|澎湃os", "ColorOS": "coloros", "iPhone": "iphone|苹果手机", "Pixel": "pixel",
		"Galaxy": "galaxy|samsung galaxy", "Redmi": "redmi|redmi note|红米", "Huawei Mate": "huawei mate|华为mate", "Xiaomi": "xiaomi|小米"} {
		put(word{actSystem, name}, list)
	}
}

func moneyWords(put func(word, string)) {
	for code, list := range map[string]string{"CNY": "人民币|rmb|cny", "USD": "美元|美金|usd", "EUR": "欧元|eur", "GBP": "英镑|gbp", "HKD": "港币|港元|hkd", "TWD": "台币|新台币|twd|ntd",
		"JPY": "日元|日币|jpy", "INR": "卢比|inr|rs", "NGN": "奈拉|ngn|naira", "PHP": "php", "MXN": "mxn", "USDT": "usdt|泰达币", "USDC": "usdc", "SGD": "新币|sgd", "AUD": "澳元|aud", "CAD": "加元|cad",
		"MYR": "马币|myr|rm", "THB": "泰铢|thb", "IDR": "印尼盾|idr|rp", "VND": "越南盾|vnd", "KRW": "韩元|krw", "AED": "aed", "BRL": "brl", "KES": "kes|ksh", "GHS": "ghs", "ZAR": "zar"} {
		put(word{actCurrency, code}, list)
	}
}

func statusWords(put func(word, string)) {
	for value, list := range map[string]string{
		"pending":               "待处理|待确认|待付款|待支付|待到账|待收款|等待处理|等待确认|等待付款|进行中|未完成|pending|awaiting confirmation|awaiting payment|waiting for confirmation|unconfirmed|in transit",
		"processing":            "处理中|正在处理|受理中|转账中|提现中|付款中|支付中|银行处理中|打款中|到账中|processing|being processed|in process|in progress|in processing",
		"reviewing":             "审核中|正在审核|待审核|人工审核|风控审核|复核中|under review|in review|being reviewed|reviewing|pending review|under verification",
		"on_hold":               "挂起|已挂起|暂停处理|已暂停|被拦截|已拦截|风控拦截|on hold|held|blocked by risk control",
		"failed":                "失败|已失败|交易失败|支付失败|付款失败|提现失败|转账失败|扣款失败|充值失败|退款失败|交易异常|支付异常|failed|unsuccessful|transaction failed|payment failed|transfer failed|withdrawal failed",
		"declined":              "被拒|被拒绝|已拒绝|已驳回|被驳回|审核不通过|审核未通过|declined|rejected|denied",
		"successful":            "已成功|显示成功|交易成功|支付成功|付款成功|转账成功|提现成功|扣款成功|充值成功|退款成功|successful|succeeded|payment successful",
		"completed":             "已完成|交易完成|已到账|显示到账|completed",
		"canceled":              "已取消|已撤销|交易关闭|已关闭|被取消",
		"refunding":             "退款中|退款处理中|refund pending|refund in progress|refunding",
		"refunded":              "已退款|已退回|已原路退回",
		"frozen":                "已冻结|冻结中|被冻结",
		"deducted_not_received": "已扣款未到账|已扣款未到帐|扣款未到账|扣了款没到账|扣款成功未到账|已扣未到|钱扣了没到账|钱扣了对方没收到|debited but not received|deducted but not received|debited but not credited",
	} {
		put(word{actStatus, value}, list)
	}
	for value, list := range map[string]string{"completed": "complete|done|完成", "canceled": "canceled|cancelled|取消|撤销", "refunded": "refunded back|returned|退回", "successful": "success|成功", "frozen": "frozen|冻结", "on_hold": "暂停|拦截", "failed": "failure|error"} {
		put(word{actShown, value}, list)
	}
}

func consentWords(put func(word, string)) {
	put(word{actConsent, "no"}, "别冻结|不要冻结|不用冻结|不能冻结|不同意冻结|不可以冻结|不许冻结|不需要冻结|不想冻结|不必冻结|先别冻|先不要冻结|别冻我|请勿冻结|勿冻结|请不要冻结|请别冻结|不要把我账户冻结|不要给我冻结|"+
		"do not freeze|don't freeze|dont freeze|no need to freeze|not to freeze|please do not freeze|please don't freeze|do not block my account|don't block my account|do not lock my account|don't lock my account|do not suspend my account|don't suspend my account|never freeze|without freezing|not freeze|not want you to freeze")
	put(word{actConsent, "yes"}, "请冻结|请先冻结|请马上冻结|请立即冻结|请立刻冻结|请帮我冻结|请把我的账户冻结|请把账户冻结|可以冻结|可以先冻结|同意冻结|帮我冻结|帮我先冻结|帮我把账户冻结|帮我把账号冻结|帮忙冻结|马上冻结|立即冻结|立刻冻结|赶紧冻结|赶快冻结|快冻结|快帮我冻结|先冻结|冻结我的账户|冻结我的账号|冻结我账户|冻结我账号|冻结账户吧|冻结账号吧|冻结吧|冻结我的钱包|冻结掉|申请冻结|要求冻结|我要冻结|给我冻结|麻烦冻结|"+
		"please freeze|pls freeze|plz freeze|freeze my account|freeze my wallet|freeze the account|freeze it|freeze everything|you can freeze|you may freeze|ok to freeze|okay to freeze|go ahead and freeze|fine to freeze|agree to freeze|happy for you to freeze|want you to freeze|need you to freeze|block my account|lock my account|suspend my account|please block my account|please lock my account|please suspend my account|can you freeze|could you freeze")
}
