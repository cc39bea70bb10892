package lab_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dependencies has, for each package of this module, all packages that it is
// built from. Packages of the standard library are left out.
func dependencies(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Deps,Standard", "-deps", "ftplab/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps, standard := map[string][]string{}, map[string]bool{"C": true}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Deps       []string
			Standard   bool
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Standard {
			standard[p.ImportPath] = true
		} else if p.ImportPath == "ftplab" || strings.HasPrefix(p.ImportPath, "ftplab/") {
			deps[p.ImportPath] = p.Deps
		}
	}
	for name := range deps {
		deps[name] = slices.DeleteFunc(deps[name], func(d string) bool { return standard[d] })
	}
	if len(deps["ftplab/cmd/ftplab"]) == 0 {
		t.Fatalf("go list says of %d packages, and nothing of the command", len(deps))
	}
	return deps
}

// in reports whether a package is the one at path, or below it.
func in(name, path string) bool { return name == path || strings.HasPrefix(name, path+"/") }

// bothHalves are the packages that know testbed and analysis: the façade and its users.
var bothHalves = []string{
	"lab", "lab/exercise", "lab/extcap", "lab/labtest", "lab/web", "lab/web/worker",
	"cmd/ftplab", "scenarios/articles", "scenarios/profiles",
}

// TestLaws holds the packages to the project's shape: testbed and analysis meet in a
// capture and in a profile's traffic. The language, the capture's format, the traffic and
// the scenarios know neither.
func TestLaws(t *testing.T) {
	const module = "ftplab/"
	for name, deps := range dependencies(t) {
		knows := func(path string) bool {
			return slices.ContainsFunc(deps, func(d string) bool { return in(d, module+path) }) || in(name, module+path)
		}
		if knows("lab/testbed") && knows("lab/analysis") && !slices.Contains(bothHalves, strings.TrimPrefix(name, module)) {
			t.Errorf("%s depends on both lab/testbed and lab/analysis", name)
		}
		for _, d := range deps {
			if d == module+"lab/internal/textfile" {
				continue // it knows nothing but the standard library, and serves all that read a text
			}
			switch {
			case in(name, module+"lab/scenario") && !in(d, module+"lab/scenario") && d != "golang.org/x/tools/txtar":
				t.Errorf("%s depends on %s; it may on the standard library and txtar", name, d)
			case name == module+"scenarios" && in(d, "ftplab") && !in(d, module+"lab/scenario"):
				t.Errorf("%s depends on %s; it has the scenarios, and no code that runs them", name, d)
			case in(name, module+"lab/traffic") && in(d, "ftplab") && !in(d, module+"lab/traffic"):
				t.Errorf("%s depends on %s; it may on no other package of this module", name, d)
			case in(name, module+"lab/pcapng") && in(d, "ftplab") && !in(d, module+"lab/pcapng"):
				t.Errorf("%s depends on %s; it may on no other package of this module", name, d)
			case in(name, module+"cmd/ftplab") && d == "github.com/google/gopacket/layers":
				t.Errorf("%s depends on %s, whose initialization takes longer than its own", name, d)
			}
		}
	}
}

// TestControlPortsAreGiven finds where a capture is read without the ports of control connections. A capture of a
// scenario needs them: with few words on a connection to another port than 21, nothing else shows that it is FTP.
func TestControlPortsAreGiven(t *testing.T) {
	without := map[string]int{ // captures of no scenario, or of any
		"baseline.go": 1, "explain.go": 2, "redact.go": 1,
		"generate.go":                1, // its server is at port 21
		"analysis/baseline/check.go": 1,
		"analysis/live/live.go":      1,
		"web/worker/capture.go":      1,
		"web/worker/files.go":        1,
	}
	found := map[string]int{}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for n := range ast.Preorder(file) {
			options, ok := n.(*ast.CompositeLit)
			if ok && types.ExprString(options.Type) == "capture.Options" && !slices.ContainsFunc(options.Elts, isControlPorts) {
				found[filepath.ToSlash(path)]++
			}
		}
		return nil
	})
	if err != nil || !maps.Equal(found, without) {
		t.Errorf("got capture.Options without ControlPorts in %v, error %v, want %v; expect.ControlPorts has them for a scenario", found, err, without)
	}
}

func isControlPorts(e ast.Expr) bool {
	field, ok := e.(*ast.KeyValueExpr)
	return ok && types.ExprString(field.Key) == "ControlPorts"
}

// TestWebAssembly builds everything for a browser. Cells and the networks of
// Linux's own TCP are there, too, but only say that they need Linux.
func TestWebAssembly(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: nothing is built for another system")
	}
	// -export compiles every package, and links no program; the tests of the web page link theirs. With -trimpath, as
	// the page is built, nothing is compiled twice.
	cmd := exec.Command("go", "list", "-export", "-trimpath", "ftplab/...")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
