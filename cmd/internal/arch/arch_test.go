package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "switchyard/"

// rings: a package may import packages of smaller rings, and of its own ring where own says so.
var rings = []struct {
	ring     int
	packages []string
}{
	{0, []string{"router"}},
	{1, []string{"router/hours", "router/policy", "router/privacy", "router/fold", "router/textmodel", "router/classify", "router/prioritize", "router/route", "router/thread",
		"router/order", "router/match", "router/load", "router/pace", "router/told", "router/decide", "router/whatif", "router/staffing", "router/forecast", "router/simulate", "router/backtest",
		"router/escalate", "router/incident", "channels/email/parse", "workers/task"}},
	{2, []string{"router/store", "channels"}},
	{3, []string{"router/dispatch", "router/learn", "channels/intake", "channels/runner", "api/auth", "api/gate", "api/stream"}},
	{4, []string{"router/store/mongostore", "router/store/sqlitestore", "channels/email", "channels/chat", "channels/generic", "channels/phone", "channels/social", "channels/social/telegram", "channels/social/whatsapp", "channels/social/wechat",
		"router/opinion", "workers", "workers/enqueue", "workers/bus", "workers/webhook", "api", "api/openapi", "api/web", "api/chart"}},
	{5, []string{"router/store/storetest", "channels/channeltest", "channels/email/emailtest", "channels/social/socialtest"}},
}

// beside are imports within one ring that are meant: a package and its own parts.
var beside = map[string][]string{
	"channels":       {"router/store"},
	"api":            {"api/openapi", "api/web"},
	"api/web":        {"api/openapi", "api/chart"},
	"channels/email": {},
	"channels/chat":  {},
}

// only names the packages that may use a third party.
var only = map[string][]string{
	"go.mongodb.org/":            {"router/store/mongostore"},
	"modernc.org/sqlite":         {"router/store/sqlitestore"},
	"github.com/hibiken/":        {"workers", "workers/enqueue"},
	"github.com/redis/":          {"workers", "workers/enqueue", "workers/bus"},
	"github.com/alicebob/":       {"workers"},
	"github.com/labstack/":       {"api", "api/openapi", "api/web", "api/gate"},
	"github.com/emersion/":       {"channels/email", "channels/email/parse", "channels/email/emailtest"},
	"github.com/spf13/":          {"cmd/internal/cli"},
	"github.com/coder/websocket": {"channels/chat", "cmd/internal/demo"},
	"github.com/nyaruka/":        {"channels/phone"},
	"github.com/go-analyze/":     {"api/chart"},
}

// pureThirdParty is all that rings 0 and 1 may use from outside.
var pureThirdParty = []string{"cel.dev/", "golang.org/x/text/", "golang.org/x/net/html", "github.com/goccy/go-yaml", "github.com/microcosm-cc/bluemonday", "github.com/cention-sany/utf7", "github.com/longbridgeapp/opencc"}

// pureStd are standard packages and names the pure rings may not use.
var pureStd = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "LoadLocation"},
	"os":   nil, "net": nil, "net/http": nil, "os/exec": nil, "log": nil, "log/slog": nil, "crypto/rand": nil,
	"math/rand": nil,
	// a generator with a seed that the caller gives is pure; the functions of the package itself are not
	"math/rand/v2": {"ExpFloat64", "Float32", "Float64", "Int", "Int32", "Int32N", "Int64", "Int64N", "IntN", "N", "NormFloat64", "Perm", "Shuffle", "Uint32", "Uint32N", "Uint64", "Uint64N", "UintN"},
	"sync":         nil, "io/ioutil": nil, "path/filepath": nil,
}

type source struct {
	pkg  string // path below the module
	file string
	ast  *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	var out []source
	fset := token.NewFileSet()
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && p != root || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		out = append(out, source{filepath.ToSlash(filepath.Dir(rel)), filepath.ToSlash(rel), f})
		return err
	})
	if err != nil || len(out) < 50 {
		t.Fatalf("%d files, %v", len(out), err)
	}
	return out
}

