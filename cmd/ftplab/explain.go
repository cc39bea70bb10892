package main

import (
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
	{"jsonl", lab.JSONLines, "print the facts as JSON, an object a line: the capture, connections, sessions"},
	{"packets", lab.PacketLines, "print every packet in a line, as tcpdump does"},
	{"html", lab.HTML, "write the walkthrough: a page for the browser"},
	{"md", lab.Markdown, "write the walkthrough as Markdown"},
	{"lengths", lab.Lengths, "print the packet lengths, in Wireshark's ranges"},
	{"time-sequence", lab.TimeSequence, "print the time-sequence data of each transfer: segments, ACKs, window"},
}

func explainCommand() *cobra.Command {
	var e lab.Explanation
	var grows growing
	var keyLog, extractTo, output, notes string
	chosen := make([]bool, len(explanationForms))
	c := &cobra.Command{
		Use:   "explain CAPTURE",
		Short: "Explain what happened in any capture",
		Long: `Explain reads a capture (pcap, pcapng, snoop or Network Monitor, also compressed by gzip,
zstd or lz4; - is the standard input) and says what happened in it: its TCP connections,
the FTP sessions line by line, and which data connection belongs to which command.

Explain needs only the capture, and never guesses: it leaves out what the capture does
not show, or says that it is missing. The JSON has all facts of the story;
lab/analysis/report/text/facts.schema.json describes each field.

--extract writes the data of each data connection to a file, also inside TLS if there
are keys. The data is written as transferred: lines may end in CRLF. The name of a file
is the number of the connection and the base name of the path, in safe characters. No
file is written outside the folder or over another file. If bytes are missing, the
printed line says where.

--redact replaces passwords and the names of users, files and hosts by others of the
same length. The same name always becomes the same other name. It replaces addresses,
and keeps common prefixes. The contents of files, listings and connections other than
FTP become filler. It works with every output format, and -w writes the capture itself,
with new lengths and checksums. Not changed are times, ports, sizes and TCP's numbers,
commands and reply codes, the usual words of replies (with the names of server
programs) and numbers in them, the users anonymous and ftp, well-known extensions such
as .txt, and encrypted data. Comments and names of hosts are left out, and the frames
become Ethernet, with the VLANs and the usual tunnels of the original. TLS keys are left
out, too: the redacted capture does not show what is inside TLS, but somebody who has the
keys can decrypt it.

` + growingHelp,
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
			for i, f := range explanationForms {
				if chosen[i] {
					e.Form = f.form
				}
			}
			if (e.Absolute || e.Delta) && e.Form != lab.PacketLines {
				return errors.New("--absolute and --delta go with --packets")
			}
			if c.Flags().Changed("notes") && e.Form != lab.HTML {
				return errors.New("--notes goes with --html")
			}
			var err error
			if e.Notes, err = notesOf(notes); err != nil {
				return err
			}
			if !e.Redact && (output != "" || e.RedactKey != "") {
				return errors.New("-w and --redact-key go with --redact")
			}
			if grows.given() {
				if e.Form != "" && e.Form != lab.JSONLines {
					return errors.New("--live and --follow print the story, or --jsonl")
				}
				ctx, stop := interruptible(c)
				defer stop()
				return lab.ExplainGrowing(ctx, c.OutOrStdout(), grows.capture(args, keyLog, c.InOrStdin(), c.ErrOrStderr()), e)
			}
			defer spareMemory(args[0])()
			if output != "" {
				return redactTo(output, source(args[0], keyLog, c.InOrStdin(), c.ErrOrStderr()), e.RedactKey, c.OutOrStdout())
			}
			if extractTo != "" {
				return lab.Extract(c.OutOrStdout(), source(args[0], keyLog, c.InOrStdin(), c.ErrOrStderr()), extractTo)
			}
			return lab.Explain(c.OutOrStdout(), source(args[0], keyLog, c.InOrStdin(), c.ErrOrStderr()), e)
		},
	}
	keyLogFlag(c, &keyLog)
	var names []string
	for i, f := range explanationForms {
		c.Flags().BoolVar(&chosen[i], f.flag, false, f.does)
		names = append(names, f.flag)
	}
	c.Flags().StringVar(&extractTo, "extract", "", "write the transferred data to files in this folder, and print a line for each")
	c.Flags().BoolVar(&e.Redact, "redact", false, "replace passwords, users, addresses, names and contents")
	c.Flags().StringVar(&e.RedactKey, "redact-key", "", "with --redact: any text; the same text gives the same names and addresses again")
	c.Flags().StringVarP(&output, "output", "w", "", "with --redact: write the redacted capture to this file; - is the standard output")
	oneOf(c, append(names, "extract", "output")...)
	grows.add(c)
	oneOf(c, "redact", "extract", "live", "follow")
	oneOf(c, "redact", "keylog")
	notesFlag(c, &notes)
	c.Flags().BoolVar(&e.NoHash, "no-hash", false, "leave out the SHA-256 of the transferred data, which takes most of the time")
	c.Flags().BoolVar(&e.Absolute, "absolute", false, "with --packets: sequence numbers as on the wire, not relative")
	c.Flags().BoolVar(&e.Delta, "delta", false, "with --packets: the time since the previous line, not since the first")
	return c
}

// redactTo writes the redacted capture to a file. If that fails, an earlier file stays.
func redactTo(name string, src lab.Source, key string, stdout io.Writer) error {
	if name == "-" {
		return lab.Redact(stdout, src, key)
	}
	return replaceFile(name, func(w io.Writer) error { return lab.Redact(w, src, key) })
}
