package zeek

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// A Format is how a log is written.
type Format string

// The formats of Zeek's logs.
const (
	TSV  Format = "tsv"  // with a header of lines that begin with #
	JSON Format = "json" // one object per line, without the fields that are not set
)

// A column is a field of a log, with its type in Zeek.
type column struct{ name, kind string }

// A value is a field of a line: as TSV has it, "" if it is not set.
type value = string

// A log is one that is being written.
type log struct {
	out     *bufio.Writer
	format  Format
	columns []column
}

// begin begins a log. Opened is the time that its header says.
func begin(w io.Writer, format Format, path string, opened time.Time, columns []column) *log {
	l := &log{bufio.NewWriter(w), format, columns}
	if format != TSV {
		return l
	}
	var names, kinds []string
	for _, c := range columns {
		names, kinds = append(names, c.name), append(kinds, c.kind)
	}
	fmt.Fprintf(l.out, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t%s\n#open\t%s\n#fields\t%s\n#types\t%s\n",
		path, opened.UTC().Format(headerTime), strings.Join(names, "\t"), strings.Join(kinds, "\t"))
	return l
}

const headerTime = "2006-01-02-15-04-05"

// line writes a line with a value for each column.
func (l *log) line(values ...value) {
	if l.format == JSON {
		l.object(values)
		return
	}
	for i, v := range values {
		if i > 0 {
			l.out.WriteByte('\t')
		}
		switch {
		case v == "":
			l.out.WriteByte('-')
		case v == "-":
			l.out.WriteString(`\x2d`)
		default:
			l.out.WriteString(escaped(v))
		}
	}
	l.out.WriteByte('\n')
}

// escaped is a value as TSV has it: what would separate fields or lines, and what is no
// printable ASCII, is \xNN.
func escaped(v string) string {
	clean := true
	for i := range len(v) {
		clean = clean && v[i] >= ' ' && v[i] < 0x7f && v[i] != '\\'
	}
	if clean {
		return v
	}
	var b strings.Builder
	for i := range len(v) {
		if c := v[i]; c == '\\' || c < ' ' || c == 0x7f {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// object writes a line as JSON. Times are seconds since 1970, as in Zeek's default.
func (l *log) object(values []value) {
	l.out.WriteByte('{')
	first := true
	for i, c := range l.columns {
		v := values[i]
		if v == "" {
			continue
		}
		if !first {
			l.out.WriteByte(',')
		}
		first = false
		fmt.Fprintf(l.out, "%q:", c.name)
		switch c.kind {
		case "time", "interval", "count", "port":
			l.out.WriteString(v)
		case "bool":
			l.out.WriteString(strconv.FormatBool(v == "T"))
		case "set[string]":
			fmt.Fprintf(l.out, "[%s]", jsonString(v))
		default:
			l.out.WriteString(jsonString(v))
		}
	}
	l.out.WriteString("}\n")
}

// jsonString is a string of JSON (RFC 8259, 7).
func jsonString(v string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range v {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// end ends a log.
func (l *log) end(closed time.Time) error {
	if l.format == TSV {
		fmt.Fprintf(l.out, "#close\t%s\n", closed.UTC().Format(headerTime))
	}
	return l.out.Flush()
}

// stamp is a time, given in nanoseconds since 1970.
func stamp(ns int64) value { return fmt.Sprintf("%d.%06d", ns/1e9, ns%1e9/1e3) }

// interval is a duration in seconds, given in nanoseconds.
func interval(ns int64) value { return fmt.Sprintf("%d.%06d", ns/1e9, ns%1e9/1e3) }

func count(n int64) value { return strconv.FormatInt(n, 10) }

func boolean(b bool) value {
	if b {
		return "T"
	}
	return "F"
}
