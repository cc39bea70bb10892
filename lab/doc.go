// Package lab makes the FTP session of a scenario happen, records it, and
// judges what was recorded.
//
// It is the whole laboratory behind three functions:
//
//	s, err := scenario.Load("active_list.txtar")
//	result, err := lab.Run(ctx, s, lab.Options{Results: "results"})
//	verdict, err := lab.Check(s, "capture.pcapng")
//
// [Run] needs Linux; [Check] reads a capture, ours or anyone's, and runs
// anywhere. The ftplab command and package labtest, for `go test`, both go
// through them, so they perform the same checks.
//
// Data flows one way. The session of a scenario (package scenario) takes place in
// a cell (packages cell, network and runner), whose network writes the capture
// (package pcapng). The capture is read (package capture) and compared with what
// the scenario wants (packages expect and measure), and the result is presented
// (package report).
package lab
