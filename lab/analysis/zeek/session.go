package zeek

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"ftplab/lab/analysis/ftp"
)

var ftpColumns = []column{
	{"ts", "time"}, {"uid", "string"}, {"id.orig_h", "addr"}, {"id.orig_p", "port"}, {"id.resp_h", "addr"}, {"id.resp_p", "port"},
	{"user", "string"}, {"password", "string"}, {"command", "string"}, {"arg", "string"}, {"mime_type", "string"}, {"file_size", "count"},
	{"reply_code", "count"}, {"reply_msg", "string"}, {"data_channel.passive", "bool"}, {"data_channel.orig_h", "addr"},
	{"data_channel.resp_h", "addr"}, {"data_channel.resp_p", "port"}, {"fuid", "string"},
}

// Lists of commands, as in Zeek's base/protocols/ftp/main.zeek.
var (
	logged   = strings.Fields("APPE DELE RETR STOR STOU ACCT PORT PASV EPRT EPSV")
	ofFiles  = strings.Fields("APPE CWD DELE MKD RETR RMD RNFR RNTO STOR STOU REST SIZE MDTM")
	guestIDs = strings.Fields("anonymous ftp ftpuser guest")
)

// A dialogue is what Zeek knows of a session while it goes on.
type dialogue struct {
	writer   *writer
	session  *ftp.Session
	files    map[int]*ftp.Connection // of data, by the exchange that used it
	user     string
	password string
	folder   string // "." while it is not known

	fileSize value
	channel  [4]value
	wrote    bool
	besides  int        // of the replies that answer no command, how many came before
	reply    *ftp.Reply // the last one; nil before the first
}

// writeSession writes the lines of a session.
func (w *writer) writeSession(s *ftp.Session) {
	d := &dialogue{writer: w, session: s, files: map[int]*ftp.Connection{}, user: "<unknown>", folder: "."}
	for _, c := range w.data[s.Control.ID] {
		if c.Transfer != nil {
			d.files[c.Transfer.Exchange] = c
		}
	}
	clear := clearExchanges(s)
	var unanswered []int // which Zeek writes at the end, with the last reply of all
	for i, x := range s.Exchanges[:clear] {
		if x = d.answered(i, x); len(x.Replies) == 0 && slices.Contains(logged, x.Command) {
			unanswered = append(unanswered, i)
			continue
		}
		d.exchange(i, x)
	}
	for _, i := range unanswered {
		d.exchange(i, s.Exchanges[i])
	}
	if clear > 0 && !d.wrote && d.user != "<unknown>" {
		d.line(clear-1, s.Exchanges[clear-1]) // of each session there is at least one line
	}
}

// answered is an exchange with all replies that Zeek takes for its command's: also those that
// answer no command, such as a last 421, or that come after a gap, up to the next command.
func (d *dialogue) answered(i int, x *ftp.Exchange) *ftp.Exchange {
	until := math.MaxInt
	if i+1 < len(d.session.Exchanges) {
		until = d.session.Exchanges[i+1].Packet
	}
	all := *x
	for ; d.besides < len(d.session.Unsolicited); d.besides++ {
		r := d.session.Unsolicited[d.besides]
		if r.Packet >= until {
			break
		}
		if r.Packet > x.Packet && r.Code >= 100 {
			all.Replies = append(slices.Clip(all.Replies), r)
		}
	}
	slices.SortStableFunc(all.Replies, func(a, b *ftp.Reply) int { return cmp.Compare(a.Packet, b.Packet) })
	if n := len(all.Replies); n > 0 {
		d.reply = all.Replies[n-1]
	}
	return &all
}

// clearExchanges is how many exchanges come before TLS, and before a line that is not a reply.
func clearExchanges(s *ftp.Session) int {
	until := math.MaxInt
	if s.TLS {
		until = s.TLSFrom
	}
	if r := noReply(s); r != nil {
		until = min(until, r.Packet)
	}
	n := 0
	for n < len(s.Exchanges) && s.Exchanges[n].Packet < until {
		n++
	}
	return n
}

// noReply is the first line of the server that is not a reply, nil if there is none. After it Zeek
// no longer takes the session for FTP.
func noReply(s *ftp.Session) *ftp.Reply {
	for _, r := range s.Unsolicited {
		if r.Code < 100 && len(r.Lines) > 0 && r.Lines[0].Complete && !r.Lines[0].AfterGap {
			return r
		}
	}
	return nil
}

