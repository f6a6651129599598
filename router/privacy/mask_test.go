package privacy

import (
	"reflect"
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	for _, c := range []struct {
		in, want string
		kinds    []string
	}{
		{"my card 4242 4242 4242 4242 was charged", "my card card •••• 4242 was charged", []string{"card"}},
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
		{"card 4242424242424242 code otp 123456", "card card •••• 4242 code otp ••••", []string{"card", "otp"}},
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
	f.Fuzz(func(t *testing.T, s string) {
		got, _ := Mask(s)
		if again, kinds := Mask(got); again != got {
			t.Errorf("D: %q, then %q, then %q %v", s, got, again, kinds)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	s := strings.Repeat("I paid 35 USD on 2026-05-04 for order 99887766 and nothing came. ", 8)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Mask(s)
	}
}
