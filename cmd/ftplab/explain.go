package main

import (
	"cmp"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"ftplab/lab"
)

// explanationForms are the flags that choose the form of an explanation.
var explanationForms = []struct {
	flag string
	form lab.Form
	does string
}{
	{"json", lab.JSON, "print the facts as JSON"},
	{"jsonl", lab.JSONLines, "print the facts as JSON, one object per line: the capture, connections, sessions"},
	{"packets", lab.PacketLines, "print every packet in a line, as tcpdump does"},
	{"html", lab.HTML, "write the walkthrough: a page for the browser"},
	{"md", lab.Markdown, "write the walkthrough as Markdown"},
	{"lengths", lab.Lengths, "print the packet lengths, in Wireshark's ranges"},
	{"time-sequence", lab.TimeSequence, "print the time-sequence data of each transfer: segments, ACKs, window"},
}

// explainFlags are the flags of `ftplab explain`.
type explainFlags struct {
	lab.Explanation
	forms     []bool // which of explanationForms are set
	grows     growing
	keyLog    string
	extractTo string
	output    string
	notes     string
}

// captureFormats names the formats of captures.
const captureFormats = `A capture is a file of pcap, pcapng, snoop, Network Monitor, the Sniffer (for DOS and for
Windows), CommView, Observer, 5View, LANalyzer, Visual Networks, HP-UX's nettl or
Tektronix's K12xx (text), also compressed by gzip, zstd or lz4.`

const explainHelp = `Explain reads a capture (- is the standard input) and says what happened in it: its TCP
connections, the FTP sessions line by line, and which data connection belongs to which
command.

` + captureFormats + `

Explain needs only the capture, and never guesses: it leaves out what the capture does
not show, or says that it is missing. The JSON has all facts of the story;
lab/analysis/report/text/facts.schema.json describes each field.

--extract writes the data of each data connection to a file, also inside TLS if there
are keys. The data is written as transferred: lines may end in CRLF. The name of a file
is the number of the connection and the base name of the path (of a STOU: in the reply), in safe characters. It
ends in .unfinished until all of the file is written; after an interruption such files
stay, beside those that are whole. No file is written outside the folder or over another
file. If bytes are missing, the printed line says where. If somebody sent other bytes with
the same sequence numbers, the file has those that came first, as a receiver keeps them
(RFC 9293 section 3.10.7.4); baseline check finds such segments. A transfer that had no data
gives an empty file.

--redact replaces passwords and the names of users, files and hosts with others of the
same length. The same name always becomes the same other name. It replaces addresses,
keeps common prefixes, and private addresses stay private. The contents of files, listings
and connections other than FTP become filler, in which listings keep the ends of their lines.
It works with every output format, and -w writes the capture itself, with new lengths and
checksums. Findings about names and contents are lost, so run baseline check on the original.

--redact does not change times, ports, sizes, TCP's numbers, commands and reply codes, the
usual words of replies (with the names of server programs) and numbers in them, the users
anonymous and ftp, well-known extensions such as .txt, and encrypted data. In a reply that
may have names, a word or number that is also a name in a command of any session is
replaced, except the size at the end of a 150. It leaves out comments and names of hosts.
The frames become Ethernet, with the VLANs and the usual tunnels of the original. It also
leaves out TLS keys: the redacted capture does not show what is inside TLS, but a person
who has the keys can decrypt it. Of a capture that was taken at several places it keeps the
places, with other names unless these are usual, such as eth0 or client. A packet's copy at
another place becomes the same packet, or one of an experimental protocol, if a NAT changed
it: what a NAT or a gateway changes is left out.

` + growingHelp

