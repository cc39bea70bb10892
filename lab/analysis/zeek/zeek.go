// Package zeek writes the logs that Zeek would write for a capture: conn.log, ftp.log
// and files.log, with the fields and the meaning of Zeek 7.1 and later.
//
// The logs say the same as Zeek's about FTP. Their identifiers differ: Zeek makes them
// from a random seed, and here they depend only on the capture. The types of files
// (mime_type) are those of plain text, listings included, JSON, XML, PDF, PNG, JPEG, GIF, gzip,
// bzip2, xz and ZIP, where none of Zeek's other signatures can match. Other files have no
// type, as random bytes have none in Zeek's logs, too. In ftp.log the type is left out: whether
// Zeek has found it when it writes the line depends on when packets come. The logs do not have the contents of TLS, even if the capture has the keys, because Zeek does not read those.
//
// They were compared, field by field, with the logs that the test suite of Zeek 9.1 holds for
// captures of its own:
//
//   - conn.log: ftp-ipv4, ftp-ipv6, cwd-navigation, ftp-auth-tls, ftp-password-pass-command,
//     ftp-invalid-reply-code, ftp-missing-reply-code, ftp-missing-space-after-reply-code, and
//     large-file-reassembly. All 22 fields agree except uid.
//   - ftp.log: ftp-ipv4, ftp-ipv6, cwd-navigation, ftp-get-file-size, bruteforce, ftp, and of the
//     tests that log more commands, ftp-multiline-reply, ftp-samba-retr and those with invalid
//     replies, the lines that Zeek writes by default. All 19 fields agree except uid, fuid and
//     mime_type, in all of more than 1400 lines.
//   - files.log: large-file-reassembly, and files.extract.limit. All fields agree except the
//     identifiers, the ones of Zeek's extraction, which these tests turn on, and
//     the duration of a file with a gap. sha256 agrees with that of file-analysis.ftp.
//
// Zeek skips commands of more than 100 letters, and gives their replies to the command before or
// after. Here each has its own.
package zeek

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// Names are the names of the logs, without the suffix.
var Names = []string{"conn", "ftp", "files"}

// Write writes the logs of a capture, each to the writer that create returns for its name.
func Write(c *capture.Capture, format Format, create func(name string) (io.WriteCloser, error)) error {
	var files [3]io.WriteCloser
	for i, name := range Names {
		file, err := create(name)
		if err != nil {
			return err
		}
		files[i] = file
	}
	opened := time.Unix(0, c.Start)
	w := &writer{
		conn:  begin(files[0], format, "conn", opened, connColumns),
		ftp:   begin(files[1], format, "ftp", opened, ftpColumns),
		files: begin(files[2], format, "files", opened, filesColumns),
		sizes: map[int]*[2]int64{}, heads: map[int]*head{}, data: map[int][]*ftp.Connection{},
	}
	if err := c.Follow(w.packet, w.ended); err != nil {
		return err
	}
	for i, l := range []*log{w.conn, w.ftp, w.files} {
		if err := l.end(time.Unix(0, w.last)); err != nil {
			return err
		}
		if err := files[i].Close(); err != nil {
			return err
		}
	}
	return nil
}

// A writer writes the logs while the capture is read.
type writer struct {
	conn, ftp, files *log
	last             int64                     // time of the last packet, nanoseconds since 1970
	sizes            map[int]*[2]int64         // bytes of IP packets of open connections, client and server
	heads            map[int]*head             // of open data connections
	data             map[int][]*ftp.Connection // of sessions that are open, by their control connection
}

// packet counts the bytes of a packet of a connection.
func (w *writer) packet(p *capture.Packet) {
	w.last = max(w.last, p.Time)
	if p.Connection == nil || p.IP == nil {
		return
	}
	sizes := w.sizes[p.Connection.ID]
	if sizes == nil {
		sizes = &[2]int64{}
		w.sizes[p.Connection.ID] = sizes
	}
	header := int64(20)
	if p.IP.Version == 6 {
		header = 40
	}
	side := 0
	if p.From == ftp.Server {
		side = 1
	}
	sizes[side] += header + int64(p.IP.Length)
	w.noteHead(p)
}

// ended writes the lines of a connection.
func (w *writer) ended(c *ftp.Connection, s *ftp.Session) {
	w.writeConn(c, s)
	delete(w.sizes, c.ID)
	if c.Role == ftp.Data {
		w.writeFile(c)
		delete(w.heads, c.ID)
		if c.Control != ftp.NoConnection {
			w.data[c.Control] = append(w.data[c.Control], c)
		}
	}
	if s != nil {
		w.writeSession(s)
		delete(w.data, c.ID)
	}
}

