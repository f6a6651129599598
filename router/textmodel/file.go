package textmodel

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"

	"switchyard/router"
)

// Format is the version of the model file that this build writes and reads.
const Format = 1

// magic begins every model file.
const magic = "SWYTEXT\n"

// maxFile bounds a model file, in bytes.
const maxFile = 256 << 20

// header is the readable part of a model file: JSON after the magic, then the arrays, then a SHA-256 of it all.
type header struct {
	Info
	Concepts  string      `json:"concepts"`
	Features  int         `json:"features"`
	Unseen    float32     `json:"unseen"`
	Plain     blend       `json:"plain"`
	WithDense blend       `json:"with_dense"`
	Nets      []netHeader `json:"nets"`
}

type netHeader struct {
	Hidden    int `json:"hidden"`
	DenseFrom int `json:"dense_from"`
}

// Encode writes the model as one file.
func (m *Model) Encode() ([]byte, error) {
	h := header{Info: m.Info, Concepts: m.lexicon.text, Features: len(m.vocabulary.keys), Unseen: m.vocabulary.most, Plain: m.plain, WithDense: m.withDense}
	for _, n := range m.nets {
		h.Nets = append(h.Nets, netHeader{n.hidden, n.denseFrom})
	}
	head, err := json.Marshal(h)
	if err != nil {
		return nil, router.Wrap("textmodel.encode", router.CodeInternal, err)
	}
	var b bytes.Buffer
	b.WriteString(magic)
	write := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // a Buffer takes everything
	write(uint32(len(head)))
	b.Write(head)
	write(m.vocabulary.keys)
	write(m.vocabulary.block)
	write(m.vocabulary.idf)
	write(m.prints)
	for _, n := range m.nets {
		for _, part := range n.arrays() {
			write(part)
		}
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:])
	return b.Bytes(), nil
}

// arrays are what a net is made of, in the order of the file.
func (q *quantized) arrays() []any { return []any{q.in, q.scale, q.inBias, q.out, q.outBias} }

// Decode reads a model file. A broken or newer one gives invalid_field, with what is wrong.
func Decode(file []byte) (*Model, error) {
	bad := func(format string, args ...any) error {
		return router.FailField("textmodel.decode", "model", format, args...)
	}
	if len(file) > maxFile || len(file) < len(magic)+4+sha256.Size || string(file[:len(magic)]) != magic {
		return nil, bad("this is no model file")
	}
	body := file[:len(file)-sha256.Size]
	r := bytes.NewReader(body[len(magic):])
	var size uint32
	if err := binary.Read(r, binary.LittleEndian, &size); err != nil || int(size) > r.Len() {
		return nil, bad("the model file is cut off")
	}
	head := make([]byte, size)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, bad("the model file is cut off")
	}
	var h header
	if err := json.Unmarshal(head, &h); err != nil {
		return nil, bad("the model file's head cannot be read: %v", err)
	}
	if h.Format > Format {
		return nil, bad("the model file has format %d; this build reads up to %d", h.Format, Format)
	}
	if sum := sha256.Sum256(body); string(sum[:]) != string(file[len(body):]) {
		return nil, bad("the model file is damaged: its checksum does not match")
	}
	if h.Features < 1 || h.Features > maxFeatures || len(h.Nets) == 0 || len(h.Labels) < 2 || h.Dense < 0 || h.Dense > maxDense || h.Examples < 1 || h.Examples > maxFile/8 {
		return nil, bad("the model file's head makes no sense")
	}
	return h.model(r, VersionOf(file), bad)
}

// VersionOf is the version of the model in a file, without reading it; empty if it is too short to be one.
func VersionOf(file []byte) string {
	if len(file) < sha256.Size {
		return ""
	}
	sum := file[len(file)-sha256.Size:]
	return hex.EncodeToString(sum[:8])
}

// maxDense bounds the length of vectors of an embeddings model.
const maxDense = 8192

func (h header) model(r *bytes.Reader, version string, bad func(string, ...any) error) (*Model, error) {
	m := &Model{Info: h.Info, lexicon: newLexicon(h.Concepts), plain: h.Plain, withDense: h.WithDense}
	m.vocabulary = &vocabulary{most: h.Unseen, keys: make([]uint32, h.Features), block: make([]uint8, h.Features), idf: make([]float32, h.Features)}
	m.prints = make([]uint64, h.Examples)
	parts := []any{m.vocabulary.keys, m.vocabulary.block, m.vocabulary.idf, m.prints}
	for _, n := range h.Nets {
		q, ok := newQuantized(n, h)
		if !ok {
			return nil, bad("the model file's nets make no sense")
		}
		parts = append(parts, q.arrays()...)
		m.nets = append(m.nets, q)
	}
	for _, part := range parts {
		if err := binary.Read(r, binary.LittleEndian, part); err != nil {
			return nil, bad("the model file is cut off")
		}
	}
	if r.Len() > 0 {
		return nil, bad("the model file has %d bytes too many", r.Len())
	}
	at := map[string]int{OutOfScope: -1}
	for i, t := range h.Topics {
		at[t] = i
	}
	m.version = version
	for _, l := range h.Labels {
		i, ok := at[l.Topic]
		if !ok {
			return nil, bad("label %q belongs to no topic", l.Topic)
		}
		m.topicOf = append(m.topicOf, i)
	}
	m.vocabulary.index()
	return m, nil
}

// newQuantized makes room for a net as the head describes it.
func newQuantized(n netHeader, h header) (quantized, bool) {
	q := quantized{hidden: n.Hidden, labels: len(h.Labels), width: len(h.Labels), denseFrom: n.DenseFrom}
	if n.Hidden > 0 {
		q.width = n.Hidden
		q.out, q.outBias = make([]float32, n.Hidden*q.labels), make([]float32, q.labels)
	}
	rows := h.Features
	if n.DenseFrom >= 0 {
		rows += h.Dense
	}
	if n.Hidden < 0 || n.Hidden > 4096 || n.DenseFrom >= 0 && n.DenseFrom != h.Features || rows*q.width > maxFile {
		return q, false
	}
	q.in, q.scale, q.inBias = make([]int8, rows*q.width), make([]float32, rows), make([]float32, q.width)
	return q, true
}
