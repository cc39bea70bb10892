package scenarios

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
)

// TestFTPSWitness asks Wireshark for the commands, the replies and the files in the
// captures: it sees the same ones, by the keys in them.
func TestFTPSWitness(t *testing.T) {
	wireshark := startFTPSWitness(t)
	for _, s := range ftpsScenarios(t) {
		file := playedOnGVisor(t, s).Capture
		wireshark.compare(t, s.Name, file)
		if reset := wireshark.Frames("tcp.flags.reset == 1 || _ws.malformed"); len(reset) > 0 {
			t.Errorf("%s: got %v, want no reset and nothing malformed", s.Name, reset)
		}
	}
}

// TestFTPSPaths moves files both ways through every kind of TLS and of data connection.
// Each data connection has to resume the session of the control connection, and
// Wireshark reads the same in it as ftplab.
func TestFTPSPaths(t *testing.T) {
	wireshark := startFTPSWitness(t)
	for _, tls := range []string{"explicit", "implicit"} {
		for _, version := range []string{"1.2", "1.3"} {
			for _, family := range []string{"", "ipv6"} {
				for _, mode := range []string{"active", "passive"} {
					name := strings.Join(slices.DeleteFunc([]string{tls, version, family, mode}, func(s string) bool { return s == "" }), "_")
					s, err := scenario.Parse(name+".txtar", []byte(pathText(tls, version, family, mode)))
					if err != nil {
						t.Fatal(err)
					}
					file := playedOnGVisor(t, s).Capture
					if files := wireshark.compare(t, name, file); files != 3 {
						t.Errorf("%s: got %d data connections with something in TLS, want 3", name, files)
					}
					for session := range opened(t, file, nil).Sessions() {
						if got, want := session.Layer.ServerHello.Version.String(), "TLS "+version; got != want {
							t.Errorf("%s: got %s, want %s", name, got, want)
						}
					}
				}
			}
		}
	}
}

// pathText is a scenario with a listing, a download and an upload.
func pathText(tls, version, family, mode string) string {
	steps := "auth TLS\npbsz\nprot p\n"
	if tls == "implicit" {
		steps = ""
	}
	return fmt.Sprintf(`# A path

network wire %s
server tls=%s version=%s reuse=required
user alice correct-horse
local report.bin 40000 seed=5

open
%slogin alice correct-horse
type i
%s
ls
get README
put report.bin
quit

-- files/README --
Nobody on the path can read this.
`, family, tls, version, steps, mode)
}

// An ftpsWitness is Wireshark with what it needs to read FTPS. As it comes, it reads the
// dialogue after AUTH TLS. It takes the rest for something else: what is in a data
// connection for the data themselves, TLS after AUTH SSL for FTP, and what is in
// implicit FTPS for data of an application that it does not know.
type ftpsWitness struct {
	*optional.Sharkd // reads FTP after AUTH TLS
	tls              *optional.Sharkd
}

