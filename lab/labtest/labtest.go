// Package labtest runs scenarios as tests, in any project:
//
//	func TestFTP(t *testing.T) {
//		labtest.Run(t, "testdata/*.txtar")
//	}
//
// Each scenario is a subtest that runs in parallel with the others. If it fails,
// it reports the line and the packet, and keeps its capture. A test that runs one
// [Scenario] can make further checks on its [Packets].
//
// # A server or a client in the test itself
//
// With the options [Server] and [Client] a function of the test takes part:
//
//	labtest.Scenario(t, s, labtest.Server(func(ctx context.Context, l net.Listener) error {
//		return mine.Serve(l)
//	}))
//
// On Linux's TCP the function runs in another process, whose sockets are all on the
// function's host, also those that a library opens for data connections. The process
// is this test, started again up to this call of Scenario. So what comes before the
// call happens in it, too, and variables that the function sets are not seen in the
// test: the function returns an error, or calls t.Error, and prints what else there is
// to say. It always returns: one that calls t.Fatal, t.Skip or os.Exit fails the test,
// on both TCPs. It returns after the goroutines that it started, as a test does: its
// process ends with it, and what a goroutine reports by t.Error later is lost.
//
// On gVisor's TCP the function runs in the process of the test, and time is virtual:
// it must use the connections that the listener and the [Dialer] give it, also for
// data, and no timers. A listener is a Dialer, too. A library that opens its data
// connections by itself needs Linux's TCP; the setting `network loopback tcp=linux`
// says so.
//
// # Where a session takes place
//
// The hosts use Linux's TCP if this system allows private networks, and otherwise
// gVisor's; the test's log says which. So every scenario can run, except one that
// needs Linux's TCP (tcp=linux, or a program) on a system that does not allow it.
// That test is skipped with the reason, or fails if $FTPLAB_REQUIRE_TOOLS is set.
//
// # The test program starts a second time
//
// A session on Linux's TCP runs in another process of the test program; see
// package lab. That process does not run TestMain. The process of a [Server] or
// [Client] does.
//
// # Cached results
//
// go test caches the result of a test that passed. It runs the test again if the
// program under test has changed and is in the module. If the program is elsewhere, use
// -count=1.
package labtest

import (
	"errors"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/gopacket"

	"ftplab/lab"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/oserror"
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
			s, err := lab.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Parallel()
			Scenario(t, s)
		})
	}
}

// Scenario runs one scenario. With the options [Server] and [Client], functions of
// the test take part in it.
func Scenario(t *testing.T, s *scenario.Scenario, options ...Option) *lab.Result {
	t.Helper()
	own := &session{t: t, scenario: s}
	for _, option := range options {
		option(own)
	}
	if own.again() {
		return &lab.Result{Scenario: s.Name, Outcome: lab.Passed}
	}
	folder := resultsFolder(t, s)
	track(s)
	result, err := lab.Run(t.Context(), s, own.options(folder))
	if errors.Is(err, cell.ErrRefused) {
		optional.Missing(t, err)
	}
	if err != nil {
		t.Fatal(oserror.Text(err))
	}
	if result.TCP == scenario.GVisorTCP && result.Why != lab.AskedFor {
		t.Logf("on gVisor's TCP, %s", result.Why)
	}
	if result.Outcome == lab.Recorded { // no skip, which would end the test: the caller may judge the result
		t.Logf("%s: %s", result.Outcome, result.Outcome.Meaning())
	}
	if result.Outcome == lab.Failed {
		t.Errorf("%sThe capture is kept: %s", result.Report, result.Capture)
	}
	return result
}

// resultsFolder makes the folder for the results. With `go test -artifacts` it is the
// test's artifact folder, which a service for continuous integration keeps. Otherwise it
// is removed if the test passes.
func resultsFolder(t *testing.T, s *scenario.Scenario) string {
	t.Helper()
	if f := flag.Lookup("test.artifacts"); f != nil && f.Value.String() == "true" {
		return t.ArtifactDir()
	}
	folder, err := os.MkdirTemp("", "ftplab-"+s.Name+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			os.RemoveAll(folder)
		}
	})
	return folder
}

// track opens the files of the programs under test, so that go test runs the test again
// when they have changed. It does not see what the session's own processes open.
func track(s *scenario.Scenario) {
	programs := [][]string{s.Server.Program}
	for _, step := range s.Steps {
		programs = append(programs, step.Program)
	}
	for _, word := range slices.Concat(programs...) {
		if file, err := os.Open(word); err == nil {
			file.Close()
		}
	}
}

// Packets returns the packets of the capture that a run made, decoded by gopacket; see
// [lab.Packets]. It ends the test if they cannot be read.
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
