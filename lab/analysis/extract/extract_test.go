package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

const client, server = "198.51.100.100", "192.0.2.21"

// download adds a session that downloads a file of the given name in pieces; nil is a piece
// that the recorder misses.
func download(f *forge.Capture, port int, name string, pieces ...[]byte) {
	c, cPeer := f.Dial(fmt.Sprintf("%s:%d", client, port), server+":21")
	cPeer.Send("220 ready\r\n")
	c.Send("PASV\r\n")
	cPeer.Send(fmt.Sprintf("227 (192,0,2,21,%d,%d)\r\n", port>>8, port&255))
	_, dPeer := f.Dial(fmt.Sprintf("%s:%d", client, port+1), fmt.Sprintf("%s:%d", server, port))
	c.Send("RETR " + name + "\r\n")
	cPeer.Send("150 here\r\n")
	for _, p := range pieces {
		if p == nil {
			dPeer.Seq += 1000
			continue
		}
		dPeer.Send(string(p))
	}
	dPeer.Close()
	cPeer.Send("226 done\r\n")
	c.Close()
}

// extracted extracts a capture into a folder.
func extracted(t *testing.T, dir string, f *forge.Capture) []*File {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{NoHash: true})
	if err != nil {
		t.Fatal(err)
	}
	var files []*File
	if err := Write(dir, c, func(f *File) { files = append(files, f) }); err != nil {
		t.Fatal(err)
	}
	return files
}

// namesIn are the names of the files in a folder.
func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestHostileNames(t *testing.T) {
	f := forge.New()
	names := []string{"../../etc/passwd", "/etc/passwd", `..\..\windows\system32`, "..", ".", "", "a\x00b", "CON", "x/", strings.Repeat("n", 5000), "\xff\xfe", "-rf", "a:b", "\x1b[2J"}
	for i, name := range names {
		download(f, 2000+2*i, name, []byte("content of "+fmt.Sprint(i)))
	}
	outside := t.TempDir()
	dir := filepath.Join(outside, "a", "files")
	files := extracted(t, dir, f)
	if len(files) != len(names) {
		t.Fatalf("got %d files, want %d", len(files), len(names))
	}
	for i, x := range files {
		got, err := os.ReadFile(filepath.Join(dir, x.Name))
		if want := "content of " + fmt.Sprint(i); err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v, want %q", names[i], got, err, want)
		}
		if strings.Trim(x.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+") != "" || len(x.Name) > 120 {
			t.Errorf("%q became %q", names[i], x.Name)
		}
		var line strings.Builder
		x.WriteLine(&line)
		if strings.ContainsAny(line.String(), "\x1b\x00") {
			t.Errorf("the line has a control character: %q", line.String())
		}
	}
	all, _ := filepath.Glob(filepath.Join(outside, "*"))
	inA, _ := filepath.Glob(filepath.Join(outside, "a", "*"))
	if len(all) != 1 || len(inA) != 1 {
		t.Errorf("there are files outside the folder: %q %q", all, inA)
	}
}

// TestLinks asks that a link in the folder does not lead out of it, that no file is
// replaced, and that those which were written before that was found out are removed.
func TestLinks(t *testing.T) {
	f := forge.New()
	download(f, 2000, "NEWS", []byte("hello"))
	download(f, 3000, "README", []byte("hello"))
	for _, make := range []func(outside, name string) error{
		func(outside, name string) error { return os.Symlink(outside, name) },
		func(_, name string) error { return os.WriteFile(name, []byte("mine"), 0o600) },
	} {
		for _, name := range []string{"00003-README", "00003-README.unfinished"} {
			dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "outside")
			if err := make(outside, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var written []string
			err = Write(dir, c, func(f *File) { written = append(written, f.Name) })
			if err == nil || !strings.Contains(err.Error(), name+" already") || len(written) != 1 {
				t.Errorf("got %v and error %v, want one file and an error that names the other", written, err)
			}
			if left := namesIn(t, dir); !slices.Equal(left, []string{name}) {
				t.Errorf("got the files %v, want only the one of before", left)
			}
			if _, err := os.Stat(outside); err == nil {
				t.Error("a file was written outside the folder")
			}
		}
	}
}

