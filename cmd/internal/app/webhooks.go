package app

import (
	"context"
	"slices"

	"switchyard/cmd/internal/config"
	"switchyard/router"
	"switchyard/router/policy"
	"switchyard/router/store"
	"switchyard/workers"
	"switchyard/workers/webhook"
)

// openWebhooks makes the caller of outgoing webhooks, which stand in the configuration's file alone.
func (a *App) openWebhooks() *webhook.Caller {
	var hooks []webhook.Hook
	for _, w := range a.Config.Webhooks {
		hooks = append(hooks, webhook.Hook{Name: w.Name, URL: w.URL, Secret: w.Secret, FromFile: true})
	}
	for _, name := range UnknownWebhooks(a.Config, a.Live.View().Rules.Ruleset) {
		a.Log.Warn("the policy calls a webhook that the configuration does not have; its calls will fail", "webhook", name)
	}
	c := &webhook.Caller{Docs: a.Store, Tell: a.Desk.Notice, Pause: workers.Backoff, Now: Now, Log: a.Log}
	return c.Use(hooks)
}

// MissingWebhooks are those of the policy in force. A store without a policy has none.
func MissingWebhooks(ctx context.Context, c *config.Config, st store.Store) ([]string, error) {
	rules, err := policyInForce(ctx, st)
	if router.IsCode(err, router.CodeNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return UnknownWebhooks(c, rules.Ruleset), nil
}

// UnknownWebhooks are webhooks that a policy calls and the configuration does not have, by name.
func UnknownWebhooks(c *config.Config, rs *policy.Ruleset) []string {
	var out []string
	for _, e := range rs.Escalations {
		known := e.Webhook == "" || slices.ContainsFunc(c.Webhooks, func(w config.Webhook) bool { return w.Name == e.Webhook })
		if !known && !slices.Contains(out, e.Webhook) {
			out = append(out, e.Webhook)
		}
	}
	slices.Sort(out)
	return out
}
