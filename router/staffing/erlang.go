package staffing

import (
	"math"

	"switchyard/router"
)

// maxAgents bounds every search and every recursion.
const maxAgents = 200_000

// ErlangB is the share of arrivals that find all agents busy when nobody waits
// (Erlang 1917): B₀ = 1, B_k = A·B/(k + A·B). Load in erlangs.
func ErlangB(agents int, load float64) (float64, error) {
	const op = "staffing.erlang_b"
	if agents < 0 || agents > maxAgents {
		return 0, router.FailField(op, "agents", "must be 0 to %d, not %d", maxAgents, agents)
	}
	if err := notNegative(op, "load", load); err != nil {
		return 0, err
	}
	return blocked(agents, load), nil
}

func blocked(agents int, load float64) float64 {
	b := 1.0
	for k := 1; k <= agents; k++ {
		b = load * b / (float64(k) + load*b)
	}
	return b
}

// ErlangC is the share of arrivals that wait when nobody gives up (Erlang 1917):
// B/(1 − (A/N)(1 − B)). Load in erlangs; it must be below the number of agents.
func ErlangC(agents int, load float64) (float64, error) {
	const op = "staffing.erlang_c"
	if err := enoughAgents(op, agents, load); err != nil {
		return 0, err
	}
	b := blocked(agents, load)
	return b / (1 - load/float64(agents)*(1-b)), nil
}

// enoughAgents refuses a line in which waits would grow for ever.
func enoughAgents(op string, agents int, load float64) error {
	if err := agentsOf(op, agents); err != nil {
		return err
	}
	if err := notNegative(op, "load", load); err != nil {
		return err
	}
	if load >= float64(agents) {
		return router.FailField(op, "agents", "%d cannot serve a load of %.4g erlangs: the line would grow for ever, at least %.0f are needed", agents, load, math.Floor(load)+1)
	}
	return nil
}

func agentsOf(op string, agents int) error {
	if agents < 1 || agents > maxAgents {
		return router.FailField(op, "agents", "must be 1 to %d, not %d", maxAgents, agents)
	}
	return nil
}

func notNegative(op, field string, v float64) error {
	if !(v >= 0) || v > 1e12 {
		return router.FailField(op, field, "must be a number from 0 to 1e12, not %v", v)
	}
	return nil
}

func share(op, field string, v float64) error {
	if !(v > 0 && v < 1) {
		return router.FailField(op, field, "must lie between 0 and 1, not %v", v)
	}
	return nil
}
