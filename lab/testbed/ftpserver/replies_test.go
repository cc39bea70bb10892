package ftpserver

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// lines collects what is written with one call each.
type lines []string

func (l *lines) Write(p []byte) (int, error) {
	*l = append(*l, string(p))
	return len(p), nil
}

// says returns what a server with these wordings sends when the library writes
// text, in pieces that end at the given places.
func says(t interface{ Fatal(...any) }, replies []Reply, text string, cuts ...int) []string {
	wordings, err := wordingsOf(replies)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{server: &Server{wordings: wordings}, worded: make(map[int]int)}
	var sent lines
	w := replyWriter{to: &sent, wording: s.wording, done: func(int) {}, hides: func(int, string) bool { return false }, said: func(int) {}}
	at := 0
	for _, cut := range append(slices.Sorted(slices.Values(cuts)), len(text)) {
		w.Write([]byte(text[at:cut]))
		at = cut
	}
	return sent
}

func TestWording(t *testing.T) {
	const features = "211- These are my features\r\n MDTM\r\n 211 is no end\r\n211 end\r\n"
	for _, test := range []struct {
		name    string
		replies []Reply
		library string
		want    string
	}{
		{"none", nil, "220 FTP server ready.\r\n", "220 FTP server ready.\r\n"},
		{"greeting", []Reply{{220, "Hello."}}, "220 FTP server ready.\r\n", "220 Hello.\r\n"},
		{"another code", []Reply{{221, "Bye."}}, "220 FTP server ready.\r\n", "220 FTP server ready.\r\n"},
		{"in order, and the last one ever after", []Reply{{200, "One."}, {200, "Two."}},
			"200 a\r\n200 b\r\n200 c\r\n", "200 One.\r\n200 Two.\r\n200 Two.\r\n"},
		{"hostport", []Reply{{227, "Go to {hostport}."}},
			"227 Entering Passive Mode (192,0,2,21,14,84)\r\n", "227 Go to 192,0,2,21,14,84.\r\n"},
		{"port", []Reply{{229, "Extended (|||{port}|)"}},
			"229 Entering Extended Passive Mode (|||3668|)\r\n", "229 Extended (|||3668|)\r\n"},
		{"several lines for one", []Reply{{230, "Welcome.\n230- Mind the step.\n Or not.\n331 x\n\nEnjoy."}},
			"230 Password ok, continue\r\n", "230-Welcome.\r\n230- Mind the step.\r\n Or not.\r\n331 x\r\n\r\n230 Enjoy.\r\n"},
		{"one line for several", []Reply{{211, "None."}}, features, "211 None.\r\n"},
		{"features", []Reply{{211, "Features:\n MDTM\nEnd"}}, features, "211-Features:\r\n MDTM\r\n211 End\r\n"},
		{"another code inside", []Reply{{230, "One."}}, "230-a\r\n220 b\r\n230 c\r\n", "230 One.\r\n"},
		{"several lines", nil, features, features},
		{"empty", []Reply{{220, ""}}, "220 FTP server ready.\r\n", "220 \r\n"},
		{"idle", nil, "421 command timeout (-1 seconds): closing control connection\r\n", "421 No command for 0s: closing control connection.\r\n"},
		{"another 421", nil, "421 Could not listen\r\n", "421 Could not listen\r\n"},
		{"the library's STAT", nil, "212-STAT /\r\n %sdrwx x\r\n212 End\r\n", "212-STAT /\r\n drwx x\r\n212 End\r\n"},
	} {
		if got := strings.Join(says(t, test.replies, test.library), ""); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestEachSessionBeginsWithTheFirstWording(t *testing.T) {
	replies := []Reply{{200, "One."}, {200, "Two."}}
	for range 2 {
		if got, want := says(t, replies, "200 a\r\n")[0], "200 One.\r\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestReplyThatWasSentEarlyIsNotSentAgain(t *testing.T) {
	for _, test := range []struct{ library, want string }{
		{"150 Using transfer connection\r\n226 Closing\r\n", "150 Early.\r\n226 Closing\r\n"},
		{"425 no\r\n150 Using transfer connection\r\n", "150 Early.\r\n425 no\r\n150 Using transfer connection\r\n"},
	} {
		var sent lines
		w := replyWriter{to: &sent, wording: func(int, string) (Reply, bool) { return Reply{}, false }, done: func(int) {}, hides: func(int, string) bool { return false }, said: func(int) {}}
		w.sendEarly(Reply{150, "Early."})
		w.Write([]byte(test.library))
		if got := strings.Join(sent, ""); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// Whatever the pieces in which the library writes, each line leaves with one
// call and as it would have in one piece.
func TestPiecesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var library strings.Builder
		for range rapid.IntRange(1, 5).Draw(t, "replies") {
			code := rapid.SampledFrom([]int{150, 200, 211, 220, 226}).Draw(t, "code")
			for range rapid.IntRange(0, 3).Draw(t, "lines before the last") {
				fmt.Fprintf(&library, "%s\r\n", rapid.SampledFrom([]string{
					fmt.Sprintf("%d- more", code), " feature", fmt.Sprintf(" %d x", code), "", "text",
				}).Draw(t, "line"))
			}
			fmt.Fprintf(&library, "%d end\r\n", code)
		}
		text := library.String()
		if text[0] < '1' || text[0] > '9' {
			t.Skip("a reply begins with its code")
		}
		replies := []Reply{{200, "One."}, {200, "Two.\nlines."}, {226, "Done."}}
		cuts := rapid.SliceOf(rapid.IntRange(0, len(text))).Draw(t, "cuts")
		got, want := says(t, replies, text, cuts...), says(t, replies, text)
		if !slices.Equal(got, want) {
			t.Errorf("in pieces: got %q, want %q", got, want)
		}
		for _, line := range got {
			if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\r\n") {
				t.Errorf("one call writes %q, want a line", line)
			}
		}
	})
}

func FuzzParsePort(f *testing.F) {
	f.Add("PORT", "198,51,100,100,12,100")
	f.Add("EPRT", "|1|198.51.100.100|3172|")
	f.Add("EPRT", "|2|2001:db8::1|3172|")
	f.Fuzz(func(t *testing.T, verb, argument string) {
		addr, err := parsePort(verb, argument)
		if err == nil && (!addr.IsValid() || addr.Port() == 0 || addr.Addr().Is4In6()) {
			t.Errorf("%s %q: got %s", verb, argument, addr)
		}
	})
}

func FuzzReplyWriter(f *testing.F) {
	f.Add([]byte("211-a\r\n b\r\n211 c\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var sent lines
		w := replyWriter{to: &sent, wording: func(int, string) (Reply, bool) { return Reply{}, false }, done: func(int) {}, hides: func(int, string) bool { return false }, said: func(int) {}}
		w.Write(text)
		whole := text[:bytes.LastIndexByte(text, '\n')+1]
		if got := strings.Join(sent, ""); got != string(whole) && !bytes.Contains(text, []byte("212")) {
			t.Errorf("got %q, want %q", got, whole)
		}
	})
}
