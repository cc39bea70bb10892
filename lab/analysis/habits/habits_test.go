package habits

import (
	"bytes"
	"reflect"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

func TestHabits(t *testing.T) {
	for _, test := range sessions {
		f := forge.New()
		test.make(f)
		c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Of(c)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got\n%+v\nwant\n%+v", test.name, got, test.want)
		}
	}
}

var sessions = []struct {
	name string
	make func(*forge.Capture)
	want Habits
}{
	{"active, 150 before the SYN", func(f *forge.Capture) {
		ctl := f.Control().Say(`
			< 220 ready
			> FEAT
			< 502 no
			> USER ada
			< 230 in
			> EPRT |1|198.51.100.100|40000|
			< 500 no
			> PORT 198,51,100,100,156,64
			< 200 ok
			> LIST
			< 150 here`)
		from, _ := f.Dial(forge.Server+":20", forge.Client+":40000")
		from.Send("a file\r\n")
		from.Close()
		ctl.Say("< 226 done")
		ctl.RST()
	}, Habits{
		BeforeLogin: []string{"FEAT"}, Announced: []string{"PORT"}, Refused: []string{"EPRT"}, Listing: []string{"LIST"},
		Preliminary: []string{"before"}, DataPort: []string{"20"}, DataEnd: []string{"server"},
		ControlEnd: []string{"client, by a reset"}, Resets: []string{"client, control"},
	}},
	{"passive, 150 after the SYN", func(f *forge.Capture) {
		ctl := f.Control().Say(`
			< 220 ready
			> USER ada
			< 230 in
			> EPSV
			< 229 here (|||40001|)`)
		to, from := f.Dial(forge.Client, forge.Server+":40001")
		ctl.Say(`
			> RETR a.txt
			< 150 here`)
		from.Send("a file\r\n")
		to.Close()
		ctl.Say("< 226 done" + forge.Quit)
		ctl.Peer.Close()
	}, Habits{
		Announced: []string{"EPSV"}, Preliminary: []string{"after"}, DataEnd: []string{"client"}, ControlEnd: []string{"either, after 221"},
	}},
	{"ends of control connections", func(f *forge.Capture) {
		f.Control().Say("< 220 ready" + forge.Quit).Close()
		f.Control().Say("< 220 ready").Close()
		f.Control().Say("< 220 ready\n> QUIT").Peer.Close()
		f.Control().Say("< 220 ready\n> QUIT\n< 500 no").Close()
	}, Habits{BeforeLogin: []string{"QUIT"}, ControlEnd: []string{"either, after 221", "client", "server"}}},
}
