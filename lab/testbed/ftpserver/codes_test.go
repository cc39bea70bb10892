package ftpserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestReplyCodes holds the codes that a scenario may give a text for against
// those that the library's source uses.
func TestReplyCodes(t *testing.T) {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/fclairamb/ftpserverlib").Output()
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(folder)), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	codes, used := map[string]string{}, map[string]bool{}
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		switch base := filepath.Base(name); {
		case base == "consts.go":
			for _, m := range regexp.MustCompile(`(Status\w+)\s+= (\d+)`).FindAllStringSubmatch(string(source), -1) {
				codes[m[1]] = m[2]
			}
		case !strings.HasSuffix(base, "_test.go"):
			for _, status := range regexp.MustCompile(`\bStatus\w+`).FindAllString(string(source), -1) {
				used[status] = true
			}
		}
	}
	says := map[string]bool{}
	for status := range used {
		says[codes[status]] = status != "StatusAuthAccepted" // only a server with TLS does
	}
	says["522"] = true // the lab's own: see minimum.go
	if len(says) < 20 {
		t.Fatalf("found %d codes in the library's source, %v", len(says), says)
	}
	for _, server := range []struct {
		setting string
		codes   []int // the lab's own, with TLS: see tls.go
	}{{"", nil}, {"server tls=explicit\n", []int{234, 533, 536}}, {"server tls=required\n", []int{521, 534}}} {
		for _, code := range server.codes {
			says[fmt.Sprint(code)] = true
		}
		for code := 100; code < 600; code++ {
			_, err := scenario.Parse("x.txtar", []byte(fmt.Sprintf("%sopen\n-- replies --\n%d {hostport} (|||{port}|)\n", server.setting, code)))
			if want := says[fmt.Sprint(code)]; (err == nil) != want {
				t.Errorf("%sa text for %d: got error %v, and the server says it: %v", server.setting, code, err, want)
			}
		}
	}
}
