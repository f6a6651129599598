package dispatch

import (
	"context"
	"math"
	"time"

	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/route"
	"switchyard/router/store"
)

// MoveModes moves the modes by the load as it is known here. Only the owner of the sweep's lease calls it; the
// compare-and-set keeps two who both believe to be it from undoing each other's change. Not for concurrent use.
func (s *Service) MoveModes(ctx context.Context) error {
	view, now := s.Live.View(), s.Now()
	var changes []route.Change
	r, err := store.ModesRecord(s.Store).Update(ctx, "desk", func(m *route.Modes) (bool, error) {
		*m, changes = route.NextModes(view.Rules.Ruleset, view.Snapshot, *m, now)
		return len(changes) > 0, nil
	})
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.Mode == "overload" {
			continue
		}
		if err := s.tellMode(ctx, c); err != nil {
			return err
		}
	}
	// Overload is told by what is stored: a process that dies between the write and the telling leaves it to the next.
	o := r.Value.Overload
	if o.Since.IsZero() || o.Since.Equal(s.toldOverload) {
		return nil
	}
	err = s.tellMode(ctx, route.Change{Mode: "overload", On: o.On, At: o.Since, Why: o.Why})
	if err == nil {
		s.toldOverload = o.Since
	}
	return err
}

// tellMode writes a change of a mode into the audit stream and tells managers and pages.
func (s *Service) tellMode(ctx context.Context, c route.Change) error {
	act, id := c.Mode+"_off", router.HashID("a", "modes", c.Mode, string(c.Queue), c.At.UTC().Format(time.RFC3339Nano))
	if c.On {
		act = c.Mode + "_on"
	}
	s.Log.Info("a mode changed", "mode", c.Mode, "queue", c.Queue, "on", c.On)
	s.publish(ctx, News{Kind: "mode", Queue: c.Queue})
	_, err := store.AppendJSON(ctx, s.Store, store.AuditStream, id, c.At, store.AuditEntry{Act: act, Target: string(c.Queue), Note: c.Why.EN})
	if err == nil {
		err = s.Notice(ctx, "mode", id, modeSentence(c), "")
	}
	return err
}

// modeSentence says a change of a mode to managers.
func modeSentence(c route.Change) router.Sentence {
	zh, en := "超负荷模式", "Overload"
	if c.Mode == "overflow" {
		zh, en = "队列 "+string(c.Queue)+" 的分流", "Overflow of the queue "+string(c.Queue)
	}
	if c.On {
		return router.Sentence{ZH: zh + "已开启：" + c.Why.ZH + "。", EN: en + " is on: " + c.Why.EN + "."}
	}
	return router.Sentence{ZH: zh + "已结束：" + c.Why.ZH + "。", EN: en + " is off: " + c.Why.EN + "."}
}

// overloaded is what the policy says of overload, nil while that mode is off.
func (v *View) overloaded() *policy.Overload {
	if !v.Modes.Overload.On {
		return nil
	}
	return v.Rules.Overload
}

// Promise is a wait as customers are told it: while the desk is overloaded, the policy's factor times it, in whole minutes rounded up.
func (v *View) Promise(wait time.Duration) time.Duration {
	o := v.overloaded()
	if o == nil || wait <= 0 {
		return wait
	}
	return time.Duration(math.Ceil(wait.Minutes()*o.Promise)) * time.Minute
}

// Told are the sentences that waiting customers are shown while the desk is overloaded: that it is (texts.overload), and, for
// those who stand in a line that they must watch, that they may leave a number or address instead (texts.callback).
func (v *View) Told(inLine bool) []router.Sentence {
	o := v.overloaded()
	if o == nil {
		return nil
	}
	var out []router.Sentence
	for _, show := range []struct {
		name string
		show bool
	}{{"overload", true}, {"callback", inLine && o.Callers}} {
		if text := v.Rules.Texts[show.name]; show.show && text != (router.Sentence{}) {
			out = append(out, text)
		}
	}
	return out
}
