package textmodel

import "math/bits"

// nearBits is the number of differing bits up to which two fingerprints are of near-duplicates.
const nearBits = 6

// fingerprint is the SimHash of a text's features (Charikar 2002): near-duplicates differ in few bits.
func fingerprint(fs []found) uint64 {
	var sums [64]int32
	for _, f := range fs {
		h := (uint64(f.key) + 1) * 0x9E3779B97F4A7C15
		h ^= h >> 31
		h *= 0xBF58476D1CE4E5B9
		h ^= h >> 27
		for b := range sums {
			sums[b] += int32(h>>b&1)*2 - 1
		}
	}
	out := uint64(0)
	for b, s := range sums {
		if s > 0 {
			out |= 1 << b
		}
	}
	return out
}

// Near reports whether a text is nearly one that the model was trained on: a good answer
// on it says little.
func (m *Model) Near(text string) bool {
	f := fingerprint(m.lexicon.extract(prepare(text)))
	for _, g := range m.prints {
		if bits.OnesCount64(f^g) <= nearBits {
			return true
		}
	}
	return false
}
