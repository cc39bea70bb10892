package lab

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/conform"
	"ftplab/lab/scenario"
	conformance "ftplab/scenarios/conform"
)

// conformed tries the lab's own server, with rules, in virtual time.
func conformed(t *testing.T, rules string) []conform.Result {
	t.Helper()
	found, err := Conform(t.Context(), conformance.Program{Rules: rules}, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: rules != ""})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(conform.ServerRules()) {
		t.Fatalf("got %d results, want one for each of %d rules", len(found), len(conform.ServerRules()))
	}
	return found
}

// TestConformWithoutGreeting has servers that accept connections and send nothing: the table says
// why nothing can be judged.
func TestConformWithoutGreeting(t *testing.T) {
	for rule, want := range map[string]string{
		"pause 1h": "the server sends no greeting, up to frame ",
		"close":    "the server closes the connection in frame ",
		"reset":    "the server resets the connection in frame ",
	} {
		found, err := Conform(t.Context(), conformance.Program{Rules: "on connect: " + rule}, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: true})
		if !errors.Is(err, conform.ErrNoSession) || len(found) != len(conform.ServerRules()) {
			t.Fatalf("%s: got error %v and %d results, want %v and one for each rule", rule, err, len(found), conform.ErrNoSession)
		}
		for _, r := range found {
			verdict := conform.NotApplicable
			if r.Text == conform.GreetingRule {
				verdict = conform.Breaks
			}
			if r.Verdict != verdict || !strings.HasPrefix(r.Seen, want) || r.Frame == 0 || r.Capture == "" {
				t.Errorf("%s: %s: got %+v, want %s: %s", rule, named(r), r, verdict, want)
			}
		}
	}
}

// named is a rule in a line.
func named(r conform.Result) string { return r.RFC + ", " + r.Section + ": " + r.Text }

// TestConformOfOwnServer has the table of the lab's own server, which keeps all rules.
func TestConformOfOwnServer(t *testing.T) {
	own := conformed(t, "")
	for _, r := range own {
		if r.Verdict == conform.Breaks || r.Verdict == conform.NotApplicable && r.RFC != "4217" && r.RFC != "2228" {
			t.Errorf("%s: got %s, %s", named(r), r.Verdict, r.Seen)
		}
		if r.Verdict == conform.Keeps && (r.Frame == 0 || r.Seen == "") {
			t.Errorf("%s: got frame %d and %q, want what shows it", named(r), r.Frame, r.Seen)
		}
	}
	t.Run("with another user", func(t *testing.T) { withAnotherUser(t, own) })
}

// withAnotherUser has users whose names and passwords are not those of the scenarios: the
// table is the same, except that a guest's password cannot be wrong. With -short it has the
// guest, and the user whose name and password have characters that mean something else.
func withAnotherUser(t *testing.T, own []conform.Result) {
	users := []struct{ user, password, differs string }{
		{"anonymous", "me@mypc.test", "A wrong PASS gets 530."},
		{"al ice", `a "b" #c`, ""},
		{"bob", "wrong", ""},
		{"secret", "alice", ""},
		{"ftp", "x", ""},
	}
	if testing.Short() {
		users = users[:2]
	}
	for _, test := range users {
		found, err := Conform(t.Context(), conformance.Program{User: test.user, Password: test.password}, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: true})
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range found {
			want := own[i].Verdict
			if r.Text == test.differs {
				want = conform.NotApplicable
			}
			if r.Verdict != want {
				t.Errorf("%s: %s: got %s, %s, want %s", test.user, named(r), r.Verdict, r.Seen, want)
			}
		}
	}
}

