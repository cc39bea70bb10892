package scenarios

import (
	"bytes"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/report"
	"ftplab/lab/pcapng"
)

// packetsOf are the numbers of the packets of a connection.
func packetsOf(c *capture.Capture, id int) map[int]bool {
	of := map[int]bool{}
	for p := range c.Packets() {
		if p.Connection != nil && p.Connection.ID == id {
			of[p.Number] = true
		}
	}
	return of
}

// TestDataAlone reads captures of a data connection in TLS alone, from any packet on, with keys and
// without. It is in TLS, its sides are those of the session, and only the port 989 shows that it
// is FTP. Its file has a digest only if all of it can be read.
func TestDataAlone(t *testing.T) {
	for _, name := range []string{"ftps_explicit", "ftps_implicit", "ftps_ipv6"} {
		file, log := playedFile(t, name)
		whole := read(t, file, capture.Options{})
		data := whole.Connection(1)
		of, hello := packetsOf(whole, 1), data.TLS.ServerHello.Packet
		for from := data.FirstPacket; from <= data.LastPacket; from++ {
			alone := rewritten(t, file, func(n int, _ *pcapng.Packet) bool { return of[n] && n >= from })
			for _, keys := range [][]byte{log, nil} {
				c := read(t, alone, capture.Options{KeyLog: keys})
				got := c.Connection(0)
				if records := got.ClientFlow.Segments + got.ServerFlow.Segments; records == 0 {
					continue
				}
				port989 := data.Server.Port() == 989
				if want := map[bool]ftp.Role{true: ftp.Data, false: ftp.Other}[port989]; got.Role != want || got.TLS == nil {
					t.Errorf("%s from packet %d on: got the role %s, and TLS: %v", name, from, got.Role, got.TLS != nil)
					continue
				}
				if (from <= hello || port989) && (got.Client != data.Client || got.Server != data.Server) {
					t.Errorf("%s from packet %d on: got the client %s and the server %s", name, from, got.Client, got.Server)
				}
				want := ""
				if keys != nil && from <= data.TLS.ClientHello.Packet {
					want = data.SHA256
				}
				if got.SHA256 != want {
					t.Errorf("%s from packet %d on: got SHA-256 %q, want %q", name, from, got.SHA256, want)
				}
				story := storyOf(t, alone, capture.Options{KeyLog: keys})
				says := "Connection 0 is in TLS, and its ports are such as data connections have; nothing in the capture shows what it is for.\n"
				if port989 {
					says = "Connection 0 comes from a server's port 989, as data does; nothing in the capture announces it.\n"
				}
				if !strings.Contains(story, says) {
					t.Errorf("%s from packet %d on: %q is not in\n%s", name, from, says, story)
				}
				if said := "cannot be read: "; keys == nil && !strings.Contains(story, said) {
					t.Errorf("%s from packet %d on: %q is not in\n%s", name, from, said, story)
				}
			}
		}
	}
}

// TestDataAloneOnThePage asks that the page of such a capture shows the records of TLS, and does
// not say that there is no FTP.
func TestDataAloneOnThePage(t *testing.T) {
	file, _ := playedFile(t, "ftps_explicit")
	of := packetsOf(read(t, file, capture.Options{}), 1)
	alone := rewritten(t, file, func(n int, _ *pcapng.Packet) bool { return of[n] })
	r, err := report.New(read(t, alone, capture.Options{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := r.Markdown(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Nothing shows whether 1 connection in TLS carried data of FTPS.", "TLS: ClientHello", "bytes of TLS that cannot be read"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in\n%s", want, page.String())
		}
	}
	for _, not := range []string{"There is no FTP in", "not of FTP"} {
		if strings.Contains(page.String(), not) {
			t.Errorf("%q is in\n%s", not, page.String())
		}
	}
}

// TestActiveDataAlone opens a connection from the side of the server of TLS, at another port than
// 989: the client of TLS is the client, although the other side opened the connection.
func TestActiveDataAlone(t *testing.T) {
	file, _ := playedFile(t, "ftps_implicit")
	whole := read(t, file, capture.Options{})
	data, of := whole.Connection(1), packetsOf(whole, 1)
	alone := rewritten(t, file, func(n int, p *pcapng.Packet) bool {
		moved(p, 989, 40989)
		return of[n]
	})
	got := read(t, alone, capture.Options{}).Connection(0)
	if got.Role != ftp.Other || got.Client != data.Client || got.OpenedBy != ftp.Server {
		t.Errorf("got the role %s and the client %s, opened by the %s", got.Role, got.Client, got.OpenedBy)
	}
	const says = "The side that accepted it is the client of TLS, as on an active data connection of FTPS"
	if story := storyOf(t, alone, capture.Options{}); !strings.Contains(story, says) {
		t.Errorf("%q is not in\n%s", says, story)
	}
}

// TestDataFromTheMiddle leaves out the first packets of a data connection that is announced in
// clear. The rest is TLS, and the digest of its records is not that of a file.
func TestDataFromTheMiddle(t *testing.T) {
	file, log := playedFile(t, "ftps_ccc")
	whole := read(t, file, capture.Options{})
	data, of := whole.Connection(1), packetsOf(whole, 1)
	for from := data.FirstPacket + 1; from <= data.LastPacket; from++ {
		for _, handshake := range []bool{true, false} { // of TCP
			cut := rewritten(t, file, func(n int, _ *pcapng.Packet) bool {
				return !of[n] || n >= from || handshake && n < data.TLS.From
			})
			got := read(t, cut, capture.Options{KeyLog: log}).Connection(1)
			if got.ClientFlow.Segments+got.ServerFlow.Segments == 0 {
				continue
			}
			if got.Role != ftp.Data || got.TLS == nil {
				t.Errorf("from packet %d on: got the role %s, and TLS: %v", from, got.Role, got.TLS != nil)
			}
			if got.SHA256 != "" && from > data.TLS.From {
				t.Errorf("from packet %d on: got the SHA-256 %s of records", from, got.SHA256)
			}
		}
	}
}

// TestHiddenDataPort begins captures without keys at every packet before the end of the file: the
// connection from port 989 may be announced in what cannot be read, which the story says.
func TestHiddenDataPort(t *testing.T) {
	file, _ := playedFile(t, "ftps_implicit")
	whole := read(t, file, capture.Options{})
	data := whole.Connection(1)
	for from := 1; from < data.ServerFlow.LastData; from++ {
		cut := rewritten(t, file, func(n int, _ *pcapng.Packet) bool { return n >= from })
		story := storyOf(t, cut, capture.Options{})
		if want := "what announces it cannot be read; its hosts, its ports and its time\n"; !strings.Contains(story, want) {
			t.Errorf("from packet %d on: %q is not in\n%s", from, want, story)
		}
		for c := range read(t, cut, capture.Options{}).Connections() {
			if c.Role == ftp.Data && (c.Mode != ftp.Active || c.Client != data.Client || c.Control == ftp.NoConnection) {
				t.Errorf("from packet %d on: got the mode %q, the client %s, the session %d", from, c.Mode, c.Client, c.Control)
			}
		}
	}
}
