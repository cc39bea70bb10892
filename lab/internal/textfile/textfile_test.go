package textfile

import (
	"io"
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
