package cli

import (
	"bytes"
	"strings"
	"testing"
)

// run runs a command on a data folder of its own.
func run(t *testing.T, dir string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = Run(args, strings.NewReader(""), &o, &e, []string{"SWITCHYARD_DATA=" + dir})
	return code, o.String(), e.String()
}

// What goes wrong is said in a plain sentence, without names of functions and codes.
func TestErrorsAreSentences(t *testing.T) {
	dir := t.TempDir()
	if code, _, errs := run(t, dir, "user", "add", "ann", "--role", "agent"); code != 0 {
		t.Fatal(code, errs)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"user", "add", "ann", "--role", "agent"}, 1, "switchyard: name: is taken\n"},
		{[]string{"user", "add", "bob", "--role", "boss"}, 2, "switchyard: role: must be agent, manager, auditor or machine\n"},
		{[]string{"user", "add", "bob", "--role", "agent", "--queues", "payments,nope"}, 2, "switchyard: queues: there is no queue \"nope\"\n"},
		{[]string{"serve", "--role", "api"}, 2, "switchyard: role: a part of the roles needs mongo.uri and redis.addr, which the other processes share\n"},
	} {
		if code, _, errs := run(t, dir, c.args...); code != c.code || errs != c.want {
			t.Errorf("%v: %d %q, want %d %q", c.args, code, errs, c.code, c.want)
		}
	}
	if code, out, errs := run(t, dir, "user", "add", "bob", "--role", "agent", "--queues", "payments", "--print-token"); code != 0 || strings.Count(out, "\n") != 1 {
		t.Errorf("%d %q %q", code, out, errs)
	}
}
