package policy

import (
	"fmt"
	"math"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// costLimit bounds one evaluation; a comparison costs about 1, a regular
// expression over a text of 8,000 characters some thousands.
const costLimit = 20_000

// Vars are the variables of an expression by name: ticket, contact, load, hours, calendar.
type Vars map[string]any

// Env compiles expressions. Two kinds exist: over a ticket, and over load and hours alone.
type Env struct{ ticket, class *cel.Env }

// NewEnv makes the two environments.
func NewEnv() (*Env, error) {
	obj := cel.MapType(cel.StringType, cel.DynType)
	shared := []cel.EnvOption{
		cel.CrossTypeNumericComparisons(true),
		cel.Variable("load", obj), cel.Variable("hours", obj), cel.Variable("calendar", obj),
	}
	class, err := cel.NewEnv(shared...)
	if err != nil {
		return nil, err
	}
	ticket, err := class.Extend(cel.Variable("ticket", obj), cel.Variable("contact", obj))
	return &Env{ticket: ticket, class: class}, err
}

// Expr is a compiled expression.
type Expr struct {
	Source string
	prg    cel.Program
}

func compile(env *cel.Env, src string) (*Expr, error) {
	parsed, iss := env.Parse(src)
	if iss.Err() != nil {
		return nil, iss.Err()
	}
	doubles(parsed.NativeRep().Expr())
	checked, iss := env.Check(parsed)
	if iss.Err() != nil {
		return nil, iss.Err()
	}
	prg, err := env.Program(checked, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, err
	}
	return &Expr{Source: src, prg: prg}, nil
}

// doubles turns integer literals into doubles, so that numbers of any kind mix (invariant D).
func doubles(e ast.Expr) {
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.LiteralKind {
			switch v := e.AsLiteral().(type) {
			case types.Int:
				e.SetKindCase(ast.NewExprFactory().NewLiteral(e.ID(), types.Double(v)))
			case types.Uint:
				e.SetKindCase(ast.NewExprFactory().NewLiteral(e.ID(), types.Double(v)))
			}
		}
	}))
}

// Bool evaluates a condition.
func (x *Expr) Bool(vars Vars) (bool, error) {
	v, _, err := x.prg.Eval(map[string]any(vars))
	if err != nil {
		return false, err
	}
	b, ok := v.Value().(bool)
	if !ok {
		return false, fmt.Errorf("gives %T, not true or false", v.Value())
	}
	return b, nil
}

// Number evaluates to a finite positive number; anything else is an error.
func (x *Expr) Number(vars Vars) (float64, error) {
	f, err := x.Amount(vars)
	if err == nil && f == 0 {
		err = fmt.Errorf("gives 0, not a finite positive number")
	}
	return f, err
}

// Amount evaluates to a finite number that is not negative; anything else is an error.
func (x *Expr) Amount(vars Vars) (float64, error) {
	v, _, err := x.prg.Eval(map[string]any(vars))
	if err != nil {
		return 0, err
	}
	var f float64
	switch n := v.Value().(type) {
	case float64:
		f = n
	case int64:
		f = float64(n)
	case uint64:
		f = float64(n)
	default:
		return 0, fmt.Errorf("gives %T, not a number", n)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
		return 0, fmt.Errorf("gives %v, not a finite positive number", f)
	}
	return f, nil
}
