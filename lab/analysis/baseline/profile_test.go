package baseline

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
	"ftplab/lab/traffic"
)

// learned is the profile of a forged capture.
func learned(t *testing.T, name string, plays ...func(*forge.Capture)) *profile.Profile {
	t.Helper()
	f := forge.New()
	for _, play := range plays {
		play(f)
		f.Pass(time.Second)
	}
	return learn(t, gathered(f, t), name)
}

func written(t *testing.T, p *profile.Profile) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestProfileMerges learns from two captures at once, one after the other, and
// through a file.
func TestProfileMerges(t *testing.T) {
	first := []func(*forge.Capture){transfer(0, "RETR a", answerer, 5000), active(":20")}
	second := []func(*forge.Capture){transfer(0, "STOR b", opener, 100), session1("> NOOP\n< 200 ok")}
	want := learned(t, "both", append(slices.Clone(first), second...)...)
	a, err := profile.Read(strings.NewReader(written(t, learned(t, "a", first...))))
	if err != nil {
		t.Fatal(err)
	}
	a.Merge(learned(t, "b", second...))
	if got := strings.Join(a.Sources, " "); got != "a b" {
		t.Errorf("got sources %s, want a b", got)
	}
	a.Sources = want.Sources
	if got := a.Traffic.Clients; got != 2 {
		t.Errorf("got %d clients, want 2: the same address in two captures may be two clients", got)
	}
	a.Traffic.Clients, a.Traffic.Servers, a.Traffic.SessionsAClient = want.Traffic.Clients, want.Traffic.Servers, want.Traffic.SessionsAClient
	if got := a.Traffic.ServerSquares; got != 2*2+2*2 {
		t.Errorf("got squares that add up to %d, want 8: two servers with two sessions each", got)
	}
	a.Traffic.ServerSquares = want.Traffic.ServerSquares
	if got, want := written(t, a), written(t, want); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestProfileKnows looks up what must be in the profile of one session.
func TestProfileKnows(t *testing.T) {
	p := learned(t, "one", active(":20"))
	for what, got := range map[string]int{
		"sessions":       p.Sessions,
		"transfers":      p.Transfers,
		"LIST":           p.Commands["LIST"],
		"PORT then LIST": p.Transitions["PORT"]["LIST"],
		"begins":         p.Transitions[profile.Start]["USER"],
		"ends":           p.Transitions["QUIT"][profile.End],
		"226":            p.Replies["LIST"]["226"],
		"greeting":       p.Replies[profile.Start]["220"],
		"history":        p.Histories["active"]["ShADFf"],
	} {
		if got != 1 {
			t.Errorf("%s: got %d, want 1 of %v", what, got, p.Histories)
		}
	}
	for name, want := range map[string]int64{
		"round-trip-time": 2, "reply-time": 5, "think-time": 4, "transfer-bytes": 1, "packet-length": int64(p.Packets),
	} {
		if got := p.Distributions[name].Count; got != want {
			t.Errorf("%s: got %d values, want %d", name, got, want)
		}
	}
	if got := p.Distributions["transfer-bytes"].Max; got != 55 {
		t.Errorf("got a transfer of %v bytes, want 55", got)
	}
}

func TestReadProfileRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                                       "not a profile",
		`{}`:                                     `its format is ""`,
		`{"format": "another"}`:                  `"another"`,
		`{"format": "ftplab normal"}`:            "version 0",
		`{"format":"ftplab normal","version":9}`: "version 9",
		`{"format":"ftplab normal","version":1,"distributions":{"reply-time":{"count":1}}}`: "buckets",
		"[]": "line 1: this is not a profile: an object was expected",
		"{\n\"format\": \"ftplab normal\"\n\"version\": 1\n}":      "line 3: this is not a profile: invalid character",
		"{\n\"packets\":\n\"1\"}":                                  `line 3: this is not a profile: its field "packets" has a value of another kind`,
		"{\n\"commands\": {\n":                                     "line 2: this is not a profile: unexpected end of JSON input",
		"{\n\"distributions\": {\"reply-time\": {\"count\": []}}}": "not a profile: a distribution has a value of another kind",
	} {
		_, err := profile.Read(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
	p, err := profile.Read(strings.NewReader("\ufeff" + `{"format":"ftplab normal","version":1,"commands":null,"distributions":{"reply-time":null}}`))
	if err != nil {
		t.Fatal(err)
	}
	if a := check(t, forgedEvidence(t, session1("")), p); a.Verdict != IsNormal {
		t.Errorf("got %v from an empty profile, want %s", a, IsNormal)
	}
}

// TestUnusualValues holds a capture against a profile of others.
func TestUnusualValues(t *testing.T) {
	var plays []func(*forge.Capture)
	for range 25 {
		plays = append(plays, active(":20"))
	}
	normal := learned(t, "normal", plays...)
	f := forge.New()
	active(":20")(f)
	if got := check(t, gathered(f, t), normal); got.Verdict != IsNormal || len(got.Findings) > 0 {
		t.Errorf("the same again: got %v, want nothing", got)
	}

	f = forge.New()
	c := f.Control().Say(hello).Say("> SYST")
	f.Pass(time.Minute)
	c.Say("< 215 UNIX\n> NOOP\n< 200 ok").Say(bye).Peer.Close()
	got := check(t, gathered(f, t), normal)
	if got.Verdict != IsUnusual || count(got, "reply-time", rules.Odd) != 1 || count(got, "unknown-commands", rules.Note) != 1 {
		t.Errorf("a slow answer: got %v, want %s for reply-time, and a note on the commands", got, IsUnusual)
	}

	f = forge.New()
	far, server := f.Pair(aClient+":4000", aServer+":21")
	far.SegmentAt(-1, "S", "")
	f.Pass(3 * time.Second)
	server.SegmentAt(-1, "S.", "")
	far.ACK()
	far.Say(hello).Say(bye).Peer.Close()
	if got := check(t, gathered(f, t), normal); got.Verdict != IsNormal || count(got, "round-trip-time", rules.Note) != 1 {
		t.Errorf("a long way: got %v, want %s, and a note on round-trip-time", got, IsNormal)
	}
}

// TestExpectedDelays holds replies that may take a while against a profile of others.
func TestExpectedDelays(t *testing.T) {
	for _, test := range []struct {
		name string
		want Verdict
		say  func(f *forge.Capture, c *forge.End)
	}{
		{"a disk that wakes", IsNormal, func(f *forge.Capture, c *forge.End) {
			c.Say("> SIZE a")
			f.Pass(14 * time.Second)
			c.Say("< 213 1\n> SIZE b\n< 213 1")
		}},
		{"a disk that wakes twice", IsUnusual, func(f *forge.Capture, c *forge.End) {
			for range 2 {
				c.Say("> SIZE a")
				f.Pass(14 * time.Second)
				c.Say("< 213 1")
			}
		}},
		{"a server that cannot connect, and a client that can", IsNormal, func(f *forge.Capture, c *forge.End) {
			c.Say("> PORT 198,51,100,100,190,7\n< 200 ok\n> LIST")
			f.Pass(2 * time.Minute)
			c.Say("< 425 no connection")
			move(c, 25600, "LIST", "total 0\r\n")
		}},
		{"a server that cannot connect", IsUnusual, func(f *forge.Capture, c *forge.End) {
			for range 2 {
				c.Say("> PORT 198,51,100,100,190,7\n< 200 ok\n> LIST")
				f.Pass(2 * time.Minute)
				c.Say("< 425 no connection")
			}
		}},
		{"a client whose SYNs are not answered", IsNormal, func(f *forge.Capture, c *forge.End) {
			for i := range 2 {
				c.Say("> PASV\n< 227 (192,0,2,21,100," + strconv.Itoa(i) + ")")
				overhear(f, aClient, addrPort(aServer, 25600+i)).Segment("S", "")
				c.Say("> LIST")
				f.Pass(45 * time.Second)
				c.Say("< 425 no connection")
			}
		}},
		{"a file that comes from a tape", IsNormal, func(f *forge.Capture, c *forge.End) {
			c.Say("> PASV\n< 227 (192,0,2,21,100,0)")
			d := dial(f, aClient, aServer+":25600")
			c.Say("> RETR a")
			f.Pass(95 * time.Second)
			c.Say("< 150 here")
			d.Peer.Segment("P.", "a")
			d.Peer.Close()
			c.Say("< 226 done")
		}},
		{"a server that reads no command during a transfer", IsNormal, func(f *forge.Capture, c *forge.End) {
			c.Say("> PASV\n< 227 (192,0,2,21,100,0)\n> STOR a\n< 150 go on")
			d := dial(f, aClient, aServer+":25600")
			c.Say("> NOOP")
			f.Pass(95 * time.Second)
			d.Segment("P.", "a")
			d.Close()
			c.Say("< 226 done\n< 200 ok")
		}},
		{"a capture that begins in a transfer, during which the server reads no command", IsNormal, func(f *forge.Capture, c *forge.End) {
			f.Frames = nil
			c.Say("> NOOP")
			f.Pass(95 * time.Second)
			c.Say("< 226 done\n< 200 ok\n> PWD\n< 257 \"/\"")
		}},
		{"a client that cannot connect", IsUnusual, func(f *forge.Capture, c *forge.End) {
			for i := range 2 {
				c.Say("> PASV\n< 227 (192,0,2,21,100," + strconv.Itoa(i) + ")\n> LIST")
				f.Pass(45 * time.Second)
				c.Say("< 425 no connection")
			}
		}},
	} {
		f := forge.New()
		c := f.Control().Say(hello)
		test.say(f, c)
		c.Say(bye).Peer.Close()
		if got := check(t, gathered(f, t), profile.Normal()); got.Verdict != test.want {
			t.Errorf("%s: got %v, want %s", test.name, got, test.want)
		}
	}
}

// TestUnknownSuccessions holds the order of commands against the profile that comes with ftplab. It tells only
// where a sequence has begun.
func TestUnknownSuccessions(t *testing.T) {
	for said, want := range map[string]int{
		"> RNFR a\n< 350 and?\n> RNTO b\n< 250 ok":                      0,
		"> PORT 198,51,100,100,12,100\n< 200 ok\n> REST 7\n< 350 go on": 0,
		"> RNFR a\n< 350 and?\n> STOR b\n< 150 go on\n< 226 done":       1,
	} {
		if got := check(t, forgedEvidence(t, session1(said)), profile.Normal()); count(got, "unknown-successions", rules.Note) != want {
			t.Errorf("%s: got %v, want %d of unknown-successions", said, got, want)
		}
	}
}

// TestManyPictures stores many small files on a fast line, against a profile of sessions with one file.
func TestManyPictures(t *testing.T) {
	pictures := func(n int) func(*forge.Capture) {
		var files [][2]string
		for i := range n {
			files = append(files, [2]string{fmt.Sprintf("STOR DSC_%04d.JPG", i), "a picture"})
		}
		return moves(files...)
	}
	normal := learned(t, "normal", slices.Repeat([]func(*forge.Capture){pictures(1)}, 25)...)
	if got := check(t, forgedEvidence(t, pictures(60)), normal); got.Verdict != IsNormal || count(got, "data-connections-a-minute", rules.Note) != 1 {
		t.Errorf("got %v, want %s with a note on their number", got, IsNormal)
	}
}

// TestShow looks for what an analyst wants to see.
func TestShow(t *testing.T) {
	var b strings.Builder
	if err := WriteText(&b, learned(t, "one", active(":20"))); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"The server speaks first", "RFC 959", "round trip time", "median", "█", "PORT", "LIST 100 %", "ShADFf",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("got no %q in:\n%s", want, b.String())
		}
	}
}

