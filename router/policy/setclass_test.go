package policy

import (
	"strings"
	"testing"

	"switchyard/router"
)

const classesDoc = `# a desk
name: d # its name
classes:
  # the first
  - name: one
    title: {zh: 一, en: One}
    weight: "load.wait > 15 ? 12 : 8" # urgent
    target: 5   # minutes
    handling: 'x["it''s"]'
  - {name: two, title: {zh: 二类, en: "a, b"}, weight: "2", target: 30} # flow
  - weight: >-
      1 +
      2
    name: three
    target: "9"

other: x
`

func TestSetClassChangesOneExpressionAndNothingElse(t *testing.T) {
	doc := strings.Replace(classesDoc, "other: x\n", "zone: UTC\n", 1)
	for _, c := range []struct{ class, field, expr, from, to string }{
		{"one", "weight", "9", `"load.wait > 15 ? 12 : 8" # urgent`, `"9" # urgent`},
		{"one", "target", "7", `target: 5   # minutes`, `target: "7"   # minutes`},
		{"one", "handling", `y["a\b"]`, `'x["it''s"]'`, `"y[\"a\\b\"]"`},
		{"one", "k", " 6 ", "  - name: one\n", "  - name: one\n    k: \"6\"\n"},
		{"one", "handling", "", "    handling: 'x[\"it''s\"]'\n", ""},
		{"two", "weight", "3", `weight: "2", target: 30}`, `weight: "3", target: 30}`},
		{"two", "target", "load.wait", `target: 30}`, `target: "load.wait"}`},
		{"two", "guard", "4", "{name: two,", `{name: two, guard: "4",`},
		{"two", "target", "", ", target: 30}", "}"},
		{"three", "target", "1 # 2", `target: "9"`, `target: "1 # 2"`},
		{"three", "target", "9", "", ""},
	} {
		got, err := SetClass([]byte(doc), router.ClassName(c.class), c.field, c.expr)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if want := strings.Replace(doc, c.from, c.to, 1); string(got) != want {
			t.Errorf("%+v gives\n%s", c, got)
		}
	}
}

func TestSetClassRefuses(t *testing.T) {
	doc := strings.Replace(classesDoc, "other: x\n", "", 1)
	for _, c := range []struct{ doc, class, field, expr, at string }{
		{doc, "four", "weight", "1", "class"},
		{doc, "one", "title", "1", "field"},
		{doc, "one", "weight", "1\nname: x", "classes[0].weight"},
		{doc, "three", "weight", "1", "classes[2].weight"}, // over several lines
		{doc, "three", "k", "1", "classes[2].k"},
		{classesDoc, "one", "weight", "1", "policy"},
		{"classes: [", "one", "weight", "1", "policy"},
		{"", "one", "weight", "1", "policy"},
	} {
		out, err := SetClass([]byte(c.doc), router.ClassName(c.class), c.field, c.expr)
		e, ok := err.(*router.Error)
		if !ok || e.Code != router.CodeInvalidField || e.Field != c.at || out != nil {
			t.Errorf("%+v: %v %q", c, err, out)
		}
	}
}

// The default policy can be changed in every cell, and changed back to the same bytes.
func TestSetClassOnTheDefaultPolicy(t *testing.T) {
	p, err := Parse(Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Classes {
		for _, field := range ClassFields() {
			changed, err := SetClass(Default(), c.Name, field, `hours.is_night ? 2 : 3`)
			if err != nil {
				t.Fatal(c.Name, field, err)
			}
			back, err := SetClass(changed, c.Name, field, *c.ClassField(field))
			if err != nil || string(back) != string(Default()) {
				t.Fatal(c.Name, field, err)
			}
		}
	}
}

func FuzzSetClass(f *testing.F) {
	f.Add("1", "weight")
	f.Add(`"'#{},: \`, "k")
	f.Add("load.wait > 1 ? 2 : 3", "target")
	doc := []byte(strings.Replace(classesDoc, "other: x\n", "", 1))
	f.Fuzz(func(t *testing.T, expr, field string) {
		for _, class := range []router.ClassName{"one", "two"} {
			out, err := SetClass(doc, class, field, expr)
			if err != nil {
				continue
			}
			p, err := Parse(out)
			if err != nil {
				t.Fatalf("%q: %v", out, err)
			}
			for i := range p.Classes {
				if c := p.Classes[i]; c.Name == class && *c.ClassField(field) != strings.TrimSpace(expr) {
					t.Fatalf("%q reads as %q", expr, *c.ClassField(field))
				}
			}
		}
	})
}