// exchange takes a command and its replies.
func (d *dialogue) exchange(i int, x *ftp.Exchange) {
	switch x.Command {
	case "USER":
		d.user = x.Argument
	case "PASS":
		d.password = x.Argument
	}
	for _, r := range x.Replies {
		if x.Command == "RETR" && r.Code == 150 || x.Command == "SIZE" && r.Code == 213 {
			d.fileSize = lastNumber(r.Text)
		}
	}
	d.setChannel(i, x)
	if slices.Contains(logged, x.Command) {
		d.line(i, x)
	}
	// Zeek forgets these after each command, of the log or not.
	d.fileSize, d.channel = "", [4]value{}
	d.changeFolder(x)
}

// setChannel notes where a data connection is expected, by the command that announced it.
func (d *dialogue) setChannel(i int, x *ftp.Exchange) {
	for _, p := range d.session.DataPorts {
		if p.Exchange != i || p.Malformed {
			continue
		}
		control := d.session.Control
		from, passive := control.Server, p.Mode == ftp.Passive
		if passive {
			from = control.Client
		}
		d.channel = [4]value{boolean(passive), from.Addr().Unmap().String(), p.Addr.Addr().Unmap().String(), count(int64(p.Addr.Port()))}
	}
}

// changeFolder follows the working folder.
func (d *dialogue) changeFolder(x *ftp.Exchange) {
	switch code := x.Final(); {
	case x.Command == "CWD" && code == 250:
		d.folder = joined(d.folder, x.Argument)
	case x.Command == "CDUP" && (code == 200 || code == 250):
		d.folder = joined(d.folder, "..")
	case (x.Command == "PWD" || x.Command == "XPWD") && code == 257:
		if _, rest, ok := strings.Cut(x.Replies[len(x.Replies)-1].Text, `"`); ok {
			d.folder, _, _ = strings.Cut(rest, `"`)
		}
	}
}

// joined is a path in a folder, which may be "." for an unknown one.
func joined(folder, name string) string {
	switch {
	case strings.HasPrefix(name, "/"):
		return path.Clean(name)
	case folder == "." && path.Clean(name) == ".":
		return folder
	case folder == ".":
		return "./" + strings.TrimPrefix(path.Clean(name), "./")
	case strings.HasPrefix(folder, "./"):
		return "./" + path.Join(folder, name)
	}
	return path.Join(folder, name)
}

// line writes the line of an exchange.
func (d *dialogue) line(i int, x *ftp.Exchange) {
	d.wrote = true
	argument := x.Argument
	if slices.Contains(ofFiles, x.Command) {
		argument = "ftp://" + inURL(d.session.Control.Server.Addr()) + "/" + strings.TrimPrefix(joined(d.folder, x.Argument), "/")
	}
	guest := slices.Contains(guestIDs, strings.ToLower(d.user))
	password := d.password
	if password != "" && !guest {
		password = "<hidden>"
	}
	if x.Command == "PASS" && !guest {
		argument = "<hidden>"
	}
	var code, text, file value
	if d.reply != nil {
		code = count(int64(d.reply.Code))
		lines := strings.Split(d.reply.Text, "\n")
		text = lines[len(lines)-1]
	}
	if c := d.files[i]; c != nil && c.ClientFlow.Bytes+c.ServerFlow.Bytes > 0 {
		file = uid('F', c)
	}
	d.writer.ftp.line(slices.Concat([]value{stamp(x.Time)}, id(d.session.Control), []value{
		d.user, password, x.Command, argument, "", d.fileSize, code, text, d.channel[0], d.channel[1], d.channel[2], d.channel[3], file,
	})...)
}

// inURL is an address as it stands in a URL (RFC 3986, 3.2.2).
func inURL(a netip.Addr) string {
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	return fmt.Sprintf("[%s]", a)
}

var numbers = regexp.MustCompile(`[0-9]+`)

// lastNumber is the last number in a text, 0 if there is none.
func lastNumber(text string) value {
	if all := numbers.FindAllString(text, -1); len(all) > 0 {
		return all[len(all)-1]
	}
	return "0"
}
