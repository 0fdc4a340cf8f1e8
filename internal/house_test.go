// Package house_test holds the code to the rules of the house: who may import
// whom, and who may touch the world outside.
package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// row is what the code of one package, tests apart, may use besides the
// standard library.
type row struct {
	ours      string // packages of ours, below internal
	libraries string // modules of others, or parts of them
	grants    string // see below
}

// Grants: database (a driver), smtp (to speak it), setup (flags and environment,
// which everybody else gets as arguments), clock (everybody else gets a now
// function). tests: nobody but tests may import the package.
var house = map[string]row{
	"internal/beta":   {libraries: "golang.org/x/net/idna"},
	"internal/mail":   {ours: "beta", libraries: "github.com/emersion/go-msgauth/dkim", grants: "smtp"},
	"internal/doctor": {ours: "mail", libraries: "blitiri.com.ar/go/spf github.com/emersion/go-msgauth/dmarc golang.org/x/net/publicsuffix"},
	"internal/outbox": {ours: "beta mail", libraries: "golang.org/x/time/rate"},
	"internal/httpd":  {libraries: "github.com/google/uuid github.com/prometheus/client_golang/prometheus", grants: "clock"},
	"internal/lwa":    {ours: "beta httpd", libraries: "github.com/go-json-experiment/json/jsontext github.com/throttled/throttled/v2"},
	"internal/smapi":  {ours: "beta httpd lwa", libraries: "github.com/go-json-experiment/json/jsontext github.com/throttled/throttled/v2"},
	"internal/signin": {ours: "beta httpd lwa", libraries: "github.com/throttled/throttled/v2"},
	"internal/web":    {ours: "beta httpd lwa signin"},
	"internal/store":  {ours: "beta lwa signin", libraries: "zombiezen.com/go/sqlite github.com/jackc/pgx/v5 github.com/go-json-experiment/json/jsontext", grants: "database"}, // rows go to the database as JSON
	"internal/inbox":  {libraries: "github.com/emersion/go-smtp golang.org/x/net/html", grants: "smtp clock"},                                                                  // a relay for demonstrations
	"internal/bounce": {ours: "beta", libraries: "github.com/emersion/go-smtp", grants: "smtp"},

	"internal/foreign": {ours: "beta lwa signin", libraries: "github.com/coreos/go-oidc/v3/oidc golang.org/x/oauth2 golang.org/x/time/rate"},

	"internal/dnstest":   {libraries: "golang.org/x/net/dns/dnsmessage", grants: "tests"},
	"internal/termtest":  {grants: "tests"},
	"internal/tlstest":   {grants: "tests clock"},
	"internal/apitest":   {ours: "smapi", libraries: "github.com/getkin/kin-openapi github.com/go-json-experiment/json/jsontext github.com/santhosh-tekuri/jsonschema/v6", grants: "tests"},
	"internal/mailtest":  {ours: "inbox", libraries: "github.com/emersion/go-msgauth/dkim github.com/emersion/go-sasl github.com/emersion/go-smtp github.com/wneessen/go-mail golang.org/x/net/idna", grants: "tests smtp setup clock"},
	"internal/storetest": {ours: "beta lwa signin store tlstest", libraries: "github.com/google/go-cmp/cmp zombiezen.com/go/sqlite github.com/jackc/pgx/v5/pgconn", grants: "tests database setup"},

	"cmd/tryout": {
		ours:      "beta bounce doctor foreign httpd inbox lwa mail outbox signin smapi store web",
		libraries: "github.com/BurntSushi/toml github.com/alecthomas/kong github.com/google/uuid github.com/prometheus/client_golang/prometheus golang.org/x/term tryout/deploy",
		grants:    "setup clock",
	},
	"deploy": {},
	"bench":  {ours: "beta httpd lwa mail mailtest store storetest", libraries: "github.com/emersion/go-smtp github.com/prometheus/client_golang/prometheus zombiezen.com/go/sqlite", grants: "database smtp setup clock tests"}, // its receiver looks at messages as those of the tests do
}

// granted are the imports and names that take a grant.
var granted = map[string]string{
	"database/sql": "database", "zombiezen.com/go/sqlite": "database", "modernc.org/sqlite": "database", "github.com/jackc/pgx/v5": "database",
	"net/smtp": "smtp", "github.com/emersion/go-smtp": "smtp", "github.com/wneessen/go-mail": "smtp",
	"flag": "setup", "github.com/alecthomas/kong": "setup", "os.Getenv": "setup", "os.LookupEnv": "setup", "os.Environ": "setup",
	"os.ExpandEnv": "setup", "os.Args": "setup",
	"time.Now": "clock", "time.Since": "clock", "time.Until": "clock",
}

