package redact

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/labtest/optional"
)

// complaints are the frames in which tshark finds something malformed or a wrong checksum.
func complaints(t *testing.T, capture string) string {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.Command(optional.Tool(t, "tshark", "apt install tshark"), "-n", "-r", capture, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
		"-T", "fields", "-e", "frame.number", "-Y", "_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0")
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, errs.String())
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// TestWitness asks tshark about the redacted captures: what it complains of, it complains of
// in the original, too.
func TestWitness(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: tshark is not asked")
	}
	some := recorded(t)
	if *captures == "" {
		some = some[:4] // each takes a start of tshark
	}
	for _, name := range append(some, write(t, "tls.pcap", tlsSession()), write(t, "dialogue.pcap", dialogueSession())) {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "redacted.pcapng")
		if err := os.WriteFile(path, redacted(t, file, "key"), 0o600); err != nil {
			t.Fatal(err)
		}
		got := complaints(t, path)
		if got == "" {
			continue
		}
		if before := complaints(t, name); got != before {
			t.Errorf("%s: tshark complains of the frames %s, and of %q in the original", filepath.Base(name), got, before)
		}
	}
}
