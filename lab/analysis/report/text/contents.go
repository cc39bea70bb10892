// What each side sent over a data connection.

package text

import (
	"cmp"
	"fmt"
	"time"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
)

// contents writes what each side sent on a data connection, and what of it the capture lacks.
func (r *sessionWriter) contents(d *ftp.Connection) {
	for _, s := range []ftp.Side{ftp.Client, ftp.Server} {
		f, lack := d.Flow(s), d.Lacks(s)
		none := append([]string{"|   no data from " + party(d, s) + " is in the capture"}, lacking(lack)...)
		switch {
		case f.Segments > 0:
			lines := append(carried(party(d, s), f), lacking(lack)...)
			if d.TLS != nil {
				lines = append(lines, insideTLS(d, s)...)
			}
			if d.SHA256 != "" && s == d.Sender() {
				lines = append(lines, "|   SHA-256 "+d.SHA256)
			}
			if f.Beyond > 0 && d.TLS == nil {
				lines = append(lines, behindFIN(d, s))
			}
			r.add(f.LastData, f.LastDataTime, lines...)
		case d.SHA256 != "" && s == d.Sender() && d.IsEmpty():
			r.add(f.FIN, f.FINTime, "|   0 bytes from "+party(d, s), "|   SHA-256 "+d.SHA256)
		case lack.Bytes() > 0 && f.FIN > 0:
			r.add(f.FIN, f.FINTime, none...)
		case lack.Bytes() > 0 || lack.Any() && s == d.Sender() && d.Transfer != nil:
			r.add(d.LastPacket, d.LastTime, none...)
		}
	}
}

// BehindFIN says that some bytes come behind the end of a stream.
func BehindFIN(bytes int64) string {
	return "with " + Counted(bytes, "byte") + " numbered after the FIN, which no TCP sends"
}

// behindFIN is the line about them, which are why the sender's data has no digest.
func behindFIN(d *ftp.Connection, s ftp.Side) string {
	line := "|   " + BehindFIN(d.Flow(s).Beyond)
	if s == d.Sender() && d.SHA256 == "" {
		line += "; so there is no SHA-256"
	}
	return line
}

// lacking are lines that say what is lacking of a stream.
func lacking(l ftp.Lack) (lines []string) {
	for _, clause := range l.Clauses(Counted) {
		lines = append(lines, "|   "+clause)
	}
	return lines
}

// carried says what one side sent over a data connection.
func carried(by string, f *tcp.Flow) []string {
	text := fmt.Sprintf("|   %s from %s", count(int(f.Bytes), "byte"), by)
	here := f.Segments - f.Elsewhere
	switch took := time.Duration(f.LastDataTime - f.FirstDataTime); {
	case f.AfterFIN > 0:
		text += " before its FIN"
	case f.Segments == 1:
		text += ", in this packet"
	case took > 0:
		text += fmt.Sprintf(": %d segments since packet %d, in %s", cmp.Or(here, f.Segments), f.FirstData, duration(took))
	default:
		text += fmt.Sprintf(": %d segments since packet %d", cmp.Or(here, f.Segments), f.FirstData)
	}
	if here > 0 && f.Elsewhere > 0 {
		text += fmt.Sprintf("; %d more recorded only at another place", f.Elsewhere)
	}
	switch {
	case f.FINOvertook():
		text += "; the FIN overtook the last of them"
	case f.FINBeforeData() && f.Segments == 1:
		text += ", after the FIN"
	case f.FINBeforeData():
		text += "; the last of them came after the FIN"
	}
	lines := []string{text}
	if f.Damaged > 0 {
		lines = append(lines, "|   "+damaged(f))
	}
	if f.Retransmissions > 0 {
		lines = append(lines, "|   "+count(f.Retransmissions, "retransmission"))
	}
	if f.OutOfOrder > 0 {
		lines = append(lines, "|   "+count(f.OutOfOrder, "segment")+" out of order")
	}
	return lines
}

// damaged says how many packets were damaged on their way.
func damaged(f *tcp.Flow) string {
	return count(f.Damaged, "packet") + " with a wrong checksum, dropped by the receiver"
}
