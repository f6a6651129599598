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

// Columns names the columns of a labelled file; there need be no sub-topics.
type Columns struct {
	Text, Topic, Subtopic string
}

// File is a labelled file that was read whole.
type File struct {
	Examples []textmodel.Example
	Warnings []string // rows that stand there twice, with their lines
}

// maxProblems bounds the problems named of one file.
const maxProblems = 20

// ReadCSV reads labelled examples with a header line, to train on. All problems are named with
// their lines, up to a bound: missing columns, texts or topics, rows that cannot be read, and texts
// that stand there with two topics. Of a row that stands there twice the first is taken, with a warning.
func ReadCSV(r io.Reader, c Columns) (File, error) { return readCSV(r, c, true) }

// ReadTests reads labelled examples to score a model on: every row counts, also one that stands there twice.
func ReadTests(r io.Reader, c Columns) (File, error) { return readCSV(r, c, false) }

func readCSV(r io.Reader, c Columns, strict bool) (File, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	head, err := in.Read()
	if err != nil {
		return File{}, router.FailField("learn.csv", "file", "line 1: the file has no header line: %v", err)
	}
	at := map[string]int{}
	for i, h := range head {
		at[strings.TrimSpace(strings.TrimPrefix(h, "\ufeff"))] = i
	}
	for _, name := range []string{c.Text, c.Topic} {
		if _, ok := at[name]; !ok {
			return File{}, router.FailField("learn.csv", name, "line 1: there is no column %q; the file has %s", name, strings.Join(head, ", "))
		}
	}
	f := file{strict: strict, lines: map[string]int{}}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			f.problem("%v", err) // it names the line
			continue
		}
		line, _ := in.FieldPos(0)
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
	File
	strict   bool
	lines    map[string]int // text → index of its example + 1
	problems []string
}

func (f *file) problem(format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf(format, args...))
}

func (f *file) add(e textmodel.Example) {
	switch i := f.lines[e.Text]; {
	case e.Text == "":
		f.problem("line %d: the text is empty", e.Line)
	case e.Topic == "":
		f.problem("line %d: the topic is missing", e.Line)
	case f.strict && i > 0 && f.Examples[i-1].Topic != e.Topic:
		f.problem("line %d: the text of line %d again, there %q, here %q", e.Line, f.Examples[i-1].Line, f.Examples[i-1].Topic, e.Topic)
	case f.strict && i > 0:
		f.Warnings = append(f.Warnings, fmt.Sprintf("line %d: the row of line %d again", e.Line, f.Examples[i-1].Line))
	default:
		f.Examples = append(f.Examples, e)
		f.lines[e.Text] = len(f.Examples)
	}
}

func (f *file) done() (File, error) {
	if n := len(f.problems); n > 0 {
		more := ""
		if n > maxProblems {
			more = fmt.Sprintf("; and %d more", n-maxProblems)
		}
		return File{}, router.FailField("learn.csv", "file", "%s%s", strings.Join(f.problems[:min(n, maxProblems)], "; "), more)
	}
	if len(f.Examples) == 0 {
		return File{}, router.FailField("learn.csv", "file", "the file has no examples")
	}
	return f.File, nil
}
