package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// build builds the command as a user builds it.
func build(b testing.TB) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "ftplab")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// BenchmarkSession runs one small session with the built command, from its start to its
// exit, and compares it with the smallest other thing that the command does. The ratio does
// not depend on the machine.
func BenchmarkSession(b *testing.B) {
	command, results := build(b), b.TempDir()
	time := func(args ...string) float64 {
		start := b.Elapsed()
		if out, err := exec.Command(command, args...).CombinedOutput(); err != nil {
			b.Fatalf("%v: %v\n%s", args, err, out)
		}
		return (b.Elapsed() - start).Seconds()
	}
	var session, version float64
	for b.Loop() {
		session += time("run", "-o", results, "active_list")
		version += time("--version")
	}
	b.ReportMetric(session/float64(b.N), "s/session")
	b.ReportMetric(session/version, "session/start-of-the-command")
}

// BenchmarkManySessions runs 500 small sessions, each in a cell of its own, on
// all processors.
func BenchmarkManySessions(b *testing.B) {
	const sessions = 500
	command, folder := build(b), b.TempDir()
	for i := range sessions {
		text := "# A small session\n# x\nopen\nlogin anonymous\nactive\nls\nquit\n"
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("s%03d.txtar", i)), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if out, err := exec.Command(command, "run", "-o", b.TempDir(), folder).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
	b.ReportMetric(sessions*float64(b.N)/b.Elapsed().Seconds(), "sessions/s")
}
