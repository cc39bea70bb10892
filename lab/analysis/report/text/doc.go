// Package text writes what a capture shows as text: its story for a person, the same
// facts as JSON for a program, and single packets in the manner of tcpdump.
//
//	c, err := capture.Open("capture.pcapng", capture.Options{})
//	text.Story(os.Stdout, "capture.pcapng", c)
//	for p := range c.Packets() {
//		fmt.Println(text.Line(p, text.Relative))
//	}
//
// It says only what the capture shows, and says what the capture does not show. Text from
// the capture is escaped.
package text
