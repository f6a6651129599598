package learn

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"switchyard/router"
	"switchyard/router/textmodel"
)

// Columns names the columns of a labelled file. Subtopic and Language may be missing from it.
type Columns struct {
	Text, Topic, Subtopic string
}

// maxProblems bounds the problems named of one file.
const maxProblems = 20

// ReadCSV reads labelled examples with a header line. All problems are named with their
// lines, up to a bound: missing columns, texts or topics, rows that cannot be read, and texts that stand there with two topics.
// Of a text that stands there twice with one topic the first is taken.
func ReadCSV(r io.Reader, c Columns) ([]textmodel.Example, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	head, err := in.Read()
	if err != nil {
		return nil, router.FailField("learn.csv", "file", "line 1: the file has no header line: %v", err)
	}
	at := map[string]int{}
	for i, h := range head {
		at[strings.TrimSpace(strings.TrimPrefix(h, "\ufeff"))] = i
	}
	for _, name := range []string{c.Text, c.Topic} {
		if _, ok := at[name]; !ok {
			return nil, router.FailField("learn.csv", name, "line 1: there is no column %q; the file has %s", name, strings.Join(head, ", "))
		}
	}
	var f file
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := in.FieldPos(0)
		if err != nil {
			f.problem("%v", err)
			continue
		}
		cell := func(name string) string {
			if i, ok := at[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		f.add(textmodel.Example{Text: cell(c.Text), Topic: cell(c.Topic), Subtopic: cell(c.Subtopic), Line: line})
	}
	return f.done()
}

// file gathers the examples of one file and what is wrong with it.
type file struct {
	examples []textmodel.Example
	lines    map[string]int // text → index of its example + 1
	problems []string
}

func (f *file) problem(format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf(format, args...))
}

func (f *file) add(e textmodel.Example) {
	if f.lines == nil {
		f.lines = map[string]int{}
	}
	switch i := f.lines[e.Text]; {
	case e.Text == "":
		f.problem("line %d: the text is empty", e.Line)
	case e.Topic == "":
		f.problem("line %d: the topic is missing", e.Line)
	case i > 0 && f.examples[i-1].Topic != e.Topic:
		f.problem("line %d: the text of line %d again, there %q, here %q", e.Line, f.examples[i-1].Line, f.examples[i-1].Topic, e.Topic)
	case i > 0:
	default:
		f.examples = append(f.examples, e)
		f.lines[e.Text] = len(f.examples)
	}
}

func (f *file) done() ([]textmodel.Example, error) {
	if n := len(f.problems); n > 0 {
		more := ""
		if n > maxProblems {
			more = fmt.Sprintf("; and %d more", n-maxProblems)
		}
		return nil, router.FailField("learn.csv", "file", "%s%s", strings.Join(f.problems[:min(n, maxProblems)], "; "), more)
	}
	if len(f.examples) == 0 {
		return nil, router.FailField("learn.csv", "file", "the file has no examples")
	}
	return f.examples, nil
}