// TestProfileKeepsNoNames learns from a capture full of names, and looks for them in the
// file.
func TestProfileKeepsNoNames(t *testing.T) {
	f := forge.New()
	c := f.Control()
	c.Say("< 220 secrethost.example secretserver ready\n> USER secretuser\n< 331 secretuser may\n> PASS secretword\n< 230 hello secretuser\n" +
		"> CWD secretfolder\n< 250 in secretfolder\n> SECRETVERB secretargument\n< 500 secretreply\n> SITE secretsite\n< 200 secretsite")
	f.Pass(time.Second)
	c.Say("> PASV\n< 227 Entering (192,0,2,21,100,1)\n> RETR secretfile.txt\n< 150 secretfile.txt")
	c.Say("< 226 sent secretfile.txt").Say(bye).Peer.Close()
	p := learn(t, gathered(f, t), "named by the user")
	if p.Traffic.Sessions() != 1 || len(p.Traffic.Kind(traffic.KindName{Who: traffic.Program, ControlOnly: true}.String()).Follows) < 5 {
		t.Fatalf("got %+v, want a session of some commands", p.Traffic)
	}
	text := strings.ToLower(written(t, p))
	for _, secret := range []string{"secret", "198.51", "192.0.2", "192,0,2", "hello", ".txt"} {
		if strings.Contains(text, secret) {
			t.Errorf("the profile has %q:\n%s", secret, text)
		}
	}
}
