package textmodel

import "math"

// quantized is a net as a model keeps it: 8-bit weights of the first layer, each row with its scale.
type quantized struct {
	hidden, labels, width, denseFrom int
	in                               []int8
	scale                            []float32 // by row
	inBias, out, outBias             []float32
}

// denseScale makes the numbers of an embedding, whose length is one, weigh as much as a text's few strong words.
const denseScale = 3

// quantize rounds a trained net. Rows that never moved become zero.
func quantize(n *net) quantized {
	q := quantized{hidden: n.hidden, labels: n.labels, width: n.width, denseFrom: n.denseFrom, inBias: n.inBias, out: n.out, outBias: n.outBias}
	q.in = make([]int8, len(n.in))
	q.scale = make([]float32, len(n.in)/n.width)
	for r := range q.scale {
		row := n.in[r*n.width : (r+1)*n.width]
		most := float32(0)
		for _, x := range row {
			most = max(most, x, -x)
		}
		if most == 0 {
			continue
		}
		q.scale[r] = most / 127
		for j, x := range row {
			q.in[r*n.width+j] = int8(math.RoundToEven(float64(x / q.scale[r])))
		}
	}
	return q
}

func (q *quantized) rowOf(i int32) []int8 { return q.in[int(i)*q.width : (int(i)+1)*q.width] }

// logits scores the labels of a text into x.
func (q *quantized) logits(v vector, x []float32) {
	first := x
	if q.hidden > 0 {
		first = make([]float32, q.hidden)
	}
	copy(first, q.inBias)
	for _, w := range v.weights {
		axpy8(first, q.rowOf(w.feature), w.value*q.scale[w.feature])
	}
	if q.denseFrom >= 0 {
		for i, d := range v.dense {
			r := int32(q.denseFrom + i)
			axpy8(first, q.rowOf(r), d*denseScale*q.scale[r])
		}
	}
	if q.hidden == 0 {
		return
	}
	copy(x, q.outBias)
	for i, h := range first {
		if h > 0 {
			axpy(x, q.out[i*q.labels:(i+1)*q.labels], h)
		}
	}
}

// axpy8 adds a·x to y.
func axpy8(y []float32, x []int8, a float32) {
	x = x[:len(y)]
	for len(y) >= 4 {
		y0, x0 := y[:4], x[:4]
		y0[0] += float32(a * float32(x0[0]))
		y0[1] += float32(a * float32(x0[1]))
		y0[2] += float32(a * float32(x0[2]))
		y0[3] += float32(a * float32(x0[3]))
		y, x = y[4:], x[4:]
	}
	for i := range y {
		y[i] += float32(a * float32(x[i]))
	}
}
