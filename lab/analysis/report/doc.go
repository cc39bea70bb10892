// Package report tells a capture as a story that a student reads next to
// Wireshark: the walkthrough.
//
// A [Report] is made of what others found out: the trace of the capture, the
// packets that were kept while it was read, and, for a capture of a scenario,
// the scenario, the verdict on it and its figures. It is written as one page of
// HTML, as Markdown, and as the comments that go into the capture itself. All
// three are drawn from the same rows and the same numbers, and every number is
// the capture's.
//
//	r, err := report.New(c, nil)
//	...
//	r.Capture = "capture.pcapng"
//	err = r.HTML(w)
//
// The page is one file that asks nothing of any network. Whatever comes out of
// a capture is untrusted: text is made visible (see [visible] in the source)
// before it is escaped, and the page's own policy lets no script run but the
// one that it was written with.
package report
