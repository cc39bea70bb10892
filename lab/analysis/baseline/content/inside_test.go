package content

import "testing"

// TestTexts finds texts among other bytes.
func TestTexts(t *testing.T) {
	for data, want := range map[string]string{
		"\x00\x00A text of 16 let\x00":                                      "a text of 16 let\n",
		"\x00A text of 15 le\x00\x01":                                       "",
		"One at the very beginning\x00\x00short\x00and one at the very end": "one at the very beginning\nand one at the very end\n",
		"":                                "",
		"too short":                       "",
		"\xffline 1\nline 2 and more\xff": "line 1\nline 2 and more\n",
	} {
		if got := string(appendTexts(nil, []byte(data))); got != want {
			t.Errorf("%q: got %q, want %q", data, got, want)
		}
	}
}
