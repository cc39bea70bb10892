package scenario

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const article = `# Active-mode listing
# The server connects to the client,
# from port 20.
#
# A second paragraph.

network wire rate=8Mbit loss=1% arp=cached
host client 198.51.100.100 window=65535 timestamps=off ports=3170-
host server 192.0.2.21 rtt=107ms df=off
late server.20 > client [P.] length=1167 by=2ms overtaken
file pub/big.bin 10MiB seed=7
user alice secret

open
login anonymous me@mypc.test
active 3172
ls
! get "no such file"  # says 550
quote SITE "x # y
session bob
open
get pub/big.bin &
wait
quit nowait

-- files/README --
Welcome.
-- files/empty/ --
-- replies --
220 Hello.
230-First.
 230 is not the end.
230- Nor is this.
220 Another code.

230 Last.
-- want --
ctl   client.*  > server.21
-- figures --
ctl.rtt = 107ms ± 5ms
`

func TestParse(t *testing.T) {
	s, err := Parse("dir/article.txtar", []byte(article))
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %#v, want %#v", what, got, want)
		}
	}
	check("name", s.Name, "article")
	check("title", s.Title, "Active-mode listing")
	check("story", s.Story, "The server connects to the client, from port 20.\n\nA second paragraph.")
	check("rate", s.Network.Rate, int64(8e6))
	check("loss", s.Network.Loss, 0.01)
	check("arp", s.Network.ARP, ARPCached)
	client, _ := s.Host("client")
	check("window", client.Window, 65535)
	check("timestamps", client.NoTimestamps, true)
	check("ports", client.Ports[0], PortRange{First: 3170, Last: 65535})
	server, _ := s.Host("server")
	check("rtt", server.RTT, 107*time.Millisecond)
	check("late", s.Network.Late[0], Late{Line: 10, From: "server", FromPort: 20, To: "client", Flags: Flags{Set: 0x18, Mask: 0xff}, Length: 1167, Count: 1, By: 2 * time.Millisecond, Overtaken: true})
	check("user", s.Server.Users[0], User{"alice", "secret"})
	check("steps", len(s.Steps), 10)
	check("volume", s.Network.Volume, int64(10<<20))
	check("refused", s.Steps[4].Refused, true)
	check("port", s.Steps[2].Port, uint16(3172))
	check("quoted", s.Steps[4].Path, "no such file")
	check("quote", s.Steps[5].Command, `SITE "x # y`)
	check("session", s.Steps[6].Session, "bob")
	check("background", s.Steps[7].Background, true)
	check("line", s.Steps[0].Line, 14)
	check("replies", len(s.Server.Replies), 2)
	check("multi-line reply", s.Server.Replies[1].Text, "First.\n 230 is not the end.\n230- Nor is this.\n220 Another code.\n\nLast.")
	check("want line", s.Want.Line, strings.Count(article[:strings.Index(article, "ctl   client")], "\n")+1)
	check("figures line", s.Figures.Line, strings.Count(article[:strings.Index(article, "ctl.rtt")], "\n")+1)
	readme, ok := find(s.Files, "README")
	check("file", ok && string(readme.Content) == "Welcome.\n", true)
	_, ok = find(s.Files, "empty/")
	check("folder", ok, true)
}