func startFTPSWitness(t *testing.T) ftpsWitness {
	settings := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(settings, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("WIRESHARK_CONFIG_DIR", settings)
	write("disabled_protos", "ftp-data\n")
	write("heuristic_protos", "tls_tcp,1\n")
	write("preferences", "tcp.try_heuristic_first: TRUE\n") // a data port may be by chance that of another protocol
	ftp := optional.StartSharkd(t)
	ftp.Frames("tcp") // it has read its settings when it has answered
	write("decode_as_entries", "decode_as_entry: tcp.port,21,FTP,TLS\n")
	return ftpsWitness{ftp, optional.StartSharkd(t)}
}

// compare holds what ftplab reads in a capture, by the keys in it, against what Wireshark
// reads: every line of the dialogue, and the SHA-256 of what data connections carried in
// TLS. It returns how many of these there are.
func (w ftpsWitness) compare(t *testing.T, name, file string) (files int) {
	t.Helper()
	c := opened(t, file, nil)
	session := c.Session(0)
	wireshark, read := w.tls, linesInside
	if slices.ContainsFunc(session.Lines, func(l *ftp.Line) bool { return l.Text == "AUTH TLS" }) {
		wireshark, read = w.Sharkd, linesOfFTP
	}
	wireshark.Load(file)
	if got, want := read(wireshark, session); !slices.Equal(got, want) {
		t.Errorf("%s: Wireshark has %q\nwant %q", name, got, want)
	}
	w.compareMessages(t, name, wireshark, session.Control.ID, session.Layer)
	for x := range c.Connections() {
		if x.TLS != nil {
			w.compareMessages(t, name, wireshark, x.ID, x.TLS)
		}
		if x.TLS == nil || x.SHA256 == "" || x.Role != ftp.Data {
			continue
		}
		files++
		from, _, to := wireshark.Follow("TLS", fmt.Sprintf("tcp.stream eq %d", x.ID))
		if sum := fmt.Sprintf("%x", sha256.Sum256(append(from, to...))); sum != x.SHA256 {
			t.Errorf("%s: connection %d: Wireshark reads the SHA-256 %s, and ftplab %s", name, x.ID, sum, x.SHA256)
		}
	}
	return files
}

// compareMessages holds the handshake messages in each packet against Wireshark's.
func (w ftpsWitness) compareMessages(t *testing.T, name string, wireshark *optional.Sharkd, id int, layer *ftp.TLSLayer) {
	t.Helper()
	got, want := map[int]int{}, map[int]int{}
	for _, m := range layer.Messages {
		if !m.Unlisted() && m.Name != "ChangeCipherSpec" && !strings.HasPrefix(m.Name, "alert") {
			got[m.Packet]++
		}
	}
	for _, f := range wireshark.Frames(fmt.Sprintf("tls.handshake.type && tcp.stream == %d", id), "tls.handshake.type:0") {
		want[f.Number] = 1 + strings.Count(f.Fields[0], ",")
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s: connection %d: got %v handshake messages by packet, Wireshark has %v", name, id, got, want)
	}
}

// linesOfFTP are the lines of a dialogue, from where TLS begins, as Wireshark and ftplab
// read them, without the codes, of which Wireshark prints the meaning. They are cut at commas, with which sharkd
// joins the lines in one frame.
func linesOfFTP(wireshark *optional.Sharkd, session *ftp.Session) (got, want []string) {
	for _, l := range session.Lines {
		if l.Packet < session.TLSFrom {
			continue // a long reply in clear may be in one packet or in many
		}
		want = append(want, pieces(codeOf.ReplaceAllString(l.Text, ""))...)
	}
	for _, f := range wireshark.Frames(fmt.Sprintf("(ftp.request || ftp.response) && frame.number >= %d", session.TLSFrom), "ftp.request.command:0", "ftp.request.arg:0", "ftp.response.arg:0") {
		got = append(got, pieces(strings.Join(slices.DeleteFunc(f.Fields, func(s string) bool { return s == "" }), " "))...)
	}
	return got, want
}

func pieces(text string) []string {
	all := strings.Split(text, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// linesInside are what the client and the server say in TLS, as Wireshark and ftplab read
// it.
func linesInside(wireshark *optional.Sharkd, session *ftp.Session) (got, want []string) {
	want = make([]string, 2)
	for _, l := range session.Lines {
		if l.Packet >= session.TLSFrom {
			i := map[ftp.Side]int{ftp.Client: 0, ftp.Server: 1}[l.From]
			want[i] += l.Text + "\r\n"
		}
	}
	from, port, to := wireshark.Follow("TLS", fmt.Sprintf("tcp.stream eq %d", session.Control.ID))
	if port == fmt.Sprint(session.Control.Server.Port()) {
		from, to = to, from
	}
	return []string{string(from), string(to)}, want
}

// codeOf is what a reply's line begins with.
var codeOf = regexp.MustCompile(`^[0-9]{3}[ -]`)
