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
	t := f.Connection.Transfer
	var facts []string
	switch {
	case f.Name == "" && f.Hidden:
		facts = []string{"in TLS, which cannot be read without its keys"}
	case f.Name == "":
		facts = []string{"no data in the capture"}
	default:
		facts = []string{f.Name, fmt.Sprintf("%s from the %s", text.Counted(f.Bytes, "byte"), f.From), string(f.Kind), "SHA-256 " + f.SHA256}
	}
	if t != nil && t.Offset > 0 {
		facts = append(facts, fmt.Sprintf("from byte %d of the file", t.Offset))
	}
	facts = append(facts, f.missing()...)
	if t != nil && t.Failed() {
		facts = append(facts, fmt.Sprintf("the server's reply is %d", t.Reply))
	}
	if t != nil && t.Mode != "" && f.Name != "" {
		facts = append(facts, "as transferred in mode "+text.Escape(t.Mode))
	}
	return facts
}

// missing says what of the file the capture does not have.
func (f *File) missing() []string {
	var facts []string
	from := f.From
	if from == "" {
		from = f.Connection.Sender()
	}
	lack, verdict := f.Connection.Lacks(from), "INCOMPLETE: "
	if lack.Doubtful() {
		verdict = "PERHAPS INCOMPLETE: "
	}
	for _, clause := range lack.Clauses(text.Counted) {
		facts = append(facts, verdict+clause)
	}
	switch {
	case f.Unread:
		facts = append(facts, "INCOMPLETE: bytes cannot be read, at offset "+f.gapList())
	case len(f.Gaps) > 0:
		facts = append(facts, "with gaps at offset "+f.gapList())
	}
	flow := f.Connection.Flow(from)
	if more := f.Bytes + flow.CutShort - f.Connection.Content(from); f.Connection.TLS == nil && flow.FIN > 0 && more > 0 {
		facts = append(facts, text.BehindFIN(more))
	}
	if bytes, short := f.Connection.FellShort(); short {
		facts = append(facts, fmt.Sprintf("INCOMPLETE: the server announced %s, and %d came", text.Counted(f.Connection.Transfer.Announced, "byte"), bytes))
	}
	if f.Hidden && f.Name != "" {
		facts = append(facts, "INCOMPLETE: some of it is in TLS that cannot be read")
	}
	if by := f.Connection.ResetBy; by != "" && !flow.Delivered {
		facts = append(facts, "broken off by a RST of the "+string(by))
	}
	return facts
}

// gapList says where in the file bytes are missing.
func (f *File) gapList() string {
	var at []string
	for _, g := range f.Gaps[:min(len(f.Gaps), 5)] {
		at = append(at, fmt.Sprint(g))
	}
	if n := len(f.Gaps) + f.MoreGaps; n > len(at) {
		at = append(at, fmt.Sprintf("and %d more", n-len(at)))
	}
	return strings.Join(at, ", ")
}