func ringOf(pkg string) int {
	for _, r := range rings {
		if slices.Contains(r.packages, pkg) {
			return r.ring
		}
	}
	if strings.HasPrefix(pkg, "cmd/") {
		return 6
	}
	return -1
}

func imports(f *ast.File) map[string]string {
	out := map[string]string{}
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if i.Name != nil {
			name = i.Name.Name
		}
		out[p] = name
	}
	return out
}

func TestEveryPackageHasItsRing(t *testing.T) {
	for _, s := range sources(t) {
		if ringOf(s.pkg) < 0 {
			t.Errorf("%s stands in no ring: add it to this test and to deploy/docs/architecture.md", s.pkg)
		}
	}
}

func TestImportsGoInward(t *testing.T) {
	for _, s := range sources(t) {
		mine := ringOf(s.pkg)
		for p := range imports(s.ast) {
			other, ours := strings.CutPrefix(p, module)
			if !ours {
				continue
			}
			theirs := ringOf(other)
			allowed := theirs < mine || mine == 1 && theirs == 1 || mine == 6 || slices.Contains(beside[s.pkg], other)
			if mine == 4 && theirs == 4 && strings.HasPrefix(s.pkg, "workers") && strings.HasPrefix(other, "workers") {
				allowed = true
			}
			if theirs == 5 && !strings.HasPrefix(s.pkg, "cmd/internal/demo") && mine != 5 {
				allowed = false // test doubles serve tests and the demo only
			}
			if mine == 5 && theirs == 4 && strings.HasPrefix(s.pkg, other) {
				allowed = true
			}
			if !allowed {
				t.Errorf("%s (ring %d) imports %s (ring %d)", s.file, mine, other, theirs)
			}
		}
	}
}

func TestThirdPartiesStayInTheirRooms(t *testing.T) {
	for _, s := range sources(t) {
		for p := range imports(s.ast) {
			for prefix, rooms := range only {
				if strings.HasPrefix(p, prefix) && !slices.Contains(rooms, s.pkg) && !(prefix == "github.com/emersion/" && strings.HasPrefix(s.pkg, "channels/email")) {
					t.Errorf("%s uses %s, which only %v may", s.file, p, rooms)
				}
			}
			first, _, _ := strings.Cut(p, "/")
			if r := ringOf(s.pkg); r >= 0 && r <= 2 && strings.Contains(first, ".") && !slices.ContainsFunc(pureThirdParty, func(ok string) bool { return strings.HasPrefix(p, ok) }) {
				t.Errorf("%s (ring %d) uses %s", s.file, r, p)
			}
		}
	}
}

func TestPureRingsArePure(t *testing.T) {
	for _, s := range sources(t) {
		if r := ringOf(s.pkg); r < 0 || r > 1 {
			continue
		}
		names := map[string][]string{}
		for p, name := range imports(s.ast) {
			banned, listed := pureStd[p]
			if listed && banned == nil {
				t.Errorf("%s imports %s", s.file, p)
			}
			if listed {
				names[name] = banned
			}
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", s.file)
			case *ast.SelectorExpr:
				if id, ok := x.X.(*ast.Ident); ok && slices.Contains(names[id.Name], x.Sel.Name) {
					t.Errorf("%s calls %s.%s", s.file, id.Name, x.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented, seen := map[string]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		seen[s.pkg] = true
		if s.ast.Doc != nil && !ast.IsGenerated(s.ast) {
			documented[s.pkg] = true
		}
	}
	for pkg := range seen {
		if !documented[pkg] {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}

func TestTopLevelIsFixed(t *testing.T) {
	allowed := []string{"cmd", "channels", "router", "workers", "api", "deploy", "go.mod", "go.sum", "README.md", "LICENSE"}
	entries, err := os.ReadDir("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) && e.Name() != "switchyard-data" {
			t.Errorf("%s is at the top and not on the list", e.Name())
		}
	}
}
