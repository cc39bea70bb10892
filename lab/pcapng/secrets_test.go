package pcapng

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const keyLog = "CLIENT_RANDOM 00 11\n"

// withSecrets is a capture of three frames, with secrets before the first and the
// third.
func withSecrets(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, PCAPNG, Info{Interface: "lo"})
	if err != nil {
		t.Fatal(err)
	}
	w.Secrets(keyLog)
	w.WritePacket(frameInfo(1, 60), make([]byte, 60))
	w.WritePacket(frameInfo(2, 61), make([]byte, 61))
	w.Secrets(strings.Repeat(keyLog, 20_000)) // more than the buffer holds
	w.WritePacket(frameInfo(3, 62), make([]byte, 62))
	if err := w.Close(Stats{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// secretsSeen reads a capture, and says how many bytes of secrets were known at each
// frame and at the end.
func secretsSeen(t *testing.T, file []byte) (seen []int) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for {
		var p Packet
		err := r.Next(&p)
		text := strings.Join(r.Secrets(), "")
		if strings.ReplaceAll(text, keyLog, "") != "" {
			t.Errorf("got secrets %.100q", text)
		}
		seen = append(seen, len(text))
		if err == io.EOF {
			return seen
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSecretsStandBeforeTheirPackets also annotates and repairs the capture, which
// keeps the secrets where they are.
func TestSecretsStandBeforeTheirPackets(t *testing.T) {
	file := withSecrets(t)
	first, all := len(keyLog), 20_001*len(keyLog)
	want := []int{first, first, all, all}
	if diff := cmp.Diff(want, secretsSeen(t, file)); diff != "" {
		t.Errorf("as written (-want +got):\n%s", diff)
	}
	var annotated bytes.Buffer
	if err := Annotate(&annotated, bytes.NewReader(file), map[int]string{1: "a comment"}, "all"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, secretsSeen(t, annotated.Bytes())); diff != "" {
		t.Errorf("annotated (-want +got):\n%s", diff)
	}
	path := save(t, "capture.pcapng", file[:len(file)-1])
	if err := Repair(path); err != nil {
		t.Fatal(err)
	}
	repaired, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, secretsSeen(t, repaired)); diff != "" {
		t.Errorf("repaired (-want +got):\n%s", diff)
	}
	info := run(t, "capinfos", path)
	if want := "Number of decryption secrets in file: 2"; !strings.Contains(info, want) {
		t.Errorf("capinfos does not say %q:\n%s", want, info)
	}
}

func TestPcapHasNoRoomForSecrets(t *testing.T) {
	w, err := NewWriter(io.Discard, PCAP, Info{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Secrets(keyLog); err == nil || !strings.Contains(err.Error(), "no room for TLS keys") {
		t.Errorf("got error %v", err)
	}
	if err := w.Close(Stats{}); err != nil {
		t.Errorf("after that got error %v", err)
	}
}

// TestReaderOfSecrets reads blocks made by hand.
func TestReaderOfSecrets(t *testing.T) {
	const other = 0x57474b4c // of WireGuard
	for _, c := range []struct {
		name    string
		block   []byte
		want    string
		damaged bool
	}{
		{"padded", blockOf(blockDecryptionSecrets, join(words(secretsTLSKeyLog, 3), []byte("abc\x00"))), "abc", false},
		{"with options", blockOf(blockDecryptionSecrets, join(words(secretsTLSKeyLog, 4), []byte("abcd"), words(0))), "abcd", false},
		{"empty", blockOf(blockDecryptionSecrets, words(secretsTLSKeyLog, 0)), "", false},
		{"another protocol's", blockOf(blockDecryptionSecrets, join(words(other, 4), []byte("abcd"))), "", false},
		{"too long", blockOf(blockDecryptionSecrets, join(words(secretsTLSKeyLog, 5), []byte("abcd"))), "", true},
		{"too short", blockOf(blockDecryptionSecrets, words(secretsTLSKeyLog)), "", true},
		{"huge", words(blockDecryptionSecrets, 0x7ffffff0), "", true},
	} {
		r, err := NewReader(bytes.NewReader(join(section, ethernet, c.block, enhanced)))
		if err != nil {
			t.Fatal(err)
		}
		var damage *Damage
		err = r.Next(new(Packet))
		if got := strings.Join(r.Secrets(), "|"); got != c.want || errors.As(err, &damage) != c.damaged {
			t.Errorf("%s: got %q, %v; want %q, damage %t", c.name, got, err, c.want, c.damaged)
		}
	}
}
