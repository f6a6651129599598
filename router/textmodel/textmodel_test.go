package textmodel

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"switchyard/router"
)

// examples are a small desk of three topics, one of them with sub-topics, in two languages.
func examples() []Example {
	rows := map[Label][]string{
		{"card", "lost"}:   {"I lost my card", "my card is gone", "card missing since friday", "cannot find my card anywhere", "我的卡丢了", "银行卡找不到了", "卡不见了怎么办", "dropped my card on the bus"},
		{"card", "broken"}: {"the chip of my card is broken", "my card snapped in two", "card will not read", "the stripe is worn out", "卡刷不了了", "芯片坏了", "卡断成两半", "card is bent and dead"},
		{"login", ""}:      {"I forgot my password", "cannot log in", "login fails every time", "password reset please", "忘记密码了", "登录不上去", "密码不对进不去", "locked out of my account"},
		{"fee", ""}:        {"how much is the fee", "what do you charge for transfers", "fees are too high", "is there a monthly fee", "手续费多少", "收费标准是什么", "转账要收费吗", "what does it cost"},
		{OutOfScope, ""}:   {"what is the weather like", "tell me a joke", "book a table for two", "今天天气怎么样", "讲个笑话", "my parcel is late", "who won the game", "how tall is the tower"},
	}
	var out []Example
	for _, l := range []Label{{"card", "lost"}, {"card", "broken"}, {"login", ""}, {"fee", ""}, {OutOfScope, ""}} {
		for _, text := range rows[l] {
			for _, tail := range []string{"", " please", " 谢谢", " today"} {
				out = append(out, Example{Text: text + tail, Topic: l.Topic, Subtopic: l.Subtopic, Line: len(out) + 2})
			}
		}
	}
	return out
}

func train(t testing.TB, es []Example, o Options) (*Model, []byte) {
	t.Helper()
	p, err := NewPlan(es, o)
	if err != nil {
		t.Fatal(err)
	}
	rs := make([]Result, p.Jobs())
	for i := range rs {
		rs[i] = p.Run(i, func(float64) bool { return true })
	}
	m, file, err := p.Finish(rs)
	if err != nil {
		t.Fatal(err)
	}
	return m, file
}

func TestLearnsTopicsAndSubtopics(t *testing.T) {
	m, _ := train(t, examples(), Options{Seed: 1})
	for text, want := range map[string]Label{
		"somebody must have found the card I lost": {"card", "lost"},
		"卡 丢 了":                       {"card", "lost"},
		"我的卡丟了":                       {"card", "lost"}, // Traditional
		"the chip is broken":          {"card", "broken"},
		"i can’t log in, LOGIN fails": {"login", ""},
		"手续费怎么收":                      {"fee", ""},
	} {
		p := m.Predict(text, nil)
		if p.Topic != want.Topic || p.Subtopic != want.Subtopic {
			t.Errorf("%q is %s/%s (%.2f), want %s/%s", text, p.Topic, p.Subtopic, p.Confidence, want.Topic, want.Subtopic)
		}
		if len(p.Words) == 0 {
			t.Errorf("%q: no words say why", text)
		}
	}
	in, out := m.Predict("I lost my card", nil), m.Predict("what will the weather be", nil)
	if in.OutOfScope >= out.OutOfScope || out.Sure() >= in.Sure() {
		t.Errorf("out of scope: %.2f for a card, %.2f for the weather", in.OutOfScope, out.OutOfScope)
	}
}

func TestATextOfUnknownSubtopicTeachesItsTopic(t *testing.T) {
	es := examples()
	for i := range 12 {
		es = append(es, Example{Text: fmt.Sprintf("zorbl trouble number %d", i), Topic: "card"})
	}
	m, _ := train(t, es, Options{Seed: 1})
	if p := m.Predict("another zorbl", nil); p.Topic != "card" || p.Subtopic == "" {
		t.Errorf("got %s/%q", p.Topic, p.Subtopic)
	}
}

