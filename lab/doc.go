// Package lab makes FTP sessions, records them, and judges captures.
//
// It is what another Go program imports. Each thing that the ftplab command does
// is one call:
//
//	s, err := scenario.Load("active_list.txtar")
//	result, err := lab.Run(ctx, s, lab.Options{Results: "results"})
//
//	verdict, err := lab.Check(s, lab.File("capture.pcapng"))
//	err = lab.Explain(os.Stdout, lab.File("capture.pcapng"), lab.Explanation{})
//	err = lab.Derive(os.Stdout, lab.File("capture.pcapng"), nil)
//	err = lab.Extract(os.Stdout, lab.File("capture.pcapng"), "files")
//	err = lab.Redact(file, lab.File("capture.pcapng"), "")
//	assessment, err := lab.Baseline(lab.File("capture.pcapng"), baseline.Normal())
//
//	for packet, err := range lab.Packets("capture.pcapng") { ... }
//
// [Run] and [Shell] make a session. All other calls read a capture, of any origin,
// and work on every system. Package labtest runs scenarios in `go test`.
//
// # This package starts your program a second time
//
// On Linux a session takes place in a cell: a process with network, user and PID
// namespaces of its own. The cell is your own program, started a second time. An
// init function of this package recognizes that it is in a cell, does the work of
// the cell, and exits before function main of your program. So the init functions
// of your program also run in the cell.
//
// # How data flows
//
// The lab has two halves that share a file. Package scenario is the language. The
// packages below testbed build the network that a scenario describes, run server
// and client on it, and record every frame to a file (package pcapng). The packages
// below analysis read that file: layer by layer (packet, tcp, tls, ftp, capture),
// compare it with what the scenario wants (expect, measure) or with what is normal
// (baseline), and present the result (report). Package live reads a capture while it
// grows, extract writes what was transferred, and redact writes a capture without what
// says who spoke of what. The testbed never uses the analysis,
// nor the analysis the testbed, so a verdict can be reproduced from the files.
package lab
