package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/extract"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/analysis/tls"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
)

// storyOf is the story of a capture in a file.
func storyOf(t *testing.T, file []byte, o capture.Options) string {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(file), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var b strings.Builder
	if err := text.Story(&b, "capture", c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// playedFile is the capture of a scenario with TLS, and its key log: nil if the handshake
// failed, so that there are no keys.
func playedFile(t *testing.T, name string) (file, log []byte) {
	t.Helper()
	result := playedOnGVisor(t, ftpsScenarios(t)[name])
	file, err := os.ReadFile(result.Capture)
	if err != nil {
		t.Fatal(err)
	}
	if log, err = os.ReadFile(filepath.Join(filepath.Dir(result.Capture), "keys.log")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return file, log
}

// only returns the lines of a key log that contain a word.
func only(log []byte, word string) []byte {
	var kept []byte
	for line := range bytes.Lines(log) {
		if bytes.Contains(line, []byte(word)) {
			kept = append(kept, line...)
		}
	}
	return kept
}

// rewritten is a capture with its packets changed, as pcap and so without its keys. A
// packet for which change returns false is left out.
func rewritten(t *testing.T, file []byte, change func(n int, p *pcapng.Packet) bool) []byte {
	t.Helper()
	r, err := pcapng.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := pcapng.NewWriter(&out, pcapng.PCAP, pcapng.Info{})
	if err != nil {
		t.Fatal(err)
	}
	var p pcapng.Packet
	for n := 1; ; n++ {
		if err := r.Next(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if change(n, &p) {
			if err := w.WritePacket(p.CaptureInfo(), p.Data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(pcapng.Stats{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// packetsIn counts the packets of a capture.
func packetsIn(t *testing.T, file []byte) (n int) {
	t.Helper()
	rewritten(t, file, func(int, *pcapng.Packet) bool { n++; return true })
	return n
}

// TestUnreadIsNotMissing reads a dialogue that is in clear again after TLS. Without keys
// no byte is missing.
func TestUnreadIsNotMissing(t *testing.T) {
	file, _ := playedFile(t, "ftps_ccc")
	got := storyOf(t, file, capture.Options{NoKeys: true})
	if strings.Contains(got, "missing") {
		t.Errorf("bytes are called missing in\n%s", got)
	}
	for _, want := range []string{"-- from here on the dialogue is in clear again\n", "client  TYPE I", "server  200", "client  RETR README"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// TestFailedHandshakeNeedsNoKeys reads a session whose client refuses the certificate. No key
// is missing, and none is asked for.
func TestFailedHandshakeNeedsNoKeys(t *testing.T) {
	file, _ := playedFile(t, "ftps_expired")
	c := read(t, file, capture.Options{NoKeys: true})
	if got := c.Session(0).Layer.Keys(); got != tls.KeysUnused {
		t.Errorf("got keys %q, want %q", got, tls.KeysUnused)
	}
	if story := storyOf(t, file, capture.Options{NoKeys: true}); strings.Contains(story, "keys") {
		t.Errorf("the story asks for keys:\n%s", story)
	}
}

// TestCloseNotifyIsNotDenied cuts sessions in which each side sends close_notify. Whatever
// is lost, none of them is said not to.
func TestCloseNotifyIsNotDenied(t *testing.T) {
	for _, name := range []string{"ftps_explicit", "ftps_ccc"} { // TLS 1.3 and CCC
		file, log := playedFile(t, name)
		for lost := 3; lost <= packetsIn(t, file); lost++ {
			for how, change := range map[string]func(n int, p *pcapng.Packet) bool{
				"ends before":  func(n int, _ *pcapng.Packet) bool { return n < lost },
				"begins after": func(n int, _ *pcapng.Packet) bool { return n > lost },
				"lacks":        func(n int, _ *pcapng.Packet) bool { return n != lost },
				"keeps 80 bytes": func(n int, p *pcapng.Packet) bool {
					if n == lost {
						p.Data = p.Data[:min(len(p.Data), 80)]
					}
					return true
				},
			} {
				cut := rewritten(t, file, change)
				for _, keys := range [][]byte{log, nil} {
					if got := storyOf(t, cut, capture.Options{KeyLog: keys}); strings.Contains(got, "sends no close_notify") {
						t.Fatalf("%s that %s packet %d, with keys %v:\n%s", name, how, lost, keys != nil, got)
					}
				}
			}
		}
	}
}

// TestNoCloseNotify has a client that sends none, which the story says in the words that
// TestCloseNotifyIsNotDenied looks for.
func TestNoCloseNotify(t *testing.T) {
	s, err := scenario.Parse("no_notify.txtar", []byte(`# An upload without close_notify
network wire
host server 192.0.2.21
server tls=explicit
client scripted notify=none
local a.bin 2kB

open
auth TLS
pbsz
prot p
login anonymous me@mypc.test
type i
put a.bin
quit
`))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(playedOnGVisor(t, s).Capture)
	if err != nil {
		t.Fatal(err)
	}
	const want = "the client sends no close_notify"
	if got := storyOf(t, file, capture.Options{}); !strings.Contains(got, want) {
		t.Errorf("%q is not in\n%s", want, got)
	}
}

// TestCutRecords cuts a packet short in which the server ends a file: the digest of what is
// left is not given for that of the file, and lines do not grow together over what is cut.
func TestCutRecords(t *testing.T) {
	file, log := playedFile(t, "ftps_explicit")
	whole, err := capture.Read(bytes.NewReader(file), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	said := map[string]bool{}
	for _, l := range whole.Session(0).Lines {
		said[l.Text] = true
	}
	data, packets := whole.Connection(1), whole.Size
	for cut := 1; cut <= packets; cut++ {
		for _, keep := range []int{66, 75} { // no data of the segment, and some
			short := rewritten(t, file, func(n int, p *pcapng.Packet) bool {
				if n == cut {
					p.Data = p.Data[:min(len(p.Data), keep)]
				}
				return true
			})
			c, err := capture.Read(bytes.NewReader(short), capture.Options{KeyLog: log})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if got := c.Connection(1).SHA256; got != "" && got != data.SHA256 {
				t.Errorf("packet %d cut to %d bytes: got the SHA-256 %s, which is that of no file", cut, keep, got)
			}
			for s := range c.Sessions() {
				for _, l := range s.Lines {
					if l.Complete && !l.AfterGap && !said[l.Text] {
						t.Errorf("packet %d cut to %d bytes: got the line %q, which nobody said", cut, keep, l.Text)
					}
				}
			}
			e, err := baseline.Gather(c)
			if err != nil {
				t.Fatal(err)
			}
			a, err := e.Check(nil)
			if err != nil {
				t.Fatal(err)
			}
			if a.Verdict != baseline.IsNormal && a.Verdict != baseline.CannotJudge {
				t.Errorf("packet %d cut to %d bytes: got %s: %+v", cut, keep, a.Verdict, a.Findings)
			}
		}
	}
}

// TestPartialKeys reads a session with the secrets of one side only.
func TestPartialKeys(t *testing.T) {
	file, log := playedFile(t, "ftps_explicit")
	for _, c := range []struct {
		word, read, unread string
		has, hasNot        string
	}{
		{"CLIENT_", "client", "server", "client  PASS", "server  331"},
		{"SERVER_", "server", "client", "server  331", "client  PASS"},
	} {
		got := storyOf(t, file, capture.Options{NoKeys: true, KeyLog: only(log, c.word)})
		for _, want := range []string{
			"inside TLS, of which the keys show only a part",
			"what the " + c.read + " says is read with them",
			"what the " + c.unread + " says cannot be read: there are no keys for it",
			c.has,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is not in\n%s", c.word, want, got)
			}
		}
		for _, not := range []string{"neither it nor", "the keys do not fit", "missing", c.hasNot} {
			if strings.Contains(got, not) {
				t.Errorf("%s: %q is in\n%s", c.word, not, got)
			}
		}
	}
	// The secrets of the handshake alone show no line of the dialogue.
	got := storyOf(t, file, capture.Options{NoKeys: true, KeyLog: only(log, "HANDSHAKE")})
	if !regexp.MustCompile(`what the client says is read with them in part: there are no keys for \d+ of \d+ records`).MatchString(got) {
		t.Errorf("the secrets of the handshake alone:\n%s", got)
	}
}

// TestOneDamagedRecord flips a bit in each record of a dialogue in turn. The rest of the
// dialogue is read and judged, and the story names the record.
func TestOneDamagedRecord(t *testing.T) {
	file, log := playedFile(t, "ftps_explicit")
	whole, err := capture.Read(bytes.NewReader(file), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	for _, line := range whole.Session(0).Lines {
		damaged := line.Packet
		if damaged < whole.Session(0).TLSFrom || strings.HasPrefix(line.Text, "QUIT") {
			continue
		}
		flipped := rewritten(t, file, func(n int, p *pcapng.Packet) bool {
			if n == damaged {
				p.Data[len(p.Data)-3] ^= 1
			}
			return true
		})
		o := capture.Options{KeyLog: log}
		story := storyOf(t, flipped, o)
		want := regexp.MustCompile(fmt.Sprintf(`says is read with them in part: 1 of \d+ records cannot be decrypted \(packet %d: its MAC is wrong`, damaged))
		if !want.MatchString(story) || strings.Contains(story, "missing") || !strings.Contains(story, "QUIT") {
			t.Errorf("packet %d: %s is not in\n%s", damaged, want, story)
		}
		c, err := capture.Read(bytes.NewReader(flipped), o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		e, err := baseline.Gather(c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Check(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.Judged.Parts != 1 || got.Verdict != baseline.IsNormal {
			t.Errorf("packet %d: got %s (%s), want a part of the session, which is normal: %+v", damaged, got.Verdict, got.Judged, got.Findings)
		}
	}
}

// TestDamagedFile flips a bit in the middle of an upload in TLS: what is written of the file
// says that a part of it cannot be read, and not that it is missing.
func TestDamagedFile(t *testing.T) {
	s, err := scenario.Parse("explicit_1.3_passive.txtar", []byte(pathText("explicit", "1.3", "", "passive")))
	if err != nil {
		t.Fatal(err)
	}
	name := playedOnGVisor(t, s).Capture
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(filepath.Dir(name), "keys.log"))
	if err != nil {
		t.Fatal(err)
	}
	whole := opened(t, name, nil)
	var upload *ftp.Connection
	for x := range whole.Connections() {
		if x.Transfer != nil && x.Transfer.Command == "STOR" {
			upload = x
		}
	}
	if upload == nil {
		t.Fatal("the capture has no upload")
	}
	middle := (upload.ClientFlow.FirstData + upload.ClientFlow.LastData) / 2
	done := false
	flipped := rewritten(t, file, func(n int, p *pcapng.Packet) bool {
		if n >= middle && !done && len(p.Data) > 1000 {
			p.Data[500] ^= 1
			done = true
		}
		return true
	})
	c, err := capture.Read(bytes.NewReader(flipped), capture.Options{KeyLog: log})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var lines strings.Builder
	if err := extract.Write(t.TempDir(), c, func(f *extract.File) { f.WriteLine(&lines) }); err != nil {
		t.Fatal(err)
	}
	if got := lines.String(); !strings.Contains(got, "INCOMPLETE: bytes cannot be read, at offset ") || strings.Contains(got, "missing") {
		t.Errorf("got %s", got)
	}
}

// TestRedactedTLS redacts a capture with keys. They are left out, the command says so, and
// it is true that the keys decrypt the new file.
func TestRedactedTLS(t *testing.T) {
	file, log := playedFile(t, "ftps_explicit")
	var warned []string
	src := lab.Reader("capture", bytes.NewReader(file))
	src.Warn = func(sentence string) { warned = append(warned, sentence) }
	var out bytes.Buffer
	if err := lab.Redact(&out, src, "key"); err != nil {
		t.Fatal(err)
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "TLS keys are left out") {
		t.Errorf("got the warnings %q", warned)
	}
	if !bytes.Contains(out.Bytes(), []byte("The TLS keys are left out")) {
		t.Error("the file does not say that the keys are left out")
	}
	if bytes.Contains(out.Bytes(), []byte("CLIENT_TRAFFIC_SECRET_0")) {
		t.Error("there are keys in the redacted capture")
	}
	if got := storyOf(t, out.Bytes(), capture.Options{}); strings.Contains(got, "PASS") || !strings.Contains(got, "234 AUTH TLS accepted, TLS begins") {
		t.Errorf("without the keys: got\n%s", got)
	}
	if got := storyOf(t, out.Bytes(), capture.Options{KeyLog: log}); !strings.Contains(got, "PASS correct-horse") {
		t.Errorf("with the keys: got\n%s", got)
	}
	src = lab.Reader("capture", bytes.NewReader(file))
	var story strings.Builder
	if err := lab.Explain(&story, src, lab.Explanation{Redact: true}); err != nil {
		t.Fatal(err)
	}
	if want := "redacted capture without its TLS keys: "; !strings.HasPrefix(story.String(), want) {
		t.Errorf("got %s, want it to begin with %q", story.String(), want)
	}
}

// TestCaptureAsKeyLog gives a capture in the place of a key log.
func TestCaptureAsKeyLog(t *testing.T) {
	result := playedOnGVisor(t, ftpsScenarios(t)["ftps_explicit"])
	src := lab.File(result.Capture)
	src.KeyLog = result.Capture
	err := lab.Explain(io.Discard, src, lab.Explanation{})
	if want := result.Capture + " is a capture, and a key log was expected; the keys that a capture brings along are read without --keylog"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestDerivedWithoutKeys writes wants of captures with no keys, or with some: each capture
// passes its own, which has what is in clear and no port that chance chose.
func TestDerivedWithoutKeys(t *testing.T) {
	chance := regexp.MustCompile(`(?m)^data.*[.]\d{4,}$`)
	for name := range ftpsScenarios(t) {
		file, log := playedFile(t, name)
		for _, keys := range [][]byte{nil, only(log, "CLIENT_"), only(log, "SERVER_"), log} {
			c, err := capture.Read(bytes.NewReader(file), capture.Options{NoKeys: true, KeyLog: keys})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			var want strings.Builder
			if err := expect.Derive(&want, c, nil); err != nil {
				t.Fatal(err)
			}
			hosts := expect.Hosts{}
			for _, n := range c.Names {
				hosts[n.Name] = append(hosts[n.Name], n.Addr)
			}
			w, err := expect.Parse(name, 1, want.String())
			if err != nil {
				t.Fatalf("%v in\n%s", err, want.String())
			}
			if v, err := w.Judge(c, hosts); err != nil || !v.Pass {
				t.Errorf("%s: %v\n%s", name, err, want.String())
			}
			if name == "ftps_implicit" {
				if keys == nil && chance.MatchString(want.String()) {
					t.Errorf("a port that chance chose in\n%s", want.String())
				}
				continue
			}
			for _, line := range []string{`server > client  "220 `, `client > server  "AUTH `} {
				if !strings.Contains(want.String(), line) {
					t.Errorf("%s: %s is not in\n%s", name, line, want.String())
				}
			}
			if name == "ftps_ccc" && !strings.Contains(want.String(), `"RETR README"`) {
				t.Errorf("what is said after TLS is not in\n%s", want.String())
			}
		}
	}
}

// TestNotesOnTLS asks for what the comments in a capture say where TLS fails, and where it ends.
func TestNotesOnTLS(t *testing.T) {
	for name, want := range map[string][]string{
		"ftps_expired": {"From here on there is TLS, with no dialogue in it.", "The certificate of the server had expired on 1985-09-30.", "An alert of the client: fatal bad_certificate."},
		"ftps_ccc":     {"From here on the dialogue is in clear again."},
	} {
		file, _ := playedFile(t, name)
		for _, note := range want {
			if !bytes.Contains(file, []byte(note)) {
				t.Errorf("%s: no comment says %q", name, note)
			}
		}
		if wrong := "the keys of the session are known"; name == "ftps_expired" && bytes.Contains(file, []byte(wrong)) {
			t.Errorf("%s: a comment says %q, and there are none", name, wrong)
		}
	}
}

// TestLostHello asks for the true reason if TLS cannot be read because a hello is lost, although
// its keys are there.
func TestLostHello(t *testing.T) {
	file, log := playedFile(t, "ftps_explicit")
	for lost, want := range map[int]string{11: "its ClientHello is not in the capture", 12: "its ServerHello is not in the capture"} {
		got := storyOf(t, rewritten(t, file, func(n int, _ *pcapng.Packet) bool { return n != lost }), capture.Options{KeyLog: log})
		if !strings.Contains(got, want) {
			t.Errorf("without packet %d, %q is not in\n%s", lost, want, got)
		}
		for _, wrong := range []string{"there are no keys", "the handshake does not end"} {
			if strings.Contains(got, wrong) {
				t.Errorf("without packet %d, %q is in\n%s", lost, wrong, got)
			}
		}
	}
}
