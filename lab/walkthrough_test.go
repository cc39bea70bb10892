package lab

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/oserror"
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
