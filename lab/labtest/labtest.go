// Package labtest runs scenarios as tests, in any project:
//
//	func TestFTP(t *testing.T) {
//		labtest.Run(t, "testdata/*.txtar")
//	}
//
// Each scenario is a subtest that runs in parallel with the others. One that
// fails names the line and the packet, and keeps its capture. A test of one
// [Scenario] may go on with checks of its own on the [Packets].
package labtest

import (
	"errors"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/gopacket"

	"ftplab/lab"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/cell"
)

// Run runs every scenario whose file name matches the pattern of
// [filepath.Glob] as a subtest.
func Run(t *testing.T, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no scenario matches %s", pattern)
	}
	for _, file := range files {
		t.Run(scenario.NameOf(file), func(t *testing.T) {
			s, err := scenario.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Parallel()
			Scenario(t, s)
		})
	}
}

// Scenario runs one scenario. Where the system allows no cells the test is
// skipped, or fails if $FTPLAB_REQUIRE_TOOLS is set.
func Scenario(t *testing.T, s *scenario.Scenario) *lab.Result {
	t.Helper()
	folder, err := os.MkdirTemp("", "ftplab-"+s.Name+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			os.RemoveAll(folder)
		}
	})
	result, err := lab.Run(t.Context(), s, lab.Options{Results: folder})
	if errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome != lab.Passed {
		t.Errorf("%sThe capture is kept: %s", result.Report, result.Capture)
	}
	return result
}

// Packets are the packets of the capture that a run made, decoded by gopacket,
// for checks of the test's own; see [lab.Packets]. The test ends where they
// cannot be read.
func Packets(t *testing.T, result *lab.Result) iter.Seq[gopacket.Packet] {
	return func(yield func(gopacket.Packet) bool) {
		t.Helper()
		for p, err := range lab.Packets(result.Capture) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(p) {
				return
			}
		}
	}
}
