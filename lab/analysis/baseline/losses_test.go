package baseline

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/extract"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
)

// cutRecord cuts a record of a pcap file to a snap length.
func cutRecord(record []byte, snap int) []byte {
	const header = 16
	if len(record) <= header+snap {
		return record
	}
	record = bytes.Clone(record[:header+snap])
	binary.LittleEndian.PutUint32(record[8:], uint32(snap))
	return record
}

// TestLostFIN loses the FIN of the sender. The receiver's FIN acknowledges it, and so was not the first.
func TestLostFIN(t *testing.T) {
	f := forge.New()
	transfer(0, "RETR a", answerer, 100)(f)
	fin := -1
	for n, x := range f.Frames {
		if flags := x.Data[47]; flags == 0x11 && fin < 0 { // FIN and ACK
			fin = n
		}
	}
	f.Drop(len(f.Frames) - 1 - fin)
	if got := check(t, gathered(f, t), nil); count(got, "sender-closes", rules.Note) > 0 {
		t.Errorf("without frame %d: got %v", fin+1, got)
	}
}

// TestLostEnd loses the last reply with both FINs, or one of the FINs. The last ACK shows what is missing, so
// that the session is whole only with the reply.
func TestLostEnd(t *testing.T) {
	for want, lost := range [][]int{{4, 3, 2, 1}, {2}} { // from the end
		f := forge.New()
		f.Login().Quit()
		n := len(f.Frames)
		f.Frames = slices.DeleteFunc(f.Frames, func(x forge.Frame) bool {
			n--
			return slices.Contains(lost, n)
		})
		if got := check(t, gathered(f, t), nil).Judged; got.Sessions != 1 || got.Whole != want {
			t.Errorf("without the frames %v from the end: got %v, want %d whole", lost, got, want)
		}
	}
}

// TestLostData loses one or two frames of a data connection, three of which two are neighbours, or all data. All that says whether the transfer is whole says
// the same, and what is said is true.
func TestLostData(t *testing.T) {
	for _, command := range []string{"RETR a", "STOR a", "LIST"} {
		for _, opens := range []string{"server", "client", "client, early"} {
			frames, data := transferOf(command, opens)
			for i := range data {
				for j := range data[:i+1] {
					if testing.Short() && (i+j)%5 != 0 {
						continue
					}
					checkLost(t, command, frames, []int{data[i], data[j]})
					checkLost(t, command, frames, []int{data[i], data[j], data[max(j, 1)-1]})
				}
			}
			var carrying []int
			for _, n := range data {
				if len(frames[n].Data) > 54 {
					carrying = append(carrying, n)
				}
			}
			checkLost(t, command, frames, carrying)
			checkLost(t, command, frames, data[1:6]) // from the SYN-ACK to the last data
			noAnswer := &forge.Capture{Frames: slices.Delete(slices.Clone(frames), data[1], data[1]+1)}
			if c, _, _ := toldOf(t, noAnswer); opens == "client, early" && c.SHA256 == "" {
				t.Errorf("%s without the SYN-ACK: its ACK comes before the command, and so acknowledges no data", command)
			}
		}
	}
}

