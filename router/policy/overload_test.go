package policy

import (
	"strings"
	"testing"
	"time"
)

func TestOverloadAndAnswersAreChecked(t *testing.T) {
	base, bare := string(Default()), "    answer:\n      zh: 使用方法"
	if !strings.Contains(base, bare) || !strings.Contains(base, "promise: 1.5") || !strings.Contains(base, "at_least: 20m") || !strings.Contains(base, "spam: true\n") {
		t.Fatal("the default policy has changed; so must this test")
	}
	for _, c := range []struct{ old, with, path string }{
		{"promise: 1.5", "promise: 0.5", "overload.promise"},
		{"promise: 1.5", "promise: .inf", "overload.promise"},
		{"at_least: 20m", "at_least: -1m", "overload.at_least"},
		{"  enter: hours.open", "  enter: hours.open +", "overload.enter"},
		{"  leave: \"!hours.open", "  leave: \"!ticket.open", "overload.leave"},
		{bare, "    answer:\n      zh: 请把验证码发给我们", "topics[4].answer.zh"},
		{bare, "    answer:\n      zh: ''\n      # ", "topics[4].answer"},
		{bare, "    answer:\n      zh: " + strings.Repeat("长", 2001), "topics[4].answer.zh"},
		{"spam: true\n", "spam: true\n    answer: {zh: 好, en: Well}\n", "topics[5].answer"},
	} {
		_, err := Compile([]byte(strings.Replace(base, c.old, c.with, 1)), time.LoadLocation)
		if err == nil || !strings.Contains(err.Error(), c.path+":") {
			t.Errorf("%s: %v", c.path, err)
		}
	}
	rs, err := Compile([]byte(base), time.LoadLocation)
	if err != nil || !rs.LearnHandling || rs.Overload == nil {
		t.Fatal(err)
	}
	if off, err := Compile([]byte(strings.Replace(base, "learn_handling: true", "learn_handling: false", 1)), time.LoadLocation); err != nil || off.LearnHandling {
		t.Fatal(err)
	}
	if absent, err := Compile([]byte(strings.Replace(base, "learn_handling: true\n", "", 1)), time.LoadLocation); err != nil || !absent.LearnHandling {
		t.Fatal(err)
	}
}