// TestUnfinished asks what is in the folder while a transfer goes on, where an interruption would
// leave it: under its own name is only what is whole.
func TestUnfinished(t *testing.T) {
	f := forge.New()
	c, cPeer := f.Dial(client+":1000", server+":21")
	cPeer.Send("220 ready\r\n227 (192,0,2,21,8,0)\r\n")
	_, dPeer := f.Dial(client+":1001", server+":2048")
	c.Send("RETR big\r\n")
	for range 2 * buffered / 1000 {
		dPeer.Send(strings.Repeat("x", 1000))
	}
	download(f, 2000, "small", []byte("hello"))
	dPeer.Close()
	c.Close()

	dir := t.TempDir()
	var during [][]string
	parsed, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{NoHash: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, parsed, func(*File) { during = append(during, namesIn(t, dir)) }); err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"00001-big.unfinished", "00003-small"}, {"00001-big", "00003-small"}}
	if !reflect.DeepEqual(during, want) {
		t.Errorf("got the files %v, want %v", during, want)
	}
}

// TestFolderThatTakesNoFiles names the folder in the error for a file that cannot be made.
func TestFolderThatTakesNoFiles(t *testing.T) {
	const folder = "/proc/self" // where even root makes no file
	if _, err := os.Stat(folder); err != nil {
		t.Skip(err)
	}
	f := forge.New()
	c, cPeer := f.Dial(client+":1000", server+":21")
	cPeer.Send("220 ready\r\n227 (192,0,2,21,8,0)\r\n")
	c.Send("RETR small\r\n")
	download(f, 2048, "small", []byte("hello"))
	parsed, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{NoHash: true})
	if err != nil {
		t.Fatal(err)
	}
	err = Write(folder, parsed, func(*File) {})
	if e, ok := errors.AsType[*fs.PathError](err); !ok || !strings.HasPrefix(e.Path, folder+"/0000") {
		t.Errorf("got %v, want an error of a file in %s", err, folder)
	}
}

// TestFileOfThatNameMeanwhile has somebody make a file while that of its name is written.
func TestFileOfThatNameMeanwhile(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	w := &writer{root: root, dir: dir}
	o := &output{File: File{Name: "README"}, buffer: []byte("theirs")}
	w.flush(o)
	mine := filepath.Join(dir, o.Name)
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.complete(o)
	if got, _ := os.ReadFile(mine); w.err == nil || string(got) != "mine" {
		t.Errorf("got %q and error %v, want the file that was made meanwhile, and an error", got, w.err)
	}
	w.made.Remove()
	if left := namesIn(t, dir); !slices.Equal(left, []string{o.Name}) {
		t.Errorf("got the files %v, want only the one of the user", left)
	}
}

// TestBeginsBeforeTheCapture has data connections without their SYNs: of one that is whole otherwise, nothing shows
// that bytes are lacking.
func TestBeginsBeforeTheCapture(t *testing.T) {
	for _, test := range []struct {
		name   string
		pieces [][]byte
		want   string
	}{
		{"whole", [][]byte{[]byte("12345")}, "; PERHAPS INCOMPLETE: whether bytes came before cannot be seen: the SYN is not in the capture\n"},
		{"holes", [][]byte{[]byte("12345"), nil, []byte("6")}, "; INCOMPLETE: 1000 bytes of it are not in the capture"},
	} {
		f := forge.New()
		download(f, 2000, test.name, test.pieces...)
		f.Frames = slices.DeleteFunc(f.Frames, func(x forge.Frame) bool {
			ports := x.Data[34:38]
			return x.Data[47]&2 != 0 && (ports[0] == 2000>>8 && ports[1] == 2000&255 || ports[2] == 2000>>8 && ports[3] == 2000&255)
		})
		var line strings.Builder
		extracted(t, t.TempDir(), f)[0].WriteLine(&line)
		if !strings.Contains(line.String(), test.want) {
			t.Errorf("got %q, want %q in it", line.String(), test.want)
		}
	}
}