// TestCutShort has the recorder cut off the end of a segment. All that says whether the transfer is whole says the
// same, also if other packets have some of that end.
func TestCutShort(t *testing.T) {
	data := strings.Repeat("0123456789", 100)
	for _, test := range []struct {
		name  string
		again func(f *forge.Capture, sender *forge.End)
		lost  int
	}{
		{"once", func(*forge.Capture, *forge.End) {}, 700},
		{"again, cut off, too", func(f *forge.Capture, sender *forge.End) {
			sender.SegmentAt(-1000, "P.", data)
			f.Last(0).Cut(54 + 200)
		}, 700},
		{"again, cut off later", func(f *forge.Capture, sender *forge.End) {
			sender.SegmentAt(-1000, "P.", data)
			f.Last(0).Cut(54 + 400)
		}, 600},
		{"again, in part", func(_ *forge.Capture, sender *forge.End) { sender.SegmentAt(-600, "P.", data[400:]) }, 100},
		{"again", func(_ *forge.Capture, sender *forge.End) { sender.SegmentAt(-1000, "P.", data) }, 0},
	} {
		f := forge.New()
		s := f.Login()
		s.Ask("PASV", "227 (192,0,2,21,100,0)")
		s.Client.Send("RETR a\r\n")
		_, sender := f.Dial(forge.Client+":5000", forge.Server+":25600")
		s.Server.Send("150 here\r\n")
		sender.Segment("P.", data)
		f.Last(0).Cut(54 + 300)
		test.again(f, sender)
		sender.Send(data)
		sender.Close()
		s.Server.Send("226 done\r\n")
		s.Quit()
		c, story, line := toldOf(t, f)
		whole := test.lost == 0
		if clause := fmt.Sprintf("the recorder cut off %d bytes of it", test.lost); strings.Contains(story, clause) == whole || strings.Contains(line, clause) == whole {
			t.Errorf("%s: got\n%s\n%s\nwant %q", test.name, story, line, clause)
		}
		got := check(t, gathered(f, t), nil).Judged
		if (c.SHA256 != "") != whole || strings.Contains(line, "INCOMPLETE") == whole || got.LostData != int64(test.lost) || (got.Whole == 1) != whole {
			t.Errorf("%s: got SHA-256 %q, %s, and %v; want %d bytes lost", test.name, c.SHA256, line, got, test.lost)
		}
	}
}

// TestLostCommandOfTransfer loses the command of the second of three transfers. It is judged by its data, and by the name
// that the server gives.
func TestLostCommandOfTransfer(t *testing.T) {
	const shadow = "root:$6$Zq8Jw0pR$Kx1bVvQm3N8nH2jY5uT7wE9rA0sD4fG6hJ8kL1zX3cV5bN7mQ9wE2rT4yU6iO8pA0sD2fG4hJ6kL8z:19000:0:99999:7:::\n"
	for _, test := range []struct {
		command, preliminary, data string
		want                       string // of the finding no-loot, "" for none
	}{
		{"RETR x", "150 Opening BINARY mode data connection for /etc/shadow (112 bytes).", shadow, "[not recorded] RETR /etc/shadow"},
		{"STOR x", "150 Ok to send data.", "<?php system($_GET['c']); ?>\n", "[not recorded] STOR"},
		{"STOR x", "150 Opening BINARY mode data connection for x.php", "<?php system($_GET['c']); ?>\n", "[not recorded] STOR x.php"},
		{"STOR x", "125 Data connection already open; Transfer starting.", "<?php system($_GET['c']); ?>\n", "[not recorded] STOR"},
		{"RETR x", `150 Opening data channel for file download from server of "/a/x.txt"`, shadow, "[not recorded] RETR /a/x.txt"},
		{"STOR x", "150 Ok to send data.", "some notes\n", ""},
		{"LIST", "150 Here comes the directory listing.", "-rw-r--r-- 1 ftp ftp 112 Jan 1 2020 shadow\r\n", ""},
		{"RETR x", "150 Opening BINARY mode data connection for README (11 bytes).", "some notes\n", ""},
	} {
		f := forge.New()
		s := f.Login()
		for n, command := range []string{"RETR a", test.command, "RETR b"} {
			at := fmt.Sprint(forge.Server, ":", 25600+n)
			s.Ask("PASV", "227 ("+strings.ReplaceAll(forge.Server, ".", ",")+fmt.Sprintf(",100,%d)", n))
			s.Client.Send(command + "\r\n")
			preliminary, data := "150 Opening data connection.", fmt.Sprintln("text", n)
			if n == 1 {
				f.Drop(1)
				preliminary, data = test.preliminary, test.data
			}
			sender, peer := f.Dial(forge.Client, at)
			s.Server.Send(preliminary + "\r\n")
			if !strings.HasPrefix(command, "STOR") {
				sender = peer
			}
			sender.Send(data)
			sender.Close()
			s.Server.Send("226 Transfer complete.\r\n")
		}
		s.Quit()
		got := check(t, gathered(f, t), nil)
		loot := ""
		for _, f := range got.Findings {
			if f.Rule == "no-loot" {
				loot, _, _ = strings.Cut(strings.TrimPrefix(f.Observed, `"`), `"`)
			}
		}
		verdict := IsNormal
		if test.want != "" {
			verdict = NotNormal
		}
		if loot != test.want || got.Verdict != verdict {
			t.Errorf("%s without its command, %s: got %v, want %s about %q", test.command, test.preliminary, got, verdict, test.want)
		}
	}
}

