// Rules of FTP in TLS, held against sessions as the reader of a capture with keys makes them.

package rules

import (
	"net/netip"
	"testing"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/analysis/tls"
	"ftplab/lab/internal/forge"
)

// protectedSession is a session in TLS 1.3 that can be read, with one RETR whose data
// connection is in TLS as well and ends as it should.
func protectedSession() (*ftp.Session, *ftp.Connection) {
	end := netip.MustParseAddrPort
	exchange := func(packet int, command, argument string, codes ...int) *ftp.Exchange {
		text := command
		if argument != "" {
			text += " " + argument
		}
		x := &ftp.Exchange{Command: command, Argument: argument, Line: &ftp.Line{From: ftp.Client, Text: text, Packet: packet, FirstPacket: packet, Complete: true}}
		for i, code := range codes {
			x.Replies = append(x.Replies, &ftp.Reply{Code: code, Packet: packet + 1 + i, FirstPacket: packet + 1 + i, Lines: []*ftp.Line{{From: ftp.Server, Complete: true}}})
		}
		return x
	}
	flow := tcp.Flow{Packets: 9, Segments: 5, Bytes: 900, FIN: 31}
	control := &ftp.Connection{
		Identity: ftp.Identity{Client: end(forge.Client + ":3171"), Server: end(forge.Server + ":21"), Purpose: ftp.Purpose{Role: ftp.Control}},
		OpenedBy: ftp.Client, HandshakeSeen: true, ClientFlow: flow, ServerFlow: flow,
	}
	s := &ftp.Session{Control: control, TLS: true, TLSFrom: 6, Layer: layer()}
	s.Layer.Tickets = []tls.Ticket{{Packet: 8, Fingerprint: "aa"}}
	s.Exchanges = []*ftp.Exchange{
		exchange(4, "AUTH", "TLS", 234), exchange(10, "PBSZ", "0", 200), exchange(12, "PROT", "P", 200),
		exchange(14, "PASV", "", 227), exchange(20, "RETR", "a", 150, 226),
	}
	s.Exchanges[4].Data = []int{1}
	for _, x := range s.Exchanges {
		s.Lines = append(s.Lines, x.Line)
	}
	data := &ftp.Connection{
		Identity: ftp.Identity{ID: 1, Client: end(forge.Client + ":3172"), Server: end(forge.Server + ":25600"),
			FirstPacket: 16, Purpose: ftp.Purpose{Role: ftp.Data, Mode: ftp.Passive, Transfer: &ftp.Transfer{Exchange: 4, Command: "RETR", Argument: "a", Packet: 20, Reply: 226}}},
		OpenedBy: ftp.Client, HandshakeSeen: true, ClientFlow: flow, ServerFlow: flow, TLS: layer(),
	}
	data.TLS.Resumed, data.TLS.ResumedTicket = tls.ByPSK, "aa"
	data.TLS.Flows[1] = tls.Flow{Encrypted: 5, Decrypted: 5, CloseNotify: 30}
	return s, data
}

func layer() *ftp.TLSLayer {
	s := tls.NewSession(nil)
	s.ClientHello, s.ServerHello = &tls.ClientHello{Packet: 6}, &tls.ServerHello{Packet: 7, Version: tls.TLS13}
	return &ftp.TLSLayer{From: 6, Session: s}
}

var tlsTests = map[string]struct {
	want   Severity
	breaks func(s *ftp.Session, data *ftp.Connection)
	near   func(s *ftp.Session, data *ftp.Connection)
}{
	"data-protected-as-agreed": {
		Odd,
		func(_ *ftp.Session, data *ftp.Connection) { data.TLS = nil },
		func(s *ftp.Session, data *ftp.Connection) { s.Exchanges[2].Argument, data.TLS = "C", nil },
	},
	"close-notify-before-fin": {
		Odd,
		func(_ *ftp.Session, data *ftp.Connection) { data.TLS.Flows[1].CloseNotify = 0 },
		func(_ *ftp.Session, data *ftp.Connection) { // without keys nobody knows
			data.TLS.Flows[1] = tls.Flow{Encrypted: 5}
		},
	},
	"tls-handshake-succeeds": {
		Note,
		func(s *ftp.Session, _ *ftp.Connection) {
			s.Layer.Alerts = []tls.Alert{{Dir: s.Layer.Client, Packet: 9, Level: 2, Description: 45}}
		},
		func(s *ftp.Session, _ *ftp.Connection) { s.Layer.Alerts = []tls.Alert{{Packet: 9, Level: 1}} },
	},
	"data-resumes-session": {
		Note,
		func(_ *ftp.Session, data *ftp.Connection) { data.TLS.Resumed = tls.NotResumed },
		func(*ftp.Session, *ftp.Connection) {},
	},
}

