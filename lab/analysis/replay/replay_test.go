package replay

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// moments replays a capture of package capture's tests.
func moments(t *testing.T, name string) []Moment {
	t.Helper()
	c, err := capture.Open("../capture/testdata/"+name+".pcapng", capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	list := slices.Collect(Moments(c, 1000))
	if len(list) != c.Size {
		t.Fatalf("got %d moments of %d packets", len(list), c.Size)
	}
	return list
}

// states are the pairs of states that a connection goes through, client/server.
func states(list []Moment, connection int) []string {
	var pairs []string
	for _, m := range list {
		if m.Connection == connection {
			pairs = append(pairs, fmt.Sprintf("%s/%s", m.Client.State, m.Server.State))
		}
	}
	return slices.Compact(pairs)
}

// TestStates asks for the states of RFC 9293, figures 6 and 12: the opening of a connection
// and its close.
func TestStates(t *testing.T) {
	list := moments(t, "active_list")
	want := "SYN-SENT/LISTEN ESTABLISHED/SYN-RECEIVED ESTABLISHED/ESTABLISHED"
	for id := range 2 {
		got := states(list, id)
		w := want
		if id == 1 { // the server opens it
			w = "LISTEN/SYN-SENT SYN-RECEIVED/ESTABLISHED ESTABLISHED/ESTABLISHED"
		}
		if begins := strings.Join(got[:3], " "); begins != w {
			t.Errorf("connection %d begins with %s, want %s", id, begins, w)
		}
		last := got[len(got)-1]
		if last != "TIME-WAIT/CLOSED" && last != "CLOSED/TIME-WAIT" && last != "TIME-WAIT/TIME-WAIT" {
			t.Errorf("connection %d ends in %s, want TIME-WAIT on the side that closed first", id, last)
		}
	}
}

// TestNumbers holds the numbers of each end against the facts of its connection.
func TestNumbers(t *testing.T) {
	for _, name := range []string{"active_list", "passive_list", "resume", "ipv6_eprt_list"} {
		c, err := capture.Open("../capture/testdata/"+name+".pcapng", capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		last := map[int]Moment{}
		for m := range Moments(c, 1000) {
			if m.Connection == ftp.NoConnection {
				continue
			}
			for _, e := range []*End{m.Client, m.Server} {
				if e.Acked > e.Next {
					t.Errorf("%s, packet %d: %d acknowledged of %d that were sent", name, m.Packet, e.Acked, e.Next)
				}
			}
			last[m.Connection] = m
		}
		for k := range c.Connections() {
			m := last[k.ID]
			if got, want := m.Client.Next, k.ClientFlow.Bytes+2; got != want { // and SYN and FIN
				t.Errorf("%s, connection %d: the client's next number is %d, want %d", name, k.ID, got, want)
			}
			if got, want := m.Server.Acked, k.ServerFlow.Bytes+2; got != want {
				t.Errorf("%s, connection %d: of the server %d are acknowledged, want %d", name, k.ID, got, want)
			}
		}
	}
}

// TestSession asks what the two sides of a listing are said to do.
func TestSession(t *testing.T) {
	var got []string
	for _, m := range moments(t, "active_list") {
		if m.Session != nil {
			got = append(got, m.Session.Client+" | "+m.Session.Server)
		}
	}
	all := strings.Join(slices.Compact(got), "\n")
	for _, want := range []string{
		"waits for the greeting | waits for a client",
		"waits for the answer to USER | carries out USER",
		"is asked for more, USER alone is not enough | waits for what goes with USER",
		"LIST goes on",
		"is done | ends the session",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no moment has %q; got\n%s", want, all)
		}
	}
}