func TestGaps(t *testing.T) {
	f := forge.New()
	download(f, 2000, "holes", []byte("12345"), nil, []byte("678"), nil, []byte("9"))
	download(f, 2010, "tail", []byte("12345"), nil)
	download(f, 2020, "lost", nil)
	download(f, 2030, "empty")
	for i, want := range []string{
		"INCOMPLETE: 2000 bytes of it are not in the capture; with gaps at offset 5, 8", "INCOMPLETE: 1000 bytes of it are not in the capture",
		"RETR lost: no data in the capture; INCOMPLETE: 1000 bytes of it are not in the capture\n",
		"RETR empty: 00007-empty; 0 bytes from the server; empty; SHA-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
	} {
		dir := t.TempDir()
		x := extracted(t, dir, f)[i]
		var line strings.Builder
		x.WriteLine(&line)
		if names := namesIn(t, dir); !slices.Equal(names, []string{"00001-holes", "00003-tail", "00007-empty"}) {
			t.Errorf("got the files %v", names)
		}
		if !strings.Contains(line.String(), want) {
			t.Errorf("got %q, want %q", line.String(), want)
		}
	}
}

// TestGapInMuch loses a packet of large transfers. What comes after it is written, and a later transfer whose packets
// are out of order has its SHA-256, although so much waited before.
func TestGapInMuch(t *testing.T) {
	if testing.Short() {
		t.Skip("reads many megabytes; run without -short")
	}
	const n, most = 200, 32 << 20 // bytes that wait in memory
	piece := bytes.Repeat([]byte("x"), 60_000)
	pieces := [][]byte{piece, nil}
	for range n {
		pieces = append(pieces, piece)
	}
	f := forge.New()
	download(f, 2000, "more", append(pieces, slices.Repeat(pieces[2:], 2)...)...)
	for i := range 3 {
		download(f, 3000+10*i, "big", pieces...)
	}
	download(f, 4000, "swapped", pieces[2:]...)
	first, last := f.Last(9+2*(n-1)), f.Last(9)
	first.Data, last.Data = last.Data, first.Data
	dir := t.TempDir()
	files := extracted(t, dir, f)
	if got, want := files[0].Bytes, int64((3*n+1)*len(piece)); want < most || got != want || !slices.Equal(files[0].Gaps, []int64{int64(len(piece))}) {
		t.Errorf("got %d bytes with gaps at %v, want %d with one at %d", got, files[0].Gaps, want, len(piece))
	}
	c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	swapped := files[len(files)-1]
	for x := range c.Connections() {
		if x.ID == swapped.Connection.ID && x.SHA256 != swapped.SHA256 {
			t.Errorf("got the SHA-256 %q, want %q", x.SHA256, swapped.SHA256)
		}
	}
}

// TestDecoyFIN has somebody send a FIN in the name of the server, which the client does not receive: it
// acknowledges the data that comes in its place. All of the file is written.
func TestDecoyFIN(t *testing.T) {
	data := strings.Repeat("0123456789", 300)
	f := forge.New()
	s := f.Login()
	s.Ask("PASV", "227 (192,0,2,21,8,0)")
	s.Client.Send("RETR a\r\n")
	d, peer := f.Dial(client+":1001", server+":2048")
	s.Server.Send("150 here\r\n")
	peer.Send(data[:1000])
	peer.SegmentAt(100_000, ".", "somebody")
	peer.SegmentAt(0, "F.", "")
	peer.Segment(".", data[1000:1500])
	peer.SegmentAt(-100, "F.", "")
	peer.Send(data[1500:2000])
	peer.SegmentAt(0, "F.", "somebody")
	peer.Segment("P.", data[2000:2500])
	f.Swap(0)
	peer.Send(data[2500:])
	peer.Close()
	d.ACK()
	s.Server.Send("226 done\r\n")
	s.Quit()
	dir := t.TempDir()
	x := extracted(t, dir, f)[0]
	var line strings.Builder
	x.WriteLine(&line)
	if got, err := os.ReadFile(filepath.Join(dir, x.Name)); err != nil || string(got) != data || strings.Contains(line.String(), "INCOMPLETE") {
		t.Errorf("got %d bytes, %v, and %s; want %d bytes", len(got), err, &line, len(data))
	}
	c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Connection(1).SHA256; got != x.SHA256 {
		t.Errorf("got the SHA-256 %q of the connection, want %q", got, x.SHA256)
	}
}

