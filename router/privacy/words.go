package privacy

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// sense is what a word says about the value beside it.
type sense int

const (
	senseNone     sense = iota + 1 // a longer word that hides a shorter one: "error code", "postal code"
	senseStop                      // what is said from here on is about something else
	senseOrder                     // the number right after it is no card
	senseCopula                    // is, 是, : … the value follows, or stands before
	senseLink                      // may stand between word and value and says nothing
	senseOTP                       // one-time codes
	senseCode                      // "code" alone, an SMS: only in a clear sentence
	senseSecurity                  // "security code": three digits are a CVV, more a one-time code
	sensePIN                       // 4–8 digits
	sensePassword                  //
	senseForgot                    // "forgot password": only with a copula
	senseCVV                       // three or four digits
	senseAccount                   // "account" alone
	senseBank                      // account numbers of banks
	senseRouting                   // shorter numbers of banks
	senseID                        // the old identity number
	senseKey                       // API keys
	senseToken                     //
	senseBearer                    // a token follows, nothing between
	sensePrivate                   // private keys
	senseSeed                      // seed phrases
	sensePhone                     // only where phone numbers are masked
)

// links reports whether a word may stand between another word and its value.
func (s sense) links() bool { return s == senseLink || s == senseCopula || s == senseCode }

// vocabulary are the words by sense, folded, parted by "|". A blank in a word is none, or one of blank, - and _.
// The longest word at a place counts.
var vocabulary = map[sense]string{
	senseNone: "写错|填错|输错|打错|error code|error codes|err code|status code|reason code|response code|return code|exit code|result code|zip code|postal code|post code|promo code|" +
		"discount code|coupon code|referral code|invite code|invitation code|country code|area code|dial code|qr code|bar code|source code|swift code|bic code|" +
		"product code|tax code|currency code|merchant code|pickup code|code of|code of conduct|code base|error pin|password manager|password managers|password policy|password field|" +
		"password page|password screen|password box|password reset|password change|password hint|password strength|token sale|token price|token price|token contract|token id|token symbol|tokens|" +
		"account manager|account balance|account settings|account page|account type|account name|account holder|account opening|account id|account security|game account|text message rates|" +
		"密码框|密码页|密码器|密码锁|密码本|密码强度|密码提示|密码保护|密码学|密码长度|密码位数|密码次数|账户名|账号名|账户余额|账户类型|账户安全|账号安全|微信号|微信账号|游戏账号|支付宝账号|qq账号|平台账号|用户账号|" +
		"错误码|错误代码|状态码|响应码|返回码|邮政编码|二维码|条形码|优惠码|邀请码|取件码|提货码|推荐码|兑换码|区号|key word|keyword|key words|key board|secret santa|身份证照片|身份证正面|身份证反面",
	senseStop: "not|never|isn't|wasn't|wrong|incorrect|invalid|error|errors|fail|fails|failed|but|because|amount|balance|total|price|fee|fees|paid|date|version|phone|mobile|tel|telephone|whatsapp|" +
		"qq|wechat|alipay|uid|user id|ip|http|https|email|amount of|balance of|ending|ends|last four|last 4|seconds|minutes|hours|days|times|attempts|digits|characters|" +
		"when|since|after|before|until|where|why|how|without|不对|不是|不正确|没|错|失败|无效|金额|余额|总额|价格|手续费|费用|但|因为|手机|电话|座机|尾号|末四位|后四位|后4位|末尾|微信|支付宝|版本|日期|时间|位数|过期|无法|不了|不到|不能|忘",
	senseOrder: "order|orders|order no|order number|order id|tracking|tracking no|tracking number|waybill|parcel|shipment|package|case|case no|ticket|ticket no|reference|reference no|reference number|ref|ref no|" +
		"transaction|transactions|transaction id|transaction no|transaction number|transaction hash|txn|txn id|trx|trans id|tx|invoice|invoice no|receipt|receipt no|voucher|booking|confirmation number|confirmation no|awb|imei|iccid|serial|serial no|serial number|sn|" +
		"trace no|trace number|trace id|rrn|utr|arn|batch|contract|policy no|policy number|session id|request id|merchant id|device id|order code|tracking code|barcode|ean|isbn|sku|" +
		"订单|订单号|订单编号|订单编码|单号|流水|流水号|交易号|交易单号|交易流水|交易编号|交易|运单|运单号|快递|快递单号|快递号|物流|物流单号|物流号|编号|工单|工单号|案件|案件号|参考号|凭证号|凭证|发票|发票号|票号|合同|合同号|保单号|商户号|商户单号|序列号|批次号|设备号|退款单号|包裹|包裹号|条码|请求号|追踪号|跟踪号|受理号|回执号|查询号",
	senseCopula: "is|are|was|were|be|been|to|equals|as|says|said|reads|it's|called|是|为|就是|应该是|好像是|叫|叫做|设成|设置成|设为|设置为|改成|改为|改到|换成|写着|显示|作为|当|当作|做|给了|报了|说了|告诉了|typed|entered|used|told him|told her|told them|gave him|gave her|gave them|i said|:|=|->|=>",
	senseLink: "my|the|your|our|this|a|number|numbers|no|no.|num|nr|id|here|now|new|old|current|again|please|sent|send|received|got|just|value|below|following|like|it|they|you|i|me|us|" +
		"号|号码|码|的|收到|收到了|收到的|发来|发来的|发的|发了|发给|给|你|您|我|我的|的|这个|填|填的|输入|用|用的|写|写的|设|设的|一直|现在|目前|刚才|刚刚|刚|新|老|旧|原来|原|如下|来了|上面|那|这|打|打了|打的|报|给的|填了|输|输了|输的|他|她|对方|三个|三个数字|生日|数字|三位|三位数|三位数字|3位|里|里的|那个|了|请查收|请查",
	senseOTP: "otp|one time code|one time pass code|one time password|one time pin|one time word|verification code|verify code|verifying code|sms code|text code|auth code|authentication code|authorization code|authenticator code|" +
		"2fa|2fa code|mfa code|two factor code|login code|sign in code|log in code|signin code|passcode|pass code|confirmation code|access code|activation code|reset code|recovery code|backup code|dynamic code|captcha|" +
		"验证码|验证密码|校验码|动态码|动态密码|动态口令|动态验证码|短信码|短信验证码|手机验证码|认证码|确认码|一次性密码|一次性口令|一次性验证码|登录码|授权码|激活码|随机码|口令码|短信密码|简讯码|安全验证码|恢复码|备用码|令牌码|识别码",
	senseCode:     "code|codes|sms|text message|the text|texted me|texted|短信里|短信上|短信写|短信说|短信内容|短信|简讯",
	senseSecurity: "security code|card code|安全码",
	sensePIN:      "pin|pin code|pin number|pins|atm pin|card pin|pin码|取款密码|查询密码|六位密码|数字密码",
	sensePassword: "password|passwords|passwort|passwd|pass word|passphrase|pass phrase|pwd|pw|pswd|psw|passw|login pass|pass|secret word|wifi key|" +
		"密码|口令|登录密码|登陆密码|支付密码|交易密码|提现密码|资金密码|银行卡密码|卡密码|新密码|旧密码|原密码|初始密码|临时密码|开机密码|邮箱密码|wifi密码|暗号|通行码|mima",
	senseForgot: "forgot password|forgot my password|forget password|forgotten password|reset password|reset my password|lost password|change password|change my password|changed password|changed my password|" +
		"忘记密码|忘了密码|密码忘了|找回密码|重置密码|修改密码|更改密码|改密码|忘记登录密码|忘记支付密码|重设密码|输错密码|改了密码",
	senseCVV: "cvv|cvv2|cvc|cvc2|cvn|cvn2|csc|card security code|card verification code|card verification value|verification value|three digits on the back|3 digits on the back|3 digit code|three digit code|digits on the back|number on the back|" +
		"back of the card|back of my card|背面三位|背面3位|背面的三位|背面的3位|背后三位|背面三位数|背面三位数字|背面的三位数|背面的三位数字|背面后三位|背面末三位|卡背面|卡片背面|卡背后|卡后三位|签名栏|信用卡安全码|卡安全码|验证三位|cvv码|卡背面三位|卡背面的三位|卡背面三位数",
	senseAccount: "account|acct|acct.|acc|acc.|accounts|a/c|账号|账户|户号",
	senseBank: "account number|account no|account no.|account num|acct number|acct no|acct no.|acc no|acc no.|a/c no|a/c no.|a/c number|bank account|bank account number|bank account no|bank acct|savings account|checking account|current account|beneficiary account|" +
		"card number|card no|card no.|debit card number|credit card number|银行账号|银行账户|银行账户号|银行卡号|银行卡|收款账号|收款账户|收款卡号|对公账户|对公账号|卡号|账户号|账户号码|账号号码|开户账号|储蓄卡|储蓄卡号|信用卡号|借记卡|提现卡|打款账号|打款账户|汇款账号|付款账号|存折号|存折|公司账户|结算账户|入账账号",
	senseRouting: "routing|routing number|routing no|aba|aba number|sort code|bsb|transit number|bank code|branch code|cnaps|联行号|行号",
	senseID:      "身份证|身份证号|身份证号码|证件号|证件号码|身份号码|老身份证|id card|id card number|id number|id no|identity card|identity number|national id|citizen id|chinese id",
	senseKey: "api key|api keys|api secret|secret key|access key|access key id|access key secret|secret access key|client secret|app secret|app key|consumer secret|shared secret|signing secret|webhook secret|encryption key|license key|secret|secret id|master key|account key|service key|" +
		"密钥|秘钥|访问密钥|接口密钥|api密钥|应用密钥|加密密钥|key|aes key",
	senseToken:   "token|access token|refresh token|auth token|api token|bot token|id token|session token|session cookie|csrf token|令牌|访问令牌|auth_token|sessionid|phpsessid|jsessionid|x-api-token",
	senseBearer:  "bearer|authorization: basic|authorization:basic",
	sensePrivate: "private key|priv key|wallet key|wif key|私钥|钱包私钥|明文私钥",
	senseSeed:    "seed phrase|seed words|seed|recovery phrase|mnemonic|mnemonic phrase|secret phrase|recovery words|secret recovery phrase|backup phrase|12 words|24 words|twelve words|助记词|恢复词|助忆词",
	sensePhone:   "phone number|phone no|mobile number|cell number|contact number|call me at|call me on|reach me at|reach me on|hotline|手机号|手机号码|电话号码|联系电话|联系方式|回电|来电号码",
}

