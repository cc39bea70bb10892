package conform

import (
	"strconv"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
)

// said is a session with one command and the lines of its reply.
func said(command, argument string, code int, lines ...string) *facts {
	f := sessionOf(sent{command, argument, code, "", ""})
	r := f.session.Exchanges[0].Replies[0]
	r.Text = strings.Join(lines, "\n")
	for i, text := range lines {
		if i == len(lines)-1 {
			text = strconv.Itoa(code) + " " + text
		}
		r.Lines = append(r.Lines, &ftp.Line{Text: text})
	}
	return f
}

// TestPrescribedTexts has what servers say where an RFC prescribes more than the code.
func TestPrescribedTexts(t *testing.T) {
	protocols := namesProtocols("EPSV", "9")
	path, made := ruleOf(t, "The reply 257 to PWD"), ruleOf(t, "The reply 257 to MKD")
	for name, test := range map[string]struct {
		judge   judge
		session *facts
		want    Verdict
	}{
		"protocols":              {protocols, said("EPSV", "9", 522, "Not supported, use (1,2)"), Keeps},
		"one protocol":           {protocols, said("EPSV", "9", 522, "Not supported, use (2)"), Keeps},
		"no protocols":           {protocols, said("EPSV", "9", 522, "Bad network protocol."), Breaks},
		"names of protocols":     {protocols, said("EPSV", "9", 522, "Not supported, use (IPv4)"), Breaks},
		"others in front":        {protocols, said("EPSV", "9", 522, "Not (yet) supported, use (1)"), Breaks},
		"another code":           {protocols, said("EPSV", "9", 501, "Not supported, use (1)"), Breaks},
		"a path":                 {path, said("PWD", "", 257, `"/a ""b""" is the folder`), Keeps},
		"a path after a word":    {path, said("PWD", "", 257, `The folder is "/a"`), Breaks},
		"a new folder":           {made, said("MKD", "drafts", 257, `"/pub/drafts" created`), Keeps},
		"a new folder elsewhere": {made, said("MKD", "drafts", 257, `"C:\pub\DRAFTS" created`), Keeps},
		"a relative name":        {made, said("MKD", "drafts", 257, `"drafts" created`), Breaks},
		"a new folder after it":  {made, said("MKD", "drafts", 257, `"drafts" is /pub/drafts`), Breaks},
		"a unique name":          {namesUnique, said("STOU", "", 150, "FILE: a.1"), Keeps},
		"a name and a line":      {namesUnique, said("STOU", "", 150, "FILE: a.1", "Go on."), Breaks},
		"a name after a word":    {namesUnique, said("STOU", "", 150, "The FILE: a.1"), Breaks},
		"a feature":              {lists("SIZE"), said("FEAT", "", 211, "Features", " SIZE", "End"), Keeps},
		"in small letters":       {lists("SIZE"), said("FEAT", "", 211, "Features", " size", "End"), Keeps},
		"with its parameters":    {lists("MLST"), said("FEAT", "", 211, "Features", " MLST size*;", "End"), Keeps},
		"with other mechanisms":  {lists("AUTH TLS"), said("FEAT", "", 211, "Features", " AUTH TLS;TLS-C;SSL;", "End"), Keeps},
		"a longer name":          {lists("SIZE"), said("FEAT", "", 211, "Features", " SIZES", "End"), Breaks},
		"one space":              {featureLines, said("FEAT", "", 211, "Features", " SIZE", "End"), Keeps},
		"no space":               {featureLines, said("FEAT", "", 211, "Features", "SIZE", "End"), Breaks},
		"two spaces":             {featureLines, said("FEAT", "", 211, "Features", "  SIZE", "End"), Breaks},
		"facts":                  {machineListing, listed("type=file;size=3; a"), Keeps},
		"a name with spaces":     {machineListing, listed("type=file;  a b"), Keeps},
		"no facts":               {machineListing, listed(" a"), Keeps},
		"a fact of a system":     {machineListing, listed("OS/2.ea=1; a"), Keeps},
		"a name alone":           {machineListing, listed("a"), Breaks},
		"no space after facts":   {machineListing, listed("type=file;a"), Breaks},
		"no end of the fact":     {machineListing, listed("type=file a"), Breaks},
		"a space within facts":   {machineListing, listed("type=file; size=3; a"), Keeps}, // of a name "size=3; a"
		"a space within a value": {machineListing, listed("modify=1 January; a"), Breaks},
	} {
		if got := test.judge(test.session); got.Verdict != test.want {
			t.Errorf("%s: got %+v, want %s", name, got, test.want)
		}
	}
}

