// Package report writes the walkthrough of a capture: a page that describes,
// for a student with Wireshark, what happened in it.
//
// A [Report] combines the facts of the capture, the packets that were kept while
// it was read, and, for a capture of a scenario, the scenario, the verdict on
// it and its measurements. It is written as one page of HTML, as Markdown, or
// as comments in the capture itself. All three have the same rows and the same
// numbers, and every number comes from the capture.
//
//	r, err := report.New(c, nil)
//	...
//	r.Capture = "capture.pcapng"
//	err = r.HTML(w)
//
// The page is one file that loads nothing from any network. All text from a
// capture is untrusted: it is made visible (see [visible] in the source) before
// it is escaped, and the page's content security policy allows only the script
// that it was written with.
package report
