package content

import (
	"bytes"
	"compress/zlib"
	"math/rand/v2"
	"slices"
	"testing"

	"ftplab/lab/analysis/ftp"
)

// TestRandomListings reads a thousand listings of random bytes, which name nothing.
func TestRandomListings(t *testing.T) {
	random := rand.NewChaCha8([32]byte{})
	data := make([]byte, 1448)
	for i := range 1000 {
		random.Read(data)
		for _, mode := range []string{"", "B", "C", "Z"} {
			if got := shownBy(&ftp.Transfer{Command: "LIST", Mode: mode}, string(data)); slices.ContainsFunc(got, func(c Content) bool { return c.Kind != Random }) {
				t.Fatalf("listing %d in mode %q: got %v", i, mode, got)
			}
		}
	}
}

// TestCarried packs a file as each mode does.
func TestCarried(t *testing.T) {
	const file = "-rw-r--r-- 1 ada ada 9 Jan 1 2020 |id\r\n"
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	z.Write([]byte(file))
	z.Flush() // without an end, as in the first packet of a longer file
	for mode, data := range map[string]string{"": file, "B": "\x40\x00\x27" + file, "Z": packed.String()} {
		if got := string(Carried(mode, []byte(data))); got != file {
			t.Errorf("mode %q: got %q\nwant %q", mode, got, file)
		}
		got := shownBy(&ftp.Transfer{Command: "LIST", Mode: mode}, data)
		if !slices.ContainsFunc(got, func(c Content) bool { return c.Kind == OddListing }) {
			t.Errorf("mode %q: got %v\nwant a listing with a name that some clients run", mode, got)
		}
	}
	if got := Carried("C", []byte(file)); got != nil {
		t.Errorf("mode C: got %q\nwant nothing", got)
	}
}