// TestCommandWords splits the commands of steps run and of the setting program.
func TestCommandWords(t *testing.T) {
	for _, test := range []struct {
		command string
		want    []string
	}{
		{`sh -c 'echo "a b" \n # c'`, []string{"sh", "-c", `echo "a b" \n # c`}},
		{`sh -c "echo 'a'; printf \"x\\n\""`, []string{"sh", "-c", `echo 'a'; printf "x\n"`}},
		{`curl --user='a b':"c d" x#y ''`, []string{"curl", "--user=a b:c d", "x#y", ""}},
		{`echo it"'"s`, []string{"echo", "it's"}},
	} {
		s, err := Parse("x.txtar", []byte("program "+test.command+"\nopen\nrun "+test.command+" brings README 'b &'\nrun echo 'brings' x '&' # a comment\n"))
		if err != nil {
			t.Errorf("%s: %v", test.command, err)
			continue
		}
		if !slices.Equal(s.Server.Program, test.want) || !slices.Equal(s.Steps[1].Program, test.want) {
			t.Errorf("%s: got program %q and run %q, want both %q", test.command, s.Server.Program, s.Steps[1].Program, test.want)
		}
		if got, want := s.Steps[1].Brings, []string{"README", "b &"}; !slices.Equal(got, want) {
			t.Errorf("%s: got brings %q, want %q", test.command, got, want)
		}
		if got, want := s.Steps[2].Program, []string{"echo", "brings", "x", "&"}; !slices.Equal(got, want) {
			t.Errorf("quoted words of the language: got %q, background %v, want %q", got, s.Steps[2].Background, want)
		}
	}
}

// TestBackground has the ways to write &. It is never a part of a command that is the rest of the line.
func TestBackground(t *testing.T) {
	for _, test := range []struct{ step, command string }{
		{"upload x STOU &", "STOU"},
		{"download RETR  a b &", "RETR  a b"},
		{"! download RETR x \t & ", "RETR x"},
		{"expect 200: quote SITE A && &", "SITE A &&"},
		{"get x &", ""},
	} {
		s, err := Parse("x.txtar", []byte("open\n"+test.step+"\nquote SITE a&\nwait\n-- local/x --\nx\n"))
		if err != nil {
			t.Errorf("%s: %v", test.step, err)
			continue
		}
		if got := s.Steps[1]; !got.Background || got.Command != test.command {
			t.Errorf("%s: got the command %q, background %v; want %q, in the background", test.step, got.Command, got.Background, test.command)
		}
		if got := s.Steps[2]; got.Background || got.Command != "SITE a&" {
			t.Errorf("quote SITE a&: got the command %q, background %v", got.Command, got.Background)
		}
	}
}