// loose words may be glued to letters before them: dbPassword.
var loose = set("password passwords passwd")

type word struct {
	text  string
	sense sense
	loose bool
}

// index has the words by their first character, longest first.
var index = func() map[rune][]word {
	out := map[rune][]word{}
	for s, list := range vocabulary {
		for w := range strings.SplitSeq(list, "|") {
			r, _ := utf8.DecodeRuneInString(w)
			out[r] = append(out[r], word{w, s, loose[w]})
		}
	}
	for _, ws := range out {
		slices.SortFunc(ws, func(a, b word) int {
			if len(a.text) != len(b.text) {
				return len(b.text) - len(a.text)
			}
			return strings.Compare(a.text, b.text)*100 + int(a.sense) - int(b.sense)
		})
	}
	return out
}()

var leads = keysOf(index)

// first has the words that begin with an ASCII character, for speed.
var first = func() (out [utf8.RuneSelf][]word) {
	for r, ws := range index {
		if r < utf8.RuneSelf {
			out[r] = ws
		}
	}
	return out
}()

// hit is a word of the vocabulary at a place.
type hit struct {
	from, to int
	sense    sense
}

// scan finds the words of a folded text from left to right, the longest at each place.
// Words that only link are no hits of their own.
func scan(s string) []hit {
	var out []hit
	for i := 0; i < len(s); {
		if h, ok := wordAt(s, i); ok && h.sense != senseLink && h.sense != senseCopula {
			out = append(out, h)
			i = h.to
			continue
		}
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		i += n
	}
	return out
}

