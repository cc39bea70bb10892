package tls

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

const (
	// textSample is how many bytes of text show that a direction continues in clear. A
	// shorter line, with its end, shows it too. This rarely takes the bytes after a
	// damaged header for text: one in half a million ciphertexts begins like a line.
	textSample   = 64
	shortestLine = 3 // bytes without its end, as the shortest command of RFC 959
)

// A likeness says whether bytes look like the beginning of a dialogue in clear.
type likeness int

const (
	noText likeness = iota
	mayBeText
	isText
)

// textIn decides whether the first line of a sample is text: ASCII or UTF-8 without
// control characters, perhaps after the Telnet interrupt of an ABOR (RFC 959, section
// 4.1.3).
func textIn(sample []byte) likeness {
	line := bytes.TrimPrefix(sample, []byte("\xff\xf4"))
	line = bytes.TrimPrefix(line, []byte("\xff\xf2"))
	line, _, ended := bytes.Cut(line, []byte("\r\n"))
	switch {
	case len(sample) < 4 && bytes.HasPrefix([]byte("\xff\xf4\xff\xf2"), sample):
		return mayBeText
	case !printable(line) || ended && len(line) < shortestLine:
		return noText
	case ended || len(sample) >= textSample:
		return isText
	}
	return mayBeText
}

// printable reports whether b is text; its last character may be cut off.
func printable(b []byte) bool {
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			return !utf8.FullRune(b)
		}
		if unicode.IsControl(c) && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
		b = b[n:]
	}
	return true
}