// TestShortest parses the shortest file there is: everything has a default.
func TestShortest(t *testing.T) {
	s, err := Parse("x.txtar", []byte("open\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Network.Kind != Loopback || len(s.Network.Hosts) != 2 || s.Network.Hosts[0].Addr.String() != "127.0.0.1" {
		t.Errorf("got plan %+v, want loopback with client and server on 127.0.0.1", s.Network)
	}
	if s, err = Parse("x.txtar", []byte("\ufeffnetwork wire ipv6\r\nopen\r\nquit\r\n")); err != nil {
		t.Fatal(err)
	}
	if got := s.Network.Hosts[1].Addr.String(); got != "2001:db8:2::21" {
		t.Errorf("server's address on wire ipv6: got %s, want 2001:db8:2::21", got)
	}
	for _, kind := range []string{"loopback", "wire", "loopback ipv6", "wire ipv6"} {
		addr := "192.0.2.21"
		if strings.HasSuffix(kind, "ipv6") {
			addr = "2001:db8:2::21"
		}
		if _, err := Parse("x.txtar", []byte("network "+kind+"\nname ftp.example.test "+addr+"\nopen ftp.example.test\nquit\n")); err != nil {
			t.Errorf("a name on network %s: %v", kind, err)
		}
	}
}

// TestLineEnds has a file whose sections have line ends of their own, and one
// that an editor wrote which ends every line so.
func TestLineEnds(t *testing.T) {
	const source = "open\nput x\n-- local/x --\na\r\nb\n-- replies --\n220 Hello.\r\n-- want --\nctl\r\n"
	for _, test := range []struct{ source, file, want string }{
		{source, "a\r\nb\n", "ctl\n"},
		{strings.ReplaceAll(strings.ReplaceAll(source, "\r", ""), "\n", "\r\n"), "a\nb\n", "ctl\n"},
	} {
		s, err := Parse("x.txtar", []byte(test.source))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(s.Local[0].Content); got != test.file || s.Want.Text != test.want || s.Server.Replies[0].Text != "Hello." {
			t.Errorf("%q: got file %q, want %q and reply %q", test.source, got, s.Want.Text, s.Server.Replies[0].Text)
		}
	}
}

// TestSessions says which session and host each step is of.
func TestSessions(t *testing.T) {
	s, err := Parse("x.txtar", []byte("network wire\nhost laptop 203.0.113.7\nopen\nsession second laptop\nopen\nsession first\nquit\nsession second\nquit\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, step := range s.Steps {
		got = append(got, step.Verb+" "+step.Session+" "+step.Host)
	}
	if want := "open first client, open second laptop, quit first client, quit second laptop"; strings.Join(got, ", ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
	}
	if _, err := Parse("x.txtar", []byte("network wire\nhost laptop 203.0.113.7\nsession first laptop\nopen\n")); err != nil {
		t.Errorf("the first session on another host: %v", err)
	}
	if _, err := Parse("x.txtar", []byte("network wire\nname a.test 192.0.2.21\nopen\nsession b server\ndial client.40000\nrun nc client 40000\nsession c nameserver\nopen\n")); err != nil {
		t.Errorf("sessions on hosts that no line mentions: %v", err)
	}
}

// TestSettingsThatHaveAnEffect are those that another setting gives one.
func TestSettingsThatHaveAnEffect(t *testing.T) {
	for _, settings := range []string{
		"network wire queue=64KiB rate=8Mbit", "network wire queue=64KiB\nhost server 192.0.2.21 rate=1Mbit",
		"network wire pathmtu=1500", "network wire mtu=9000 pathmtu=4000", "network wire pathmtu=1600\nhost client 198.51.100.100 mtu=9000",
		"network wire icmp=off pathmtu=1400",
		"network wire start=2001-09-11T09:00:00Z", "network wire tcp=gvisor start=2001-09-11T09:00:00Z",
		"host server 127.0.0.1 cork=on", "host client 127.0.0.1 cork=off", "client scripted reuse=on", "server tls=explicit\nclient scripted reuse=off",
	} {
		if _, err := Parse("x.txtar", []byte(settings+"\nopen\nquit\n")); err != nil {
			t.Errorf("%s: %v", settings, err)
		}
	}
}

// TestRepliesByHand has steps after commands that were sent by hand and have no reply to come.
func TestRepliesByHand(t *testing.T) {
	for _, steps := range []string{
		"send RETR x\nawait 150\nread 1\nsend ABOR\nawait 226\nnoop", `write "\xff\xf4"` + "\nurgent \"\\xff\\xf2\"\nnoop", `write "NOO"` + "\n" + `write "P\r\n"` + "\nawait\nnoop",
		`write "AUTH TLS\r\nNOOP\r\n"` + "\nawait 234\ntls\npwd", "send NOOP\nclose\nopen\nnoop", "send QUIT\nhangup\nopen\nnoop", "send NOOP\nquit nowait\nopen\nnoop",
		"close\nopen nowait\nactive\npause 1s\nawait\nnoop", "close\nopen nowait\nwrite \"PROXY TCP4 203.0.113.7 192.0.2.21 40000 21\\r\\n\"\nawait\nnoop", "close\nopen nowait\nhangup\nopen\nnoop", "close\nopen nowait\nquit nowait\nopen\nnoop",
		"send NOOP\nsession b\nopen\nnoop\nsession first\nactive\npause 1s\nawait\nnoop",
		"send noop\npwd\n-- server --\non 1st NOOP: nothing", "send RETR x\nawait 150\npwd\n-- server --\non RETR x: reply 150 Go.; send",
	} {
		if _, err := Parse("x.txtar", []byte("server tls=explicit\nopen\n"+steps+"\n")); err != nil {
			t.Errorf("%s: %v", steps, err)
		}
	}
}

// TestRepliesWithoutEnd has rules whose replies end, or need no end, or the steps take them by hand or as a break.
func TestRepliesWithoutEnd(t *testing.T) {
	const unended = "open\n-- server --\non NOOP: reply 200-"
	for _, source := range []string{
		unended + "a; reply 200-b; write \"2\"; write \"00 c\\r\\n\"", unended + "a; as usual", unended + "a; close", unended + "a; fall silent",
		"expect timeout: " + unended, "open nowait\nawait\nsend X\n" + strings.TrimPrefix(unended, "open\n"), "run true &\n" + unended, "# For a client of a test\n" + strings.TrimPrefix(unended, "open\n"),
	} {
		if _, err := Parse("x.txtar", []byte(source+"\n")); err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// TestPatterns holds that in the argument of a rule and in the "LINE" of a packet only * is special.
func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"[x].txt", "[x].txt", true}, {"[x].txt", "x.txt", false}, {"what?", "what?", true}, {"what?", "what!", false}, {`c:\dir`, `c:\dir`, true},
		{"[x", "[x", true}, {"pub/*", "pub/a/b", true}, {"*:)*", "eve:)", true}, {"a*a", "a", false}, {"a*b*c", "abbc", true}, {"a*b*c", "acb", false},
	} {
		s, err := Parse("x.txtar", []byte("network wire\ndrop client > server "+strconv.Quote("RETR "+test.pattern)+"\nopen\n-- server --\non RETR "+test.pattern+": nothing\n"))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := s.Server.Rules[0].Matches("RETR", test.text); got != test.want {
			t.Errorf("on RETR %s: got %v for %s", test.pattern, got, test.text)
		}
		if got := s.Network.Rules[0].MatchesPayload([]byte("RETR " + test.text + "\r\n")); got != test.want {
			t.Errorf("drop RETR %s: got %v for %s", test.pattern, got, test.text)
		}
	}
}

// TestOpenAgain opens a session anew after its end.
func TestOpenAgain(t *testing.T) {
	if _, err := Parse("x.txtar", []byte("open\nquit\nopen\nhangup\nopen\nquit\n")); err != nil {
		t.Error(err)
	}
}

func TestLoad(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.txtar")
	if _, err := Load(missing); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("got error %v, want one that names %s", err, missing)
	}
	large := filepath.Join(t.TempDir(), "large.txtar")
	if err := os.WriteFile(large, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, maxSource+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(large); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("got error %v, want one that says how large a file may be", err)
	}
}

