package extract

import (
	"fmt"
	"io"
	"strings"

	"ftplab/lab/analysis/report/text"
)

// WriteLine writes a line about a file, for a terminal.
func (f *File) WriteLine(w io.Writer) error {
	what := "without a command in the capture"
	if t := f.Connection.Transfer; t != nil {
		what = text.Escape(strings.TrimSpace(t.Command + " " + t.Argument))
	}
	_, err := fmt.Fprintf(w, "connection %d, %s: %s\n", f.Connection.ID, what, strings.Join(f.facts(), "; "))
	return err
}

// facts describe a file.
func (f *File) facts() []string {
	if f.Name == "" {
		if f.Hidden {
			return []string{"in TLS, which cannot be read without its keys"}
		}
		return []string{"no data in the capture"}
	}
	facts := []string{f.Name, fmt.Sprintf("%s from the %s", bytesOf(f.Bytes, "", ""), f.From), string(f.Kind), "SHA-256 " + f.SHA256}
	facts = append(facts, f.missing()...)
	if t := f.Connection.Transfer; t != nil && t.Mode != "" {
		facts = append(facts, fmt.Sprintf("as transferred in mode %s", text.Escape(t.Mode)))
	}
	return facts
}

// bytesOf is a number of bytes, and then singular or plural text.
func bytesOf(n int64, one, many string) string {
	if n == 1 {
		return "1 byte" + one
	}
	return fmt.Sprintf("%d bytes%s", n, many)
}

// missing says what of the file the capture does not have.
func (f *File) missing() []string {
	var facts []string
	flow := f.Connection.Flow(f.From)
	inClear := f.Connection.TLS == nil
	if flow.SYN == 0 {
		facts = append(facts, "INCOMPLETE: its beginning is not in the capture")
	}
	if inClear && flow.Missing > 0 {
		facts = append(facts, fmt.Sprintf("INCOMPLETE: %s not in the capture%s", bytesOf(flow.Missing, " is", " are"), f.gapList()))
	} else if f.Unread {
		facts = append(facts, "INCOMPLETE: bytes cannot be read"+f.gapList())
	} else if len(f.Gaps) > 0 {
		facts = append(facts, "INCOMPLETE: bytes are missing"+f.gapList())
	}
	if inClear && f.Bytes < flow.Bytes {
		facts = append(facts, fmt.Sprintf("INCOMPLETE: %s left, which cannot be put in order", bytesOf(flow.Bytes-f.Bytes, " is", " are")))
	}
	if f.Hidden {
		facts = append(facts, "INCOMPLETE: some of it is in TLS that cannot be read")
	}
	switch {
	case f.Connection.ResetBy != "":
		facts = append(facts, "broken off by a RST of the "+string(f.Connection.ResetBy))
	case flow.FIN == 0:
		facts = append(facts, "INCOMPLETE: its end is not in the capture")
	}
	return facts
}

// gapList says where in the file bytes are missing.
func (f *File) gapList() string {
	if len(f.Gaps) == 0 {
		return ""
	}
	var at []string
	for _, g := range f.Gaps[:min(len(f.Gaps), 5)] {
		at = append(at, fmt.Sprint(g))
	}
	if n := len(f.Gaps) + f.MoreGaps; n > len(at) {
		at = append(at, fmt.Sprintf("and %d more", n-len(at)))
	}
	return ", at offset " + strings.Join(at, ", ")
}