// toldOf reads a capture with one data connection, and returns that, the text of explain, and the line about
// the extracted file. The connection is nil if the capture has none.
func toldOf(t *testing.T, f *forge.Capture) (c *ftp.Connection, story, line string) {
	t.Helper()
	tr, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var file, all strings.Builder
	if err := extract.Write(t.TempDir(), tr, func(f *extract.File) { f.WriteLine(&file) }); err != nil {
		t.Fatal(err)
	}
	for x := range tr.Connections() {
		if x.Role == ftp.Data {
			c = new(*x)
		}
	}
	text.Story(&all, "forged", tr)
	return c, all.String(), file.String()
}

// TestRefusedLacksNothing has a host refuse a data connection: it sends a RST and no SYN, and nothing is lost.
func TestRefusedLacksNothing(t *testing.T) {
	f := forge.New()
	s := f.Login()
	s.Ask("PASV", "227 (192,0,2,21,100,0)")
	s.Client.Send("LIST\r\n")
	d, peer := f.Pair(forge.Client+":3172", forge.Server+":25600")
	d.Segment("S", "")
	peer.Segment("R.", "")
	s.Server.Send("425 no\r\n")
	s.Quit()
	if got := check(t, gathered(f, t), nil).Judged; got.Whole != 1 || got.LostData != 0 {
		t.Errorf("got %v, want one session whole", got)
	}
}

// transferOf forges a session with a transfer of 2500 bytes, and returns the numbers of the frames of its data
// connection. If the client opens it early, it does so before the command.
func transferOf(command, opens string) (frames []forge.Frame, data []int) {
	f := forge.New()
	f.MSS = 1000
	s := f.Login()
	if opens == "server" {
		s.Active(5000, command, strings.Repeat("0123456789", 250))
	} else {
		s.Ask("PASV", "227 (192,0,2,21,100,0)")
		sender, peer := f.Pair(forge.Client+":5000", forge.Server+":25600")
		if opens == "client, early" {
			sender.Handshake()
			s.Client.Send(command + "\r\n")
		} else {
			s.Client.Send(command + "\r\n")
			sender.Handshake()
		}
		s.Server.Send("150 here\r\n")
		if command != "STOR a" {
			sender = peer
		}
		sender.Send(strings.Repeat("0123456789", 250))
		sender.Close()
		s.Server.Send("226 done\r\n")
	}
	s.Quit()
	for n, x := range f.Frames {
		if !slices.Contains([]uint16{portAt(x, 34), portAt(x, 36)}, 21) {
			data = append(data, n)
		}
	}
	return f.Frames, data
}

func portAt(f forge.Frame, at int) uint16 { return binary.BigEndian.Uint16(f.Data[at:]) }

// checkLost reads a capture without the frames that were lost.
func checkLost(t *testing.T, command string, frames []forge.Frame, lost []int) {
	t.Helper()
	f := forge.New()
	bytes, any := int64(0), false // of the sender
	for n, x := range frames {
		if !slices.Contains(lost, n) {
			f.Frames = append(f.Frames, x)
			continue
		}
		fromServer := x.Data[29] == 21
		if fromServer == (command != "STOR a") && (len(x.Data) > 54 || x.Data[47]&3 != 0) {
			bytes, any = bytes+int64(len(x.Data)-54), true
		}
	}
	c, story, line := toldOf(t, f)
	if c == nil {
		return
	}
	got := check(t, gathered(f, t), nil)
	whole, sent := c.SHA256 != "", c.Flow(c.Sender())
	switch {
	case whole && bytes > 0, !whole && !any:
		t.Errorf("%s without frames %v: got SHA-256 %q", command, lost, c.SHA256)
	case whole != strings.Contains(story, "SHA-256"), whole == strings.Contains(story, "not in the capture"):
		t.Errorf("%s without frames %v: got the story\n%s", command, lost, story)
	case whole == strings.Contains(line, "INCOMPLETE"):
		t.Errorf("%s without frames %v: extracted %s", command, lost, line)
	case got.Judged.LostData > bytes, got.Judged.LostData < bytes && sent.FIN > 0 && c.ShowsStart(c.Sender()),
		got.Judged.LostData < bytes-1 && sent.Unseen > 0 && c.ShowsStart(c.Sender()): // an ACK may not show whether the FIN was sent
		t.Errorf("%s without frames %v: got %v, want %d bytes", command, lost, got, bytes)
	case got.Judged.Whole == 1 && got.Judged.LostData > 0, got.Judged.Whole != 1 && whole, got.Verdict == NotNormal:
		t.Errorf("%s without frames %v: got %v: %v", command, lost, got.Judged, got)
	}
}

