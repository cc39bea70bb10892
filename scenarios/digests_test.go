package scenarios

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/scenario"
	"ftplab/scenarios/articles"
)

var update = flag.Bool("update", false, "write the digests of the captures as they are now")

// digestsFile has the SHA-256 of each scenario's capture on gVisor's TCP, as
// sha256sum prints it. After a change that is meant to change captures,
//
//	go test ./scenarios -run TestDigests -update
//
// writes it anew.
const digestsFile = "digests"

// TestDigests plays every scenario on gVisor's TCP: it must pass, show what the
// two articles show, and give the capture that it gives everywhere, to the byte.
func TestDigests(t *testing.T) {
	digests := readDigests(t)
	verdicts := map[string]*lab.Verdict{}
	for _, name := range Names() { // one after the other: a process carries one network
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if s.Network.TCP == scenario.LinuxTCP {
			continue
		}
		t.Run(name, func(t *testing.T) {
			result := playedOnGVisor(t, s)
			verdicts[name] = result.Verdict
			data, err := os.ReadFile(result.Capture)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("%x", sha256.Sum256(data))
			if !*update && got != digests[name] {
				t.Errorf("got a capture with the SHA-256 %s, want %s; if it is meant to change, write the digests anew with -update", got, digests[name])
			}
			digests[name] = got
		})
	}
	for _, line := range articles.Failures(verdicts) {
		t.Error(line)
	}
	if *update && !t.Failed() {
		writeDigests(t, digests)
	}
	if !t.Failed() {
		testWithoutAES(t)
	}
}

// testWithoutAES runs the test of the scenarios with TLS in a process that behaves as on
// a processor without instructions for AES, where Go would prefer another cipher.
func testWithoutAES(t *testing.T) {
	const off = "GODEBUG=cpu.aes=off"
	exe, err := os.Executable()
	if err != nil || slices.Contains(os.Environ(), off) || runtime.GOOS == "js" {
		return // this is that process, or a system that starts none
	}
	test := exec.CommandContext(t.Context(), exe, "-test.run=^TestDigests$/^ftps_")
	test.Env = append(os.Environ(), off)
	if out, err := test.CombinedOutput(); err != nil {
		t.Errorf("without AES instructions: %v\n%s", err, out)
	}
}

// writeDigests writes the digests by name, in reading order.
func writeDigests(t *testing.T, digests map[string]string) {
	t.Helper()
	var text bytes.Buffer
	for _, name := range Names() {
		if d := digests[name]; d != "" {
			fmt.Fprintf(&text, "%s  %s\n", d, name)
		}
	}
	if err := os.WriteFile(digestsFile, text.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// readDigests reads the digests by the scenarios' names.
func readDigests(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(digestsFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	digests := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		digest, name, _ := strings.Cut(lines.Text(), "  ")
		digests[name] = digest
	}
	return digests
}
