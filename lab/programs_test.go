package lab_test

import (
	"bytes"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/baseline/alike"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/traffic"
)

// TestProgramProfiles draws sessions from the profile of each server with each client, and
// learns from them: that gives the profile back. The sessions are normal, and the server
// greets as its program does.
func TestProgramProfiles(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: 40 profiles are not checked")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // sessions make much garbage, and keep little
	greetings := map[string]string{
		"vsftpd": "vsFTPd", "proftpd": "ProFTPD", "pureftpd": "Pure-FTPd", "inetutils": "GNU inetutils", "pyftpdlib": "pyftpdlib",
	}
	names, normal := traffic.Programs(), profile.Normal()
	if len(names) != 5*8 {
		t.Errorf("got %d profiles, want 5 servers with 8 clients", len(names))
	}
	for _, name := range names {
		g := generation(t, 25, 25)
		g.Profile, _ = traffic.Profile(name)
		g.Recipe.Duration = 48 * time.Hour
		if _, err := lab.Generate(t.Context(), g); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		file := filepath.Join(g.Folder, "part-00000.pcapng")
		a, err := lab.Baseline(lab.File(file), normal)
		if err != nil || a.Verdict != baseline.IsNormal {
			t.Errorf("%s: got %s, %v, want normal: %+v", name, a.Verdict, err, a.Findings)
		}
		learned, err := lab.Learn(lab.File(file), "generated")
		if err != nil {
			t.Fatal(err)
		}
		profile, err := profile.Read(bytes.NewReader(g.Profile))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range alike.Compare(profile, learned) {
			if c.Differs {
				t.Errorf("%s: %s differs: %s statistic %.3f, p %.5f", name, c.Quantity, c.Test, c.Statistic, c.P)
			}
		}
		server, _, _ := strings.Cut(name, "-")
		if got := greetingIn(t, file); !strings.Contains(got, greetings[server]) {
			t.Errorf("%s: got the greeting %q, want that of %s", name, got, greetings[server])
		}
		if !strings.Contains(profile.Source, "Not in it:") || len(profile.Sources) == 0 {
			t.Errorf("%s: got source %q of %v, want where it comes from and what it lacks", name, profile.Source, profile.Sources)
		}
	}
}

// greetingIn is the greeting of a capture's first session.
func greetingIn(t *testing.T, file string) string {
	t.Helper()
	c, err := capture.Open(file, capture.Options{NoHash: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for s := range c.Sessions() {
		if len(s.Unsolicited) > 0 {
			return s.Unsolicited[0].Text
		}
	}
	return ""
}

// TestProgramHabits looks in sessions of curl with vsftpd for what is theirs: which commands
// come in which order, and in which words the server replies.
func TestProgramHabits(t *testing.T) {
	g := generation(t, 40, 40)
	g.Profile, _ = traffic.Profile("vsftpd-curl")
	generated(t, g)
	c, err := capture.Open(filepath.Join(g.Folder, "part-00000.pcapng"), capture.Options{NoHash: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var said []string
	for s := range c.Sessions() {
		about := ""
		for _, x := range s.Exchanges {
			said = append(said, x.Command)
			for _, r := range x.Replies {
				said = append(said, r.Text)
			}
			switch {
			case x.Command == "SIZE" && x.Final() == 213:
				about = x.Argument
			case x.Command == "RETR" && about != "":
				if x.Argument != about {
					t.Errorf("got SIZE %s and then RETR %s, want one file", about, x.Argument)
				}
				about = ""
			}
		}
	}
	all := strings.Join(said, "\n")
	for _, want := range []string{
		"EPSV\nEntering Extended Passive Mode (|||", "TYPE\nSwitching to Binary mode.\nSIZE\n", "Please specify the password.",
		"Here comes the directory listing.\nDirectory send OK.", "RETR\nOpening BINARY mode data connection for ", "Failed to change directory.",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("got no %q in\n%s", want, all)
		}
	}
}
