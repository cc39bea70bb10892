//go:build unix

package capture_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

// TestNamedPipe opens a capture that comes through a pipe with a name, as a shell makes for
// `ftplab explain <(zcat old.pcap.Z)`.
func TestNamedPipe(t *testing.T) {
	f := forge.New()
	c, server := f.Dial("198.51.100.100:51200", "192.0.2.21:21")
	server.Send("220 ready\r\n")
	c.Send("QUIT\r\n")
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(path, f.PCAP(), 0o600) }()
	got, err := capture.Open(path, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if got.Size != len(f.Frames) || got.NumSessions() != 1 {
		t.Errorf("got %d packets and %d sessions, want %d and 1", got.Size, got.NumSessions(), len(f.Frames))
	}
}
