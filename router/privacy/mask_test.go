package privacy

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestMask(t *testing.T) {
	for _, c := range []struct {
		in, want string
		kinds    []string
	}{
		{"my card 4242 4242 4242 4242 was charged", "my card •••• 4242 was charged", []string{"card"}},
		{"卡号４２４２４２４２４２４２４２４２，谢谢", "卡号卡 •••• 4242，谢谢", []string{"card"}},
		{"银联 6222021234567890128 到账", "银联 卡 •••• 0128 到账", []string{"card"}},
		{"5555-5555-5555-4444", "card •••• 4444", []string{"card"}},
		{"4242 4242\n4242 4242", "card •••• 4242", []string{"card"}},
		{"身份证11010519491231002X。", "身份证身份证号 ••••。", []string{"cn_id"}},
		{"验证码是 482913 请查", "验证码是 •••• 请查", []string{"otp"}},
		{"482913 is your verification code", "•••• is your verification code", []string{"otp"}},
		{"482 913 是验证码", "•••• 是验证码", []string{"otp"}},
		{"cvv: 123, exp 12/27", "cvv: ••••, exp 12/27", []string{"cvv"}},
		{"my password is hunter2!x ok", "my password is •••• ok", []string{"password"}},
		{"密码：abc12345", "密码：••••", []string{"password"}},
		{"card 4242424242424242 code otp 123456", "card •••• 4242 code otp ••••", []string{"card", "otp"}},
	} {
		got, kinds := Mask(c.in)
		if got != c.want || !reflect.DeepEqual(kinds, c.kinds) {
			t.Errorf("Mask(%q) = %q %v, want %q %v", c.in, got, kinds, c.want, c.kinds)
		}
		if again, kinds := Mask(got); again != got {
			t.Errorf("D: masked again %q gives %q %v", got, again, kinds)
		}
	}
}

// Invariant C.
func TestLookAlikesSurvive(t *testing.T) {
	for _, s := range []string{
		"order 4242424242424242 is late", "订单号：4242424242424242", "tracking no. 6222021234567890128",
		"4242424242424243", "转账 12,345.67 元", "2026-05-04 10:30", "+86 138 0013 8000", "error code 5021", "错误码 100234",
		"110105194912310021", "my password is wrong", "密码错误", "call me at 13800138000", "version 1.2.3.4567",
		"1234567890123", "amount 1000000000000000", "QQ 123456789", "",
	} {
		if got, kinds := Mask(s); got != s {
			t.Errorf("Mask(%q) = %q %v", s, got, kinds)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add("卡号４２４２ 4242 4242 4242 密码是 abc123")
	f.Add("\xff\xfe 482913 验证码")
	f.Add("IBAN DE89 3704 0044 0532 0130 00, account 12345678, sort code 12-34-56 12345678")
	f.Add("token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln -----BEGIN PRIVATE KEY-----\nMIIE\nab1=")
	f.Add("call +86 138 0013 8000 or ann@example.com; seed: a1, pin is 4821 is my pin")
	f.Add("4242 4242 4242 4242 12/27 123 身份证 110101900307567 ٤٢")
	f.Fuzz(func(t *testing.T, s string) {
		for _, also := range [][]string{nil, {KindPhone, KindEmail}} {
			got, kinds := Mask(s, also...)
			if (got != s) != (len(kinds) > 0) {
				t.Errorf("%q became %q with kinds %v", s, got, kinds)
			}
			if again, kinds := Mask(got, also...); again != got {
				t.Errorf("D: %q, then %q, then %q %v", s, got, again, kinds)
			}
		}
	})
}

func BenchmarkMask(b *testing.B) {
	for name, s := range map[string]string{
		"en-plain":   strings.Repeat("I paid 35 USD on 2026-05-04 for order 99887766 and nothing came. ", 8)[:500],
		"zh-plain":   string([]rune(strings.Repeat("我昨天下午三点转了5000元，订单号 20260504001，到现在还没到账，密码输错三次。", 12))[:500]),
		"zh-secrets": string([]rune("卡号 4242 4242 4242 4242，验证码是 482913，密码：abc12345。" + strings.Repeat("我昨天下午三点转了5000元，到现在还没到账，麻烦查一下。", 20))[:500]),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				Mask(s)
			}
		})
	}
}

// Invariant A: a text eight times as long takes about eight times as long, whatever stands in it; quadratic work takes 64 times.
func TestLongTexts(t *testing.T) {
	mask := func(piece string, size int) (string, time.Duration) {
		s := strings.Repeat(piece, size/len(piece))
		began := time.Now()
		got, _ := Mask(s, KindPhone, KindEmail)
		return got, time.Since(began)
	}
	for _, piece := range []string{"4", "4 ", "42", "4242 4242 ", "a", "码", "验证码", "密码", "password=", "key=", "token=a1b2", "\u200b", "•", "•••• ", "-----begin private key-----", "-----end private key-----\na1\n",
		"is 4821 pin ", "://a:b@", "11010519491231002x", "de89 ", "order ", "code code1 ", "sk-", "a@b.cc ", "+86 ", "\"", "password is \"", "seed apple ", "error code ", "\n", "12345678:", "1/2 ", "<a", "=", "账号 1 "} {
		_, short := mask(piece, 32<<10)
		got, long := mask(piece, 256<<10)
		for try := 0; try < 5 && long > 40*short; try++ { // a busy machine
			_, again := mask(piece, 256<<10)
			long = min(long, again)
		}
		if long > time.Second && long > 40*short {
			t.Errorf("32 KB of %q take %v, 256 KB %v", piece, short, long)
		}
		if again, _ := Mask(got, KindPhone, KindEmail); again != got {
			t.Errorf("D: %q again and again changes when masked again", piece)
		}
	}
}

func BenchmarkLong(b *testing.B) {
	for _, piece := range []string{"4", "4 ", "4242 ", "a", "密码", "key=a1 "} {
		b.Run(piece, func(b *testing.B) {
			s := strings.Repeat(piece, (1<<20)/len(piece))
			for b.Loop() {
				Mask(s)
			}
		})
	}
}