// TestSwaps lets a recorder store neighbours in the wrong order: that is held against nobody
// either.
func TestSwaps(t *testing.T) {
	for seed := range 20 {
		random := rand.New(rand.NewPCG(uint64(seed), 25))
		f := forge.New()
		wholeSessions.play(f)
		var swapped []int
		for n := range len(f.Frames) - 1 {
			if random.Float64() < 0.15 {
				f.Swap(n)
				swapped = append(swapped, len(f.Frames)-1-n)
			}
		}
		if got := check(t, gathered(f, t), nil); got.Verdict == NotNormal {
			t.Fatalf("with the packets %v one too early: got %v", swapped, got)
		}
	}
}

// TestLosses takes packets at random out of every ordinary session, as a recorder does that
// is too slow: what is missing is never held against anybody. It stands for a capture of
// several sessions, since a loss in one must not touch the others.
func TestLosses(t *testing.T) {
	copies := 40
	if testing.Short() {
		copies = 5
	}
	normal := profile.Normal()
	for _, test := range append(ordinary, wholeSessions) {
		t.Run(test.name, func(t *testing.T) {
			f := forge.New()
			test.play(f)
			head, packets := f.PCAP()[:24], split(f.PCAP())
			for seed := range copies {
				random := rand.New(rand.NewPCG(uint64(seed), 24))
				share := []float64{0.02, 0.05, 0.15, 0.3, 0.5}[seed%5]
				file := bytes.Clone(head)
				var lost []int
				snap := []int{1 << 16, 54, 58, 62, 80}[random.IntN(5)]
				for i, p := range packets {
					if random.Float64() < share {
						lost = append(lost, i+1)
						continue
					}
					file = append(file, cutRecord(p, snap)...)
				}
				e, err := gather(file)
				if err != nil {
					t.Fatal(err)
				}
				if got := check(t, e, normal); got.Verdict == NotNormal {
					t.Fatalf("without the packets %v of %d, cut at %d: got %v", lost, len(packets), snap, got)
				}
			}
		})
	}
}

// wholeSessions are transfers in both modes and directions, one after the other.
var wholeSessions = struct {
	name string
	want Verdict
	play func(*forge.Capture)
}{"sessions in a row", IsNormal, func(f *forge.Capture) {
	for _, play := range []func(*forge.Capture){
		active(":20"), transfer(0, "RETR a", answerer, 5000), transfer(time.Second, "STOR b", opener, 3000), manyListings(4, 10),
		session1("> SYST\n< 215 UNIX\n> FEAT\n< 211-Features:\n+  EPSV\n+ 211 End\n> CWD /pub\n< 250 ok\n> SIZE a\n< 213 5\n> NOOP\n< 200 ok"),
	} {
		play(f)
		f.Pass(time.Minute)
	}
}}