// TestTLSRules breaks each rule that a capture must be decrypted for, and almost breaks it.
func TestTLSRules(t *testing.T) {
	tested := 0
	for _, r := range All() {
		test, ok := tlsTests[r.Name]
		if !ok {
			continue // a capture without keys breaks it
		}
		tested++
		for _, x := range []struct {
			change func(*ftp.Session, *ftp.Connection)
			want   int
		}{{test.breaks, 1}, {test.near, 0}} {
			s, data := protectedSession()
			x.change(s, data)
			got := foundBy(r, withData(s, data), data)
			n := 0
			for _, b := range got {
				if r.finding(b).Severity == test.want {
					n++
				}
			}
			if n != x.want {
				t.Errorf("%s: got %+v, want %d of weight %s", r.Name, got, x.want, test.want)
			}
		}
	}
	if tested != len(tlsTests) {
		t.Errorf("%d of %d tests are for a rule", tested, len(tlsTests))
	}
}

// TestPasswordAfterTLS sends the password when CCC has ended TLS.
func TestPasswordAfterTLS(t *testing.T) {
	s := &session{Session: &evidence.Session{Session: &ftp.Session{TLS: true, TLSFrom: 5, Layer: &ftp.TLSLayer{From: 5, Session: &tls.Session{}}, Exchanges: []*ftp.Exchange{
		{Line: &ftp.Line{Packet: 7, InTLS: true}, Command: "USER", Argument: "ada"}, {Line: &ftp.Line{Packet: 9, InTLS: true}, Command: "PASS"},
	}}}}
	if found := credentialsInTLS(nil, s); found != nil {
		t.Errorf("inside TLS: got %+v", found)
	}
	s.Exchanges[0].Line.InTLS, s.Exchanges[1].Line.InTLS = false, false
	if found := credentialsInTLS(nil, s); len(found) != 1 || found[0].observed != "the client sent a password in frame 9, after TLS has ended" {
		t.Errorf("after it: got %+v", found)
	}
}

// TestCommandAfterTLS has commands in clear when TLS has ended, of which none is before its
// handshake, though all between them are hidden.
func TestCommandAfterTLS(t *testing.T) {
	auth := &ftp.Exchange{Line: &ftp.Line{Packet: 3}, Command: "AUTH", Argument: "TLS", Replies: []*ftp.Reply{{Code: 234, Packet: 4}}}
	command := &ftp.Exchange{Line: &ftp.Line{Packet: 9, Text: "PASV"}, Command: "PASV"}
	s := &session{Session: &evidence.Session{Session: &ftp.Session{TLS: true, TLSFrom: 5, Layer: &ftp.TLSLayer{From: 5, Session: &tls.Session{}}, Exchanges: []*ftp.Exchange{auth, command}}}}
	s.ClearFrom = 8
	if found := clearAfterAuth(nil, s); found != nil {
		t.Errorf("after TLS: got %+v", found)
	}
	command.Packet = 4
	if found := clearAfterAuth(nil, s); len(found) != 1 {
		t.Errorf("before TLS: got %+v, want the command", found)
	}
	command.Line.InTLS = true
	if found := clearAfterAuth(nil, s); found != nil {
		t.Errorf("in TLS, and stored before it: got %+v", found)
	}
}

