package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab"
)

// TestRunLive reads the capture from standard output while the session is
// still going on, and then interrupts it.
func TestRunLive(t *testing.T) {
	needCells(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var errOut bytes.Buffer
	ended := make(chan int)
	go func() {
		status := run(ctx, []string{"run", "--tcp", "linux", "-w", "-", write(t, "endless.txtar", endless)}, nil, w, &errOut)
		w.Close()
		ended <- status
	}()
	seen := make([]byte, 0, 1<<16)
	for !bytes.Contains(seen, []byte("USER anonymous\r\n")) {
		n, err := r.Read(seen[len(seen):cap(seen)])
		if err != nil {
			t.Fatalf("the capture ended before the login was seen: %v\n%s", err, errOut.String())
		}
		seen = seen[:len(seen)+n]
	}
	cancel()
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if status := <-ended; status != exitError {
		t.Errorf("interrupted: got status %d, want %d", status, exitError)
	}
	path := filepath.Join(t.TempDir(), "live.pcapng")
	if err := os.WriteFile(path, append(seen, rest...), 0o644); err != nil {
		t.Fatal(err)
	}
	if n := frames(t, path); n < 6 {
		t.Errorf("got %d frames, want those of the login", n)
	}
}

// TestLiveFileStaysUntilTheCaptureIsWhole writes a capture to a file with something in it: a run
// that does not begin, or is interrupted, leaves that, and one that ends replaces it.
func TestLiveFileStaysUntilTheCaptureIsWhole(t *testing.T) {
	needCells(t)
	capture, err := os.ReadFile(galleryCapture)
	if err != nil {
		t.Fatal(err)
	}
	earlier := string(capture) + strings.Repeat("earlier ", 1<<16)
	file := write(t, "live.pcapng", earlier)
	missing := write(t, "missing.txtar", "# x\n# y\nprogram /no/such/server\nopen\nquit\n")
	if status, out, errOut := ftplab(t.Context(), "run", "-w", file, missing); status != exitError {
		t.Errorf("got status %d, want %d\n%s%s", status, exitError, out, errOut)
	}
	if got, err := os.ReadFile(file); string(got) != earlier {
		t.Errorf("got %d bytes, error %v, want what was in the file", len(got), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		waitFor(t, file+lab.Unfinished, "USER anonymous\r\n")
		cancel()
	}()
	if status, _, errOut := ftplab(ctx, "run", "--tcp", "linux", "-w", file, write(t, "endless.txtar", endless)); status != exitError || !strings.Contains(errOut, file+" stays as it was; what was recorded until then is in "+file+lab.Unfinished+"\n") {
		t.Errorf("interrupted: got status %d and %q, want %d and what is where", status, errOut, exitError)
	}
	if got, err := os.ReadFile(file); string(got) != earlier {
		t.Errorf("interrupted: got %d bytes, error %v, want what was in the file", len(got), err)
	}
	if n := frames(t, file+lab.Unfinished); n < 6 {
		t.Errorf("got %d frames, want those of the login", n)
	}
	if status, out, errOut := ftplab(t.Context(), "run", "-w", file, "active_list"); status != exitPassed || !strings.Contains(out, "note: with -w, the want and the figures of the scenario are not judged; ftplab check") {
		t.Errorf("got status %d, want %d, and a note about the want\n%s%s", status, exitPassed, out, errOut)
	}
	if n := frames(t, file); n < 25 {
		t.Errorf("got %d frames, want a whole session", n)
	}
	if left, err := filepath.Glob(file + ".*"); len(left) > 0 {
		t.Errorf("got %v, %v, want the capture alone", left, err)
	}
}

// TestReaderLeaves closes the reader of a live capture while nothing is sent.
func TestReaderLeaves(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	go func() {
		r.Read(make([]byte, 1))
		r.Close()
	}()
	var errOut bytes.Buffer
	status := run(t.Context(), []string{"run", "-w", "-", write(t, "endless.txtar", "network wire\n"+endless)}, nil, w, &errOut)
	if status != exitError || !strings.Contains(errOut.String(), "is gone") || strings.Count(errOut.String(), "ftplab: ") != 1 {
		t.Errorf("got status %d, stderr %q, want %d and that the reader is gone", status, errOut.String(), exitError)
	}
}

// TestReaderGone closes the reader of a live capture.
func TestReaderGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	var errOut bytes.Buffer
	status := run(t.Context(), []string{"run", "-w", "-", "active_list"}, nil, w, &errOut)
	if status != exitError || !strings.Contains(errOut.String(), "is gone") {
		t.Errorf("got status %d, stderr %q, want %d and that the reader is gone", status, errOut.String(), exitError)
	}
}
