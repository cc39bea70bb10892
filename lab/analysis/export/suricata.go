package export

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// Suricata is a test of suricata-verify, as a folder below tests/ftp.
func Suricata(t Test, c *capture.Capture) []File {
	var events []event
	onlySeven := false
	for s := range c.Sessions() {
		events = append(events, logged(c, s)...)
		onlySeven = onlySeven || changed(s)
	}
	purpose := "Suricata logs each command of an FTP session, and each file."
	if len(events) == 0 {
		purpose = "Suricata 7 sees no FTP here, and logs none. It recognizes FTP by a client that begins with USER, PASS,\nPORT or FEAT, or by a server that begins with \"220 (\"."
	}
	version := "min-version: 7.0.0"
	if onlySeven {
		version = "version: 7"
		purpose += "\nSuricata 8 logs more of such a session, so this test is for Suricata 7."
	}
	folder := "tests/ftp/ftp-" + t.Dashed() + "/"
	return []File{
		{Path: folder + "input.pcap", Data: t.Capture},
		{Path: folder + "test.yaml", Data: checks(version, events)},
		{Path: folder + "README.md", Data: t.readme(purpose, "generate.sh")},
		{Path: folder + t.Name + ".txtar", Data: t.Source},
		{Path: folder + "generate.sh", Data: t.script(), Run: true},
	}
}

// checks is the test.yaml that expects these events of a version, and no FTP if there are none.
func checks(version string, events []event) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "requires:\n  %s\n", version)
	if slices.ContainsFunc(events, func(e event) bool { return e[0] == "event_type: ftp_data" }) {
		b.WriteString("\nargs:\n  - --runmode=single\n") // one thread for its flow and that of the control connection
	}
	b.WriteString("\nchecks:\n")
	filter := func(count int, match event) {
		fmt.Fprintf(&b, "  - filter:\n      count: %d\n      match:\n", count)
		for _, line := range match {
			fmt.Fprintf(&b, "        %s\n", line)
		}
	}
	if len(events) == 0 {
		filter(0, event{"event_type: ftp"})
	}
	for i, e := range events {
		if slices.ContainsFunc(events[:i], func(o event) bool { return slices.Equal(o, e) }) {
			continue
		}
		count := 0
		for _, o := range events {
			if o.has(e) {
				count++
			}
		}
		filter(count, e)
	}
	return b.Bytes()
}

// An event is one of Suricata's log, as lines of a filter that matches it.
type event []string

// has reports whether a filter of these lines matches e.
func (e event) has(match event) bool {
	return !slices.ContainsFunc(match, func(line string) bool { return !slices.Contains(e, line) })
}

// A transaction is a command with its replies, as Suricata pairs them.
type transaction struct {
	name, argument string // name is "" for a command that it does not know
	codes          []string
	port           int
	done           bool
}

// A parser is Suricata 7's parser of FTP, with its habits: a reply is one line, and belongs to the
// oldest command without a final one; the meaning of the reply depends on the newest command.
type parser struct {
	all    []*transaction
	newest string // the newest command, "" for one that it does not know
	sent   string // the line of that
	port   int    // that was agreed for the next file, 0 for none
	packet int    // of the last reply
	ended  bool   // it reads no further

	transfers []*ftp.Line // the commands for which it expects a file
}

// logged are the events of a session.
func logged(c *capture.Capture, s *ftp.Session) (events []event) {
	if !recognized(s) {
		return nil
	}
	var p parser
	for _, l := range s.Lines {
		if p.ended {
			break
		}
		if l.From == ftp.Client {
			p.command(l)
		} else {
			p.reply(l)
		}
	}
	for _, t := range p.all {
		if t.name != "" {
			events = append(events, t.event())
		}
	}
	return append(events, files(c, s, p.transfers)...)
}

// recognized reports whether Suricata takes the session for FTP.
func recognized(s *ftp.Session) bool {
	return s.Proxy == nil && (begins(s, ftp.Client, "USER ", "PASS ", "PORT ", "FEAT") || begins(s, ftp.Server, "220 ("))
}

// begins reports whether the first line of a side begins with one of these words.
func begins(s *ftp.Session, from ftp.Side, with ...string) bool {
	i := slices.IndexFunc(s.Lines, func(l *ftp.Line) bool { return l.From == from })
	return i >= 0 && slices.ContainsFunc(with, func(w string) bool { return strings.HasPrefix(s.Lines[i].Text, w) })
}

// changed reports whether Suricata 8 logs something else of a session than Suricata 7. It also
// recognizes FTP by a server at port 21 that begins with 220, reads on after AUTH TLS, and logs no
// code of a reply of several lines whose last one is in another segment.
func changed(s *ftp.Session) bool {
	if !recognized(s) && begins(s, ftp.Server, "220 ", "220-") {
		return true
	}
	return slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool {
		return x.Command == "AUTH" && x.Final() == 234 || inSegments(x)
	})
}

// inSegments reports whether the reply to a command that Suricata knows has lines in several
// segments.
func inSegments(x *ftp.Exchange) bool {
	return names.MatchString(strings.ToUpper(x.Text)) && slices.ContainsFunc(x.Replies, func(r *ftp.Reply) bool {
		return len(r.Lines) > 1 && r.Lines[0].Packet != r.Lines[len(r.Lines)-1].Packet
	})
}

