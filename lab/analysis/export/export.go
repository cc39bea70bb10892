// Package export writes a capture as a test for Suricata or Zeek, in the form that
// these projects accept: the files of a pull request to suricata-verify, or to Zeek's
// own tests.
//
// The expected results come from the capture. The package does not run Suricata or
// Zeek; run the test with them before you send it. Where the program sees something else,
// as Suricata 7 does behind an AUTH that was refused, the test shows a fault of it.
package export

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// A Test is what the files are about.
type Test struct {
	Name    string // of the scenario
	Title   string
	Story   string // may be empty
	Command string // that makes the capture again, to the byte
	Source  []byte // the scenario
	Capture []byte // classic pcap, microseconds
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
	fmt.Fprintf(&b, "\n## PCAP\n\nThe capture has FTP between a real client and a real server, with valid checksums. ftplab made it\nfrom the scenario beside it; `%s` makes it again, to the byte.\n", script)
	return b.Bytes()
}

// script makes the capture again.
func (t Test) script() []byte {
	return fmt.Appendf(nil, "#!/bin/sh\n# Makes the capture again, with ftplab.\nset -e\ncd \"$(dirname \"$0\")\"\n%s\n", t.Command)
}

// Suricata is a test of suricata-verify, as a folder below tests/ftp.
func Suricata(t Test, c *capture.Capture) []File {
	folder := "tests/ftp/ftp-" + t.Dashed() + "/"
	return []File{
		{Path: folder + "input.pcap", Data: t.Capture},
		{Path: folder + "test.yaml", Data: suricataChecks(c)},
		{Path: folder + "README.md", Data: t.readme("Suricata logs each command of an FTP session, and each file.", "generate.sh")},
		{Path: folder + t.Name + ".txtar", Data: t.Source},
		{Path: folder + "generate.sh", Data: t.script(), Run: true},
	}
}

// A check is a filter of a test, and how often it applies.
type check struct {
	match []string // lines
	count int
}

// suricataChecks are the checks of a test.yaml.
func suricataChecks(c *capture.Capture) []byte {
	var list []check
	add := func(match ...string) {
		if i := slices.IndexFunc(list, func(o check) bool { return slices.Equal(o.match, match) }); i >= 0 {
			list[i].count++
			return
		}
		list = append(list, check{match, 1})
	}
	data := false
	for s := range c.Sessions() {
		for i, x := range s.Exchanges {
			match := []string{"event_type: ftp", "ftp.command: " + quoted(x.Command)}
			if x.Argument != "" && x.Command != "PASS" {
				match = append(match, "ftp.command_data: "+quoted(x.Argument))
			}
			for n, r := range x.Replies {
				match = append(match, fmt.Sprintf("ftp.completion_code[%d]: %q", n, fmt.Sprint(r.Code)))
			}
			for _, p := range s.DataPorts {
				if p.Exchange == i && !p.Malformed && portIsRead(x) {
					match = append(match, fmt.Sprintf("ftp.dynamic_port: %d", p.Addr.Port()))
				}
			}
			add(match...)
			if x.Command == "RETR" || x.Command == "STOR" {
				for _, id := range x.Data {
					if d := c.Connection(id); d.Role == ftp.Data && d.ClientFlow.Bytes+d.ServerFlow.Bytes > 0 {
						data = true
						add("event_type: ftp_data", "ftp_data.command: "+x.Command, "ftp_data.filename: "+quoted(x.Argument))
					}
				}
			}
		}
	}
	var b bytes.Buffer
	b.WriteString("requires:\n  min-version: 7.0.0\n")
	if data { // its flow and that of the control connection must be of one thread
		b.WriteString("\nargs:\n  - --runmode=single\n")
	}
	b.WriteString("\nchecks:\n")
	for _, x := range list {
		fmt.Fprintf(&b, "  - filter:\n      count: %d\n      match:\n", x.count)
		for _, line := range x.match {
			fmt.Fprintf(&b, "        %s\n", line)
		}
	}
	return b.Bytes()
}

// portIsRead reports whether Suricata takes the port of a data connection from an exchange. It
// reads the reply that belongs to the command, and no other one.
func portIsRead(x *ftp.Exchange) bool {
	switch x.Command {
	case "PASV":
		return x.Final() == 227
	case "EPSV":
		return x.Final() == 229
	}
	return true
}

// quoted is a text as YAML has it.
func quoted(text string) string { return fmt.Sprintf("%q", text) }

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
