package odd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

// TestWalkthrough looks for what was done on purpose in the walkthroughs.
func TestWalkthrough(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a dozen scenarios once more; run without -short")
	}
	for file, want := range map[string]string{
		"no150.txtar":           `On purpose (line 20), the server here opens the data connection, says "226 Transfer complete." and sends the data. So it withholds its 150 and says`,
		"backdoor.txtar":        `On purpose (line 18), the server here listens on port 6200, which no reply announces, says "331 Please specify the password.", receives 3 bytes, sends "uid=0(root)\n" as data, closes the data connection and falls silent. The name of the user.`,
		"early226.txtar":        `says "226 Done.", waits 300 ms and sends the data. So it says how the transfer ended before the end of the data.`,
		"pwd_weird.txtar":       `On purpose (line 15), the server here says "257 \"Only one".`,
		"active_blocked.txtar":  "packets from server port 20 to client dropped on purpose (line 6)",
		"nat_active.txtar":      "This is the address that the client has behind its NAT, and cannot be reached: the NAT in front of the client (line 8) did not rewrite it, as it does not help FTP.",
		"nat_active_alg.txtar":  "The NAT in front of the client (line 8) rewrote the PORT: the client itself said 192.168.1.100.",
		"nat_idle.txtar":        "the NAT in front of the client (line 8) forgets a connection after 2 s: this packet does not get through.",
		"nat_passive_alg.txtar": "The NAT in front of the server (line 6) rewrote the reply to PASV: the server itself said 192.168.178.2.",
		"nat_split.txtar":       "did not rewrite it, as it looks at each segment by itself, and this line is split over two.",
		"nat_tls.txtar":         "did not rewrite it, as it cannot read what is in TLS.",
		"rates_differ.txtar":    "1 Mbit/s towards it",
		"tls_late.txtar":        `On purpose (line 15), the server here says "234 Go.", waits 2 s, waits for the client's TLS handshake and says "220 Welcome again.".`,
		"dual_227.txtar":        "It is the other address of the same server, which has IPv4 and IPv6.",
		"dual_eprt.txtar":       "It is the other address of the same client, which has IPv4 and IPv6.",
		"tls_plain_reply.txtar": `On purpose (line 15), the server here sends "211 Said in clear.\r\n" in clear.`,
		"tls_pipelined.txtar":   `On purpose (line 18), the server here says "234 Go on." and waits for the client's TLS handshake, after which it obeys the commands that came in clear before.`,
		"tls_upload_cut.txtar":  "No close_notify came before this FIN, so the receiver cannot know whether data is missing",
		"natdrop.txtar":         "packets between client and server port 21 dropped on purpose (line 6) once nothing has passed for 2 s",
	} {
		t.Run(file, func(t *testing.T) {
			s, err := scenario.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			if _, err := lab.Run(t.Context(), s, lab.Options{Results: folder, TCP: scenario.GVisorTCP}); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(folder, s.Name, "walkthrough.md"))
			if err != nil {
				t.Fatal(err)
			}
			if got := oneLine(string(text)); !strings.Contains(got, oneLine(want)) {
				t.Errorf("the walkthrough does not say %s", want)
			}
		})
	}
}

// oneLine undoes the wrapping of comments beside packets, and Markdown's escapes.
func oneLine(text string) string {
	words := strings.Fields(strings.ReplaceAll(text, `\`, ""))
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "#" }), " ")
}
