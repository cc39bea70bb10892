package content

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestReaderKeepsItsPromises(t *testing.T) {
	for _, size := range []int64{0, 1, 7, 8, 9, 1000, pieceSize, pieceSize + 1} {
		want, err := io.ReadAll(New(42, size))
		if err != nil || int64(len(want)) != size {
			t.Fatalf("size %d: read %d bytes, %v", size, len(want), err)
		}
		if err := iotest.TestReader(New(42, size), want); err != nil {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

// The bytes of a seed are part of the scenario format: captures made years
// apart must agree. The sum was computed by a few lines of Python, too.
func TestBytesOfASeedNeverChange(t *testing.T) {
	var got [16]byte
	fill(got[:], 0, 8) // SplitMix64 seeded with 0, whose first number is e220a8397b1dcdaf
	if want := "\xaf\xcd\x1d\x7b\x39\xa8\x20\xe2"; string(got[:8]) != want {
		t.Errorf("got %x, want %x", got[:8], want)
	}
	sum, err := Sum(New(1, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sum.String(), "8ae73b99fbc33292b69d4434498c8ba93215d0a05fa2b15e9bcf41ab0e2ce059"; got != want {
		t.Errorf("1 MiB of seed 1: got %s, want %s", got, want)
	}
}

func TestSeekAndReadIsPartOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		size := rapid.Int64Range(0, 5000).Draw(t, "size")
		from := rapid.Int64Range(0, size).Draw(t, "from")
		length := rapid.Int64Range(0, size-from).Draw(t, "length")
		whole, _ := io.ReadAll(New(seed, size))

		r := New(seed, size)
		if _, err := r.Seek(from-size, io.SeekEnd); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, length)
		if _, err := io.ReadFull(r, got); err != nil {
			t.Fatal(err)
		}
		if want := whole[from : from+length]; !bytes.Equal(got, want) {
			t.Errorf("bytes %d to %d: got %x, want %x", from, from+length, got, want)
		}
	})
}

func TestSeedsDiffer(t *testing.T) {
	a, _ := Sum(New(1, 1<<16))
	b, _ := Sum(New(2, 1<<16))
	if a == b {
		t.Error("seeds 1 and 2 give the same file")
	}
}

func TestSeekBeforeStartIsRefused(t *testing.T) {
	r := New(1, 100)
	if _, err := r.Seek(-1, io.SeekStart); !errors.Is(err, errBeforeStart) {
		t.Errorf("got %v, want %v", err, errBeforeStart)
	}
	if _, err := r.Seek(0, 9); err == nil {
		t.Error("an unknown whence is accepted")
	}
}

// limited fails once it has taken its bytes, as a full disk or a closed
// connection does.
type limited struct {
	bytes.Buffer
	room int
}

var errFull = errors.New("full")

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.room {
		p = p[:l.room]
		l.room = 0
		n, _ := l.Buffer.Write(p)
		return n, errFull
	}
	l.room -= len(p)
	return l.Buffer.Write(p)
}

func TestWriteToGoesOnWhereItWasStopped(t *testing.T) {
	want, _ := io.ReadAll(New(3, 3*pieceSize))
	r := New(3, 3*pieceSize)
	var got limited
	got.room = pieceSize + 100
	n, err := r.WriteTo(&got)
	if n != pieceSize+100 || !errors.Is(err, errFull) {
		t.Fatalf("got %d, %v; want %d, %v", n, err, pieceSize+100, errFull)
	}
	if _, err := r.WriteTo(&got.Buffer); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("the two parts are not the whole")
	}
}

func TestNVT(t *testing.T) {
	for _, test := range []struct{ local, nvt, back string }{
		{"", "", ""},
		{"no end", "no end", "no end"},
		{"one\ntwo\n", "one\r\ntwo\r\n", "one\ntwo\n"},
		{"already\r\nthere\r\n", "already\r\nthere\r\n", "already\nthere\n"},
		{"\n\n", "\r\n\r\n", "\n\n"},
		{"a\rb\r", "a\rb\r", "a\rb\r"},
		{"a\r\r\nb", "a\r\r\nb", "a\r\nb"},
	} {
		for name, pieces := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "one byte": iotest.OneByteReader, "data with EOF": iotest.DataErrReader,
		} {
			nvt, err := io.ReadAll(ToNVT(pieces(strings.NewReader(test.local))))
			if string(nvt) != test.nvt || err != nil {
				t.Errorf("%s: ToNVT(%q) = %q, %v, want %q", name, test.local, nvt, err, test.nvt)
			}
			back, err := io.ReadAll(FromNVT(pieces(strings.NewReader(test.nvt))))
			if string(back) != test.back || err != nil {
				t.Errorf("%s: FromNVT(%q) = %q, %v, want %q", name, test.nvt, back, err, test.back)
			}
		}
	}
}

// For a text whose lines end with LF, what is sent and stored is the text.
func TestNVTAndBackIsTheSameText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching("[a-c\n]*").Draw(t, "text")
		back, err := io.ReadAll(FromNVT(iotest.HalfReader(ToNVT(strings.NewReader(text)))))
		if string(back) != text || err != nil {
			t.Errorf("got %q, %v, want %q", back, err, text)
		}
	})
}

func TestErrorOfTheSourceIsPassedOn(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("a\r"), iotest.ErrReader(errFull))
	got, err := io.ReadAll(FromNVT(broken))
	if string(got) != "a\r" || !errors.Is(err, errFull) {
		t.Errorf("got %q, %v; want %q, %v", got, err, "a\r", errFull)
	}
}

func BenchmarkRead(b *testing.B) {
	r := New(1, 1<<62)
	piece := make([]byte, pieceSize)
	b.SetBytes(pieceSize)
	for b.Loop() {
		r.Read(piece)
	}
}

func BenchmarkDigest(b *testing.B) {
	d := NewDigester()
	piece := make([]byte, pieceSize)
	b.SetBytes(pieceSize)
	for b.Loop() {
		d.Write(piece)
	}
}