// TestTryPassesPanicsOn has a part of the parser panic by a mistake in its code: that is not
// taken for a line without mistakes.
func TestTryPassesPanicsOn(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("got no panic, want that of the index")
		}
	}()
	var words []string
	new(parser).try(func() { _ = words[0] })
}

// FuzzParse looks for a file that makes the parser panic, or that it refuses without a place.
func FuzzParse(f *testing.F) {
	f.Add(article)
	f.Add("open\n-- replies --\n220-x\n")
	f.Add("network wire\nopen\n-- server --\non 2nd RETR: reply 150 Go.; send 100; reset data\n")
	f.Fuzz(func(t *testing.T, source string) {
		if _, err := Parse("fuzz.txtar", []byte(source)); err != nil && !strings.HasPrefix(err.Error(), "fuzz.txtar:") {
			t.Errorf("an error without its place: %v", err)
		}
	})
}

// TestContentLikeSections checks that lines of a file which only resemble a section
// stay its content.
func TestContentLikeSections(t *testing.T) {
	text := "--\n---\n-- server\n--config\n- want -\nwant\n--want=1\n"
	s, err := Parse("x.txtar", []byte("open\nquit\n-- files/a --\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.Files[0].Content); got != text {
		t.Errorf("content %q, want %q", got, text)
	}
}
