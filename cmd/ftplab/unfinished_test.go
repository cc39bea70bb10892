package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"

	"ftplab/lab"
	"ftplab/lab/pcapng"
)

// TestEarlierFilesStay writes captures and a report in place of earlier ones. Those that are not
// whole leave what was there. Of a capture the packets up to then stay, too.
func TestEarlierFilesStay(t *testing.T) {
	capture, err := os.ReadFile(galleryCapture)
	if err != nil {
		t.Fatal(err)
	}
	earlier := bytes.Repeat(capture, 2)
	for _, test := range []struct {
		name, text string
		failed     error
		left       string // of the new file, or "" if nothing of it is
	}{
		{"whole.pcapng", string(capture), nil, ""},
		{"report.xml", "<testsuites/>", nil, ""},
		{"half.pcapng", string(capture[:len(capture)/2]), io.ErrShortWrite, string(capture[:len(capture)/4])},
		{"none.pcapng", string(capture[:28]), io.ErrShortWrite, ""},
		{"half.xml", "<testsuites><tes", io.ErrShortWrite, ""},
		{"empty.xml", "", errors.New("interrupted"), ""},
	} {
		path := filepath.Join(t.TempDir(), test.name)
		if err := os.WriteFile(path, earlier, 0o600); err != nil {
			t.Fatal(err)
		}
		end := writeThroughLink(t, path, test.text)
		if live, err := os.ReadFile(path + lab.Unfinished); err != nil || string(live) != test.text {
			t.Errorf("%s: while it is made, got %d bytes and error %v, want the %d written", test.name, len(live), err, len(test.text))
		}
		err := end(test.failed)
		if left := test.left != ""; left != (err != nil) || left && !strings.HasSuffix(err.Error(), test.name+" stays as it was; what was recorded until then is in "+path+lab.Unfinished) {
			t.Errorf("%s: got error %v", test.name, err)
		}
		want := earlier
		if test.failed == nil {
			want = []byte(test.text)
		}
		info, _ := os.Stat(path)
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: got %d bytes, %v and error %v, want %d bytes for their owner", test.name, len(got), info.Mode(), err, len(want))
		}
		left, err := os.ReadFile(path + lab.Unfinished)
		if test.left == "" && !os.IsNotExist(err) || !strings.HasPrefix(test.text, string(left)) || !strings.HasPrefix(string(left), test.left) {
			t.Errorf("%s: %d bytes are left, error %v, want the beginning of what was written", test.name, len(left), err)
		}
		if test.left != "" {
			if packets, errText, status := judged(t, "explain", "--packets", path+lab.Unfinished); status != exitPassed || packets == "" || errText != "" {
				t.Errorf("%s: explain: got status %d and %q, want packets and no remark", test.name, status, errText)
			}
		}
	}
}

// writeThroughLink opens the file at path by a symbolic link, if the system lets it make one, and
// writes text. The caller ends the file.
func writeThroughLink(t *testing.T, path, text string) (end func(error) error) {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		link = path
	}
	to, end, err := openUnfinished(link, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(to, text); err != nil {
		t.Fatal(err)
	}
	return end
}

// TestNewFiles writes files that were not there. One that is not whole stays if it has packets.
func TestNewFiles(t *testing.T) {
	capture, err := os.ReadFile(galleryCapture)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, text string
		failed     error
		stays      bool
	}{
		{"whole.xml", "<testsuites/>", nil, true},
		{"half.xml", "<testsuites><tes", io.ErrShortWrite, false},
		{"empty.tap", "", io.ErrShortWrite, false},
		{"half.pcapng", string(capture[:len(capture)/2]), io.ErrShortWrite, true},
		{"none.pcapng", string(capture[:28]), io.ErrShortWrite, false},
	} {
		path := filepath.Join(t.TempDir(), test.name)
		if err := writeThroughLink(t, path, test.text)(test.failed); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if got, err := os.ReadFile(path); (err == nil) != test.stays || test.stays && string(got) != test.text {
			t.Errorf("%s: got %d bytes and error %v, want that it stays: %v", test.name, len(got), err, test.stays)
		}
	}
}