var connColumns = []column{
	{"ts", "time"}, {"uid", "string"}, {"id.orig_h", "addr"}, {"id.orig_p", "port"}, {"id.resp_h", "addr"}, {"id.resp_p", "port"},
	{"proto", "enum"}, {"service", "string"}, {"duration", "interval"}, {"orig_bytes", "count"}, {"resp_bytes", "count"},
	{"conn_state", "string"}, {"local_orig", "bool"}, {"local_resp", "bool"}, {"missed_bytes", "count"}, {"history", "string"},
	{"orig_pkts", "count"}, {"orig_ip_bytes", "count"}, {"resp_pkts", "count"}, {"resp_ip_bytes", "count"},
	{"tunnel_parents", "set[string]"}, {"ip_proto", "count"},
}

// ends are who opened a connection (Zeek's originator), and whom (its responder).
func ends(c *ftp.Connection) (originator, responder ftp.Side) {
	if c.OpenedBy == ftp.Server || c.OpenedBy == "" && c.Role == ftp.Data && c.Mode == ftp.Active {
		return ftp.Server, ftp.Client
	}
	return ftp.Client, ftp.Server
}

// addr is the address of a side.
func addr(c *ftp.Connection, s ftp.Side) netip.AddrPort {
	if s == ftp.Server {
		return c.Server
	}
	return c.Client
}

// id are the five values that name a connection in each log.
func id(c *ftp.Connection) []value {
	o, r := ends(c)
	from, to := addr(c, o), addr(c, r)
	return []value{uid('C', c), from.Addr().Unmap().String(), count(int64(from.Port())), to.Addr().Unmap().String(), count(int64(to.Port()))}
}

// uid is an identifier of Zeek's kind: a letter, and 17 of base 62.
func uid(letter byte, c *ftp.Connection) string {
	h := sha256.New()
	fmt.Fprintf(h, "%c %s %s %d", letter, c.Client, c.Server, c.FirstTime)
	var sum [16]byte
	copy(sum[:], h.Sum(nil))
	binary.BigEndian.PutUint32(sum[:], binary.BigEndian.Uint32(sum[:])>>26) // fits into 17 digits
	n := new(big.Int).SetBytes(sum[:])
	text := n.Text(62)
	return string(letter) + strings.Repeat("0", max(0, 17-len(text))) + text[max(0, len(text)-17):]
}

func (w *writer) writeConn(c *ftp.Connection, s *ftp.Session) {
	o, r := ends(c)
	var duration, sent, received value
	if end := end(c); end > c.FirstTime {
		duration = interval(end - c.FirstTime)
		sent, received = count(c.Flow(o).Bytes+c.Lacks(o).Bytes()), count(c.Flow(r).Bytes+c.Lacks(r).Bytes())
	}
	sizes := w.sizes[c.ID]
	if sizes == nil {
		sizes = &[2]int64{}
	}
	side := map[ftp.Side]int{ftp.Client: 0, ftp.Server: 1}
	w.conn.line(slices.Concat([]value{stamp(c.FirstTime)}, id(c), []value{
		"tcp", service(c, s), duration, sent, received, state(c, o, r),
		boolean(local(addr(c, o).Addr())), boolean(local(addr(c, r).Addr())), count(c.Missing()), history(c, o, r),
		count(int64(c.Flow(o).Packets)), count(sizes[side[o]]), count(int64(c.Flow(r).Packets)), count(sizes[side[r]]),
		"", "6",
	})...)
}

// end is when a connection ends for Zeek: with the second FIN, with a reset, or with its
// last packet.
func end(c *ftp.Connection) int64 {
	switch {
	case c.ResetBy != "":
		return c.Flow(c.ResetBy).RSTTime
	case c.ClientFlow.FIN > 0 && c.ServerFlow.FIN > 0:
		return max(c.ClientFlow.FINTime, c.ServerFlow.FINTime)
	}
	return c.LastTime
}

// service is what Zeek's analyzers find.
func service(c *ftp.Connection, s *ftp.Session) value {
	switch {
	case c.TLS != nil, s != nil && s.TLS && clearExchanges(s) == 0:
		return "ssl"
	case s != nil && noReply(s) != nil:
		return ""
	case s != nil && s.TLS:
		return "ftp,ssl"
	case c.Role == ftp.Control:
		return "ftp"
	case c.Role == ftp.Data:
		return "ftp-data"
	}
	return ""
}