// wordAt is the longest word of the vocabulary that begins at i. Latin words end where letters end.
func wordAt(s string, i int) (hit, bool) {
	var ws []word
	if s[i] < utf8.RuneSelf {
		ws = first[s[i]]
	} else {
		if r, _ := utf8.DecodeRuneInString(s[i:]); leads.has(r) {
			ws = index[r]
		}
	}
	if len(ws) == 0 {
		return hit{}, false
	}
	glued := i > 0 && isLetter(s[i]) && isLetter(s[i-1])
	for _, w := range ws {
		if glued && !w.loose {
			continue
		}
		n := matched(s[i:], w.text)
		if n == 0 || isLetter(s[i+n-1]) && i+n < len(s) && isLetter(s[i+n]) {
			continue
		}
		return hit{i, i + n, w.sense}, true
	}
	return hit{}, false
}

// matched is the length of the word at the beginning of s, 0 where it does not stand there.
func matched(s, w string) int {
	i := 0
	for j := range len(w) {
		if w[j] == ' ' {
			if i < len(s) && (s[i] == ' ' || s[i] == '-' || s[i] == '_') {
				i++
			}
			continue
		}
		if i >= len(s) || s[i] != w[j] {
			return 0
		}
		i++
	}
	return i
}

// hitBefore is the last hit that ends at or before a place.
func (t *text) hitBefore(at int) (hit, bool) {
	n, _ := slices.BinarySearchFunc(t.hits, at+1, func(h hit, at int) int { return h.to - at })
	if n == 0 {
		return hit{}, false
	}
	return t.hits[n-1], true
}