// TestConformSplitsUser wants another user's name in the USER that is sent in two segments, too.
func TestConformSplitsUser(t *testing.T) {
	s, err := conformance.Server("segments", conformance.Program{User: `al "ice"`, Password: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if want := `write "SER al \"ice\"\r\n"`; !strings.Contains(string(s.Source), want) {
		t.Errorf("got\n%s\nwant %s", s.Source, want)
	}
}

// TestConformStartsByInetd wants the word inetd to mean what it means in the setting program.
func TestConformStartsByInetd(t *testing.T) {
	s, err := conformance.Server("session", conformance.Program{Command: []string{"inetd", "ftpd", "-l"}, User: "alice", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Server.Inetd || !slices.Equal(s.Server.Program, []string{"ftpd", "-l"}) {
		t.Errorf("got %q, by inetd: %v", s.Server.Program, s.Server.Inetd)
	}
}

// TestConformSaysWhatIsWrong has commands and users that cannot be tried: the error is about them,
// and not about a scenario that the user does not have.
func TestConformSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		program conformance.Program
		want    string
	}{
		{conformance.Program{Command: []string{"true"}, User: "a b", Password: "c"}, "--user a b: a program's users are accounts of its system"},
		{conformance.Program{Command: []string{"no-such-server"}, User: "a", Password: "c"}, "program no-such-server: no program of this name was found; looked at "},
	} {
		_, err := Conform(t.Context(), test.program, Options{Results: t.TempDir()})
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%v: got %v, want %s", test.program, err, test.want)
		}
		if errors.As(err, new(scenario.Errors)) { // which the command prints in place of the error
			t.Errorf("%v: the error is one of a scenario: %v", test.program, err)
		}
	}
	gvisor := Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: true}
	full := conformance.Program{User: "alice", Password: "secret", Rules: "on connect: reply 120 Wait.; reply 421 Too many.; close\n"}
	if _, err := Conform(t.Context(), full, gvisor); err == nil || !strings.Contains(err.Error(), "the server takes no session: its greeting is 120 in frame 4, 421 in frame ") {
		t.Errorf("a greeting 421: got %v", err)
	}
	want := "a program uses the kernel's sockets, and so needs Linux's TCP: it cannot run with --tcp gvisor, with tcp=gvisor, or in a browser"
	if _, err := ConformClient(t.Context(), conformance.Program{Command: []string{"true"}, User: "a", Password: "c"}, gvisor); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// brokenServers are rules of the lab's server by which it breaks those of the RFCs.
var brokenServers = []string{`
on connect: reply 200 Hello.
on USER: reply 530 No.
`, `
on 1st NOOP: reply 250 Well.
on QUIT: reply 226 Bye.
on USER: as usual
on 7th TYPE: reply 200 Fine.
on PASS not-the-password: reply 230 Come in.
on PASS secret: as usual
on TYPE Z: reply 200 Fine.
on TYPE A N: reply 504 No.
on TYPE L 8: reply 504 No.
on type i: reply 500 What?
on XYZZY: reply 200 Fine.
on ALLO: reply 550 No.
on ACCT: reply 200 Fine.
on CWD drafts: reply 200 Fine.
on CWD nowhere: reply 250 Fine.
on CDUP: reply 502 No.
on PWD: reply 257 /pub
on MKD: reply 250 Done.
on RNFR README: reply 250 Done.
on RNFR nothing: reply 350 Go on.
on RNTO something: reply 550 No.
on DELE READ.ME: reply 200 Done.
on DELE nothing: reply 250 Done.
on SYST: reply 200 UNIX
on HELP: reply 502 No.
on STAT: reply 502 No.
on FEAT: reply 211 None.
on OPTS: reply 200 Fine.
on ABOR: reply 200 Fine.
on SIZE data.bin: reply 213 1.
on SIZE nothing: reply 213 0
on MDTM data.bin: reply 213 Tuesday.
on MDTM nothing: reply 213 19850101000000
on MLST: reply 250 Type=file
on RETR nothing: reply 150 Here.; open data; close data; reply 550 No.
on RETR README: reply 150 Here.; reply 530 No.
on RETR: reply 150 Here.; send; reset data; reply 226 Done.
on STOR: receive; reply 226 Done.
on STOU: reply 150 Sure.; receive; reply 226 Done.
on MLSD: reply 150 Here.; send "README\r\n"; reply 226 Done.
`, `
on PWD: reply 250 /
on MKD: reply 257 drafts
on STAT: write "211 Fine.\n"
on FEAT: reply 211-Features; reply SIZE; reply 211 End.
on ABOR: reply 502 No.
on RETR: send; pause 100ms; reply 150 Here.; reply 226 Done.
on LIST: reply 150 Here.; open data; reset data; reply 226 Done.
on STOR: reply 150 Here.; reply 226 Done.; pause 100ms; receive
on EPSV: reply 200 Fine.
on EPRT: reply 250 Fine.
on PORT: reply 250 Fine.
`, `
on 1st PASS: reply 230 Come in.
on FEAT: write "211-Features\r\n AUTH TLS\r\n211 End\r\n"
on ALLO: reply 200 Fine.; reply 200 And again.
on SYST: as usual; reply 215 And again.
`, `
on PASV: listen; reply 227 {port}
on EPSV 9: reply 501 No.
on EPSV ALL: reply 200 Fine.
on 2nd EPRT: reply 501 No.
`, `
on NLST: reply 150 Here.; send "a\nb\n"; reply 226 Done.
`, `
on LIST: send "no end"; reply 226 Done.
on PWD: fall silent
`, `
on RETR: reply 150 Here.; reply 226 Done.; pause 100ms; send
on NLST: reply 502 No.
on CDUP: reply 502 No.
`, `
on RETR: reply 150 Here.; send 10; reply 226 Done.
`, `
on RETR: send; reply 226 Done.
`, `
on PASS: log in; reply 200 Come in.; fall silent
`, `
on PASV: listen; reply 227 Yes (10,0,0,9,{p1},{p2})
`}

// TestConformOfBrokenServers breaks the server, and expects of each rule that one of
// the broken servers does not keep it.
func TestConformOfBrokenServers(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: two hundred sessions take place")
	}
	broken := map[string]bool{}
	for _, rules := range brokenServers {
		for _, r := range conformed(t, strings.TrimPrefix(rules, "\n")) {
			broken[named(r)] = broken[named(r)] || r.Verdict == conform.Breaks
		}
	}
	for _, r := range elsewhere(t) {
		broken[named(r)] = broken[named(r)] || r.Verdict == conform.Breaks
	}
	const always = "When the client closes the control connection" // the lab's server always closes, too
	for rule, is := range broken {
		if !is && !strings.Contains(rule, always) {
			t.Errorf("no broken server breaks it: %s", rule)
		}
	}
}

