package classify

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// sent is when the messages of the tables were sent: a Wednesday afternoon in Shanghai.
var sent = time.Date(2026, 11, 4, 16, 20, 0, 0, time.FixedZone("CST", 8*3600))

// show writes facts as kind=value, in order.
func show(text string, at time.Time) string {
	var out []string
	for _, s := range Entities(text, at) {
		out = append(out, s.Kind+"="+s.Value)
	}
	return strings.Join(out, "; ")
}

type told struct{ text, want string }

func check(t *testing.T, at time.Time, cases []told) {
	t.Helper()
	for _, c := range cases {
		if got := show(c.text, at); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestAmounts(t *testing.T) {
	check(t, sent, []told{
		{"I paid $35.90 for it", "amount=35.90 USD"},
		{"扣了我¥300", "amount=300 CNY"},
		{"付款￥１，２００．５０", "amount=1200.50 CNY"},
		{"转了三百块", "amount=300 CNY"},
		{"提现两千五还没影", "amount=2500"},
		{"充了1万2", "amount=12000"},
		{"余额里还有1,234.50元", "amount=1234.50 CNY"},
		{"Mir wurden 1.234,50 € abgebucht", "amount=1234.50 EUR"},
		{"35,90 € charged", "amount=35.90 EUR"},
		{"sold it for 5k usd", "amount=5000 USD"},
		{"HK$1,200 missing", "amount=1200 HKD"},
		{"NT$ 3,500 沒退", "amount=3500 TWD"},
		{"20 USDT never arrived", "amount=20 USDT"},
		{"充值500U到帳了嗎", "amount=500 USDT"},
		{"5,000 rupees", "amount=5000 INR"},
		{"₹1,00,000 was debited", "amount=100000 INR"},
		{"Rs. 499 deducted", "amount=499 INR"},
		{"two hundred and fifty thousand naira", "amount=250000 NGN"},
		{"a hundred bucks gone", "amount=100 USD"},
		{"RMB 800 and 200 CNY", "amount=800 CNY; amount=200 CNY"},
		{"rmb500", "amount=500 CNY"},
		{"500 pesos", "amount=500"},
		{"人民币两万元整", "amount=20000 CNY"},
		{"三块五的早餐扣了两次", "amount=3.5 CNY"},
		{"五毛钱也要追", "amount=0.5 CNY"},
		{"五十万元", "amount=500000 CNY"},
		{"一共3.5万元", "amount=35000 CNY"},
		{"被扣了88", "amount=88"},
		{"they charged me 120 and then again", "amount=120"},
		{"I sent 300 to my landlord", "amount=300"},
		{"金额：2000", "amount=2000"},
		{"轉帳五百塊錢給同事", "amount=500 CNY"},
		{"扣款一百多块", "amount=100 CNY"},
		{"$50 CAD", "amount=50 CAD"},
		{"大概一千零五十块", "amount=1050 CNY"},
		{"£20 fee", "amount=20 GBP"},
		{"1.5k dollars", "amount=1500 USD"},
		{"一笔199一笔299", "amount=199; amount=299"},
		{"转走了一万二", "amount=12000"},
		{"the debit of 12.40", "amount=12.40"},
		// Look-alikes.
		{"扣了2次", ""},
		{"charged 3 times", ""},
		{"一块去吃饭", ""},
		{"万一丢了怎么办", ""},
		{"一直不行，试了三遍", ""},
		{"千万别这样", ""},
		{"100% sure", ""},
		{"I have 3 cards", ""},
		{"paid it in 2 days", ""},
		{"十分感谢", ""},
		{"提现3天内到账吗", ""},
		{"2元旦", ""},
		{"the top 10 reasons", ""},
		{"one dollar sign $ here", "amount=1 USD"},
	})
}

func TestTimes(t *testing.T) {
	check(t, sent, []told{
		{"昨天下午三点转的", "time=2026-11-03T15:00:00+08:00"},
		{"前天的事", "time=2026-11-02"},
		{"大前天晚上十一点半", "time=2026-11-01T23:30:00+08:00"},
		{"上周五", "time=2026-10-30"},
		{"这周一付的款", "time=2026-11-02"},
		{"周五晚上", "time=2026-10-30"},
		{"三天前提现", "time=2026-11-01"},
		{"半小时前", "time=2026-11-04T15:50:00+08:00"}, {"一个半小时前", "time=2026-11-04T14:50:00+08:00"}, {"两个半", ""},
		{"半個鐘前", "time=2026-11-04T15:50:00+08:00"},
		{"刚才付的", "time=2026-11-04T16:20:00+08:00"},
		{"剛剛被扣", "time=2026-11-04T16:20:00+08:00"},
		{"10月3号", "time=2026-10-03"},
		{"12月25日的订单", "time=2025-12-25"},
		{"十月三号早上9点", "time=2026-10-03T09:00:00+08:00"},
		{"2026年11月2日14：30", "time=2026-11-02T14:30:00+08:00"},
		{"上个月15号", "time=2026-10-15"},
		{"15号提现的", "time=2026-10-15"},
		{"3号那天", "time=2026-11-03"},
		{"since Tuesday", "time=2026-11-03"},
		{"last Friday at 5pm", "time=2026-10-30T17:00:00+08:00"},
		{"two hours ago", "time=2026-11-04T14:20:00+08:00"},
		{"an hour ago", "time=2026-11-04T15:20:00+08:00"},
		{"a couple of days ago", "time=2026-11-02"},
		{"yesterday evening", "time=2026-11-03"},
		{"yesterday at 3:30 pm", "time=2026-11-03T15:30:00+08:00"},
		{"on the 3rd", "time=2026-11-03"},
		{"since the 28th of October", "time=2026-10-28"},
		{"2026-11-02 14:30", "time=2026-11-02T14:30:00+08:00"},
		{"2026-11-02T14:30:00Z", "time=2026-11-02T14:30:00Z"},
		{"2026-11-02T14:30:00+05:30", "time=2026-11-02T14:30:00+05:30"},
		{"at 14:32", "time=2026-11-04T14:32:00+08:00"},
		{"at 18:05", "time=2026-11-03T18:05:00+08:00"},
		{"11/02/2026", "time=2026-02-11"},
		{"11/25/2025", "time=2025-11-25"},
		{"03.11.2026", "time=2026-11-03"},
		{"this morning", "time=2026-11-04"},
		{"today around 9am", "time=2026-11-04T09:00:00+08:00"},
		{"October 3rd, 2026 at 10:15", "time=2026-10-03T10:15:00+08:00"},
		{"3 Oct", "time=2026-10-03"},
		{"昨晚十二点", "time=2026-11-04T00:00:00+08:00"},
		{"last night at 11", "time=2026-11-03"},
		{"凌晨两点多", "time=2026-11-04T02:00:00+08:00"},
		{"下午3点半", "time=2026-11-04T15:30:00+08:00"},
		{"已经三天了", "time=2026-11-01"},
		{"提現兩天還沒到", "time=2026-11-02"},
		{"last week", "time=2026-W44"},
		{"上个月", "time=2026-10"},
		{"2h ago", "time=2026-11-04T14:20:00+08:00"},
		{"禮拜一中午", "time=2026-11-02"},
		{"5pm yesterday", "time=2026-11-03T17:00:00+08:00"},
		{"14:30 on Monday", "time=2026-11-02T14:30:00+08:00"},
		{"it's been three days now", "time=2026-11-01"},
		{"pending since 2 days", "status=pending; time=2026-11-02"},
		{"昨儿晚上8点多", "time=2026-11-03T20:00:00+08:00"},
		// Look-alikes.
		{"每个月10号发工资", ""}, {"call me after 6pm", ""},
		{"国庆那天", ""}, {"早上好", ""}, {"晚上好，请问", ""}, {"Good morning team", ""}, {"有三点建议", ""},
		{"一点都不好用", ""}, {"it may take 3 to 5 days", ""}, {"24/7 support", ""}, {"within 3 days", ""},
		{"三号线地铁", ""}, {"下周一再说", ""}, {"the 3rd time", ""}, {"on the 2nd attempt", ""}, {"16:9 screen", ""},
		{"天前", ""}, {"前天气不错", ""}, {"每天晚上都用", ""}, {"open monday to friday", ""}, {"31/02/2026", ""}, {"2026-13-40", ""}, {"he sat down in the sun", ""}, {"第3号", ""},
	})
}

// Without the time of sending, relative times stay relative.
func TestTimesUnknown(t *testing.T) {
	check(t, time.Time{}, []told{
		{"昨天下午三点", "time=-P1DT15:00"}, {"yesterday", "time=-P1D"}, {"two hours ago", "time=-PT2H"}, {"10 minutes ago", "time=-PT10M"}, {"刚刚", "time=-PT0M"},
		{"last Friday", "time=-W-5"}, {"上周五下午5点", "time=-P1W-5T17:00"}, {"10月3号", "time=--10-03"}, {"on the 3rd", "time=---03"}, {"14:32", "time=T14:32"},
		{"2026-11-02", "time=2026-11-02"}, {"2026-11-02 14:30", "time=2026-11-02T14:30:00"}, {"上个月15号", "time=-P1M---15"}, {"下午", "time=T-PM"}, {"last week", "time=-P1W"},
	})
}

const hex64 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func TestNumbersOfThings(t *testing.T) {
	check(t, sent, []told{
		{"订单号：AB20261102001", "order=AB20261102001"},
		{"訂單編號 88991122", "order=88991122"},
		{"order no. 12345", "order=12345"},
		{"Order #A-77812", "order=A-77812"},
		{"see #12345 please", "order=12345"},
		{"my order number is 99887766", "order=99887766"},
		{"订单号13812345678", "order=13812345678"},
		{"交易号 2026110222001412345678", "transaction=2026110222001412345678"},
		{"2026110222001412345678901234", "transaction=2026110222001412345678901234"},
		{"流水號是T99120033", "transaction=T99120033"},
		{"transaction ID: TX-2024-0001", "transaction=TX-2024-0001"},
		{"TXID 0x" + hex64, "transaction=" + hex64},
		{hex64, "transaction=" + hex64},
		{"reference 77AB123", "transaction=77AB123"},
		{"UTR 412345678901", "transaction=412345678901"},
		{"卡尾号4242", "last4=4242"},
		{"尾號 ４２４２ 的卡", "last4=4242"},
		{"card ending in 4242", "last4=4242"},
		{"the last four digits are 0071", "last4=0071"},
		{"**** **** **** 4242", "last4=4242"},
		{"卡 •••• 4242 没到账", "last4=4242"},
		{"card •••• 4242", "last4=4242"},
		{"xxxx4242", "last4=4242"},
		{"后四位是 1234", "last4=1234"},
		{"6222****4242", "last4=4242"},
		{"4242结尾的那张", "last4=4242"},
		{"last 4 of card 7788", "last4=7788"},
		// Look-alikes.
		{"ticket #12345", ""}, {"order 2 pizzas", ""}, {"in order to pay", ""}, {"手机尾号5678", ""}, {"phone ending 5678", ""}, {"138****5678", ""}, {"+1 ••• ••• 0199", ""},
		{"my order of 2026", ""}, {"transaction fees", ""}, {"order 35.90", ""}, {"#1 wallet", ""}, {"ending soon 12345", ""}, {"ref the 2 of us", ""},
		{"订单2026-11-02", "time=2026-11-02"}, {"交易 500元", "amount=500 CNY"}, {"room #40412", ""}, {"**bold** 2026", ""},
	})
}

func TestPeople(t *testing.T) {
	check(t, sent, []told{
		{"转给张三", "payee=张三"},
		{"轉給了張三豐", "payee=張三豐"},
		{"收款人：李小明，电话没有", "payee=李小明"},
		{"收款方是北京烤鸭店", "payee=北京烤鸭店"},
		{"对方账户 88213377", "payee=88213377"},
		{"转账给王女士了", "payee=王女士"},
		{"I sent 200 USD to John Smith yesterday", "amount=200 USD; payee=John Smith; time=2026-11-03"},
		{"paid to Blue Cafe", "payee=Blue Cafe"},
		{"payee: maria lopez", "payee=maria lopez"},
		{"recipient is bob@example.com", "payee=bob@example.com"},
		{"sent it to @bob_99", "payee=@bob_99"},
		{"付款账户：alipay8812", "payer=alipay8812"},
		{"from account 55120099", "payer=55120099"},
		{"付款账号 •••• 1234", "payer=1234"},
		// Look-alikes.
		{"sent to the wrong person", ""}, {"转给别人了", ""}, {"转给了朋友", ""}, {"收款人写错了", ""}, {"收款方没收到", ""}, {"对方不理我", ""},
		{"SENT TO THE WRONG ACCOUNT", ""}, {"I want to Know", ""}, {"我给钱了", ""}, {"to my bank", ""}, {"the recipient has not received", ""}, {"merchant says no", ""},
		{"sent to Monday's account", ""}, {"the merchant is refusing", ""}, {"SHOP IS CLOSED DOWN", ""}, {"怎么给孙子发红包", ""}, {"收款人是诈骗犯", ""}, {"transfer something to China. How long", ""},
	})
}

func TestReachability(t *testing.T) {
	check(t, sent, []told{
		{"我的手机号是13812345678", "phone=13812345678"},
		{"138-1234-5678", "phone=13812345678"},
		{"+86 138 1234 5678", "phone=+8613812345678"},
		{"+1 (415) 555-0132", "phone=+14155550132"},
		{"(415) 555-0132", "phone=4155550132"},
		{"call me at 07700 900123", "phone=07700900123"},
		{"010-62345678", "phone=01062345678"},
		{"４００－８８８－１２３４", "phone=4008881234"},
		{"電話 0912345678", "phone=0912345678"},
		{"邮箱abc.def@qq.com的账号", "email=abc.def@qq.com"},
		{"Mail: Bob+X@Example.CO.UK.", "email=bob+x@example.co.uk"},
		{"13812345678@163.com", "email=13812345678@163.com"},
		// Look-alikes.
		{"a@b", ""}, {"@everyone", ""}, {"x@1.2", ""}, {"13812345678901", ""}, {"id 213812345678", ""}, {"T13812345678", ""}, {"2026-11-02", "time=2026-11-02"}, {"phone 12", ""}, {"192.168.10.100", ""},
	})
}

func TestCodesAndVersions(t *testing.T) {
	check(t, sent, []told{
		{"ERR_4012 pops up", "error_code=ERR_4012"},
		{"shows E1003", "error_code=E1003"},
		{"error code 5021", "error_code=5021"},
		{"错误码：10086", "error_code=10086"},
		{"報錯 U-5021", "error_code=U-5021"},
		{"(错误码:-1009)", "error_code=-1009"},
		{"HTTP 502", "error_code=HTTP 502"},
		{"502 bad gateway", "error_code=502"},
		{"err_network_changed", "error_code=ERR_NETWORK_CHANGED"},
		{"v8.2.1", "app_version=8.2.1"},
		{"版本8.0.30", "app_version=8.0.30"},
		{"App version: 10.4", "app_version=10.4"},
		{"iOS 17.2", "device=iOS 17.2"},
		{"ios17", "device=iOS 17"},
		{"安卓14 app v3.1.0", "device=Android 14; app_version=3.1.0"},
		{"iPhone 15闪退", "device=iPhone 15"},
		// Look-alikes.
		{"zip code 10001", ""}, {"promo code 5021", ""}, {"use code PMP40 for 40% off", ""}, {"验证码 收不到", ""}, {"e1003", ""}, {"error in 3 of 5", ""}, {"version two", ""}, {"10.0.0.1", ""}, {"qr code 300", ""}, {"iphone for 3 days", ""},
	})
}

func TestStatusAndConsent(t *testing.T) {
	check(t, sent, []told{
		{"一直显示处理中", "status=processing"}, {"still pending", "status=pending"}, {"状态：審核中", "status=reviewing"}, {"it says failed", "status=failed"},
		{"提现失败", "status=failed"}, {"已扣款未到账", "status=deducted_not_received"}, {"it is on hold", "status=on_hold"}, {"the transfer was declined", "status=declined"}, {"状态显示成功", "status=successful"},
		{"status: complete", "status=completed"}, {"退款中", "status=refunding"}, {"payment shows cancelled", "status=canceled"},
		{"请冻结我的账户", "consent=yes"}, {"可以冻结", "consent=yes"}, {"別凍結", "consent=no"}, {"please freeze my account", "consent=yes"}, {"do not freeze my account", "consent=no"},
		{"请先别冻结我的账户", "consent=no"}, {"Please don't freeze it", "consent=no"}, {"帮我把账号冻结", "consent=yes"}, {"can you freeze my account?", "consent=yes"}, {"I don't want you to freeze it", "consent=no"},
		// Look-alikes.
		{"为什么冻结我的账户", ""}, {"why did you freeze my account", ""}, {"unfreeze my account", ""}, {"the app freezes", ""}, {"how do I freeze my account", ""}, {"I can't freeze my account", ""}, {"what do i do to freeze my account", ""}, {"可以冻结吗", ""},
		{"not pending", ""}, {"i failed to log in", ""}, {"登录失败", ""}, {"processing fee", ""}, {"I want to get completed", ""}, {"失败是成功之母", ""}, {"我想完成注册", ""},
	})
}

// A whole message, and the words as they were written.
func TestWholeMessages(t *testing.T) {
	check(t, sent, []told{
		{"refund: paid 35.90 USD yesterday at 14:30 for order AB99887766, card ending 4242, mail a@b.co, error code 5021",
			"amount=35.90 USD; time=2026-11-03T14:30:00+08:00; order=AB99887766; last4=4242; email=a@b.co; error_code=5021"},
		{"你好，我昨天下午三点转给张三500元，订单号20261103118，现在还显示处理中，卡 •••• 4242，电话13812345678",
			"time=2026-11-03T15:00:00+08:00; payee=张三; amount=500 CNY; order=20261103118; status=processing; last4=4242; phone=13812345678"},
	})
	got := Entities("尾\u200b號 ４２４２，付了１２．５元", sent)
	if len(got) != 2 || got[0].Text != "尾號 ４２４２" || got[1].Text != "１２．５元" {
		t.Errorf("%+v", got)
	}
}

func TestFactsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "$%d and ", i+1)
	}
	got := Entities(b.String(), sent)
	if len(got) != maxSignals || got[0].Value != "1 USD" || got[19].Value != "20 USD" {
		t.Errorf("%d facts, %+v", len(got), got)
	}
	if n := len(Entities("$5 $5 $5 5 USD", sent)); n != 1 {
		t.Errorf("one fact is told %d times", n)
	}
}