// The domain knows no technology, although the standard library has it.
var notInBeta = []string{"net", "net/http", "database/sql", "os", "log/slog", "log", "encoding/json", "html/template", "text/template"}

func TestPackagesImportWhatTheHouseAllows(t *testing.T) {
	t.Parallel()
	packages := parse(t, "..")
	for name, files := range packages {
		may, known := house[name]
		if !known {
			t.Errorf("%s has no row in the house table: say what it may import", name)
			continue
		}
		for _, f := range files {
			for _, imported := range f.imports {
				if !may.allows(name, imported) {
					t.Errorf("%s imports %s, which the house table does not allow", f.name, imported)
				}
			}
			for _, used := range f.uses {
				if grant, needed := granted[used]; needed && !has(may.grants, grant) {
					t.Errorf("%s uses %s, which takes the grant %q", f.name, used, grant)
				}
			}
		}
	}
	for name := range house {
		if _, there := packages[name]; !there {
			t.Errorf("the house table has a row for %s, which is not there", name)
		}
	}
}

func TestTheHouseNoticesABreach(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, imported string
		want           bool
	}{
		{"internal/beta", "strings", true},
		{"internal/beta", "golang.org/x/net/idna", true},
		{"internal/beta", "net/http", false},
		{"internal/beta", "tryout/internal/store", false},
		{"internal/store", "zombiezen.com/go/sqlite/sqlitex", true},
		{"internal/smapi", "zombiezen.com/go/sqlite", false},
		{"internal/smapi", "database/sql", false},
		{"internal/smapi", "tryout/internal/web", false},
		{"internal/smapi", "tryout/internal/lwa", true},
		{"internal/mail", "net/smtp", true},
		{"internal/outbox", "net/smtp", false},
		{"internal/bounce", "github.com/emersion/go-smtp", true},
		{"internal/bounce", "tryout/internal/store", false},
		{"internal/httpd", "flag", false},
		{"internal/web", "github.com/unheard/of", false},
		{"cmd/tryout", "tryout/internal/storetest", false},
		{"internal/lwa", "testing", false},
	} {
		if got := house[c.name].allows(c.name, c.imported); got != c.want {
			t.Errorf("%s importing %s: got allowed %v, want %v", c.name, c.imported, got, c.want)
		}
	}
}

// allows reports whether a package with this row may import another.
func (r row) allows(name, imported string) bool {
	if ours, is := strings.CutPrefix(imported, "tryout/internal/"); is {
		return has(r.ours, ours) && (!has(house["internal/"+ours].grants, "tests") || has(r.grants, "tests"))
	}
	if grant := grantFor(imported); grant != "" && !has(r.grants, grant) {
		return false
	}
	if name == "internal/beta" && slices.Contains(notInBeta, imported) {
		return false
	}
	if imported == "testing" {
		return has(r.grants, "tests")
	}
	return isStandard(imported) || slices.ContainsFunc(strings.Fields(r.libraries), func(l string) bool { return within(l, imported) })
}

func grantFor(imported string) string {
	for library, grant := range granted {
		if within(library, imported) {
			return grant
		}
	}
	return ""
}

func has(list, word string) bool { return slices.Contains(strings.Fields(list), word) }

// within reports whether a package is module or library itself or below it.
func within(library, imported string) bool {
	return imported == library || strings.HasPrefix(imported, library+"/")
}

func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && first != "tryout"
}

// file is one Go file: what it imports, and the names of other packages that it uses.
type file struct {
	name          string
	imports, uses []string
}

// parse reads all Go files below root, tests apart, by folder.
func parse(t *testing.T, root string) map[string][]file {
	t.Helper()
	packages := map[string][]file{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch base := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && name != root && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go"):
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(rel))
		f, err := read(name, rel)
		packages[dir] = append(packages[dir], f)
		return err
	})
	if err != nil || len(packages) == 0 {
		t.Fatalf("packages below %s: got %v, %v", root, slices.Collect(maps.Keys(packages)), err)
	}
	return packages
}

func read(name, rel string) (file, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return file{}, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), rel, text, parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	f := file{name: rel}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file{}, err
		}
		f.imports = append(f.imports, imported)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if s, is := n.(*ast.SelectorExpr); is {
			if x, is := s.X.(*ast.Ident); is {
				f.uses = append(f.uses, x.Name+"."+s.Sel.Name)
			}
		}
		return true
	})
	return f, nil
}
