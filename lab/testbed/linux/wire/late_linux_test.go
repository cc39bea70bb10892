package wire

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ftplab/lab/scenario"
)

// A FIN that overtakes the data before it: Frederick's article of 2001 shows
// one. The receiver acknowledges nothing new, then everything.
func TestFINBeforeItsData(t *testing.T) {
	const size = 1167
	plan := twoHosts(93100 * time.Microsecond)
	plan.Hosts[0].Window = 16384
	for i := range plan.Hosts {
		plan.Hosts[i].NoSACK = true
		plan.Hosts[i].NoTimestamps = true
		plan.Hosts[i].NoWScale = true
	}
	plan.Late = []scenario.Late{{From: "server", To: "client", FromPort: 20000, Length: size, By: 2 * time.Millisecond, Overtaken: true}}
	var d downloaded
	r := experiment{Body: "download", Plan: plan, Bytes: size}.run(t, &d)
	d.whole(t, size)

	segments := r.segments(t)
	var lines []string
	for _, s := range segments[3:] {
		from := "client"
		if s.tcp.SrcPort == 20000 {
			from = "server"
		}
		flags := map[bool]string{true: "F"}[s.tcp.FIN]
		lines = append(lines, fmt.Sprintf("%s %s seq %d ack %d length %d", from, flags, s.tcp.Seq, s.tcp.Ack, s.payload()))
	}
	want := []string{
		"server F seq 1168 ack 1 length 0",
		"client  seq 1 ack 1 length 0",
		"server  seq 1 ack 1 length 1167",
		"client  seq 1 ack 1169 length 0",
	}
	got := strings.Join(lines, "\n")
	// The client may have closed by then: its last acknowledgement is its FIN.
	got = strings.Replace(got, "client F seq 1 ack 1169", "client  seq 1 ack 1169", 1)
	if !strings.HasPrefix(got, strings.Join(want, "\n")) {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if gap := segments[5].at.Sub(segments[3].at); gap < 2*time.Millisecond {
		t.Errorf("the data arrives %v after the FIN, want 2 ms or a little more", gap)
	}
}

// The wait for the end does not look at the path again and again while a frame is far away.
func TestCloseSleepsUntilAnArrival(t *testing.T) {
	for _, test := range []struct{ arrives, silent, want time.Duration }{
		{0, 0, shortPause},
		{time.Millisecond, 0, shortPause},
		{0, time.Second, longPause},
		{10 * time.Minute, 0, 10 * time.Minute},
		{10 * time.Minute, time.Second, 10 * time.Minute},
	} {
		if got := (report{arrives: test.arrives}).pause(test.silent); got != test.want {
			t.Errorf("a frame arrives in %v, and none has crossed for %v: got a pause of %v, want %v", test.arrives, test.silent, got, test.want)
		}
	}
}