// TestConformOfFaults has servers with one fault each, and all rules that they do not keep.
func TestConformOfFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: two hundred sessions take place")
	}
	const oneReply = "Every line of the server is part of a reply, and each command gets one final reply."
	for rules, want := range map[string][]string{
		"on MLSD: fall silent":                                                    {oneReply},
		"on STOU: close":                                                          {oneReply, "The preliminary reply to STOU is FILE: and the name, in one line."},
		"on MODE: as usual; reply 200 And again.":                                 {oneReply},
		"on PASV: as usual; reply 200 And again.":                                 {oneReply},
		"on NLST: reply 502 No.":                                                  {"Every server has NLST."},
		"on PASS secret: log in; reply 200 Come in.":                              {conform.LoginRule},
		"on PASV: listen; reply 227 (10,0,0,9,{p1},{p2})":                         {"The reply to PASV names the server's own address.", "After EPSV ALL the server refuses PASV."},
		"on NLST pub: reply 150 Here.; send \"notes.txt\\r\\n\"; reply 226 Done.": {"NLST sends only a list of names, each of which RETR takes as it is."},
		"on EPSV: reply 229 Yes (|||9|)":                                          {"EPSV gets 229, and the data connection comes to its port."},
		"on PASV: listen; reply 227 (127,0,0,1,0,9)":                              {"PASV gets 227 and six numbers, and the data connection comes to their port.", "After EPSV ALL the server refuses PASV."},
		"on STOR: receive; reply 226 Done.":                                       {"STOR gets one preliminary and then one final reply."},
		"on MKD: reply 502 No.":                                                   {"MKD gets 257, and RMD gets 250."},
		"on FEAT: reply 550 No.":                                                  {"The reply to FEAT has a line for each feature, which begins with one space."},
		"on RETR data.bin: reply 150 Here.; send 99999; reply 226 Done.":          {"RETR in TYPE I sends a copy of the file.", "REST gets 350, and RETR begins at that byte."},
		"on RETR data.bin: reply 150 Here.; send \"{100000*A}\"; reply 226 Done.": {"RETR in TYPE I sends a copy of the file.", "REST gets 350, and RETR begins at that byte."},
		"on RETR data.bin: reply 550 No.":                                         {"RETR gets one preliminary and then one final reply."},
		"on RETR data.bin: open data; send; reply 226 Done.":                      {"RETR gets one preliminary and then one final reply.", "The preliminary reply comes before the data."},
	} {
		t.Run(rules, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, r := range conformed(t, rules+"\n") {
				if r.Verdict == conform.Breaks {
					got = append(got, r.Text)
				}
				if strings.HasPrefix(r.Seen, "the session ended before LIST") && !strings.HasPrefix(r.Seen, "the session ended before LIST: get data.bin: ") {
					t.Errorf("%s: got %q, want why the client ended it", named(r), r.Seen)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("not kept: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// TestConformLogin has a server that refuses the user, who may have another password, and one that lets
// the user in with the wrong code: it is tried, and the table says so.
func TestConformLogin(t *testing.T) {
	for rule, test := range map[string]struct {
		verdict conform.Verdict
		want    string
	}{
		"reply 530 No.":               {conform.NotApplicable, "the server does not let the user alice in: PASS secret: 530 in frame "},
		"log in; reply 200 Come in.":  {conform.Breaks, ""},
		"log in; reply 230 Come in.":  {conform.Keeps, ""},
		"reply 332 And your account?": {conform.Keeps, ""},
	} {
		program := conformance.Program{Rules: "on PASS: " + rule + "\n"}
		rules := slices.DeleteFunc(conform.ServerRules(), func(r conform.Rule) bool { return r.Text != conform.LoginRule })
		found, err := conformTo(t.Context(), rules, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: true}, func(name string) (*scenario.Scenario, error) {
			return conformance.Server(name, program)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := found[0]; got.Verdict != test.verdict {
			t.Errorf("%s: got %+v, want %s", rule, got, test.verdict)
		}
		err = notTried(found, conformance.Program{Command: []string{"ftpd"}, User: "alice"})
		if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: got %s, want %s", rule, got, test.want)
		}
	}
}

// TestConformOfDeafServer has a server that reads ABOR when the transfer is over, and
// answers as if it had come then.
func TestConformOfDeafServer(t *testing.T) {
	var aborts []conform.Rule
	for _, r := range conform.ServerRules() {
		if r.Scenario == "abort" {
			aborts = append(aborts, r)
		}
	}
	program := conformance.Program{Rules: "on RETR: reply 150 Here.; send; reply 226 Done.\non ABOR: reply 225 No transfer.\n"}
	found, err := conformTo(t.Context(), aborts, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: true}, func(name string) (*scenario.Scenario, error) {
		return conformance.Server(name, program)
	})
	if err != nil {
		t.Fatal(err)
	}
	var broken []string
	for _, r := range found {
		if r.Verdict == conform.Breaks {
			broken = append(broken, r.Seen)
		}
	}
	if len(broken) != 1 || !strings.Contains(broken[0], "it was not complete") {
		t.Errorf("not kept: got %q, want the transfer that went on after ABOR", broken)
	}
}

// TestConformOfSmallServer has a server without NLST, NOOP and PWD, which it says in the right
// way: rules about how listings and commands travel are not broken by that.
func TestConformOfSmallServer(t *testing.T) {
	program := conformance.Program{Rules: "on NLST: reply 502 No.\non NOOP: reply 502 No.\non PWD: reply 502 No.\n"}
	want := map[string]conform.Verdict{
		"NLST should use TYPE A, whatever the type is: its lines end with CR LF.": conform.NotApplicable,
		"A command may come in two segments.":                                     conform.Keeps,
		"Two commands may come in one segment.":                                   conform.Keeps,
		"The server refuses a Telnet option, and answers the command after it.":   conform.Keeps,
	}
	rules := slices.DeleteFunc(slices.Clone(conform.ServerRules()), func(r conform.Rule) bool { return want[r.Text] == "" })
	if len(rules) != len(want) {
		t.Fatalf("got %d rules, want %d", len(rules), len(want))
	}
	found, err := conformTo(t.Context(), rules, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: true}, func(name string) (*scenario.Scenario, error) {
		return conformance.Server(name, program)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range found {
		if r.Verdict != want[r.Text] {
			t.Errorf("%s: got %s, %s, want %s", named(r), r.Verdict, r.Seen, want[r.Text])
		}
	}
}

// elsewhere tries a server that opens active data connections from another port.
func elsewhere(t *testing.T) []conform.Result {
	t.Helper()
	found, err := conformTo(t.Context(), conform.ServerRules(), Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: true}, func(name string) (*scenario.Scenario, error) {
		s, err := conformance.Server(name, conformance.Program{})
		if err != nil {
			return nil, err
		}
		return scenario.Parse(s.File, bytes.Replace(s.Source, []byte("\nopen\n"), []byte("\nserver activeport=40020\nopen\n"), 1))
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestConformQuotesWhatIsNoReply has servers whose answer to a command is not a reply: the table
// says what came. It does not say that nothing came, or that the client waited in vain.
func TestConformQuotesWhatIsNoReply(t *testing.T) {
	codeless := regexp.MustCompile(`\b0 in frame`)
	for _, command := range []string{"NOOP", "SYST", "FEAT", "STOU", "type i"} {
		program := conformance.Program{Rules: fmt.Sprintf("on %s: reply 200ok\n", command)}
		rules := slices.DeleteFunc(slices.Clone(conform.ServerRules()), func(r conform.Rule) bool { return r.In("abort") || r.In("segments") || r.In("telnet") })
		found, err := conformTo(t.Context(), rules, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: true}, func(name string) (*scenario.Scenario, error) {
			return conformance.Server(name, program)
		})
		if err != nil {
			t.Fatal(err)
		}
		quoted := 0
		for _, r := range found {
			if r.Verdict == conform.Breaks && strings.Contains(r.Seen, `"200ok" in frame `) {
				quoted++
			}
			if strings.Contains(r.Seen, "no reply") || strings.Contains(r.Seen, "waited") || codeless.MatchString(r.Seen) {
				t.Errorf("%s: %s: got %s, %s, want what came", command, named(r), r.Verdict, r.Seen)
			}
		}
		if quoted == 0 {
			t.Errorf("%s: no rule that the server breaks quotes its line", command)
		}
	}
}