// TestTwoVersions has somebody send other bytes first. The receiver keeps what came first. What is behind the end is
// nobody's.
func TestTwoVersions(t *testing.T) {
	for first, want := range map[string]string{"a bad": "a badd program", "a bad program!": "a bad program!", "a bad program, and more": "a bad program, and more"} {
		f := forge.New()
		s := f.Login()
		s.Ask("PASV", "227 (192,0,2,21,8,0)")
		s.Client.Send("RETR a\r\n")
		_, peer := f.Dial(client+":1001", server+":2048")
		peer.SegmentAt(0, "P.", first)
		peer.Send("a good program")
		peer.Close()
		s.Server.Send("226 done\r\n")
		s.Quit()
		dir := t.TempDir()
		x := extracted(t, dir, f)[0]
		var line strings.Builder
		x.WriteLine(&line)
		got, err := os.ReadFile(filepath.Join(dir, x.Name))
		if beyond := strings.Contains(line.String(), "with 9 bytes numbered after the FIN"); err != nil || string(got) != want || beyond != (len(want) > 14) {
			t.Errorf("%s: got %q, %v and %s; want %q", first, got, err, &line, want)
		}
	}
}

// TestLarge asks that a large transfer, out of order, comes out whole.
func TestLarge(t *testing.T) {
	f := forge.New()
	var want []byte
	var pieces [][]byte
	for i := range 400 {
		p := bytes.Repeat([]byte{byte(i), byte(i >> 8), 3}, 300)
		want = append(want, p...)
		pieces = append(pieces, p)
	}
	download(f, 2000, "big", pieces...)
	dir := t.TempDir()
	x := extracted(t, dir, f)[0]
	got, err := os.ReadFile(filepath.Join(dir, x.Name))
	if err != nil || !bytes.Equal(got, want) || x.Kind != Binary {
		t.Errorf("got %d bytes of kind %s, %v, want %d", len(got), x.Kind, err, len(want))
	}
}

// TestStored names the file of a STOU as the server did, if its reply says how.
func TestStored(t *testing.T) {
	for reply, want := range map[string]string{
		"150 FILE: in/stou.1": "00001-stou.1",
		"125 FILE: a b":       "00001-a_b",
		"150 FILE: ":          "00001-STOU",
		"150 Go on.":          "00001-STOU",
	} {
		f := forge.New()
		c, cPeer := f.Dial(client+":1000", server+":21")
		cPeer.Send("220 ready\r\n")
		c.Send("PASV\r\n")
		cPeer.Send("227 (192,0,2,21,8,0)\r\n")
		d, _ := f.Dial(client+":1001", server+":2048")
		c.Send("STOU\r\n")
		cPeer.Send(reply + "\r\n")
		d.Send("hello")
		d.Close()
		cPeer.Send("226 done\r\n")
		c.Close()
		if files := extracted(t, t.TempDir(), f); len(files) != 1 || files[0].Name != want {
			t.Errorf("%s: got %v, want one file %s", reply, files, want)
		}
	}
}

