package policy

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"switchyard/router"
)

// ClassFields are the expressions of a class that SetClass changes, by their names in the document.
func ClassFields() []string {
	return []string{"weight", "target", "handling", "k", "guard", "boost", "lead", "bonus", "reserve"}
}

// ClassField is the expression of a class as its document has it; nil for a field that SetClass does not know.
func (c *ClassDoc) ClassField(field string) *string {
	switch field {
	case "weight":
		return &c.Weight
	case "target":
		return &c.Target
	case "handling":
		return &c.Handling
	case "k":
		return &c.K
	case "guard":
		return &c.Guard
	case "boost":
		return &c.Boost
	case "lead":
		return &c.Lead
	case "bonus":
		return &c.Bonus
	case "reserve":
		return &c.Reserve
	}
	return nil
}

// SetClass changes one expression of one class in a policy's document and leaves every other byte as it
// is: comments, order and spelling survive. An empty expression takes the field out. What the expression
// says is not checked here. invalid_field: the document cannot be read, there is no such class or field,
// or the value is written over several lines, so that it must be changed in the document itself.
func SetClass(doc []byte, class router.ClassName, field, expr string) ([]byte, error) {
	const op = "policy.set_class"
	before, err := Parse(doc)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(before.Classes, func(c ClassDoc) bool { return c.Name == class })
	if at < 0 {
		return nil, router.FailField(op, "class", "there is no class %q", class)
	}
	path := fmt.Sprintf("classes[%d].%s", at, field)
	want := before.Classes[at].ClassField(field)
	expr = strings.TrimSpace(expr)
	switch {
	case want == nil:
		return nil, router.FailField(op, "field", "%q is not one of %v", field, ClassFields())
	case strings.ContainsAny(expr, "\r\n"):
		return nil, router.FailField(op, path, "must be one line")
	case *want == expr:
		return bytes.Clone(doc), nil
	}
	e, err := editorOf(doc, at, field)
	if err != nil {
		return nil, router.FailField(op, path, "%v", err)
	}
	out := e.set(field, expr)
	*want = expr
	if after, err := Parse(out); err != nil || !reflect.DeepEqual(before, after) {
		return nil, router.FailField(op, path, "is written in a way that only an edit of the document itself can change")
	}
	return out, nil
}

// editor changes one entry of one mapping in a document.
type editor struct {
	lines      []string // with their ends
	flow       bool     // the mapping is written {like: this}
	name       mark     // the mapping's first key
	nameValue  mark
	has        bool // the field is there
	key, value mark
	first      bool // the field is the first of its mapping
}

// mark is a place in the document: line, and byte in the line, both from 0.
type mark struct{ line, at int }

func editorOf(doc []byte, at int, field string) (*editor, error) {
	file, err := parser.ParseBytes(doc, parser.ParseComments)
	if err != nil || len(file.Docs) != 1 {
		return nil, fmt.Errorf("the document cannot be read")
	}
	root, ok := file.Docs[0].Body.(*ast.MappingNode)
	if !ok {
		return nil, fmt.Errorf("the document is no mapping")
	}
	e := &editor{lines: strings.SplitAfter(string(doc), "\n")}
	for _, kv := range root.Values {
		list, ok := kv.Value.(*ast.SequenceNode)
		if kv.Key.GetToken().Value != "classes" || !ok || at >= len(list.Values) {
			continue
		}
		return e, e.find(list.Values[at], field)
	}
	return nil, fmt.Errorf("the document lists no classes")
}

// find notes where the mapping begins and where the field stands in it.
func (e *editor) find(node ast.Node, field string) error {
	values := []*ast.MappingValueNode{}
	switch m := node.(type) {
	case *ast.MappingNode:
		e.flow, values = m.IsFlowStyle, m.Values
	case *ast.MappingValueNode:
		values = append(values, m)
	}
	if len(values) == 0 {
		return fmt.Errorf("the class is no mapping")
	}
	for i, kv := range values {
		key, value := e.mark(kv.Key), e.mark(kv.Value)
		if i == 0 {
			e.name, e.nameValue = key, value
		}
		if kv.Key.GetToken().Value == field {
			e.has, e.first, e.key, e.value = true, i == 0, key, value
		}
	}
	return nil
}

// mark is the place of a node; the parser counts lines and characters from 1.
func (e *editor) mark(n ast.Node) mark {
	p := n.GetToken().Position
	line := e.lines[min(p.Line, len(e.lines))-1]
	at := 0
	for i := range line {
		if at++; at == p.Column {
			return mark{p.Line - 1, i}
		}
	}
	return mark{p.Line - 1, len(line)}
}

// set writes the field. A result that does not read as meant is the caller's to refuse.
func (e *editor) set(field, expr string) []byte {
	entry := field + ": " + quote(expr)
	switch {
	case e.has && expr != "":
		e.splice(e.value, e.end(e.value), quote(expr))
	case e.has && e.flow:
		from, to := e.key.at, e.end(e.value)
		line := e.lines[e.key.line]
		if comma := strings.LastIndex(line[:from], ","); !e.first && comma >= 0 {
			from = comma
		}
		e.splice(mark{e.key.line, from}, to, "")
	case e.has:
		e.lines[e.key.line] = ""
	case e.flow:
		end := e.end(e.nameValue)
		e.splice(mark{e.nameValue.line, end}, end, ", "+entry)
	default:
		e.insert(strings.Repeat(" ", e.name.at) + entry)
	}
	return []byte(strings.Join(e.lines, ""))
}

// insert puts a line behind that of the mapping's first value.
func (e *editor) insert(line string) {
	at := e.nameValue.line
	end := "\n"
	if strings.HasSuffix(e.lines[at], "\r\n") {
		end = "\r\n"
	}
	if !strings.HasSuffix(e.lines[at], "\n") {
		e.lines[at] += end
	}
	e.lines = slices.Insert(e.lines, at+1, line+end)
}

func (e *editor) splice(from mark, to int, text string) {
	line := e.lines[from.line]
	if to < from.at || to > len(line) {
		return // what comes out does not read as meant, and is refused
	}
	e.lines[from.line] = line[:from.at] + text + line[to:]
}

// end is where a value of one line ends in its line.
func (e *editor) end(m mark) int {
	rest := e.lines[m.line][m.at:]
	if rest == "" {
		return m.at
	}
	if q := rest[0]; q == '"' || q == '\'' {
		return m.at + quoted(rest, q)
	}
	end := len(strings.TrimRight(rest, "\r\n"))
	if i := strings.Index(rest[:end], " #"); i >= 0 {
		end = i
	}
	if i := strings.IndexAny(rest[:end], ",}"); e.flow && i >= 0 {
		end = i
	}
	return m.at + len(strings.TrimRight(rest[:end], " \t"))
}

// quoted is the length of a quoted value with its quotes.
func quoted(s string, q byte) int {
	for i := 1; i < len(s); i++ {
		switch {
		case q == '"' && s[i] == '\\', q == '\'' && s[i] == q && i+1 < len(s) && s[i+1] == q:
			i++
		case s[i] == q:
			return i + 1
		}
	}
	return len(s)
}

// quote writes an expression as YAML in double quotes.
func quote(expr string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\t", `\t`).Replace(expr) + `"`
}
