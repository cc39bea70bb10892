package scenarios

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/cpu"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

var update = flag.Bool("update", false, "write the digests of the captures as they are now")

// digestsFile has the SHA-256 of each scenario's capture on gVisor's TCP, as
// sha256sum prints it. After a change that is meant to change captures,
//
//	go test ./scenarios -run TestDigests -update
//
// writes it anew. A scenario with TLS has two: Go prefers another cipher where the
// processor has no instructions for AES, and in a browser.
const (
	digestsFile = "digests"
	withoutAES  = " (without AES instructions)" // behind the name
)

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
			key := name
			if s.Server.TLS.Mode != "" && !hasAES() {
				key += withoutAES
			}
			got := fmt.Sprintf("%x", sha256.Sum256(data))
			if !*update && got != digests[key] {
				t.Errorf("got a capture with the SHA-256 %s, want %s; if it is meant to change, write the digests anew with -update", got, digests[key])
			}
			digests[key] = got
		})
	}
	for _, r := range rows() {
		if v := verdicts[r.scenario]; v != nil {
			if here, ok := r.shownBy(v); !ok {
				t.Errorf("%s, %s: got %s", r.id, r.figure, here)
			}
		}
	}
	if *update && !t.Failed() {
		writeDigests(t, digests)
	}
	if hasAES() && !t.Failed() {
		testWithoutAES(t)
	}
}

// testWithoutAES runs the test of the scenarios with TLS in a process that behaves as on
// a processor without instructions for AES.
func testWithoutAES(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	test := exec.CommandContext(t.Context(), exe, "-test.run=^TestDigests$/^ftps_", fmt.Sprintf("-update=%t", *update))
	test.Env = append(os.Environ(), "GODEBUG=cpu.aes=off")
	if out, err := test.CombinedOutput(); err != nil {
		t.Errorf("without AES instructions: %v\n%s", err, out)
	}
}

// hasAES reports whether the processor has the instructions with which Go prefers AES to
// ChaCha20 in TLS. GODEBUG=cpu.aes=off makes it seem to have none.
func hasAES() bool {
	return cpu.X86.HasAES && cpu.X86.HasPCLMULQDQ || cpu.ARM64.HasAES && cpu.ARM64.HasPMULL
}

// writeDigests writes the digests by name, in reading order.
func writeDigests(t *testing.T, digests map[string]string) {
	t.Helper()
	var text bytes.Buffer
	for _, ending := range []string{"", withoutAES} {
		for _, name := range Names() {
			if d := digests[name+ending]; d != "" {
				fmt.Fprintf(&text, "%s  %s%s\n", d, name, ending)
			}
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
