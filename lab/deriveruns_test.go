package lab_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/gopacket"

	"ftplab/lab"
	"ftplab/lab/internal/forge"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// What runs with other seeds have in common is passed by a run with yet another one.
func TestDeriveRuns(t *testing.T) {
	const text = `# Some are lost
network wire loss=2%% seed=5
host server 192.0.2.21 rtt=10ms
file a.bin 60000

open
login anonymous me@mypc.test
active
ls
passive epsv
type i
get a.bin
quit
`
	source := strings.ReplaceAll(text, "%%", "%")
	s, err := scenario.Parse("runs.txtar", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	options := lab.Options{TCP: scenario.GVisorTCP}
	var want bytes.Buffer
	if err := lab.DeriveRuns(t.Context(), &want, s, options, 4); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(want.String(), `"PORT 198,51,100,100,*"`) || !strings.Contains(want.String(), `"RETR a.bin"`) {
		t.Errorf("got\n%s", want.String())
	}
	again, err := scenario.Parse("runs.txtar", []byte(source+want.String()))
	if err != nil {
		t.Fatalf("%v, in\n%s", err, want.String())
	}
	options.Seed, options.Results = 99, t.TempDir()
	result, err := lab.Run(t.Context(), again, options)
	if err != nil || result.Outcome == lab.Failed {
		t.Fatalf("got %v\n%s\n%s", err, result.Report, want.String())
	}
}

// A run that fails has nothing to derive from.
func TestDeriveRunsThatFail(t *testing.T) {
	s, err := scenario.Parse("runs.txtar", []byte("# No\nopen\nlogin nobody wrong\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	err = lab.DeriveRuns(t.Context(), &want, s, lab.Options{TCP: scenario.GVisorTCP}, 2)
	if err == nil || !strings.Contains(err.Error(), "run 1 of 2 failed") || want.Len() > 0 {
		t.Errorf("got %v and %q", err, want.String())
	}
}

// A want is derived from the dialogue inside TLS, too, if the capture has the keys. It
// leaves the end open, since each of the two ends sends close_notify and FIN when it likes.
func TestDeriveInTLS(t *testing.T) {
	s, err := scenario.Load("../scenarios/ftps_ipv6.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := lab.DeriveRuns(t.Context(), &want, s, lab.Options{TCP: scenario.GVisorTCP}, 2); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"PROT P"`, "inside TLS: nobody", "close_notify and FIN"} {
		if !strings.Contains(want.String(), part) {
			t.Errorf("got\n%s\nwant %q in it", want.String(), part)
		}
	}
	if strings.Contains(want.String(), "ctl    client > server  [F.]") {
		t.Errorf("got the client's FIN in\n%s", want.String())
	}
}

// A capture passes the want that is derived from it, whatever its names are.
func TestDerivedWantWithNames(t *testing.T) {
	const client, server, nameserver = forge.Client, forge.Server, "192.0.2.53"
	for _, test := range []struct {
		name  string
		names [][2]string // address and name
		known bool        // derive knows the scenario
		want  string      // in the declaration of the dialogue
	}{
		{"none", nil, false, client + ".3171 > " + server + ".21"},
		{"with dots, as in DNS", [][2]string{{client, "pc-17.example.test"}, {server, "ftp.1und1.example"}, {nameserver, "a.b-c.d_e.net"}}, false,
			"pc-17.example.test.3171 > ftp.1und1.example.21"},
		{"words of a want", [][2]string{{client, "lossy"}, {server, "after"}, {nameserver, "udp"}}, false, "lossy.3171 > after.21"},
		{"names of connections", [][2]string{{client, "ctl"}, {server, "data"}, {nameserver, "dns"}}, false, "ctl.3171 > data.21"},
		{"digits and addresses", [][2]string{{client, "21"}, {server, "10.0.0.1"}, {nameserver, "2001:db8::1"}}, false, client + ".3171 > " + server + ".21"},
		{"almost addresses", [][2]string{{client, "10.0.0.x"}, {server, "198.51.100.100.example"}, {nameserver, "0x7f"}}, false,
			"10.0.0.x.3171 > 198.51.100.100.example.21"},
		{"a name and a port", [][2]string{{client, "pc.40000"}, {server, "ftp.*"}, {server, "ftp"}}, false, client + ".3171 > ftp.21"},
		{"one for both hosts", [][2]string{{client, "www"}, {server, "www"}, {nameserver, "www"}}, false, client + ".3171 > " + server + ".21"},
		{"several for a host, some the same", [][2]string{{client, "b"}, {client, "a"}, {server, "b"}, {server, "a"}, {server, "a"}, {nameserver, "a"}}, false,
			client + ".3171 > " + server + ".21"},
		{"one for two servers", [][2]string{{client, "pc"}, {server, "www"}, {nameserver, "www"}}, false, "pc.3171 > www.21"},
		{"with spaces and other characters", [][2]string{{client, "my pc"}, {server, "f#p \"x\"\n-- want --"}, {nameserver, "münchen.example"}}, false,
			client + ".3171 > " + server + ".21"},
		{"with dots at the ends", [][2]string{{client, ".pc"}, {server, "ftp.example."}, {nameserver, "a..b"}}, false, client + ".3171 > " + server + ".21"},
		{"those of the scenario, for other addresses", [][2]string{{nameserver, "server"}}, true, "client.3171 > server.21"},
		{"others than those of the scenario", [][2]string{{client, "aa"}, {server, "aa.example"}, {nameserver, "aa.test"}}, true, "client.3171 > server.21"},
		{"others than those of the scenario, which derive does not know", [][2]string{{client, "aa"}, {server, "zz.example"}}, false, "aa.3171 > zz.example.21"},
	} {
		f := forge.New()
		f.UDP(client+":5000", nameserver+":53", []byte("\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03ftp\x04test\x00\x00\x01\x00\x01"))
		l := f.Login()
		l.Active(3000, "LIST", "a listing\r\n")
		l.Quit()
		f.Dial(client+":40000", nameserver+":80")
		s, err := lab.Parse("a.txtar", []byte("network wire\n"))
		if err != nil {
			t.Fatal(err)
		}
		if !test.known {
			s = nil
		}
		source := func() lab.Source { return lab.Reader("a.pcapng", bytes.NewReader(named(t, f, test.names))) }
		var want bytes.Buffer
		if err := lab.Derive(&want, source(), s); err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if s, err = lab.Parse("a.txtar", []byte("network wire\n"+want.String())); err != nil {
			t.Fatal(err)
		}
		v, err := lab.Check(s, source())
		if err != nil || !v.Pass || !strings.Contains(want.String(), "ctl    "+test.want+"\n") {
			t.Errorf("%s: got %v, want %s in\n%s", test.name, err, test.want, want.String())
		}
	}
}

// named returns a capture as a pcapng file with names of hosts, each with its address.
func named(t *testing.T, f *forge.Capture, names [][2]string) []byte {
	t.Helper()
	var info pcapng.Info
	for _, n := range names {
		info.Names = append(info.Names, pcapng.Name{Addr: netip.MustParseAddr(n[0]), Name: n[1]})
	}
	var file bytes.Buffer
	w, err := pcapng.NewWriter(&file, pcapng.PCAPNG, info)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range f.Frames {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: x.At, CaptureLength: len(x.Data), Length: x.Len()}, x.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(pcapng.Stats{Received: uint64(len(f.Frames))}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
