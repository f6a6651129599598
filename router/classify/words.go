package classify

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"switchyard/router/policy"
)

// maxText bounds the characters looked at of one ticket.
const maxText = 8000

// phrase is one entry of a topic's word lists.
type phrase struct {
	text   string // normalized
	topic  int    // index in Ruleset.Topics
	weight float64
	rule   bool // decides by itself
	latin  bool // whole words only
	open   bool // any ending: written with an asterisk
	shown  string
}

// Matcher finds all phrases of a policy in one pass over a text.
type Matcher struct {
	first map[string][]phrase // by the first three letters, or the first Chinese character
}

// NewMatcher compiles the word lists of a ruleset's topics.
func NewMatcher(rs *policy.Ruleset) *Matcher {
	m := &Matcher{first: map[string][]phrase{}}
	for i, t := range rs.Topics {
		for _, list := range t.Words {
			for _, w := range list.Any {
				p := phrase{topic: i, weight: list.Weight, rule: list.Rule, shown: w}
				p.text = Normalize(strings.TrimSuffix(w, "*"))
				p.open = strings.HasSuffix(w, "*")
				r, _ := utf8.DecodeRuneInString(p.text)
				p.latin = !unicode.Is(unicode.Han, r)
				if p.text != "" {
					m.first[lead(p.text)] = append(m.first[lead(p.text)], p)
				}
			}
		}
	}
	return m
}

// lead is the key under which phrases that may begin here are found.
func lead(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if unicode.Is(unicode.Han, r) {
		return s[:n]
	}
	return s[:min(2, len(s))]
}

// Hit is a phrase that was found.
type Hit struct {
	Topic  int
	Weight float64
	Rule   bool
	Phrase string
}

// Find gives each phrase that occurs in a normalized text, once, in the order of first occurrence.
func (m *Matcher) Find(text string) []Hit {
	var hits []Hit
	seen := map[string]bool{}
	prevWord := false
	for i, r := range text {
		word := isWord(r)
		if word && prevWord {
			continue // inside a Latin word: phrases begin at its start
		}
		prevWord = word
		for _, p := range m.first[lead(text[i:])] {
			if !seen[p.shown] && strings.HasPrefix(text[i:], p.text) && p.ends(text[i+len(p.text):]) {
				seen[p.shown] = true
				hits = append(hits, Hit{p.topic, p.weight, p.rule, p.shown})
			}
		}
	}
	return hits
}

func isWord(r rune) bool {
	return !unicode.Is(unicode.Han, r) && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'')
}

func (p phrase) ends(rest string) bool {
	if !p.latin || p.open || rest == "" {
		return true
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return !isWord(r)
}

// enough is the score at which a topic counts as present beside another: one strong phrase.
const enough = 4

// byWordRule takes the first topic of the policy of which a word rule occurs.
func (r *Result) byWordRule(in Input, text string) bool {
	best := Hit{Topic: len(in.Rules.Topics)}
	for _, h := range in.Matcher.Find(text) {
		if h.Rule && h.Topic < best.Topic {
			best = h
		}
	}
	if best.Topic == len(in.Rules.Topics) {
		return false
	}
	t, phrase := in.Rules.Topics[best.Topic], strings.TrimSuffix(best.Phrase, "*")
	r.choose(t, 1)
	r.note("words", true, string(t.Name), "策略中的词规则："+phrase, "a word rule of the policy: "+phrase)
	return true
}

// score adds the weights of the phrases found, by topic.
func (in Input) score(text string) ([]float64, []string) {
	scores := make([]float64, len(in.Rules.Topics))
	words := make([]string, len(in.Rules.Topics))
	for _, h := range in.Matcher.Find(text) {
		scores[h.Topic] += h.Weight
		if n := strings.Count(words[h.Topic], ","); n < 4 {
			if words[h.Topic] != "" {
				words[h.Topic] += ", "
			}
			words[h.Topic] += strings.TrimSuffix(h.Phrase, "*")
		}
	}
	return scores, words
}

// confidenceOf turns a topic's score into 0–1: how much of all evidence it has, and whether it
// is more than one weak word. It is no learned probability; a trained model brings that.
func confidenceOf(score, all float64) float64 {
	if score <= 0 {
		return 0
	}
	return score / (all + 0.5) * (1 - math.Exp(-score))
}

// byWords takes the topic of most weight, where no model is; one the policy lists earlier goes
// before it if it has enough evidence of its own.
func (r *Result) byWords(in Input, text string) {
	scores, words := in.score(text)
	best, all := -1, 0.0
	for i, s := range scores {
		all += s
		if s > 0 && (best < 0 || s > scores[best]) {
			best = i
		}
	}
	confidences := make([]float64, len(scores))
	for i, s := range scores {
		confidences[i] = confidenceOf(s, all)
	}
	r.Topics = listed(in.Rules, confidences)
	if best < 0 {
		r.Rejected = true
		r.note("words", false, "", "没有任何主题的词出现", "no word of any topic occurs")
		return
	}
	confidence := confidences[best]
	for i := range scores {
		if i < best && scores[i] >= enough && !in.Rules.Topics[best].Spam {
			confidence = confidenceOf(scores[i]+scores[best], all)
			best = i
			break
		}
	}
	t := in.Rules.Topics[best]
	r.choose(t, confidence)
	r.Rejected = r.Confidence < in.Rules.Review.Below
	r.note("words", true, fmt.Sprintf("%s %.2f", t.Name, r.Confidence), "出现了："+words[best], "these words occur: "+words[best])
	if r.Rejected {
		r.note("threshold", true, fmt.Sprintf("%.2f < %.2f", r.Confidence, in.Rules.Review.Below), "把握低于设定的门槛", "the confidence is below the policy's threshold")
	}
}
