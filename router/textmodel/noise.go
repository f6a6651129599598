package textmodel

import "math/rand/v2"

// everyRune is the number of characters for which a noisy copy has one slip of the fingers more.
const everyRune = 20

// noisy copies a text with a few slips: neighbors swapped, a character missing, or another in
// its place. Short texts stay as they are.
func noisy(text string, rng *rand.Rand) string {
	rs := []rune(text)
	if len(rs) <= 8 {
		return text
	}
	for range 1 + len(rs)/everyRune {
		i := rng.IntN(len(rs) - 1)
		switch rng.IntN(3) {
		case 0:
			rs[i], rs[i+1] = rs[i+1], rs[i]
		case 1:
			rs = append(rs[:i], rs[i+1:]...)
		case 2:
			rs[i] = rs[rng.IntN(len(rs))]
		}
	}
	return string(rs)
}
