package textmodel

import (
	"math"
	"sort"
)

// maxFeatures bounds a vocabulary; the most frequent features stay.
const maxFeatures = 60_000

// vocabularySize is how many features a number of labels is worth: many labels need rarer ones.
func vocabularySize(labels int) int { return min(max(25_000, 520*labels), maxFeatures) }

// vocabulary knows the features of the training texts and how rare each is.
type vocabulary struct {
	keys  []uint32  // by index
	block []uint8   // by index
	idf   []float32 // by index: ln((1+n)/(1+df)) + 1
	most  float32   // the weight of a feature never seen
	slots []int32   // open addressing: index + 1
}

// newVocabulary counts the features of the texts (extracted) and keeps so many, the most frequent ones.
func newVocabulary(docs [][]found, limit int) *vocabulary {
	type entry struct {
		key   uint32
		block uint8
		df    int32
		last  int32
	}
	at := map[uint64]int32{}
	var all []entry
	for d, doc := range docs {
		for _, f := range doc {
			id := uint64(f.block)<<32 | uint64(f.key)
			i, ok := at[id]
			if !ok {
				i = int32(len(all))
				at[id] = i
				all = append(all, entry{f.key, f.block, 0, -1})
			}
			if e := &all[i]; e.last != int32(d) {
				e.last, e.df = int32(d), e.df+1
			}
		}
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		if a.df != b.df {
			return a.df > b.df
		}
		if a.block != b.block {
			return a.block < b.block
		}
		return a.key < b.key
	})
	all = all[:min(len(all), limit)]
	v := &vocabulary{most: float32(math.Log(float64(1+len(docs))) + 1)}
	for _, e := range all {
		v.keys = append(v.keys, e.key)
		v.block = append(v.block, e.block)
		v.idf = append(v.idf, float32(math.Log(float64(1+len(docs))/float64(1+e.df))+1))
	}
	v.index()
	return v
}

func (v *vocabulary) index() {
	size := 16
	for size < 2*len(v.keys) {
		size *= 2
	}
	v.slots = make([]int32, size)
	for i, k := range v.keys {
		for s := v.slot(v.block[i], k); ; s = (s + 1) & (size - 1) {
			if v.slots[s] == 0 {
				v.slots[s] = int32(i + 1)
				break
			}
		}
	}
}

func (v *vocabulary) slot(block uint8, key uint32) int {
	return int((key^uint32(block)*0x9E3779B1)*0x85EBCA6B>>7) & (len(v.slots) - 1)
}

// find is the index of a feature, -1 if it is not known.
func (v *vocabulary) find(block uint8, key uint32) int32 {
	for s := v.slot(block, key); ; s = (s + 1) & (len(v.slots) - 1) {
		i := v.slots[s] - 1
		if i < 0 || v.keys[i] == key && v.block[i] == block {
			return i
		}
	}
}

// weight is one entry of a vector.
type weight struct {
	feature int32
	value   float32
}

// vector is a text as the learners see it.
type vector struct {
	weights []weight
	places  []int32   // of each occurrence its weight, -1 if its feature is not known
	known   float32   // 0–1: the share of words and content, by weight, that training has seen
	dense   []float32 // of an embeddings endpoint; may be missing
}

// vector weighs the features of a text by tf-idf: damped counts, each block of length one, all together of length one.
func (v *vocabulary) vector(fs []found) vector {
	size := 16
	for size < 2*len(fs) {
		size *= 2
	}
	slots := make([]int32, size)
	out := vector{places: make([]int32, 0, len(fs))}
	counts := make([]int32, 0, len(fs))
	var known, unknown float32
	for _, f := range fs {
		i := v.find(f.block, f.key)
		if f.block == blockContent || f.block == blockWords {
			if i < 0 {
				unknown += v.most
			} else {
				known += v.idf[i]
			}
		}
		if i < 0 {
			out.places = append(out.places, -1)
			continue
		}
		for s := int(uint32(i)*0x9E3779B1>>8) & (size - 1); ; s = (s + 1) & (size - 1) {
			at := slots[s] - 1
			if at < 0 {
				slots[s] = int32(len(counts) + 1)
				counts = append(counts, 1)
				out.weights = append(out.weights, weight{i, 0})
				out.places = append(out.places, int32(len(counts)-1))
				break
			}
			if out.weights[at].feature == i {
				counts[at]++
				out.places = append(out.places, at)
				break
			}
		}
	}
	if known+unknown > 0 {
		out.known = known / (known + unknown)
	}
	v.scale(&out, counts)
	return out
}

func (v *vocabulary) scale(out *vector, counts []int32) {
	var length [blocks]float32
	for j := range out.weights {
		w := &out.weights[j]
		w.value = v.idf[w.feature]
		if counts[j] > 1 {
			w.value *= sublinear(int(counts[j]))
		}
		length[v.block[w.feature]] += w.value * w.value
	}
	used := float32(0)
	for _, l := range length {
		if l > 0 {
			used++
		}
	}
	for b, l := range length {
		if l > 0 {
			length[b] = 1 / float32(math.Sqrt(float64(l*used)))
		}
	}
	for j := range out.weights {
		w := &out.weights[j]
		w.value *= length[v.block[w.feature]]
	}
}