// Invariants A and D.
func TestTheSameExamplesGiveTheSameFile(t *testing.T) {
	m, a := train(t, examples(), Options{Seed: 7})
	_, b := train(t, examples(), Options{Seed: 7})
	if !bytes.Equal(a, b) {
		t.Error("two trainings with one seed differ")
	}
	if _, c := train(t, examples(), Options{Seed: 8}); bytes.Equal(a, c) {
		t.Error("the seed changes nothing")
	}
	n, err := Decode(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range examples() {
		p, q := m.Predict(e.Text, nil), n.Predict(e.Text, nil)
		if p.Topic != q.Topic || p.Confidence != q.Confidence || p.OutOfScope != q.OutOfScope {
			t.Fatalf("%q: %+v, decoded %+v", e.Text, p, q)
		}
	}
	if m.Version() == "" || m.Version() != n.Version() || n.Examples != len(examples()) || n.Info.Digest != Digest(examples()) {
		t.Errorf("version %q and %q, %+v", m.Version(), n.Version(), n.Info)
	}
}

// Invariant D.
func TestBrokenFilesAreRefused(t *testing.T) {
	_, file := train(t, examples(), Options{Seed: 1})
	newer := bytes.Replace(file, []byte(`"format":1`), []byte(`"format":9`), 1)
	flipped := bytes.Clone(file)
	flipped[len(flipped)/2] ^= 1
	for name, f := range map[string][]byte{"empty": nil, "no model": []byte("hello"), "cut": file[:len(file)-100], "head alone": file[:200],
		"newer": newer, "flipped": flipped, "longer": append(bytes.Clone(file), 0)} {
		m, err := Decode(f)
		if m != nil || !router.IsCode(err, router.CodeInvalidField) {
			t.Errorf("%s: %v, %v", name, m != nil, err)
		}
		if name == "newer" && !strings.Contains(fmt.Sprint(err), "format 9") {
			t.Errorf("newer: %v", err)
		}
	}
}

func TestNothingToLearnIsNamed(t *testing.T) {
	for name, es := range map[string][]Example{
		"no examples": nil,
		"one class":   {{Text: "a", Topic: "x", Line: 2}, {Text: "b", Topic: "x", Line: 3}},
		"no topic":    {{Text: "a", Topic: "x", Line: 2}, {Text: "b", Line: 3}},
		"oos alone":   {{Text: "a", Topic: "x", Line: 2}, {Text: "b", Topic: OutOfScope, Line: 3}},
	} {
		if _, err := NewPlan(es, Options{}); !router.IsCode(err, router.CodeInvalidField) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATrainingCanBeEnded(t *testing.T) {
	p, err := NewPlan(examples(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	p.Run(0, func(float64) bool { calls++; return false })
	if calls != 1 {
		t.Errorf("it went on for %d steps", calls)
	}
}

// Vectors of an embeddings endpoint decide what words cannot; without them the text alone answers.
func TestVectorsJoin(t *testing.T) {
	var es []Example
	for i := range 60 {
		v := []float32{1, 0, 0.1}
		topic := "left"
		if i%2 == 1 {
			v, topic = []float32{0, 1, 0.1}, "right"
		}
		es = append(es, Example{Text: fmt.Sprintf("%s word%d", topic[:1], i), Topic: topic, Vector: v})
	}
	m, file := train(t, es, Options{Seed: 1, Embeddings: "e5"})
	if p := m.Predict("unheard of", []float32{0, 1, 0.1}); p.Topic != "right" || p.Confidence < 0.7 {
		t.Errorf("with a vector: %s %.2f", p.Topic, p.Confidence)
	}
	if p := m.Predict("unheard of", []float32{1, 0, 0.1}); p.Topic != "left" || p.Confidence < 0.7 {
		t.Errorf("with a vector: %s %.2f", p.Topic, p.Confidence)
	}
	for _, v := range [][]float32{nil, {1}} {
		if p := m.Predict("r word3", v); p.Topic != "right" {
			t.Errorf("vector %v: %s", v, p.Topic)
		}
	}
	if n, err := Decode(file); err != nil || n.Dense != 3 || n.Embeddings != "e5" {
		t.Errorf("decoded: %v", err)
	}
}

func TestNearDuplicates(t *testing.T) {
	m, _ := train(t, examples(), Options{Seed: 1})
	if !m.Near("I lost my card PLEASE") || m.Near("a sentence about something else altogether") {
		t.Error("near-duplicates are not told from others")
	}
}

func TestFingerprintsOfNearTextsDiffer(t *testing.T) {
	l := newLexicon("")
	a := fingerprint(l.extract("my withdrawal to the bank has not arrived after three days"))
	b := fingerprint(l.extract("what is the fee for a transfer abroad"))
	if a == b || a == 0 {
		t.Errorf("%x and %x", a, b)
	}
}

// The lexicon that comes with the program is well formed: every phrase short enough, every line named.
func TestLexicon(t *testing.T) {
	names := map[string]bool{}
	for line := range strings.Lines(conceptsText) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		name, list, ok := strings.Cut(line, ":")
		if !ok || names[name] || strings.TrimSpace(list) == "" {
			t.Errorf("line %q", line)
		}
		names[name] = true
		for phrase := range strings.SplitSeq(list, ",") {
			if n := len(tokens(prepare(phrase))); n == 0 || n > maxPhrase {
				t.Errorf("%s: %q has %d tokens, at most %d count", name, phrase, n, maxPhrase)
			}
		}
	}
	if len(names) < 50 {
		t.Errorf("%d concepts", len(names))
	}
}

func TestCalibrationFindsWhatItShould(t *testing.T) {
	if x := minimize(func(x float64) float64 { return (x - 1.7) * (x - 1.7) }, 0, 4); math.Abs(x-1.7) > 1e-3 {
		t.Errorf("minimum at %v", x)
	}
	var xs []scopeWeights
	var in []bool
	for i := range 200 {
		x := float64(i)/100 - 1
		xs, in = append(xs, scopeWeights{1, x}), append(in, i%10 < int(10/(1+math.Exp(-1-2*x))))
	}
	w := logistic(xs, in, 1, 1)
	if math.Abs(w[0]-1) > 0.35 || math.Abs(w[1]-2) > 0.6 {
		t.Errorf("weights %v, want about 1 and 2", w[:2])
	}
}

// Invariants B and C.
func FuzzPredict(f *testing.F) {
	m, _ := train(f, examples(), Options{Seed: 1})
	for _, s := range []string{"", "👍👍👍", strings.Repeat("x", 1<<20), strings.Repeat("卡", 1<<18), "\xff\xfe\x00", "a\u200bb\u202ec", "раураl card", "<p>card &amp; fee</p>",
		"aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=", "卡card卡card", strings.Repeat("! ", 5000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := m.Predict(s, nil)
		for name, x := range map[string]float64{"confidence": p.Confidence, "out of scope": p.OutOfScope, "sure": p.Sure()} {
			if math.IsNaN(x) || x < 0 || x > 1 {
				t.Errorf("%q: %s %v", s, name, x)
			}
		}
		if p.Topic == "" || p.Topic == OutOfScope {
			t.Errorf("%q: topic %q", s, p.Topic)
		}
	})
}

func BenchmarkPredict(b *testing.B) {
	m, _ := train(b, examples(), Options{Seed: 1})
	for name, text := range map[string]string{"en": strings.Repeat("I lost my card on the bus and now I cannot log in. ", 10)[:500], "zh": string([]rune(strings.Repeat("我的银行卡丢了，手续费怎么收？登录不上去，", 40))[:500])} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Predict(text, nil)
			}
		})
	}
}