// TestRetransmittedRecord holds a record that was sent again against the line in it.
func TestRetransmittedRecord(t *testing.T) {
	s := &session{Session: &evidence.Session{Session: &ftp.Session{Lines: []*ftp.Line{
		{From: ftp.Server, Text: "200 Done", Seq: 100, End: 110, Complete: true, FirstPacket: 9, Packet: 9},
	}}}}
	again := repeat{from: ftp.Server, seq: 100, packet: 12, payload: []byte("\x17\x03\x03\x00\x05abcde")}
	if again.differs(s.clearLines()[ftp.Server]) == nil {
		t.Error("other bytes than those of a line in clear are not noticed")
	}
	s.Lines[0].InTLS = true
	if l := again.differs(s.clearLines()[ftp.Server]); l != nil {
		t.Errorf("the record that has the line %q is called another one", l.Text)
	}
}

// TestDataInClearFromOneSide has a client begin TLS on a data connection, and the server
// send the file in clear.
func TestDataInClearFromOneSide(t *testing.T) {
	s, data := protectedSession()
	data.TLS.Flows[1] = tls.Flow{ClearFrom: 24}
	all := withData(s, data)
	if found := dataProtected(nil, all); len(found) != 1 || found[0].observed != "after PROT P the data of \"RETR a\" went in clear" {
		t.Errorf("got %+v", found)
	}
	data.TLS.Flows[1].FirstPacket, data.TLS.Flows[1].Encrypted = 22, 5
	if found := dataProtected(nil, all); found != nil {
		t.Errorf("with records first: got %+v", found)
	}
}

// TestForeignTicket resumes a session on a data connection that was begun elsewhere.
func TestForeignTicket(t *testing.T) {
	s, data := protectedSession()
	data.TLS.ResumedTicket = "bb"
	got := foundBy(dataResumesSessionRule, withData(s, data), data)
	if len(got) != 1 || got[0].severity != Odd {
		t.Errorf("got %+v, want one that is %s", got, Odd)
	}
}

// withData is a session with one data connection.
func withData(s *ftp.Session, data *ftp.Connection) *session {
	return &session{Session: evidence.NewSession(s, []*ftp.Connection{data}, nil)}
}

// foundBy is what a rule finds in a session with one data connection.
func foundBy(r Rule, s *session, data *ftp.Connection) []breach {
	l := r.look()
	var all []breach
	if l.session != nil {
		all = append(all, l.session(nil, s)...)
	}
	if l.data != nil {
		all = append(all, l.data(nil, s, data)...)
	}
	if l.end != nil {
		all = append(all, l.end(nil)...)
	}
	return all
}

// TestDowngrades offers a lower version in each handshake, after one that was cut off.
func TestDowngrades(t *testing.T) {
	cut := func(s *ftp.Session) { s.Layer.ServerHello, s.Control.ResetBy = nil, ftp.Server }
	refused := func(s *ftp.Session) {
		s.Layer.ServerHello, s.Layer.Alerts = nil, []tls.Alert{{Level: 2, Description: 70}}
	}
	for _, test := range []struct {
		name     string
		versions []tls.Version
		end      func(*ftp.Session) // of all but the last
		want     int
	}{
		{"RSTs", []tls.Version{tls.TLS12, tls.TLS11, tls.SSL30}, cut, 1},
		{"RSTs, and the same version again", []tls.Version{tls.TLS12, tls.TLS12, tls.TLS12}, cut, 0},
		{"an old server that says so", []tls.Version{tls.TLS12, tls.TLS11, tls.SSL30}, refused, 0},
		{"one RST", []tls.Version{tls.TLS12, tls.TLS11}, cut, 0},
	} {
		all := downgrades{}
		for i, v := range test.versions {
			s, data := protectedSession()
			if s.Layer.ClientHello.Versions = []tls.Version{v}; i < len(test.versions)-1 {
				test.end(s)
			}
			all.add(withData(s, data))
		}
		if got := all.judge(); len(got) != test.want {
			t.Errorf("%s: got %v, want %d", test.name, got, test.want)
		}
	}
}

// TestExportCiphers chooses a cipher suite.
func TestExportCiphers(t *testing.T) {
	for suite, want := range map[tls.CipherSuite]int{0x0003: 1, 0x002b: 1, 0x000a: 0, 0x1301: 0} {
		s, data := protectedSession()
		s.Layer.ServerHello.CipherSuite = suite
		if got := exportKeys(withData(s, data).Layer); len(got) != want {
			t.Errorf("%v: got %v, want %d", suite, got, want)
		}
	}
}
