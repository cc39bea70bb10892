package expect

import (
	"fmt"
	"strings"
	"testing"

	"ftplab/lab/internal/forge"
)

// A text of which the capture has only some bytes cannot be judged if they are as wanted. It came in
// several packets, which the recorder cut short or lost.
func TestRemains(t *testing.T) {
	const loggedIn = "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\n" // the line below it is the fourth
	const begun = "ctl client.* > server.21\n"
	const headers = 54 // of Ethernet, IP and TCP without options
	const lost = -1
	const interrupt, interrupts = ">\xff\xf4|\xff\xf2|ABOR\r\n", "ctl client > server [.] length 2\nctl client > server [.] length 2\n"
	const abort = "ctl client > server \"ABOR\"\n"
	for _, test := range []struct {
		name, want      string
		from            int    // the first packet of the capture
		pieces          string // of the server, or with > of the client
		kept            []int  // of the pieces, in bytes
		wrong, unjudged string
	}{
		{"a hole in the middle", loggedIn + "ctl server > client \"150 Here it comes.\"\n", 0, "150 Here it |comes.\r\n", []int{8, 8}, "", "[4]"},
		{"a star in the hole", loggedIn + "ctl server > client \"150 H* it *.\"\n", 0, "150 Here it |comes.\r\n", []int{8, 8}, "", "[4]"},
		{"two holes", loggedIn + "ctl server > client \"150 Here it comes.\"\n", 0, "150 Here it |comes.\r\n", []int{8, 4}, "", "[4]"},
		{"another begin", loggedIn + "ctl server > client \"150 There it comes.\"\n", 0, "150 Here it |comes.\r\n", []int{8, 8}, "different 4 @13", ""},
		{"another end", loggedIn + "ctl server > client \"150 Here it goes.\"\n", 0, "150 Here it |comes.\r\n", []int{8, 8}, "different 4 @13", ""},
		{"a lost packet in the middle", loggedIn + "ctl server > client \"150 Here it comes.\"\n", 0, "150 |Here it |comes.\r\n", []int{4, lost, 8}, "", "[4]"},
		{"the start is lost", loggedIn + "ctl server > client \"150 Here it comes.\"\n", 0, "150 Here it |comes.\r\n", []int{lost, 8}, "", "[4]"},
		{"the start is lost, and another end", loggedIn + "ctl server > client \"150 Here it goes.\"\n", 0, "150 Here it |comes.\r\n", []int{lost, 8}, "different 4 @12", ""},
		{"a line is lost, too", loggedIn + "ctl server > client \"150 Well.\"\nctl server > client \"226 Done.\"\n", 0, "150 Well.\r\n226 |Done.\r\n", []int{lost, 7}, "", "[4 5]"},
		{"a reply behind a hole", loggedIn + "ctl server > client \"150 *\"\n", 0, "150 Here it |226 Done.\r\n", []int{8, 11}, "unwanted 4 @13", "[4]"},
		{"nothing but headers", loggedIn + "ctl server > client \"150 Here it comes.\"\n", 0, "150 |Here it |comes.\r\n", []int{0, 0, 0}, "", "[4]"},
		{"the last line of a reply", loggedIn + "ctl ...\nctl server > client \"150 Here.\"\nctl server > client \"226 *\"\n", 0, "150-Well\r\n150 Here.\r\n|226 Done.\r\n", []int{4, 11}, "", "[5]"},
		{"the start is older than the capture", begun + "ctl server > client \"150 Here it comes.\"\n", 13, "150 |H|ere it comes.\r\n", []int{4, 1, 16}, "", "[2]"},
		{"a word in a hole", loggedIn + "ctl client > server \"SITE AAAABBBB\"\n", 0, ">SITE |AAAA|BBBB\r\n", []int{3, 4, 2}, "", "[4]"},
		{"a command in a hole", loggedIn + "ctl client > server \"SITE *\"\n", 0, ">SITE A\r\n|QUIT\r\n", []int{6, 4}, "unwanted 4 @13", "[4]"},
		{"a Telnet command before a command", loggedIn + abort, 0, interrupt, []int{lost, 2, 6}, "", "[4]"},
		{"a Telnet command in the middle", loggedIn + abort, 0, interrupt, []int{2, lost, 6}, "", "[4]"},
		{"both Telnet commands", loggedIn + abort, 0, interrupt, []int{lost, lost, 6}, "", "[4]"},
		{"both Telnet commands, and another command", loggedIn + "ctl client > server \"QUIT\"\n", 0, interrupt, []int{lost, lost, 6}, "different 4 @12", ""},
		{"a command after Telnet commands", loggedIn + abort, 0, interrupt, []int{2, 2, lost}, "", "[4]"},
		{"a Telnet command in the middle that has a line", loggedIn + interrupts + abort, 0, interrupt, []int{2, lost, 6}, "", "[5]"},
		{"a command after Telnet commands that have lines", loggedIn + interrupts + abort, 0, interrupt, []int{2, 2, lost}, "", "[6]"},
		{"halves of Telnet commands", loggedIn + abort, 0, interrupt, []int{1, 1, 1}, "", "[4]"},
		{"the end of a command after Telnet commands", loggedIn + abort, 0, interrupt, []int{2, 2, 2}, "", "[4]"},
		{"Telnet commands in a connection that is not known as FTP", begun + abort, 12, interrupt, []int{2, 2, 2}, "", "[2]"},
		{"more than Telnet commands", loggedIn + abort, 0, ">NOOP\r\n|ABOR\r\n", []int{lost, 6}, "unwanted 3", ""},
		{"the end of a text in two packets that have lines", loggedIn + "ctl server > client [.] length 12\nctl server > client [.] length 7\n", 0, "150 Here it |comes.\r\n", []int{12, lost}, "", "[5]"},
		{"the start is older than the capture, and another end", begun + "ctl server > client \"150 Here it goes.\"\n", 13, "150 |H|ere it comes.\r\n", []int{4, 1, 16}, "different 2 @2", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := &recording{forge.New(), false}
			ctl := login(g)
			sender, pieces := ctl.Peer, test.pieces
			if text, ofClient := strings.CutPrefix(pieces, ">"); ofClient {
				sender, pieces = ctl, text
			}
			for i, piece := range strings.Split(pieces, "|") {
				sender.Segment("P.", piece)
				if test.kept[i] == lost {
					g.Drop(0)
				} else {
					g.Last(0).Cut(headers + test.kept[i])
				}
			}
			sender.Peer.Segment(".", "")
			g.Frames = g.Frames[max(0, test.from-1):]
			v := verdict(t, test.want, g)
			unjudged := ""
			for _, u := range v.Unjudged {
				unjudged += fmt.Sprint(u.Lines)
			}
			if got := summary(v); got != test.wrong || unjudged != test.unjudged {
				t.Errorf("got the mismatches %q and unjudged %q, want %q and %q\n%s", got, unjudged, test.wrong, test.unjudged, v.Report())
			}
		})
	}
}

// The dialogue that is recognised in a capture which begins in the middle of a command comes after
// that.
func TestRemainsOfACommand(t *testing.T) {
	g := &recording{forge.New(), false}
	ctl := login(g)
	begin := len(g.Frames)
	ctl.Segment("P.", "\n")
	ctl.Peer.Segment("P.", "200 OK\r\n")
	ctl.Segment("P.", "PWD\r\n")
	ctl.Peer.Segment("P.", "257 \"/\"\r\n")
	g.Frames = g.Frames[begin:]
	for want, wrong := range map[string]string{
		"ctl client > server \"NOOP\"\nctl server > client \"200 OK\"\nctl client > server \"PWD\"\n": "",
		"ctl client > server \"NOOP\"\nctl server > client \"200 OK\"\nctl client > server \"PWT\"\n": "different 4 @3",
	} {
		v := verdict(t, "ctl client.* > server.21\n"+want+"ctl server > client \"257 *\"\n", g)
		if summary(v) != wrong {
			t.Errorf("%s: got %q, want %q\n%s", want, summary(v), wrong, v.Report())
		}
	}
}
