package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// forge writes a capture of one packet, in which a server on port 21 ("< 230
// Welcome") or its client ("> PWD") says the given line, and returns its name.
func forge(t *testing.T, name, line string) string {
	t.Helper()
	client, server := []byte{198, 51, 100, 100}, []byte{192, 0, 2, 21}
	ports := []byte{0, 21, 0x0c, 0x63}
	if line[0] == '>' {
		client, server = server, client
		ports = []byte{0x0c, 0x63, 0, 21}
	}
	data := line[2:] + "\r\n"
	packet := []byte{0x45, 0, 0, byte(40 + len(data)), 0, 0, 0, 0, 64, 6, 0, 0}
	packet = slices.Concat(packet, server, client, ports)
	packet = append(packet, 0, 0, 0, 9, 0, 0, 0, 9, 0x50, 0x18, 1, 0, 0, 0, 0, 0)
	packet = append(packet, data...)
	var file bytes.Buffer
	for _, word := range []uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 65535, 101, 1700000000, 0, uint32(len(packet)), uint32(len(packet))} {
		binary.Write(&file, binary.LittleEndian, word)
	}
	file.Write(packet)
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// baselineOutput runs `ftplab baseline` and returns what it printed.
func baselineOutput(args ...string) (string, error) {
	var out strings.Builder
	c := baselineCommand()
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(args)
	err := c.Execute()
	return out.String(), err
}

func TestBaselineCheck(t *testing.T) {
	const normal = "../../results/gallery/frederick_active/capture.pcapng"
	little, bad := forge(t, "little.pcap", "< 230 Welcome"), forge(t, "bad.pcap", "> USER ada:)")
	for _, test := range []struct {
		args    []string
		want    string
		wantErr error
	}{
		{[]string{"check", normal}, "capture.pcapng: normal (1 of 1 session whole)", nil},
		{[]string{"check", "--json", normal}, `"verdict": "normal"`, nil},
		{[]string{"check", little}, "little.pcap: cannot be judged (0 of 1 session whole", exitStatus(exitUnjudged)},
		{[]string{"check", bad}, "no-known-exploits", errFailed},
		{[]string{"check", "--json", bad}, `"verdict": "not normal FTP"`, errFailed},
		{[]string{"check", "--md", bad}, "**not normal FTP**", errFailed},
		{[]string{"check", "--html", bad}, "<span class=\"fail\">not normal FTP</span>", errFailed},
	} {
		out, err := baselineOutput(test.args...)
		if err != test.wantErr || !strings.Contains(out, test.want) {
			t.Errorf("%v: got error %v and\n%s\nwant %v and %q", test.args, err, out, test.wantErr, test.want)
		}
	}
}

func TestBaselineLearn(t *testing.T) {
	const gallery = "../../results/gallery/"
	first, second := gallery+"frederick_active/capture.pcapng", gallery+"frederick_passive/capture.pcapng"
	profile := filepath.Join(t.TempDir(), "normal.json")
	if _, err := baselineOutput("learn", first, "-o", profile); err != nil {
		t.Fatal(err)
	}
	if _, err := baselineOutput("learn", profile, second, "-o", profile); err != nil { // adding, without the first
		t.Fatal(err)
	}
	text, err := os.ReadFile(profile)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Sources           []string
		Packets, Sessions int
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got.Sources, " ") != "frederick_active frederick_passive" || got.Sessions != 2 {
		t.Errorf("got %+v, want the two captures with a session each", got)
	}
	for _, again := range [][]string{{profile, first}, {first, first}, {second, profile}, {profile, profile}} {
		_, err := baselineOutput("learn", again[0], again[1], "-o", profile)
		if want := again[1] + ": the profile has this already (a capture with the same SHA-256)"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", again, err, want)
		}
	}
	if after, err := os.ReadFile(profile); !bytes.Equal(after, text) {
		t.Errorf("got another profile after what was refused, %v", err)
	}
	little := forge(t, "little.pcap", "< 230 Welcome")
	if _, err := baselineOutput("learn", little); err == nil || !strings.Contains(err.Error(), "this capture cannot be judged (0 of 1 session whole") {
		t.Errorf("got %v for a capture of one packet, want that it cannot be judged", err)
	}
	out, err := baselineOutput("show", profile)
	if err != nil || !strings.Contains(out, fmt.Sprintf("learned from 2 captures: %d packets", got.Packets)) {
		t.Errorf("show: got error %v and %.200s", err, out)
	}
}

