package learn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/textmodel"
)

var columns = Columns{Text: "text", Topic: "topic", Subtopic: "subtopic"}

func TestReadCSV(t *testing.T) {
	f, err := ReadCSV(strings.NewReader("\ufefftopic,text,more,subtopic\na,\"one, two\nlines\",x,s\nb,three,,\nb,three,,\n"), columns)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Examples) != 2 || f.Examples[0].Text != "one, two\nlines" || f.Examples[0].Subtopic != "s" || f.Examples[1].Line != 4 {
		t.Errorf("got %+v", f.Examples)
	}
	if len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0], "line 5") || !strings.Contains(f.Warnings[0], "line 4") {
		t.Errorf("warnings %q", f.Warnings)
	}
}

// Invariant C.
func TestBadFilesNameTheirLines(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"empty":         {"", "line 1"},
		"no column":     {"text,label\na,b\n", `no column "topic"`},
		"no topic":      {"text,topic\nx,a\ny,\n", "line 3: the topic is missing"},
		"no text":       {"text,topic\n ,a\ny,b\n", "line 2: the text is empty"},
		"contradiction": {"text,topic\nx,a\ny,b\nx,b\n", `line 4: the text of line 2 again, there "a", here "b"`},
		"broken quote":  {"text,topic\n\"x,a\ny,b\n", "line"},
		"no rows":       {"text,topic\n", "no examples"},
	} {
		f, err := ReadCSV(strings.NewReader(c.file), columns)
		if !router.IsCode(err, router.CodeInvalidField) || !strings.Contains(err.Error(), c.want) || f.Examples != nil {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	many := "text,topic\n" + strings.Repeat(",a\n", 100)
	if _, err := ReadCSV(strings.NewReader(many), columns); err == nil || !strings.Contains(err.Error(), "and 80 more") {
		t.Errorf("got %v", err)
	}
	if f, err := ReadTests(strings.NewReader("text,topic\nx,a\nx,b\n"), columns); err != nil || len(f.Examples) != 2 {
		t.Errorf("tests may stand there twice: %v", err)
	}
}

func TestUnknownLabelsAreNamed(t *testing.T) {
	es := []textmodel.Example{{Topic: "a", Line: 2}, {Topic: "z", Line: 3}, {Topic: textmodel.OutOfScope, Line: 4}}
	if err := CheckLabels(es, []string{"a"}); err == nil || !strings.Contains(err.Error(), `line 3: there is no topic "z"`) || strings.Contains(err.Error(), "line 4") {
		t.Errorf("got %v", err)
	}
}

func small() []textmodel.Example {
	var out []textmodel.Example
	for i := range 40 {
		out = append(out, textmodel.Example{Text: fmt.Sprintf("my card %d is lost", i), Topic: "card"}, textmodel.Example{Text: fmt.Sprintf("what is fee %d please", i), Topic: "fee"})
	}
	return out
}

// Invariant A.
func TestTrainIsTheSameOnAnyNumberOfWorkers(t *testing.T) {
	var files [2][]byte
	for i, workers := range []int{1, 4} {
		last := 0.0
		_, file, err := Train(context.Background(), small(), Options{Workers: workers, Progress: func(x float64) {
			if x < last || x > 1 {
				t.Errorf("progress %v after %v", x, last)
			}
			last = x
		}})
		if err != nil || last != 1 {
			t.Fatalf("%v, progress ended at %v", err, last)
		}
		files[i] = file
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("one and four workers give different models")
	}
}

func TestTrainEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	began := time.Now()
	_, _, err := Train(ctx, small(), Options{Workers: 2, Progress: func(float64) { cancel() }})
	if !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

// The examples that come with the program: enough of each, in order, of the default policy's topics.
func TestSeeds(t *testing.T) {
	seeds, err := Seeds()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := policy.Compile(policy.Default(), time.LoadLocation)
	if err != nil {
		t.Fatal(err)
	}
	count, topicOf := map[string]int{}, map[string]string{}
	for _, s := range seeds {
		if s.Topic != textmodel.OutOfScope && rules.Topic(router.Topic(s.Topic)) == nil {
			t.Errorf("topic %q is not in the default policy", s.Topic)
		}
		if (s.Subtopic == "") != (s.Topic == textmodel.OutOfScope) {
			t.Errorf("%s/%q: %.40q", s.Topic, s.Subtopic, s.Text)
		}
		if was, ok := topicOf[s.Text]; ok {
			t.Errorf("%.40q stands there twice, as %s and %s", s.Text, was, s.Topic)
		}
		topicOf[s.Text] = s.Topic
		count[string(s.Language)+" "+s.Topic]++
	}
	for _, lang := range []string{"zh", "en"} {
		for _, topic := range append(rules.TopicNames(), textmodel.OutOfScope) {
			if n := count[lang+" "+topic]; n < 60 {
				t.Errorf("%s %s: %d examples", lang, topic, n)
			}
		}
	}
}

// Invariant B; and the model that comes with the program is the one its examples make.
func TestTheWalletModelIsOfItsSeeds(t *testing.T) {
	seeds, err := Seeds()
	if err != nil {
		t.Fatal(err)
	}
	m, err := textmodel.Decode(Wallet())
	if err != nil {
		t.Fatal(err)
	}
	train, kept := Split(seeds)
	if share := float64(len(kept)) / float64(len(seeds)); share < 0.17 || share > 0.23 {
		t.Errorf("%.3f of the examples are kept out", share)
	}
	if got, want := m.Info.Digest, textmodel.Digest(train); got != want {
		t.Errorf("the model was trained on %s, the examples are %s: run go generate ./router/learn", got, want)
	}
	tests := make([]textmodel.Example, len(kept))
	for i, s := range kept {
		tests[i] = s.Example
	}
	if r := Evaluate(m, tests, Below); r.MacroF1 < 0.85 || r.ECE > 0.05 {
		t.Errorf("macro-F1 %.3f, calibration error %.3f on what was kept out", r.MacroF1, r.ECE)
	}
}

// BenchmarkWallet is one prediction of the wallet's model for a text of 500 characters.
func BenchmarkWallet(b *testing.B) {
	m, err := textmodel.Decode(Wallet())
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"en": "Hello, yesterday evening I tried to withdraw 350 dollars to my bank card ending 4242 and the app says pending since then. My bank has seen nothing. I have rent to pay on Friday and I already called twice, nobody could tell me when it arrives. Please look into it and tell me what to do. ",
		"zh": "你好，昨天晚上我申请提现三千五百元到尾号4242的银行卡，页面一直显示处理中，银行说没有收到任何款项。我周五要交房租，已经打了两次客服电话，没有人能告诉我什么时候到账，麻烦尽快帮我查一下是怎么回事，谢谢。"} {
		long := string([]rune(strings.Repeat(text, 5))[:500])
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Predict(long, nil)
			}
		})
	}
}