// names are the commands that Suricata knows. It finds them anywhere in a line.
var names = regexp.MustCompile("PORT|EPRT|AUTH TLS|PASV|RETR|EPSV|STOR|ABOR|ACCT|ALLO|APPE|CDUP|CHMOD|CWD|DELE|HELP|IDLE|LIST|MAIL|MDTM|" +
	"MKD|MLFL|MODE|MRCP|MRSQ|MSAM|MSND|MSOM|NLST|NOOP|PASS|PWD|QUIT|REIN|REST|RMD|RNFR|RNTO|SITE|SIZE|SMNT|STAT|STOU|STRU|SYST|TYPE|UMASK|USER")

// command takes a line of the client. A file for which no port was agreed ends the parser.
func (p *parser) command(l *ftp.Line) {
	p.sent = strings.TrimRight(l.Text, " \t")
	p.newest = names.FindString(strings.ToUpper(p.sent))
	if p.newest == "" {
		return
	}
	t := &transaction{name: p.newest}
	if rest := len(p.newest) + 1; rest < len(p.sent) && len(l.Telnet) == 0 && utf8.ValidString(p.sent) && p.newest != "PASS" {
		t.argument = p.sent[rest:]
	}
	p.all = append(p.all, t)
	if p.newest == "RETR" || p.newest == "STOR" {
		if p.ended = p.port == 0 || len(p.sent) < len("RETR x"); !p.ended {
			p.transfers = append(p.transfers, l)
		}
		p.port = 0
	}
}

// How Suricata reads the code of a reply, and a port in a command or a reply.
var (
	replyCode  = regexp.MustCompile(`^\d{3}`)
	sixNumbers = regexp.MustCompile(`^(?:PORT |227 .*\()\d+,\d+,\d+,\d+,(\d+),(\d+)`)
	eprtPort   = regexp.MustCompile(`^EPRT \|[12]\|[^|]+\|(\d+)\|`)
	epsvPort   = regexp.MustCompile(`^229 .*\(\|\|\|(\d+)\|\)`)
)

// reply takes a line of the server.
func (p *parser) reply(l *ftp.Line) {
	i := slices.IndexFunc(p.all, func(t *transaction) bool { return !t.done })
	switch {
	case i >= 0:
	case len(p.all) > 0 && l.Packet == p.packet:
		i = len(p.all) - 1
	default:
		i, p.all = len(p.all), append(p.all, &transaction{})
	}
	p.packet = l.Packet
	t := p.all[i]
	if p.newest == "" {
		t.name = ""
	}
	port := 0
	switch p.newest {
	case "AUTH TLS":
		p.ended = strings.HasPrefix(l.Text, "234 ")
	case "PORT":
		port = portIn(sixNumbers, p.sent)
	case "EPRT":
		port = portIn(eprtPort, p.sent)
	case "PASV":
		port = portIn(sixNumbers, l.Text)
	case "EPSV":
		port = portIn(epsvPort, l.Text)
	}
	if port > 0 {
		p.port, t.port = port, port
	}
	if code := replyCode.FindString(l.Text); code != "" && !t.done {
		t.codes = append(t.codes, code)
	}
	t.done = t.done || !strings.HasPrefix(l.Text, "1")
}

// portIn is the port that a line has in the form of p, 0 for none.
func portIn(form *regexp.Regexp, line string) (port int) {
	m := form.FindStringSubmatch(line)
	if m == nil {
		return 0
	}
	for _, part := range m[1:] {
		n, _ := strconv.Atoi(part)
		port = port<<8 + n
	}
	return port
}

// event is what Suricata logs of a transaction. The codes after the final one depend on where the
// segments end, so they are left out.
func (t *transaction) event() event {
	e := event{"event_type: ftp", "ftp.command: " + quoted(t.name)}
	if t.argument != "" {
		e = append(e, "ftp.command_data: "+quoted(t.argument))
	}
	for n, code := range t.codes {
		e = append(e, fmt.Sprintf("ftp.completion_code[%d]: %q", n, code))
	}
	if t.port > 0 {
		e = append(e, fmt.Sprintf("ftp.dynamic_port: %d", t.port))
	}
	return e
}

// files are the events of the files of these commands. Suricata expects data between the two hosts
// of the control connection only.
func files(c *capture.Capture, s *ftp.Session, transfers []*ftp.Line) (events []event) {
	for _, x := range s.Exchanges {
		if !slices.Contains(transfers, x.Line) || x.Command != "RETR" && x.Command != "STOR" {
			continue
		}
		for _, id := range x.Data {
			d := c.Connection(id)
			between := d.Client.Addr() == s.Control.Client.Addr() && d.Server.Addr() == s.Control.Server.Addr()
			if d.Role == ftp.Data && between && d.ClientFlow.Bytes+d.ServerFlow.Bytes > 0 {
				events = append(events, event{"event_type: ftp_data", "ftp_data.command: " + x.Command, "ftp_data.filename: " + quoted(x.Argument)})
			}
		}
	}
	return events
}

// quoted is a text as YAML has it.
func quoted(text string) string { return fmt.Sprintf("%q", text) }