// disturbed are captures of normal sessions of which packets were lost, cut short, damaged, or stored in
// another order.
var disturbed = []lookalike{
	{"a login of which the reply is stored after the transfer", "login-before-transfer", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready\n> USER ada\n< 331 and?\n> PASS x\n< 230 in")
		n := len(f.Frames)
		t.Say("> LIST\n< 150 here\n< 226 done")
		f.Late(len(f.Frames) - n)
		t.Say(bye).Peer.Close()
	}},
	{"commands that are stored before the replies to others", "one-command-at-a-time", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for range 4 {
			t.Say("> NOOP\n< 200 ok\n> PWD\n< 257 \"/\"")
			f.Swap(1)
		}
		t.Say(bye).Peer.Close()
	}},
	{"a list of features whose first line was cut short", "reply-well-formed", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> FEAT\n< 211-Features")
		f.Last(0).Cut(60)
		t.Say("<  EPSV\n<  SIZE\n< 211 End").Say(bye).Peer.Close()
	}},
	{"a capture that begins in a list of features", "reply-well-formed", IsNormal, func(f *forge.Capture) {
		overhear(f, aClient, aServer+":21").Say("<  EPSV\n<  SIZE\n< 211 End\n> PWD\n< 257 \"/\"").Say(bye).Peer.Close()
	}},
	{"a packet of data whose port was damaged", "one-connection-a-transfer", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		d.Peer.Segment("P.", "the file")
		f.Frame(bytes.Clone(f.Last(0).Data))
		f.Last(0).Data[36] ^= 0x40 // the port of the client
		d.Peer.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a packet of data whose address was damaged", "data-with-the-partner", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> STOR a\n< 150 go on")
		d := dial(f, aClient, aServer+":25600")
		d.Segment("P.", "the file")
		f.Frame(bytes.Clone(f.Last(0).Data))
		f.Last(0).Data[27] ^= 0x40
		d.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"an address that was damaged, and accepted", "announcement-well-formed", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV")
		t.Peer.Segment("P.", "227 (192,0,x,21,100,0)\r\n")
		spoil(f.Last(0))
		t.Say("> LIST\n< 150 here\n< 226 done").Say(bye).Peer.Close()
	}},
	{"a FIN of which only its acknowledgement was recorded", "sender-closes", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		d.Peer.Segment("P.", "the file")
		d.Peer.Seq++
		d.FIN()
		f.Swap(0)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a SYN that became a RST", "data-ends-with-fin", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		n := len(f.Frames)
		download(f, aClient, aServer+":25600", answerer, 55)
		f.Frames[n+1].Data[47] = 6 // SYN and RST
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a PORT that was lost, with all that the client said after it", "data-is-announced", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.Seq += uint32(len("PORT 198,51,100,100,12,100\r\nLIST\r\n"))
		t.Say("< 200 ok\n< 150 here")
		download(f, aServer+":20", aClient+":3172", opener, 100)
		t.Say("< 226 done")
	}},
	{"a page that runs what it is sent, whose PASV and 227 were lost", "no-loot", "", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
		f.Drop(1)
		f.Drop(0)
		d := dial(f, aClient, aServer+":25600")
		t.Say("> STOR x.php.jpg\n< 150 go on")
		d.Segment("P.", `GIF89a<?php @eval($_POST["x"]); ?>`)
		d.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a login whose command lacks its beginning", "login-before-transfer", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready\n> USER ada\n< 331 and?")
		t.Segment("P.", "PAS")
		f.Drop(0)
		t.Segment("P.", "S x\r\n")
		t.Say("< 230 in\n> LIST\n< 150 here\n< 226 done").Say(bye).Peer.Close()
	}},
	{"a greeting that lacks the beginning of a line", "reply-answers-command", IsNormal, func(f *forge.Capture) {
		t := f.Control()
		t.Peer.Segment("P.", "220-no ent")
		f.Drop(0)
		t.Peer.Segment("P.", "ry for strangers\r\n220-or friends\r\n220 ready\r\n")
		t.Say(strings.Replace(hello, "< 220 ready", "", 1)).Say(bye).Peer.Close()
	}},
	{"a greeting that lacks its beginning, and the end of the handshake", "reply-answers-command", IsNormal, func(f *forge.Capture) {
		t := f.Control()
		f.Drop(1)
		f.Drop(0)
		t.Peer.Segment("P.", "220-no ent")
		f.Drop(0)
		t.Peer.Segment("P.", "ry for strangers\r\n220-or friends\r\n220 ready\r\n")
		t.Say(strings.Replace(hello, "< 220 ready", "", 1)).Say(bye).Peer.Close()
	}},
	{"a capture that ends in a second session at another port", "no-third-ports", IsNormal, func(f *forge.Capture) {
		dial(f, aClient, aServer+":2109").Say(hello).Say(bye).Peer.Close()
		dial(f, aClient, aServer+":2109").Say("< 220 ready\n> USER ada")
	}},
	{"a capture that ends with a data connection", "data-is-announced", IsNormal, func(f *forge.Capture) {
		f.Control().Say(hello)
		dial(f, aServer+":20", aClient+":3172")
	}},
}
