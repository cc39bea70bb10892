package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
)

// Of a segment that was lost between two places, the time at the other place says nothing about the transfer here. The
// packets that another place has, too, are not drawn, and are FTP.
func TestLostBetweenPlaces(t *testing.T) {
	f := forge.New()
	download(f, 20_000)
	here, there := f.Ends(forge.Client, 400*time.Microsecond, 0)
	first := slices.IndexFunc(here, func(f forge.Frame) bool { return f.Len() > 1000 })
	file := forge.Merge(slices.Delete(here, first, first+1), there)
	r, err := reportOn(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	page := string(html(t, r))
	for _, want := range []string{
		"20,000 bytes in 14 segments, 1 of them not recorded at interface 0,",
		"; 6.12 ms from the first segment to the last at interface 0, 26.14 Mbit/s;",
		"; 1 hole in what the recorder saw, for at most 10.12 ms, 1 never filled.",
		"Not drawn: 56 packets that another place has, too.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	c, err := capture.Read(bytes.NewReader(file), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var story bytes.Buffer
	if err := text.Story(&story, "", c); err != nil {
		t.Fatal(err)
	}
	if want := ": 13 segments since packet 51, in 6.12 ms; 1 more recorded only at another place"; !strings.Contains(story.String(), want) {
		t.Errorf("the story has no %q:\n%s", want, &story)
	}
}

// A silence is drawn where the packets are read, although the copy of the packet behind it was recorded a moment before.
func TestSilenceBetweenPlaces(t *testing.T) {
	f := forge.New()
	client, server := control(f, "anonymous")
	client.Send("NOOP\r\n")
	f.Pass(2 * time.Second)
	server.Send("200 done\r\n")
	here, there := f.Ends(forge.Client, 400*time.Microsecond, 0)
	for name, file := range map[string][]byte{"one place": forge.Merge(here), "both ends": forge.Merge(here, there)} {
		r, err := reportOn(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := "<span>2.001 s without a packet</span>"; !strings.Contains(string(html(t, r)), want) {
			t.Errorf("%s: the page has no %q", name, want)
		}
	}
}
