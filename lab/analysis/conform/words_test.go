package conform

import (
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
)

// said is a session with one command and the lines of its reply.
func said(command, argument string, code int, lines ...string) *facts {
	f := sessionOf(sent{command, argument, code, "", ""})
	r := f.session.Exchanges[0].Replies[0]
	r.Text = strings.Join(lines, "\n")
	for _, text := range lines {
		r.Lines = append(r.Lines, &ftp.Line{Text: text})
	}
	return f
}

// TestPrescribedTexts has what servers say where an RFC prescribes more than the code.
func TestPrescribedTexts(t *testing.T) {
	protocols := namesProtocols("EPSV", "9")
	path, made := ruleOf(t, "The name in 257 is"), ruleOf(t, "The name in 257 to MKD")
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
		"a path behind a word":   {path, said("PWD", "", 257, `The folder is "/a"`), Breaks},
		"a new folder":           {made, said("MKD", "drafts", 257, `"/pub/drafts" created`), Keeps},
		"a new folder elsewhere": {made, said("MKD", "drafts", 257, `"C:\pub\DRAFTS" created`), Keeps},
		"a relative name":        {made, said("MKD", "drafts", 257, `"drafts" created`), Breaks},
		"a new folder behind it": {made, said("MKD", "drafts", 257, `"drafts" is /pub/drafts`), Breaks},
		"a unique name":          {namesUnique, said("STOU", "", 150, "FILE: a.1"), Keeps},
		"a name and a line":      {namesUnique, said("STOU", "", 150, "FILE: a.1", "Go on."), Breaks},
		"a name behind a word":   {namesUnique, said("STOU", "", 150, "The FILE: a.1"), Breaks},
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
		"no space behind facts":  {machineListing, listed("type=file;a"), Breaks},
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

// TestTelnetIsRefused has servers that answer DO ECHO in different ways, or not at all.
func TestTelnetIsRefused(t *testing.T) {
	for answer, want := range map[string]Verdict{"\xff\xfc\x01": Keeps, "\xff\xfb\x01": Breaks, "\xff\xfc\x03": Breaks, "": Breaks} {
		f := said("NOOP", "", 200, "Fine.")
		f.session.Exchanges[0].Replies[0].Lines[0].Telnet = []byte(answer)
		if got := answersTelnet(f); got.Verdict != want {
			t.Errorf("%q: got %+v, want %s", answer, got, want)
		}
	}
}

// TestFeaturesOfOtherServers has servers without the command or without FEAT: the rules
// about what FEAT says do not apply to them.
func TestFeaturesOfOtherServers(t *testing.T) {
	without := sessionOf(sent{"FEAT", "", 211, "", ""}, sent{"SIZE", "data.bin", 502, "", ""}, sent{"REST", "1", 502, "", ""}, sent{"MLSD", "", 500, "", ""})
	old := sessionOf(sent{"FEAT", "", 500, "", ""}, sent{"SIZE", "data.bin", 213, "", ""}, sent{"REST", "1", 350, "", ""}, sent{"MLSD", "", 226, "", ""})
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
	if n != 3 {
		t.Errorf("got %d rules, want those of SIZE, REST and MLST", n)
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
