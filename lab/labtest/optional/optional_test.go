package optional

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A subject is a test that does nothing but note how it ends.
type subject struct {
	testing.TB
	end string
}

func (s *subject) Helper()           {}
func (s *subject) Skip(what ...any)  { s.finish("skipped", what) }
func (s *subject) Fatal(what ...any) { s.finish("failed", what) }

func (s *subject) finish(end string, what []any) {
	s.end = end + ": " + fmt.Sprint(what...)
	runtime.Goexit()
}

// endOf runs a test that looks for a tool, and returns how it ends.
func endOf(name string) string {
	s := &subject{end: "went on"}
	done := make(chan bool)
	go func() {
		defer close(done)
		Tool(s, name, "apt install goldenfork")
	}()
	<-done
	return s.end
}

func TestMissing(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no test gets a tool")
	}
	for _, test := range []struct{ variable, want string }{
		{"", "skipped: goldenfork is not installed: apt install goldenfork"},
		{"1", "failed: goldenfork is not installed: apt install goldenfork\nFTPLAB_REQUIRE_TOOLS is set"},
		{"0", "failed: goldenfork is not installed: apt install goldenfork\nFTPLAB_REQUIRE_TOOLS is set"},
	} {
		t.Setenv(Variable, test.variable)
		if got := endOf("goldenfork"); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s=%s: got %q, want %q", Variable, test.variable, got, test.want)
		}
	}
}

func TestTool(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no test gets a tool")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(self))
	name := strings.TrimSuffix(filepath.Base(self), ".exe")
	if got := endOf(name); got != "went on" {
		t.Errorf("got a test that %s, want one that went on", got)
	}
	if got := Tool(t, name, ""); got != self {
		t.Errorf("got %s, want %s", got, self)
	}
}
