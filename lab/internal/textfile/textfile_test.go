package textfile

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMark(t *testing.T) {
	for text, want := range map[string]string{"": "", "a": "a", "\ufeff": "", "\ufeffabc\n": "abc\n", "abc\ufeff": "abc\ufeff", "\xef\xbb": "\xef\xbb"} {
		if got := string(WithoutMark([]byte(text))); got != want {
			t.Errorf("WithoutMark(%q): got %q, want %q", text, got, want)
		}
		if got, err := io.ReadAll(NewReader(strings.NewReader(text))); string(got) != want || err != nil {
			t.Errorf("NewReader(%q): got %q, %v, want %q", text, got, err, want)
		}
	}
}

// TestOtherFiles refuses files that are given by mistake, and says what they are.
func TestOtherFiles(t *testing.T) {
	for content, want := range map[string]string{
		"id,name\n":                              "",
		"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00":       "is a capture, and a text was expected",
		"\xd4\xc3\xb2\xa1" + "too large as well": "is a capture, and a text was expected",
		"\xff\xfei\x00d\x00":                     ":1: the file is in UTF-16; save it as UTF-8",
		"i\x00d\x00":                             ":1: the file is in UTF-16; save it as UTF-8",
		"too large a text":                       "has more than 12 bytes",
	} {
		path := filepath.Join(t.TempDir(), "class.csv")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := ReadFile(path, 12)
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) || string(text) != content[:min(12, len(content))] {
			t.Errorf("%q: got %q, %v, want %q", content, text, err, want)
		}
	}
}
