// Package lab makes FTP sessions, records them, and judges captures.
//
// It is what another Go program imports. The main things that the ftplab command does are
// one call each:
//
//	s, err := lab.Load("active_list.txtar")
//	result, err := lab.Run(ctx, s, lab.Options{Results: "results"})
//
//	verdict, err := lab.Check(s, lab.File("capture.pcapng"))
//	err = lab.Explain(os.Stdout, lab.File("capture.pcapng"), lab.Explanation{})
//	err = lab.Derive(os.Stdout, lab.File("capture.pcapng"), nil)
//	err = lab.Extract(os.Stdout, lab.File("capture.pcapng"), "files")
//	err = lab.Redact(file, lab.File("capture.pcapng"), "")
//	assessment, err := lab.Baseline(lab.File("capture.pcapng"), profile.Normal()) // of ftplab/lab/analysis/baseline/profile
//
//	for packet, err := range lab.Packets("capture.pcapng") { ... }
//
// [Run] and [Shell] make a session. The calls from [Check] on read a capture, of any
// origin, and work on every system. Package labtest runs scenarios in `go test`.
//
// # This package starts your program a second time
//
// On Linux a session runs in a cell: a process with its own network, user and PID
// namespaces. The cell is your own program, started a second time. An init function
// of this package recognizes that it is in a cell, does the work of the cell, and
// exits before function main of your program. So the init functions of your program
// also run in the cell.
//
// # How data flows
//
// The lab has two halves. One makes captures, the other reads them, and neither
// imports the other. They meet in a capture file:
//
//	scenario file                            any other capture
//	      │                                          │
//	      ▼                                          ▼
//	  scenario ──► testbed ──► capture file ──► analysis ──► verdict, walkthrough
//	      │                       pcapng             ▲
//	      └─────────── want, figures ────────────────┘
//
// The packages below testbed build the network of a scenario, run server and client on
// it, and record every frame:
//
//	runner                            runs a scenario: network, server, client
//	linux, gvisor                     build the network, with Linux's or gVisor's TCP
//	path                              computes what is between the hosts: delay, loss, NAT
//	network                           the interfaces that servers and clients use
//	ftpserver, ftpclient, nameserver  the programs on the hosts
//	ftps, content                     their TLS, and the content of large files
//	cell, sandbox                     private namespaces; programs of other people
//	byhand                            a person is the client, or only records
//	generate, corpus                  thousands of sessions, with labels
//
// The packages below analysis read a capture layer by layer. Each uses only packages
// above it in this list:
//
//	packet                            decodes each packet, up to the TCP header
//	tcp, tls                          follow connections, and decrypt them with keys
//	ftp                               reads dialogues, finds each data connection's command
//	capture                           a capture with all these facts; live: while it grows
//	report/text, report/page          print facts: story, JSON, lines; the frame of HTML pages
//	expect, measure                   compare it with the want and the figures of a scenario
//	baseline, conform, habits         with normal FTP, with the RFCs, programs with each other
//	question                          asks a reader about it, and marks the answers
//	extract, redact, export, zeek     write files, a redacted capture, tests, logs
//	report                            writes the walkthrough
//	replay                            the state of both hosts after each packet
//
// Packages scenario and pcapng belong to both halves, and so does package traffic: the
// analysis learns a profile of sessions from captures, and the testbed generates
// sessions from a profile. Only this package, the command, and the packages labtest,
// exercise, extcap, web, scenarios/articles and scenarios/profiles know both halves; a
// test holds this list. A verdict needs only the files, so anybody can check it.
package lab
