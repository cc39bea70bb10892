// Package report writes the walkthrough of a capture: a page that explains, to a
// student with Wireshark, what happens in it, packet by packet.
//
// A [Report] combines the facts of the capture, its most important packets and, for a
// capture of a scenario, the scenario, its verdict and its measurements. It writes them
// as one page of HTML, as Markdown, or as comments in the capture itself. All three
// have the same rows and the same numbers, and every number comes from the capture.
//
//	r, err := report.New(c, nil)
//	...
//	r.Capture = "capture.pcapng"
//	err = r.HTML(w)
//
// The page is one file that loads nothing from any network. All text from a capture is
// untrusted: non-printing characters are made visible and then the text is escaped. The
// page's content security policy allows only the page's own script.
package report
