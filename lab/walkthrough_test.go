package lab

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/analysis/report"
	"ftplab/lab/internal/forge"
	"ftplab/lab/oserror"
	"ftplab/lab/outcome"
)

// TestRewriteNamesTheCapture has the temporary file of a capture that is written anew fail: the
// error names the capture, which stays as it was.
func TestRewriteNamesTheCapture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pcapng")
	if err := os.WriteFile(path, []byte("packets"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := rewrite(path, func(to io.Writer, _ io.Reader) error {
		to.(io.Closer).Close()
		_, err := to.Write([]byte("x"))
		return err
	})
	if err == nil {
		t.Fatal("got no error")
	}
	if text := oserror.Text(err); !strings.HasPrefix(text, path+" ") || strings.Contains(text, ".capture-") {
		t.Errorf("got %q, want one about %s", text, path)
	}
	if content, err := os.ReadFile(path); string(content) != "packets" {
		t.Errorf("the capture has now %q, error %v", content, err)
	}
}

// TestPageOfARecordingByHandSaysWhy has a recording that failed: its page says all that the
// terminal says about it.
func TestPageOfARecordingByHandSaysWhy(t *testing.T) {
	c := forge.New()
	c.Login().Quit()
	results := t.TempDir()
	r := &Recording{
		Frames: 1, Capture: filepath.Join(results, "a-by-hand", "capture.pcap"),
		Failures: []string{"a.txtar:3: the server, python3, did not serve to the end: it has ended: exit status 3"}, Incomplete: "a.txtar: 7 frames were lost",
	}
	err := errors.Join(os.Mkdir(filepath.Dir(r.Capture), 0o777), os.WriteFile(r.Capture, c.PCAP(), 0o666), r.finish(nil, results, report.Run{Title: "By hand"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"walkthrough.md", "walkthrough.html"} {
		page, err := os.ReadFile(filepath.Join(filepath.Dir(r.Capture), name))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Where it differed", r.Failures[0], r.Incomplete, outcome.Error.Marked()} {
			if !strings.Contains(string(page), want) {
				t.Errorf("%s does not have %q", name, want)
			}
		}
	}
}