// TestUnfinishedFiles has files where a new one would be written until it is whole. Only those
// that ftplab has written are replaced.
func TestUnfinishedFiles(t *testing.T) {
	capture, err := os.ReadFile(galleryCapture)
	if err != nil {
		t.Fatal(err)
	}
	mine := string(bytes.ReplaceAll(capture, []byte("ftplab "), []byte("mytool ")))
	for _, test := range []struct{ name, there, written string }{
		{"x.pcapng", string(capture), lab.Unfinished},
		{"x.pcapng", "", lab.Unfinished},
		{"x.pcapng", mine, lab.Unfinished + "-2"},
		{"x.xml", "<?xml version=\"1.0\"?>\n<testsuite name=\"ftplab\" tests=", lab.Unfinished},
		{"x.xml", "<testsuite name=\"mine\"/>", lab.Unfinished + "-2"},
		{"x.txt", "mine", lab.Unfinished + "-2"},
	} {
		path := filepath.Join(t.TempDir(), test.name)
		for name, text := range map[string]string{path: "earlier", path + lab.Unfinished: test.there} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		to, end, err := openUnfinished(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(to, "new")
		if text, err := os.ReadFile(path + test.written); string(text) != "new" {
			t.Errorf("%s with %.20q: got %q in %s, error %v", test.name, test.there, text, test.written, err)
		}
		if err := end(nil); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(path); string(text) != "new" {
			t.Errorf("%s with %.20q: got %q, error %v", test.name, test.there, text, err)
		}
		if text, _ := os.ReadFile(path + lab.Unfinished); test.written != lab.Unfinished && string(text) != test.there {
			t.Errorf("%s with %.20q: got %q, want what was there", test.name, test.there, text)
		}
	}
}

// TestUnfinishedPcap interrupts the writing of pcap files. The second replaces what is left of the
// first, and not a file of the user's.
func TestUnfinishedPcap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcap")
	interrupted := func(place string, frames int) error {
		t.Helper()
		to, end, err := openUnfinished(place, nil)
		if err != nil {
			t.Fatal(err)
		}
		writePcap(t, to, frames)
		return end(errors.New("interrupted"))
	}
	for name, frames := range map[string]int{path: 3, path + lab.Unfinished: 2} {
		if err := interrupted(name, frames); err != nil { // a new file, without the mark
			t.Error(err)
		}
	}
	mine, _ := os.ReadFile(path + lab.Unfinished)
	for n := range 3 {
		if err := interrupted(path, 1+n); err == nil || !strings.HasSuffix(err.Error(), path+lab.Unfinished+"-2") {
			t.Errorf("got %v, want where the capture is", err)
		}
	}
	for name, want := range map[string]int{path: 3, path + lab.Unfinished: 2, path + lab.Unfinished + "-2": 3} {
		packets, errText, _ := judged(t, "explain", "--packets", name)
		if got := strings.Count(packets, "\n"); got != want || errText != "" {
			t.Errorf("%s: got %d packets and %q, want %d", name, got, errText, want)
		}
	}
	if got, _ := os.ReadFile(path + lab.Unfinished); !bytes.Equal(got, mine) {
		t.Error("a file of the user's has changed")
	}
	if all, err := filepath.Glob(path + "*"); len(all) != 3 {
		t.Errorf("got %v, %v, want three files", all, err)
	}
}

// writePcap writes a pcap file with so many frames.
func writePcap(t *testing.T, to io.Writer, frames int) {
	t.Helper()
	w, err := pcapng.NewWriter(to, pcapng.PCAP, pcapng.Info{})
	if err != nil {
		t.Fatal(err)
	}
	frame := make([]byte, 60)
	for range frames {
		err = errors.Join(err, w.WritePacket(gopacket.CaptureInfo{CaptureLength: len(frame), Length: len(frame)}, frame))
	}
	if err := errors.Join(err, w.Flush()); err != nil {
		t.Fatal(err)
	}
}
