package capture_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// An address is announced by one line, whatever else is said in the same packet.
func TestSaidIn(t *testing.T) {
	f := forge.New()
	x := f.Login()
	x.Client.Send("PORT 198,51,100,100,0,99\r\nport 198,51,100,100, 0,98\r\nEPRT |1|198.51.100.100|97|\r\nPASV\r\nEPSV\r\nLIST\r\nSITE 192,0,2,21,0,96\r\n")
	x.Server.Send("200 198,51,100,100,0,99\r\n200 ok\r\n200 ok\r\n227-as you wish\r\n227 (192,0,2,21,0,96)\r\n229 (|||95|)\r\n150 ok\r\n")
	s := read(t, f.PCAP()).Session(0)
	var got []string
	for _, l := range s.Lines {
		for _, a := range s.DataPorts {
			if a.SaidIn(l) {
				got = append(got, fmt.Sprintf("%s %d in %s", a.Command, a.Addr.Port(), l.Text))
			}
		}
	}
	want := []string{
		"PORT 99 in PORT 198,51,100,100,0,99", "PORT 98 in port 198,51,100,100, 0,98", "EPRT 97 in EPRT |1|198.51.100.100|97|",
		"PASV 96 in 227 (192,0,2,21,0,96)", "EPSV 95 in 229 (|||95|)",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// An EPRT whose address cannot be read has a port all the same.
func TestNoAddress(t *testing.T) {
	f := forge.New()
	x := f.Login()
	x.Ask("EPRT |1|the client|97|", "200 ok")
	x.Client.Send("LIST\r\n")
	f.Dial(forge.Server+":20", forge.Client+":97")
	x.Ask("NOOP", "150 here")
	a := read(t, f.PCAP()).Session(0).DataPorts[0]
	got := fmt.Sprintln(a.Where(), a.ThirdParty, a.Connections)
	if want := "port 97 of an address that cannot be read false [1]\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
}

// In a capture that begins after the 227, a connection of before the first line is that of the transfer, if it lasts until the
// command, also where the client and the server have one address, and where the capture lacks its SYN.
func TestCaptureBeginsAfterAnnouncement(t *testing.T) {
	for _, test := range []struct {
		name, server string
		early, open  bool // the data ends before the command, and is open when the capture begins
		want         ftp.Role
		mode         ftp.Mode
	}{
		{"two hosts", forge.Server, false, false, ftp.Data, ftp.Passive},
		{"one host", forge.Client, false, false, ftp.Data, ftp.Passive},
		{"the data ends before the command", forge.Server, true, false, ftp.Other, ""},
		{"two hosts, after the handshake", forge.Server, false, true, ftp.Data, ""},
		{"one host, after the handshake", forge.Client, false, true, ftp.Data, ""},
		{"the data ends before the command, after the handshake", forge.Server, true, true, ftp.Other, ""},
	} {
		f := forge.New()
		ctl, peer := f.Pair(forge.Client+":3171", test.server+":21")
		_, data := f.Dial(forge.Client+":4000", test.server+":50001")
		if test.open {
			f.Frames = f.Frames[:0]
		}
		move := func() {
			data.Send("abc")
			data.Close()
		}
		if test.early {
			move()
		}
		ctl.Send("RETR f\r\n")
		peer.Send("150 here\r\n")
		if !test.early {
			move()
		}
		peer.Send("226 done\r\n")
		all := read(t, f.PCAP())
		c := all.Connection(0)
		if c.Role == ftp.Control {
			c = all.Connection(1)
		}
		if c.Role != test.want || c.Mode != test.mode || c.Role == ftp.Data && c.Client.Port() != 4000 {
			t.Errorf("%s: got %s %q, the client at port %d; want %s %q, and port 4000", test.name, c.Role, c.Mode, c.Client.Port(), test.want, test.mode)
		}
	}
}
