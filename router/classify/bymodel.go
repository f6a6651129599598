package classify

import (
	"fmt"
	"strings"

	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/textmodel"
)

const (
	// present is the confidence from which a topic counts as there beside the best one.
	present = 0.3
	// presentAlone is the sureness from which one message of several brings a topic of its own.
	presentAlone = 0.8
	// partsLooked bounds the messages that are looked at one by one: the newest.
	partsLooked = 5
	// shownTopics is the confidence from which a topic is listed.
	shownTopics = 0.02
)

// byModel asks the text model. Of the topics that are there the one the policy lists first routes.
func (r *Result) byModel(in Input, text string) {
	p := in.Model.Predict(in.Text, in.Embedding)
	scores := scoresOf(in, p)
	best := in.Rules.Topic(router.Topic(p.Topic))
	r.OutOfScope, r.Subtopic = round(p.OutOfScope), p.Subtopic
	r.Topics = listed(in.Rules, scores)
	if best == nil {
		r.Rejected = true
		r.note("model", false, p.Topic, "模型给出的主题不在本策略中", "the model's topic is not in this policy")
		return
	}
	chosen, by := best, p
	if !best.Spam {
		chosen, by = first(in, best, p, scores)
	}
	if chosen != best {
		r.Subtopic = ""
		r.note("model", true, fmt.Sprintf("%s %.2f", best.Name, scores[best.Rank]), "最可能的主题", "the likeliest topic")
	}
	confidence := scores[chosen.Rank]
	if by.Topic == string(chosen.Name) {
		confidence = max(confidence, by.Confidence)
	}
	r.choose(chosen, confidence)
	sure := r.Confidence * (1 - p.OutOfScope)
	r.Rejected = sure < in.Rules.Review.Below
	r.note("model", true, fmt.Sprintf("%s %.2f", chosen.Name, r.Confidence), "最有分量的词："+strings.Join(by.Words, "、"), "the words that weighed most: "+strings.Join(by.Words, ", "))
	r.Reasons[len(r.Reasons)-1].Words = by.Words
	if p.OutOfScope >= 0.2 {
		r.note("out_of_scope", true, fmt.Sprintf("%.2f", p.OutOfScope), "可能与任何主题无关", "it may be about none of the topics")
	}
	if r.Rejected {
		r.note("threshold", true, fmt.Sprintf("%.2f < %.2f", sure, in.Rules.Review.Below), "把握低于设定的门槛", "the sureness is below the policy's threshold")
	}
}

// scoresOf are the model's confidences by the policy's topics.
func scoresOf(in Input, p textmodel.Prediction) []float64 {
	out := make([]float64, len(in.Rules.Topics))
	for i, name := range in.Model.Topics {
		if t := in.Rules.Topic(router.Topic(name)); t != nil {
			out[t.Rank] = p.Topics[i]
		}
	}
	return out
}

func listed(rs *policy.Ruleset, scores []float64) []router.TopicScore {
	var out []router.TopicScore
	for i, s := range scores {
		if s >= shownTopics {
			out = append(out, router.TopicScore{Topic: rs.Topics[i].Name, Confidence: round(s)})
		}
	}
	SortTopics(out)
	return out
}

// first is the topic the policy lists first among those that are there: with enough confidence
// in the whole text, or surely in one of several messages.
func first(in Input, best *policy.Topic, p textmodel.Prediction, scores []float64) (*policy.Topic, textmodel.Prediction) {
	chosen, by := best, p
	for i := range best.Rank {
		if scores[i] >= present && !in.Rules.Topics[i].Spam {
			chosen = in.Rules.Topics[i]
			break
		}
	}
	if len(in.Parts) < 2 {
		return chosen, by
	}
	for _, part := range in.Parts[max(0, len(in.Parts)-partsLooked):] {
		q := in.Model.Predict(part, nil)
		if t := in.Rules.Topic(router.Topic(q.Topic)); t != nil && !t.Spam && t.Rank < chosen.Rank && q.Sure() >= presentAlone {
			chosen, by = t, q
		}
	}
	return chosen, by
}

// secondOpinion lets an opinion from outside choose the topic of what was rejected. It cannot make spam of it.
func (r *Result) secondOpinion(in Input) {
	t := in.Rules.Topic(in.Opinion.Topic)
	if t == nil || t.Spam {
		r.note("opinion", false, in.Opinion.Model, "第二意见也无法判断", "the second opinion could not tell either")
		return
	}
	if t.Name != r.Classification.Topic {
		r.Subtopic = ""
	}
	confidence := r.Confidence
	for _, s := range r.Topics {
		if s.Topic == t.Name {
			confidence = s.Confidence
		}
	}
	r.choose(t, confidence)
	r.Rejected = false
	r.note("opinion", true, string(t.Name), "第二意见（"+in.Opinion.Model+"）选了这个主题", "the second opinion ("+in.Opinion.Model+") chose this topic")
}
