package baseline

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/redact"
	"ftplab/lab/internal/forge"
)

// redacted is a forged capture without private data.
func redacted(t *testing.T, f *forge.Capture) []byte {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{NoHash: true, NoKeys: true})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := redact.Write(&out, c, redact.NewKey("key"), "test"); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// checkRedacted holds the redacted capture against the rules and a profile.
func checkRedacted(t *testing.T, f *forge.Capture, normal *profile.Profile) *Assessment {
	t.Helper()
	e, err := gather(redacted(t, f))
	if err != nil {
		t.Fatal(err)
	}
	return check(t, e, normal)
}

// privateLogin is a login whose names nobody may find in a redacted capture.
const privateLogin = "< 220 ready\n> USER admin\n< 331 Password required for admin.\n> PASS hunter2\n< 230 User admin logged in.\n"

// TestRedactedIsJudgedTheSame asks that a redacted capture has the verdict of the capture, and neither
// the name of the user nor the password.
func TestRedactedIsJudgedTheSame(t *testing.T) {
	for _, test := range []struct {
		name string
		want Verdict
		play func(*forge.Capture)
	}{
		{"a long listing", IsNormal, func(f *forge.Capture) {
			c := f.Control().Say(privateLogin + "> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here")
			d := dial(f, aClient, aServer+":25600")
			for i := range 12 {
				d.Peer.Send(strings.Repeat(fmt.Sprintf("-rw-r--r-- 1 admin staff 4711 Jan 01 1999 report%d.txt\r\n", i), 24))
			}
			d.Peer.Close()
			c.Say("< 226 done").Say(bye).Peer.Close()
		}},
		{"a server behind a NAT device", IsNormal, func(f *forge.Capture) {
			c := f.Control().Say(privateLogin + "> PASV\n< 227 (10,167,25,101,100,0)\n> RETR report.txt\n< 150 here")
			c.Say("< 226 done").Say(bye).Peer.Close()
		}},
		{"a server inside that announces an address outside", IsNormal, func(f *forge.Capture) {
			client, _ := f.Dial("10.1.2.3:3171", "10.167.25.101:21")
			client.Say(privateLogin + "> PASV\n< 227 (205,167,25,101,100,0)\n> RETR report.txt\n< 150 here")
			client.Say("< 226 done").Say(bye).Peer.Close()
		}},
		{"a program at an unusual port, with a space in its name", IsUnusual, func(f *forge.Capture) {
			client, _ := f.Dial(aClient+":3171", aServer+":8884")
			client.Say(privateLogin + "> PASV\n< 227 (192,0,2,21,100,0)\n> RETR report .exe\n< 150 here")
			download(f, aClient, aServer+":25600", answerer, 5000)
			client.Say("< 226 done").Say(bye).Peer.Close()
		}},
		{"the mode of a folder of a group", IsNormal, func(f *forge.Capture) {
			f.Control().Say(privateLogin + "> SITE CHMOD 2775 admin\n< 200 ok").Say(bye).Peer.Close()
		}},
		{"AUTH refused by a policy", IsNormal, func(f *forge.Capture) {
			f.Control().Say("< 220 ready\n> FEAT\n< 211-Features:\n+  AUTH TLS;TLS-C;SSL;TLS-P;\n+ 211 End\n> AUTH TLS\n< 534 Local policy on server does not allow TLS secure connections.\n> USER ada\n" +
				"< 331 Password required for admin.\n> PASS hunter2\n< 230 in").Say(bye).Peer.Close()
		}},
		{"a scan of UDP", IsUnusual, func(f *forge.Capture) { asks(f, 1900, 20, false) }},
		{"a login that fails often", NotNormal, func(f *forge.Capture) {
			for i := range 30 {
				f.Control().Say(fmt.Sprintf("< 220 ready\n> USER admin%d\n< 331 Password required for admin%d.\n> PASS hunter2%d\n< 530 Login incorrect.\n> QUIT\n< 221 bye", i, i, i)).Peer.Close()
			}
		}},
	} {
		f := forge.New()
		test.play(f)
		before, after := check(t, gathered(f, t), nil), checkRedacted(t, f, nil)
		if before.Verdict != test.want || after.Verdict != test.want {
			t.Errorf("%s: got %v\nredacted %v\nwant %s", test.name, before, after, test.want)
		}
		for _, private := range []string{"admin", "hunter2", "report"} {
			if bytes.Contains(bytes.ToLower(redacted(t, f)), []byte(private)) {
				t.Errorf("%s: %q is in the redacted capture", test.name, private)
			}
		}
	}
}

// hiddenExcuses are captures that only what redaction hides makes harmless.
var hiddenExcuses = map[string]string{
	"records of many sizes":                                  "the contents of files",
	"the oldest pictures of a camera, which are removed":     "dates in the names of files",
	"a server that calls at a port for TLS":                  "the contents of another connection",
	"a program that looks for updates, and fetches some":     "the name of a file",
	"somebody who forgot which password is right":            "passwords",
	"an engineering station at a controller":                 "a password",
	"an engineering station at a controller, at other ports": "a password",
}

// TestRedactedIsNoWorse redacts what other tests forge. None of it gets a worse verdict.
func TestRedactedIsNoWorse(t *testing.T) {
	all := slices.Concat(lookalikes, intruders, behaviours, nearby, steering)
	for _, test := range ordinary {
		all = append(all, lookalike{test.name, "", test.want, test.play})
	}
	for _, test := range machines {
		all = append(all, lookalike{test.name, "", test.want, test.play})
	}
	normal := profile.Normal()
	for i, test := range all {
		if testing.Short() && i%8 != 0 || hiddenExcuses[test.name] != "" {
			continue
		}
		f := forge.New()
		test.play(f)
		before := check(t, gathered(f, t), normal)
		if before.Verdict == NotNormal {
			continue
		}
		if after := checkRedacted(t, f, normal); worth[after.Verdict] > worth[before.Verdict] {
			t.Errorf("%s: got %v\nredacted %v", test.name, before, after)
		}
	}
}