// Hostile texts cost no more than long ones.
func TestHostileTexts(t *testing.T) {
	began := time.Now()
	for _, unit := range []string{"1", "a", "一", "*", "•", "#", "@", "a@", "1-", "1,", "$", "+", "(", "昨天", "•••• ", "13812345678 ", "to ", "sent to ", "order ", "两千", "x", "\u200b", "\u202e", "\xff", "pending ", "请冻结", "a.", "1:", "2026-", "一百", "万", "sent ", "!", "not "} {
		text := strings.Repeat(unit, 1<<20/len(unit))
		Entities(text, sent)
		ToneOf(text)
		DetectLanguage(text)
	}
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

func FuzzEntities(f *testing.F) {
	for _, s := range []string{"paid 35.90 USD yesterday at 14:30", "昨天下午三点转给张三500元", "**** 4242 \u202e", "１２．５元\xff", "1万2 2026-02-30 上个月31号", hex64, "一个半天前", "两个半前"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, at := range []time.Time{sent, {}} {
			got := Entities(s, at)
			if len(got) > maxSignals {
				t.Errorf("%d facts", len(got))
			}
			for _, e := range got {
				if e.Text == "" || e.Value == "" || !utf8.ValidString(e.Text) || !utf8.ValidString(e.Value) || len(e.Text) > 400 {
					t.Errorf("%q: %+v", s, e)
				}
			}
		}
		tone := ToneOf(s)
		if tone.Urgency < 0 || tone.Urgency > 1 || tone.Sentiment < 0 || tone.Sentiment > 1 || len(tone.Words) > maxTone {
			t.Errorf("%q: %+v", s, tone)
		}
		DetectLanguage(s)
	})
}