func TestBaselineRefuses(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.json")
	if err := os.WriteFile(text, []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{}, "show, rules, check, learn and compare"},
		{[]string{"chek"}, `unknown command "chek"; did you mean check?`},
		{[]string{"check", "--normal", "no_such.json", text}, "no_such.json"},
		{[]string{"show", text}, "this is not a profile"},
	} {
		_, err := baselineOutput(test.args...)
		if err == nil || errors.Is(err, errFailed) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: got error %v, want one with %q", test.args, err, test.want)
		}
	}
	_, shown := baselineOutput("show", text)
	if _, stderr, status := judged(t, "generate", "--sessions", "1", "--profile", text, "-o", t.TempDir()); status != exitError || stderr != "ftplab: "+shown.Error()+"\n" {
		t.Errorf("generate: got status %d and %q, want that of show: %v", status, stderr, shown)
	}
}

// TestProfilesByName shows a profile that sessions are generated from, with its source, and compares
// one with itself. A JSON file of another kind is not a profile.
func TestProfilesByName(t *testing.T) {
	out, err := baselineOutput("show", "device")
	if want := "A printer or a controller that fetches its configuration"; err != nil || !strings.Contains(out, want) {
		t.Errorf("got %v, want %q:\n%.400s", err, want, out)
	}
	if out, err := baselineOutput("show", "vsftpd-curl"); err != nil || strings.Contains(out, " 0 sessions") || strings.Contains(out, "WHAT VARIES") {
		t.Errorf("got %v, and a profile without measurements shows some:\n%.400s", err, out)
	}
	if out, err := baselineOutput("compare", "office", "office"); err != nil || !strings.Contains(out, "Alike") {
		t.Errorf("got %v for a profile and itself:\n%.400s", err, out)
	}
	little := forge(t, "little.pcap", "< 230 Welcome")
	const short = "../../results/gallery/frederick_active/capture.pcapng"
	for name, want := range map[string]string{short: "there is too little to compare", little: "this capture cannot be judged"} {
		if out, err := baselineOutput("compare", name, "office"); err == nil || errors.Is(err, errFailed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s:\n%.400s", name, err, want, out)
		}
	}
	other := filepath.Join(t.TempDir(), "other.json")
	if err := os.WriteFile(other, []byte("{\n\"transfers\": []\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := baselineOutput("show", other); err == nil || !strings.HasSuffix(err.Error(), `other.json:2: this is not a profile: its field "transfers" has a value of another kind`) {
		t.Errorf("got %v for a file of another kind", err)
	}
	if _, err := baselineOutput("check", "--normal", "vsftpd-curl", little); err == nil || errors.Is(err, errFailed) || !strings.Contains(err.Error(), "nothing that a capture could be compared with") {
		t.Errorf("got %v for a check with a profile that has no measurements", err)
	}
	for _, args := range [][]string{{"show", "offce"}, {"compare", "offce", "office"}, {"learn", "offce"}, {"check", "--normal", "offce", little}} {
		if _, err := baselineOutput(args...); err == nil || !strings.HasSuffix(err.Error(), "; did you mean office?") {
			t.Errorf("%q: got %v, want the profile that may be meant", args, err)
		}
	}
	for _, args := range [][]string{{"show", "nosuch"}, {"check", "--normal", "nosuch", little}} {
		if _, err := baselineOutput(args...); err == nil || !strings.Contains(err.Error(), "these are browser, ") {
			t.Errorf("%q: got %v, want the profiles that there are", args, err)
		}
	}
}

// TestStandardInputInHeadings checks a capture from the standard input, which is called so.
func TestStandardInputInHeadings(t *testing.T) {
	file := "../../results/gallery/frederick_active/capture.pcapng"
	for option, want := range map[string]string{"--md": "# standard input\n", "--format=text": "standard input: normal"} {
		stdin, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		var out bytes.Buffer
		if status := run(t.Context(), []string{"baseline", "check", option, "-"}, stdin, &out, io.Discard); status != exitPassed || !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: got status %d and %q, want %d and %q", option, status, out.String(), exitPassed, want)
		}
	}
}