// TestPartOfFile says of a part of a file that it is one: REST says where it begins, and the reply whether it is
// all.
func TestPartOfFile(t *testing.T) {
	for _, c := range []struct{ before, command, reply, want string }{
		{"> REST 30000\n< 350 ok", "RETR a", "226 done", "from byte 30000 of the file"},
		{"> REST 30000\n< 350 ok\n> NOOP\n< 200 ok", "STOR a", "226 done", "from byte 30000 of the file"},
		{"> REST 30000\n< 502 no", "RETR a", "226 done", ""},
		{"> REST 30000\n< 350 ok\n> REST 0\n< 350 ok", "RETR a", "226 done", ""},
		{"> REST 30000\n< 350 ok\n> RETR b\n< 550 no", "RETR a", "226 done", ""},
		{"> REST 30000\n< 350 ok", "APPE a", "250 done", ""},
		{"> REST 30000\n< 350 ok", "RETR a", "426 broken off", "from byte 30000 of the file; the server's reply is 426"},
		{"> NOOP\n< 200 ok", "LIST", "451 no", "the server's reply is 451"},
		{"> TYPE I\n< 200 ok\n> SIZE a\n< 213 5", "RETR a", "226 done", ""},
		{"> TYPE I\n< 200 ok\n> SIZE a\n< 213 6", "RETR a", "226 done", "INCOMPLETE: the server announced 6 bytes, and 5 came"},
		{"> TYPE I\n< 200 ok", "RETR a", "226 6 bytes sent", "INCOMPLETE: the server announced 6 bytes, and 5 came"},
		{"> TYPE I\n< 200 ok\n> SIZE a\n< 213 6\n> CWD b\n< 250 ok", "RETR a", "226 done", ""},
		{"> TYPE I\n< 200 ok\n> SIZE a\n< 213 6\n> REST 1\n< 350 ok", "RETR a", "226 done", "from byte 1 of the file"},
		{"> TYPE A\n< 200 ok\n> SIZE a\n< 213 6", "RETR a", "226 done", ""},
	} {
		f := forge.New()
		s := f.Login()
		s.Client.Say(c.before + "\n> PASV\n< 227 (192,0,2,21,8,0)")
		s.Client.Send(c.command + "\r\n")
		d, peer := f.Dial(client+":1001", server+":2048")
		s.Server.Send("150 here\r\n")
		if c.command == "RETR a" || c.command == "LIST" {
			d = peer
		}
		d.Send("hello")
		d.Close()
		s.Server.Send(c.reply + "\r\n")
		s.Quit()
		var line strings.Builder
		extracted(t, t.TempDir(), f)[0].WriteLine(&line)
		const sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
		if _, got, _ := strings.Cut(line.String(), sum); strings.Trim(got, "; \n") != c.want {
			t.Errorf("%s, %s: got %q, want %q at the end", c.before, c.command, line.String(), c.want)
		}
	}
}

// TestReset says of a file whether a RST broke it off. A RST that comes after the receiver has acknowledged
// the FIN, and so all before it, does not.
func TestReset(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(sender, receiver *forge.End)
		want string
	}{
		{"after the FIN was acknowledged", func(s, r *forge.End) { s.FIN(); r.ACK(); r.Segment("R", "") }, ""},
		{"by the sender, after both FINs", func(s, r *forge.End) { s.FIN(); r.FIN(); s.RST() }, ""},
		{"after the FIN, which a missing packet precedes", func(s, r *forge.End) {
			s.SegmentAt(5, "F.", "")
			r.ACK()
			s.Segment("P.", " more")
			s.Seq++
			r.ACK()
			r.RST()
		}, ""},
		{"after the FIN, not acknowledged", func(s, r *forge.End) { s.SegmentAt(0, "F.", ""); r.ACK(); r.RST() }, "broken off by a RST of the client"},
		{"that acknowledges the FIN itself", func(s, r *forge.End) { s.FIN(); r.RST() }, "broken off by a RST of the client"},
		{"before the FIN", func(s, r *forge.End) { s.Send(" more"); s.RST(); r.FIN() }, "broken off by a RST of the server"},
	} {
		f := forge.New()
		s := f.Login()
		s.Client.Say("> PASV\n< 227 (192,0,2,21,8,0)\n> RETR a\n< 150 here")
		receiver, sender := f.Dial(client+":1001", server+":2048")
		sender.Send("hello")
		test.end(sender, receiver)
		s.Client.Say("< 226 done")
		s.Quit()
		var line strings.Builder
		extracted(t, t.TempDir(), f)[0].WriteLine(&line)
		if strings.Contains(line.String(), "broken off") != (test.want != "") || !strings.Contains(line.String(), test.want) {
			t.Errorf("%s: got %q, want %q in it", test.name, line.String(), test.want)
		}
	}
}