// listed is a session with MLSD and one line.
func listed(line string) *facts { return sessionOf(sent{"MLSD", "", 226, ftp.Server, line + "\r\n"}) }

// TestCommandInTwoSegments has what servers say to USER in two segments.
func TestCommandInTwoSegments(t *testing.T) {
	for name, test := range map[string]struct {
		reply string
		want  Verdict
	}{
		"a password is wanted": {"331 Go on", Keeps},
		"none is wanted":       {"230 Come in", Keeps},
		"the second part":      {"500 SER?", Breaks},
		"nobody knows it":      {"502 No", Breaks},
		"nothing":              {"", Breaks},
	} {
		f := conversation("USER", test.reply, "PASS", "230 Come in")
		f.session.Exchanges[0].FirstPacket = 5
		if got := joinsSegments(f); got.Verdict != test.want {
			t.Errorf("%s: got %+v, want %s", name, got, test.want)
		}
	}
	if got := joinsSegments(conversation("USER", "331 Go on")); got.Verdict != NotApplicable {
		t.Errorf("in one segment: got %+v, want %s", got, NotApplicable)
	}
}

// TestPartIsNoCommand has servers that answer each part of a command in two segments, the
// first part early or late, or nothing but the first part.
func TestPartIsNoCommand(t *testing.T) {
	for name, test := range map[string]struct {
		stray int // its packet
		both  bool
		want  string
	}{
		"early":     {6, true, "331 in frame 6, 331 in frame 11"},
		"late":      {13, true, "331 in frame 11, 331 in frame 13"},
		"only then": {6, false, "331 in frame 6"},
	} {
		f := conversation("USER", "331 Go on", "PASS", "230 Come in")
		split := f.session.Exchanges[0]
		split.FirstPacket = 5
		if !test.both {
			split.Replies = nil
		}
		f.session.Unsolicited = []*ftp.Reply{{Code: 220, Packet: 4}, {Code: 331, Packet: test.stray}, {Code: 421, Packet: 50}}
		want := "USER in frames 5 and 10: " + test.want
		if got := joinsSegments(f); got.Verdict != Breaks || got.Seen != want {
			t.Errorf("%s: got %+v, want %s", name, got, want)
		}
	}
}

// TestTwoCommandsInOneSegment has what servers say to NOOP and PWD in one segment.
func TestTwoCommandsInOneSegment(t *testing.T) {
	for _, test := range []struct {
		noop, pwd string
		want      Verdict
	}{
		{"200 OK", `257 "/"`, Keeps},
		{"502 No", "502 No", Keeps},
		{"200 OK", "", Breaks},
	} {
		f := conversation("NOOP", test.noop, "PWD", test.pwd)
		if got := splitsSegment(f); got.Verdict != test.want {
			t.Errorf("%q, %q: got %+v, want %s", test.noop, test.pwd, got, test.want)
		}
	}
	twice := conversation("NOOP", "200 OK", "PWD", "502 No", "QUIT", "221 Bye")
	twice.session.Unsolicited = []*ftp.Reply{{Code: 502, Packet: 22}}
	if got := splitsSegment(twice); got.Verdict != Breaks {
		t.Errorf("two replies to PWD: got %+v, want %s", got, Breaks)
	}
}

