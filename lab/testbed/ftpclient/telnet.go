package ftpclient

import "io"

// A telnetReader takes the Telnet commands out of what a server sends: a control
// connection is a Telnet connection (RFC 959, 2.3), and a server may answer
// options there (RFC 1123, 4.1.2.12). The client does not answer them.
type telnetReader struct {
	from    io.Reader
	command []byte // the bytes of the command that has begun; nil is none
	last    byte   // the last byte of text
}

// Telnet's commands that have an option after them are WILL, WONT, DO and DONT
// (RFC 854).
const (
	telnetIAC  = 255
	telnetWill = 251
)

// Read implements [io.Reader].
func (r *telnetReader) Read(b []byte) (n int, err error) {
	for n == 0 && err == nil && len(b) > 0 {
		var got int
		got, err = r.from.Read(b)
		for _, c := range b[:got] {
			if text, ok := r.text(c); ok {
				b[n], r.last = text, text
				n++
			}
		}
	}
	return n, err
}

// text takes the next byte, and reports whether it is text.
func (r *telnetReader) text(c byte) (text byte, ok bool) {
	switch {
	case len(r.command) == 0 && c == telnetIAC:
		r.command = append(r.command, c)
	case len(r.command) == 0:
		return c, true
	case len(r.command) == 1 && c == telnetIAC: // a byte 255 of the text
		r.command = nil
		return c, true
	case len(r.command) == 1 && c >= telnetWill:
		r.command = append(r.command, c)
	default:
		r.command = nil
	}
	return 0, false
}
