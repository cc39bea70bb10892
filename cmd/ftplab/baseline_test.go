package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
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
	first, second := forge(t, "first.pcap", "< 230 Welcome"), forge(t, "second.pcap", "< 421 Good night")
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
	if strings.Join(got.Sources, " ") != "first second" || got.Packets != 2 || got.Sessions != 2 {
		t.Errorf("got %+v, want the two captures with a packet and a session each", got)
	}
	out, err := baselineOutput("show", profile)
	if err != nil || !strings.Contains(out, "learned from 2 captures: 2 packets") {
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
	if out, err := baselineOutput("compare", little, "office"); err == nil || errors.Is(err, errFailed) || !strings.Contains(err.Error(), "there is too little to compare") {
		t.Errorf("got %v for a capture of one packet:\n%.400s", err, out)
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
}
