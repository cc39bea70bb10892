package expect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/internal/forge"
)

// likeSessions are sessions one after the other, each with its data connections, which are all alike, and the number of
// frames after each session.
func likeSessions(loopback bool, transfers ...int) (g *recording, ends []int) {
	g = &recording{forge.New(), loopback}
	port := 50000
	for i, n := range transfers {
		ctl := connect(g, fmt.Sprintf("198.51.100.100:%d", 3000+i), "192.0.2.21:21")
		ctl.Peer.Segment("P.", "220 Hi.\r\n")
		for _, text := range []string{"USER issle", "PASS x", fmt.Sprintf("CWD %d", i)} {
			ctl.Segment("P.", text+"\r\n")
			ctl.Peer.Segment("P.", "230 Fine.\r\n")
		}
		for range n {
			port++
			ctl.Segment("P.", "PASV\r\n")
			ctl.Peer.Segment("P.", "227 Entering Passive Mode ("+g.hostPort(fmt.Sprintf("192.0.2.21:%d", port))+").\r\n")
			data := connect(g, fmt.Sprintf("198.51.100.100:%d", port-10000), fmt.Sprintf("192.0.2.21:%d", port))
			ctl.Segment("P.", "RETR f\r\n")
			ctl.Peer.Segment("P.", "150 Here.\r\n")
			data.Peer.Segment("P.", "0123456789")
			closeBoth(data.Peer)
			ctl.Peer.Segment("P.", "226 Done.\r\n")
		}
		ctl.Segment("P.", "QUIT\r\n")
		ctl.Peer.Segment("P.", "221 Bye.\r\n")
		closeBoth(ctl.Peer)
		ends = append(ends, len(g.Frames))
	}
	return g, ends
}

// withoutPorts derives a want without the ports that the client and the server have chosen.
func withoutPorts(t *testing.T, g *recording, hosts Hosts) string {
	text := derive(t, g.capture(t), hosts)
	for e := range g.capture(t).Connections() {
		port := fmt.Sprint(e.Server.Port())
		text = strings.ReplaceAll(text, fmt.Sprintf("client.%d ", e.Client.Port()), "client.* ")
		if port != "21" {
			text = strings.ReplaceAll(text, "server."+port, "server.*")
			text = strings.ReplaceAll(text, fmt.Sprintf("%d,%d)", e.Server.Port()>>8, e.Server.Port()&255), "*)")
		}
	}
	return text
}

// closeBoth closes a connection from both sides.
func closeBoth(first *forge.End) {
	first.Segment("F.", "")
	first.Peer.Segment("F.", "")
	first.ACK()
}

// Sessions are not called wrong if the capture begins anywhere and ends between two of them: their connections are those
// that the lines show.
func TestBeginsAndEnds(t *testing.T) {
	for _, transfers := range [][]int{{1, 1, 1, 2, 1}, {2, 0, 3, 1}} {
		g, ends := likeSessions(false, transfers...)
		text := withoutPorts(t, g, hosts)
		for _, end := range ends {
			for begin := 1; begin < end; begin++ {
				cut := &recording{forge.New(), false}
				cut.Frames = slices.Clone(g.Frames[begin:end])
				if v := verdict(t, text, cut); len(v.Mismatches) > 0 && !slices.Contains(ends, begin) {
					t.Fatalf("sessions with %v transfers, from frame %d to %d:\n%s\n%s", transfers, begin+1, end, text, v.Report())
				}
			}
		}
	}
}

// A declared connection is not called a wrong one if the capture begins and ends anywhere, so that it may lack it.
func TestBeginsAndEndsOnLoopback(t *testing.T) {
	g, _ := likeSessions(true, 1, 1)
	text := withoutPorts(t, g, loopbackHosts)
	for begin := range g.Frames {
		for end := begin + 1; end < len(g.Frames); end++ {
			cut := &recording{forge.New(), true}
			cut.Frames = slices.Clone(g.Frames[begin:end])
			if v := verdict(t, text, cut); slices.ContainsFunc(v.Mismatches, func(m Mismatch) bool { return strings.Contains(m.What, "nearest") }) {
				t.Fatalf("from frame %d to %d:\n%s\n%s", begin+1, end, text, v.Report())
			}
		}
	}
}
