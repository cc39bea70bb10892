// Package export writes a capture as a test for Suricata or Zeek, in the form that
// these projects accept: the files of a pull request to suricata-verify, or to Zeek's
// own tests.
//
// The expected results come from the capture. A test of Suricata expects what Suricata 7 logs of
// it, also where that is less than the dialogue: it does not know FEAT or MLSD. The package does
// not run Suricata or Zeek; run the test with them before you send it.
package export

import (
	"bytes"
	"fmt"
	"strings"
)

// A Test is what the files are about.
type Test struct {
	Name    string // of the scenario
	Title   string
	Story   string // may be empty
	Command string // that makes the capture again, to the byte
	Source  []byte // the scenario
	Capture []byte // classic pcap, microseconds
	Damaged []int  // the frames that the scenario gave a wrong checksum
}

// A File is one of a test. Run says that it is a program.
type File struct {
	Path string
	Data []byte
	Run  bool
}

// MostBytes is how large a capture for Zeek may be.
const MostBytes = 50 << 10

// Dashed is the name as both projects have names: in lower case, with dashes.
func (t Test) Dashed() string { return strings.ReplaceAll(strings.ToLower(t.Name), "_", "-") }

// readme says what a test is for, and where its capture comes from.
func (t Test) readme(purpose, script string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n%s\n", t.Title, purpose)
	if t.Story != "" {
		fmt.Fprintf(&b, "\n%s\n", t.Story)
	}
	fmt.Fprintf(&b, "\n## PCAP\n\nThe capture has FTP between a real client and a real server, with %s. ftplab made it\nfrom the scenario beside it; `%s` makes it again, to the byte.\n", t.checksums(), script)
	return b.Bytes()
}

// checksums says whether those of the capture are valid.
func (t Test) checksums() string {
	switch n := len(t.Damaged); n {
	case 0:
		return "valid checksums"
	case 1:
		return fmt.Sprintf("valid checksums, except that of frame %d, which is wrong on purpose", t.Damaged[0])
	default:
		return fmt.Sprintf("valid checksums, except those of %d frames, which are wrong on purpose: the first is frame %d", n, t.Damaged[0])
	}
}

// script makes the capture again.
func (t Test) script() []byte {
	return fmt.Appendf(nil, "#!/bin/sh\n# Makes the capture again, with ftplab.\nset -e\ncd \"$(dirname \"$0\")\"\n%s\n", t.Command)
}

// Zeek is a btest of Zeek's, as files below testing/btest. Baselines are Zeek's to make, with
// `btest -U`. The error is that the capture is too large.
func Zeek(t Test) ([]File, error) {
	if len(t.Capture) > MostBytes {
		return nil, fmt.Errorf("the capture has %d bytes, and Zeek takes %d at most: move less in the scenario", len(t.Capture), MostBytes)
	}
	name := t.Dashed()
	script := fmt.Sprintf(`# @TEST-DOC: %s
#
# @TEST-EXEC: zeek -b -r $TRACES/ftp/%[2]s.pcap %%INPUT
# @TEST-EXEC: btest-diff-cut -m ftp.log
# @TEST-EXEC: btest-diff-cut -m uid service history conn.log

@load base/protocols/conn
@load base/protocols/ftp
`, t.Title, name)
	return []File{
		{Path: "testing/btest/scripts/base/protocols/ftp/" + name + ".zeek", Data: []byte(script)},
		{Path: "testing/btest/Traces/ftp/" + name + ".pcap", Data: t.Capture},
		{Path: "testing/btest/Traces/ftp/" + t.Name + ".txtar", Data: t.Source},
		{Path: "testing/btest/Traces/ftp/" + name + ".sh", Data: t.script(), Run: true},
		{Path: "README.md", Data: t.readme("A test of Zeek's FTP analyzer. Run `btest -U scripts/base/protocols/ftp/"+name+".zeek` for its baselines.", name+".sh")},
	}, nil
}
