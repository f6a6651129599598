package told

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

func draw(r *rand.Rand) (told, wait time.Duration) {
	told = time.Duration(r.ExpFloat64() * 20 * float64(time.Minute))
	return told, time.Duration(float64(told)*(0.4+1.2*r.Float64()) + r.ExpFloat64()*float64(30*time.Second))
}

// What is learned from some holds for others: nine in ten, and half.
func TestBandsHold(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	learned := Told{}
	for range 4000 {
		told, wait := draw(r)
		learned = learned.Plus(One(told, wait, nil))
	}
	n, in50, in90 := 4000, 0, 0
	for range n {
		told, wait := draw(r)
		b, ok := learned.Band(told)
		if !ok || b.Low90 > b.Low50 || b.High50 > b.High90 || b.Low50 > b.High50 {
			t.Fatalf("%+v %v", b, ok)
		}
		half, nine := b.Within(wait)
		if half {
			in50++
		}
		if nine {
			in90++
		}
	}
	if in90 < n*88/100 || in90 > n*95/100 || in50 < n*47/100 || in50 > n*62/100 {
		t.Fatalf("%d and %d of %d", in50, in90, n)
	}
	if _, ok := (Told{}).Band(time.Minute); ok {
		t.Fatal("nothing was seen")
	}
}

// Invariant A.
func TestPlusInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	var a, b Told
	var parts []Told
	for range 200 {
		told, wait := draw(r)
		told, wait = told.Truncate(time.Minute), wait.Truncate(time.Minute) // sums of floats in any order
		parts = append(parts, One(told, wait, &Band{0, 0, time.Hour, time.Hour}))
	}
	for i := range parts {
		a, b = a.Plus(parts[i]), parts[len(parts)-1-i].Plus(b)
	}
	if !reflect.DeepEqual(a, b) || a.N != 200 || a.Banded != 200 {
		t.Fatalf("%+v\n%+v", a, b)
	}
}