// history is the history of a connection with the letters for gaps, which Zeek writes when it
// gives a gap up: after the data.
func history(c *ftp.Connection, o, r ftp.Side) string {
	gaps := ""
	if c.Lacks(o).Bytes() > 0 {
		gaps += "G"
	}
	if c.Lacks(r).Bytes() > 0 {
		gaps += "g"
	}
	at := strings.IndexAny(c.History, "fFrR")
	if at < 0 {
		at = len(c.History)
	}
	return c.History[:at] + gaps + c.History[at:]
}

// state is Zeek's conn_state of a connection between an originator and a responder.
func state(c *ftp.Connection, o, r ftp.Side) value {
	begins := func(s ftp.Side) bool { return c.Flow(s).SYN > 0 }
	closed := func(s ftp.Side) bool { return c.Flow(s).FIN > 0 }
	inactive := func(s ftp.Side) bool { return !begins(s) }
	switch {
	case c.ResetBy == r:
		switch {
		case begins(o) && !begins(r) && c.Flow(o).Bytes == 0 && c.Flow(r).Bytes == 0:
			return "REJ"
		case inactive(o):
			return "RSTRH"
		}
		return "RSTR"
	case c.ResetBy == o:
		switch {
		case inactive(r) && begins(o) && !strings.ContainsAny(c.History, "HAFGIQ"):
			return "RSTOS0"
		case inactive(r):
			return "OTH"
		}
		return "RSTO"
	case closed(o) && closed(r):
		return "SF"
	case closed(o) && inactive(r):
		return "SH"
	case closed(o):
		return "S2"
	case closed(r) && inactive(o):
		return "SHR"
	case closed(r):
		return "S3"
	case begins(o) && inactive(r):
		return "S0"
	case begins(o) && begins(r):
		return "S1"
	}
	return "OTH"
}

// localNetworks are those that Zeek takes for local ones by itself (Site::private_address_space).
var localNetworks = func() []netip.Prefix {
	var list []netip.Prefix
	for _, text := range strings.Fields(`0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
		192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/24 239.0.0.0/8 240.0.0.0/4 ::/128 ::1/128 fc00::/7 fe80::/10 2001:db8::/32`) {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}()

func local(a netip.Addr) bool {
	return slices.ContainsFunc(localNetworks, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}

var filesColumns = []column{
	{"ts", "time"}, {"fuid", "string"}, {"uid", "string"}, {"id.orig_h", "addr"}, {"id.orig_p", "port"}, {"id.resp_h", "addr"}, {"id.resp_p", "port"},
	{"source", "string"}, {"depth", "count"}, {"analyzers", "set[string]"}, {"mime_type", "string"}, {"filename", "string"},
	{"duration", "interval"}, {"local_orig", "bool"}, {"is_orig", "bool"}, {"seen_bytes", "count"}, {"total_bytes", "count"},
	{"missing_bytes", "count"}, {"overflow_bytes", "count"}, {"timedout", "bool"}, {"parent_fuid", "string"},
	{"md5", "string"}, {"sha1", "string"}, {"sha256", "string"}, {"extracted", "string"}, {"extracted_cutoff", "bool"}, {"extracted_size", "count"},
}

// writeFile writes the line of what a data connection carried.
func (w *writer) writeFile(c *ftp.Connection) {
	sender := c.Flow(ftp.Server)
	side := ftp.Server
	if c.ClientFlow.Bytes > 0 {
		sender, side = c.Flow(ftp.Client), ftp.Client
	}
	if sender.Bytes == 0 || c.TLS != nil {
		return
	}
	o, _ := ends(c)
	kind := ""
	if h := w.heads[c.ID]; h != nil && h.from == side {
		kind = mimeType(h.data)
	}
	w.files.line(slices.Concat([]value{stamp(sender.FirstDataTime), uid('F', c)}, id(c), []value{
		"FTP_DATA", "0", "SHA256", kind, "", interval(max(0, sender.LastDataTime-sender.FirstDataTime)),
		boolean(local(addr(c, side).Addr())), boolean(side == o), count(sender.Bytes), "", count(c.Lacks(side).Bytes()), "0", "F", "",
		"", "", c.SHA256, "", "", "",
	})...)
}
