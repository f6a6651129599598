package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func runMask(t *testing.T, in string) (code int, lines []map[string]any) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run([]string{"mask"}, strings.NewReader(in), &out, &errs, nil)
	if errs.Len() > 0 {
		t.Errorf("standard error has %q", errs.String())
	}
	for l := range strings.Lines(out.String()) {
		var v map[string]any
		if err := json.Unmarshal([]byte(l), &v); err != nil {
			t.Fatalf("%v in %q", err, l)
		}
		lines = append(lines, v)
	}
	return code, lines
}

func TestMaskFilter(t *testing.T) {
	code, lines := runMask(t, `{"text":"卡号 4242424242424242, <b>pin is 4821</b>","id":7}`+"\n"+`{"text":"order 42"}`+"\r\n\n"+`{"text":""}`)
	if code != 0 || len(lines) != 3 {
		t.Fatalf("exit %d, %v", code, lines)
	}
	if lines[0]["text"] != "卡号 卡 •••• 4242, <b>pin is ••••</b>" {
		t.Errorf("%v", lines[0])
	}
	if k := lines[0]["masked"].([]any); len(k) != 2 || k[0] != "card" || k[1] != "password" {
		t.Errorf("%v", k)
	}
	for _, l := range lines[1:] {
		if k, ok := l["masked"].([]any); !ok || len(k) != 0 {
			t.Errorf("nothing masked is an empty list: %v", l)
		}
	}
}

// A bad line has its error in its place; the lines around it are answered.
func TestMaskFilterNamesBadLines(t *testing.T) {
	long := `{"text":"` + strings.Repeat("x", maxLine) + `"}`
	just := `{"text":"` + strings.Repeat("x", maxLine-len(`{"text":""}`)) + `"}`
	code, lines := runMask(t, strings.Join([]string{`{"text":"a"}`, `{"text":`, `{"words":"a"}`, `{"text":7}`, "{\"text\":\"\xff\"}", long, just, `[]`, `{"text":"b"}`}, "\n")+"\n")
	if code != 1 || len(lines) != 9 {
		t.Fatalf("exit %d, %d lines", code, len(lines))
	}
	for i, want := range []string{"", "invalid_json", "invalid_field", "invalid_json", "invalid_json", "too_large", "", "invalid_json", ""} {
		e, bad := lines[i]["error"].(map[string]any)
		if bad != (want != "") {
			t.Errorf("line %d: %.80v", i+1, lines[i])
		} else if bad && (e["code"] != want || e["line"] != float64(i+1) || e["detail"] == "") {
			t.Errorf("line %d: %v, want %s", i+1, e, want)
		}
	}
}