func explainCommand() *cobra.Command {
	var f explainFlags
	c := &cobra.Command{
		Use:   "explain CAPTURE",
		Short: "Explain what happened in any capture",
		Long:  explainHelp,
		Example: `  ftplab explain capture.pcapng              the story
  ftplab explain --json capture.pcapng       the same facts for a program
  ftplab explain --packets capture.pcapng    every packet as tcpdump prints it
  ftplab explain --html capture.pcapng > walkthrough.html
  ftplab explain --keylog keys.log ftps.pcap what is inside TLS
  ftplab explain --extract files capture.pcap what was transferred, as files
  ftplab explain --redact -w public.pcapng capture.pcap
  ftplab explain --live eth0                 each session when it has ended
  ftplab explain --follow --jsonl trace.pcap
  tcpdump -w - port 21 | ftplab explain -`,
		Args: takesCapture,
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(c.Flags().Changed); err != nil {
				return err
			}
			return f.run(c, args)
		},
	}
	f.add(c)
	return c
}

// add adds the flags to the command.
func (f *explainFlags) add(c *cobra.Command) {
	flags := c.Flags()
	keyLogFlag(c, &f.keyLog)
	f.forms = make([]bool, len(explanationForms))
	var names []string
	for i, form := range explanationForms {
		flags.BoolVar(&f.forms[i], form.flag, false, form.does)
		names = append(names, form.flag)
	}
	folderFlag(flags, &f.extractTo, "extract", "", "", "write the transferred data to files in this folder, and print a line for each")
	flags.BoolVar(&f.Redact, "redact", false, "replace passwords, users, addresses, names and contents")
	flags.StringVar(&f.RedactKey, "redact-key", "", "with --redact: any text; the same text gives the same names and addresses again")
	outputFileFlag(flags, &f.output, "output", "w", "", "with --redact: write the redacted capture to this file, as pcapng; - is the standard output")
	oneOf(c, append(names, "extract", "output")...)
	f.grows.add(c)
	oneOf(c, "redact", "extract", "live", "follow")
	oneOf(c, "redact", "keylog")
	notesFlag(c, &f.notes)
	flags.BoolVar(&f.NoHash, "no-hash", false, "leave out the SHA-256 of the transferred data, which takes most of the time")
	flags.BoolVar(&f.Absolute, "absolute", false, "with --packets: sequence numbers as on the wire, not relative")
	flags.BoolVar(&f.Delta, "delta", false, "with --packets: the time since the previous line, not since the first")
}

// check sets the form, and says which flags do not go with it or with each other.
func (f *explainFlags) check(changed func(string) bool) (err error) {
	for i, form := range explanationForms {
		if f.forms[i] {
			f.Form = form.form
		}
	}
	switch {
	case (f.Absolute || f.Delta) && f.Form != lab.PacketLines:
		return errors.New("--absolute and --delta go with --packets")
	case changed("notes") && f.Form != lab.HTML:
		return errors.New("--notes goes with --html")
	}
	if f.Notes, err = notesOf(f.notes); err != nil {
		return err
	}
	switch {
	case !f.Redact && (f.output != "" || f.RedactKey != ""):
		return errors.New("-w and --redact-key go with --redact")
	case f.grows.given() && f.Form != "" && f.Form != lab.JSONLines:
		return errors.New("--live and --follow print the story, or --jsonl")
	}
	return nil
}

func (f *explainFlags) run(c *cobra.Command, args []string) error {
	if f.grows.given() {
		ctx, stop := interruptible(c)
		defer stop()
		return lab.ExplainGrowing(ctx, c.OutOrStdout(), f.grows.capture(args, f.keyLog, c.InOrStdin(), c.ErrOrStderr()), f.Explanation)
	}
	defer spareMemory(args[0])()
	src := source(args[0], f.keyLog, c.InOrStdin(), c.ErrOrStderr())
	switch {
	case f.output != "":
		out := output{"-w", f.output}
		if err := cmp.Or(checkOutputs([]output{out}, args[0]), out.replacesOnly("capture", isCapture)); err != nil {
			return err
		}
		return writeTo(f.output, c.OutOrStdout(), func(w io.Writer) error { return lab.Redact(w, src, f.RedactKey) })
	case f.extractTo != "":
		return lab.Extract(c.OutOrStdout(), src, f.extractTo)
	}
	return lab.Explain(c.OutOrStdout(), src, f.Explanation)
}
