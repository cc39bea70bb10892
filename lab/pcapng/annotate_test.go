package pcapng

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"
)

// sample is a capture of frames of the given sizes, as bytes.
func sample(t *testing.T, format Format, sizes ...int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, format, Info{Interface: "lo", Comment: "a sample"})
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range sizes {
		w.WritePacket(frameInfo(int64(1e18)+int64(i), size), bytes.Repeat([]byte{byte(i)}, size))
	}
	if err := w.Close(Stats{Received: uint64(len(sizes))}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// frameInfo is what is said of a whole frame seen at a time in nanoseconds.
func frameInfo(at int64, size int) gopacket.CaptureInfo {
	return gopacket.CaptureInfo{Timestamp: time.Unix(0, at), CaptureLength: size, Length: size}
}

// readWithGopacket reads a pcapng capture with a reader of somebody else's.
func readWithGopacket(t *testing.T, data []byte) []packet {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(data), pcapgo.NgReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return read(t, r)
}

// save puts a capture into a file for tshark.
func save(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnnotateAddsCommentsAndKeepsAllElse(t *testing.T) {
	before := sample(t, PCAPNG, 60, 61, 5000, 0)
	comments := map[int]string{1: "the first", 3: "ä third, 3*5", 4: strings.Repeat("long ", 20_000)}
	var after bytes.Buffer
	if err := Annotate(&after, bytes.NewReader(before), comments, "of all"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(readWithGopacket(t, before), readWithGopacket(t, after.Bytes())); diff != "" {
		t.Errorf("frames changed:\n%s", diff)
	}
	path := save(t, "annotated.pcapng", after.Bytes())
	got := tshark(t, path, "-T", "fields", "-e", "frame.comment")
	want := []string{"the first", "", "ä third, 3*5", strings.Repeat("long ", 20_000)[:maxOption]}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tshark reads other comments (-want +got):\n%s", diff)
	}

	// Comments join those that are there already.
	var twice bytes.Buffer
	if err := Annotate(&twice, &after, map[int]string{1: "again", 2: "late"}, ""); err != nil {
		t.Fatal(err)
	}
	got = tshark(t, save(t, "twice.pcapng", twice.Bytes()), "-T", "fields", "-e", "frame.comment")
	if got[0] != "again,the first" || got[1] != "late" {
		t.Errorf("after a second time got comments %q and %q, want both and \"late\"", got[0], got[1])
	}
}

// TestAnnotateTakesTheOtherByteOrder uses a capture made by hand, with a section
// length, and a packet block of the kind that is obsolete.
func TestAnnotateTakesTheOtherByteOrder(t *testing.T) {
	var file []byte
	blockOf := func(kind uint32, body ...any) {
		var b []byte
		for _, v := range body {
			b, _ = binary.Append(b, binary.BigEndian, v)
		}
		length := uint32(len(b) + 12)
		file, _ = binary.Append(file, binary.BigEndian, []uint32{kind, length})
		file = append(file, b...)
		file, _ = binary.Append(file, binary.BigEndian, length)
	}
	blockOf(blockSectionHeader, uint32(byteOrderMagic), uint16(1), uint16(0), uint64(20+2*36))
	blockOf(blockInterfaceDescription, uint16(LinkEthernet), uint16(0), uint32(0))
	blockOf(blockPacket, uint16(0), uint16(0), uint64(1), uint32(3), uint32(3), [4]byte{1, 2, 3})
	blockOf(blockEnhancedPacket, uint32(0), uint64(2), uint32(3), uint32(3), [4]byte{4, 5, 6})
	var out bytes.Buffer
	if err := Annotate(&out, bytes.NewReader(file), map[int]string{1: "one", 2: "two"}, "all"); err != nil {
		t.Fatal(err)
	}
	got := tshark(t, save(t, "big.pcapng", out.Bytes()), "-T", "fields", "-e", "frame.comment")
	if diff := cmp.Diff([]string{"one", "two"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnnotateRefusesWhatItCannotRead(t *testing.T) {
	good := sample(t, PCAPNG, 60)
	for name, bad := range map[string]struct {
		data []byte
		want string
	}{
		"text":     {[]byte("this is not a capture at all"), "not a pcapng file"},
		"classic":  {sample(t, PCAP, 60), "not a pcapng file"},
		"cut":      {good[:len(good)-5], "unexpected EOF"},
		"enhanced": {append(bytes.Clone(good), blockEnhancedPacket, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0), "a block of 28 bytes"},
		"obsolete": {append(bytes.Clone(good), blockPacket, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0), "a block of 16 bytes"},
		"length":   {append(bytes.Clone(good), 6, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0), "a block of 7 bytes"},
	} {
		err := Annotate(io.Discard, bytes.NewReader(bad.data), map[int]string{2: "a comment"}, "")
		if err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: got error %v, want %q", name, err, bad.want)
		}
	}
}

// Keys are in front of the first frame, once, and nothing else changes.
func TestSetKeys(t *testing.T) {
	var file, out bytes.Buffer
	w, err := NewWriter(&file, PCAPNG, Info{Interface: "lo"})
	if err != nil {
		t.Fatal(err)
	}
	const keys = "CLIENT_RANDOM 00 11\n"
	for range 2 {
		if err := w.Secrets(keys); err != nil {
			t.Fatal(err)
		}
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(7, 0), CaptureLength: 60, Length: 60}, make([]byte, 60)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(Stats{}); err != nil {
		t.Fatal(err)
	}
	if err := SetKeys(&out, bytes.NewReader(file.Bytes()), keys); err != nil {
		t.Fatal(err)
	}
	block := decryptionSecrets(keys)
	at := bytes.Index(out.Bytes(), block)
	if at < 0 || !bytes.Equal(slices.Concat(out.Bytes()[:at], out.Bytes()[at+len(block):]), bytes.ReplaceAll(file.Bytes(), block, nil)) {
		t.Fatalf("the keys are at %d, or something else differs", at)
	}
	if first := bytes.Index(file.Bytes(), make([]byte, 60)); at > first {
		t.Errorf("the keys are at %d, after the first frame", at)
	}
}