// conversation is a session with commands and replies in turn, such as NOOP and "200 OK". A
// command with the reply "" has none; the session ends in front of the next one.
func conversation(lines ...string) *facts {
	var commands []sent
	for i := 0; i < len(lines) && (i == 0 || lines[i-1] != ""); i += 2 {
		code, _, _ := strings.Cut(lines[i+1], " ")
		n, _ := strconv.Atoi(code)
		commands = append(commands, sent{lines[i], "", n, "", ""})
	}
	f := sessionOf(commands...)
	for i, e := range f.session.Exchanges {
		_, e.Replies[0].Text, _ = strings.Cut(lines[2*i+1], " ")
		if e.Replies[0].Code == 0 {
			e.Replies = nil
		}
	}
	return f
}

// TestTelnetIsRefused has servers that answer DO ECHO in different ways, or not at all.
func TestTelnetIsRefused(t *testing.T) {
	const wont, will, wontGoAhead = "\xff\xfc\x01", "\xff\xfb\x01", "\xff\xfc\x03"
	for _, test := range []struct {
		answer        string
		behind, alone int // the replies to NOOP after the option, and alone
		want          Verdict
	}{
		{wont, 200, 200, Keeps},
		{wont, 502, 502, Keeps},
		{wont, 500, 200, Breaks},
		{will, 200, 200, Breaks},
		{wontGoAhead, 200, 200, Breaks},
		{"", 200, 200, Breaks},
		{"", 502, 502, Breaks},
	} {
		f := said("NOOP", "", test.behind, "Well.")
		f.session.Exchanges[0].Replies[0].Lines[0].Telnet = []byte(test.answer)
		f.session.Exchanges = append(f.session.Exchanges, said("NOOP", "", test.alone, "Well.").session.Exchanges...)
		if got := answersTelnet(f); got.Verdict != test.want {
			t.Errorf("%q, %d and %d: got %+v, want %s", test.answer, test.behind, test.alone, got, test.want)
		}
	}
}

// TestFeaturesOfOtherServers has servers without the command or without FEAT: the rules
// about what FEAT says do not apply to them.
func TestFeaturesOfOtherServers(t *testing.T) {
	without := sessionOf(sent{"FEAT", "", 211, "", ""}, sent{"SIZE", "data.bin", 502, "", ""}, sent{"MDTM", "data.bin", 502, "", ""}, sent{"REST", "1", 502, "", ""}, sent{"MLSD", "", 500, "", ""})
	old := sessionOf(sent{"FEAT", "", 500, "", ""}, sent{"SIZE", "data.bin", 213, "", ""}, sent{"MDTM", "data.bin", 213, "", ""}, sent{"REST", "1", 350, "", ""}, sent{"MLSD", "", 226, "", ""})
	n := 0
	for _, r := range ServerRules() {
		if !strings.HasSuffix(r.Text, " in FEAT.") {
			continue
		}
		n++
		for _, f := range []*facts{without, old} {
			if got := r.judge(f); got.Verdict != NotApplicable {
				t.Errorf("%s got %+v, want %s", r.Text, got, NotApplicable)
			}
		}
	}
	if n != 4 {
		t.Errorf("got %d rules, want those of MDTM, SIZE, REST and MLST", n)
	}
}

// TestEachIsShown wants the evidence for every command of a rule.
func TestEachIsShown(t *testing.T) {
	f := sessionOf(sent{"MKD", "a", 257, "", ""}, sent{"RMD", "a", 250, "", ""}, sent{"CWD", "a", 250, "", ""})
	got := each(replies("MKD", "", "257"), replies("RMD", "", "250"))(f)
	if want := (Finding{Keeps, "MKD a: 257 in frame 11; RMD a: 250 in frame 21", 21}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = each(replies("MKD", "", "257"), replies("CWD", "", "550"), replies("RMD", "", "250"))(f)
	if want := (Finding{Breaks, "CWD a: 250 in frame 31", 31}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
