package capture_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
)

func asJSON(t *testing.T, tr *capture.Capture) string {
	t.Helper()
	var b bytes.Buffer
	if err := text.JSON(&b, "x.pcap", tr); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The JSON has the fields that other programs rely on since its first version. Others may
// come; TestSchema holds them to their description.
func TestJSON(t *testing.T) {
	f := forge.New()
	x := f.Login()
	x.Active(3172, "RETR caf\xe9\x01", "data")
	c, s := f.Pair("[::1]:4000", "[::1]:5000")
	c.SegmentAt(0, "S", "")
	_ = s
	want := `{"packets": 32, "truncated": 0,
 "connections": [
  {"id":0,"role":"control","client":"198.51.100.100:3171","server":"192.0.2.21:21","opened_by":"client","history":"ShAdDa","first_packet":1,"last_packet":31,"handshake_rtt":0.001,"round_trip":0.002,"bytes":{"client":75,"server":144},"first_fin":"","reset_by":""},
  {"id":1,"role":"data","mode":"active","client":"198.51.100.100:3172","server":"192.0.2.21:20","opened_by":"server","announced":{"command":"PORT","packet":14},"control":0,"transfer":{"command":"RETR","argument":"caf\\xe9\u0001","packet":18,"reply":226},"history":"ShADaFf","first_packet":20,"last_packet":29,"handshake_rtt":0.001,"round_trip":0.002,"bytes":{"client":0,"server":4},"sha256":"3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7","first_fin":"server","reset_by":""},
  {"id":2,"role":"other","client":"[::1]:4000","server":"[::1]:5000","opened_by":"client","history":"S","first_packet":32,"last_packet":32,"bytes":{"client":0,"server":0},"first_fin":"","reset_by":""}],
 "sessions": [
  {"control":0,"user":"anonymous","tls":false,"exchanges":[{"packet":6,"command":"USER","argument":"anonymous","replies":[{"packet":8,"code":331,"text":"Guest login ok."}]},{"packet":10,"command":"PASS","argument":"me@mypc.test","replies":[{"packet":12,"code":230,"text":"Logged in."}]},{"packet":14,"command":"PORT","argument":"198,51,100,100,12,100","replies":[{"packet":16,"code":200,"text":"PORT command successful."}]},{"packet":18,"command":"RETR","argument":"caf\\xe9\u0001","replies":[{"packet":23,"code":150,"text":"Opening data connection."},{"packet":30,"code":226,"text":"Transfer complete."}]}]}]}
`
	var got, wanted any
	text := asJSON(t, read(t, f.PCAP()))
	if err := errors.Join(json.Unmarshal([]byte(text), &got), json.Unmarshal([]byte(want), &wanted)); err != nil {
		t.Fatal(err)
	}
	if missing := lacks(got, wanted, ""); missing != "" {
		t.Errorf("%s: got\n%swant\n%s", missing, text, want)
	}
}

// lacks says where a value lacks something of what is wanted, "" for nowhere.
func lacks(got, want any, at string) string {
	switch want := want.(type) {
	case map[string]any:
		fields, _ := got.(map[string]any)
		for name, w := range want {
			if missing := lacks(fields[name], w, at+"."+name); missing != "" {
				return missing
			}
		}
	case []any:
		items, _ := got.([]any)
		if len(items) != len(want) {
			return at
		}
		for i, w := range want {
			if missing := lacks(items[i], w, at); missing != "" {
				return missing
			}
		}
	default:
		if got != want {
			return at
		}
	}
	return ""
}

// Without hashes, the JSON is the same except for them.
func TestNoHash(t *testing.T) {
	f := formatSession(t)
	tr, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{NoHash: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := asJSON(t, tr); strings.Contains(got, "sha256") {
		t.Errorf("a hash in %s", got)
	}
	with := asJSON(t, read(t, f.PCAP()))
	want := regexp.MustCompile(`"sha256":"[0-9a-f]{64}",`).ReplaceAllString(with, "")
	if got := asJSON(t, tr); got != want || want == with {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// All replies that answer no command are in the JSON, in their order, also those of a server
// that says hundreds.
func TestManyUnsolicited(t *testing.T) {
	for _, n := range []int{1, 99, 100, 101, 250} {
		f := forge.New()
		end := f.Control().Say(`
			< 220 FTP server ready.
			> NOOP
			< 200 Yes.`)
		for i := range n - 1 {
			end.Say(fmt.Sprintf("< 421 Message %d", i))
		}
		var got struct {
			Sessions []struct{ Unsolicited []struct{ Text string } }
		}
		if err := json.Unmarshal([]byte(asJSON(t, read(t, f.PCAP()))), &got); err != nil {
			t.Fatal(err)
		}
		replies := got.Sessions[0].Unsolicited
		if len(replies) != n {
			t.Fatalf("got %d unsolicited replies, want %d", len(replies), n)
		}
		for i, r := range replies[1:] {
			if want := fmt.Sprintf("Message %d", i); r.Text != want {
				t.Errorf("of %d, number %d is %q, want %q", n, i, r.Text, want)
			}
		}
	}
}

// An empty capture has no connections, not none that can be listed.
func TestEmptyCapture(t *testing.T) {
	want := "{\"version\":1,\"file\":\"x.pcap\",\"packets\":0,\"truncated\":0,\n \"connections\": [],\n \"sessions\": []}\n"
	if got := asJSON(t, read(t, forge.New().PCAP())); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A command whose end the recorder cut off is marked where its data connection names it, too.
func TestCutTransfer(t *testing.T) {
	for _, cut := range []bool{false, true} {
		f := forge.New()
		x := f.Login()
		x.Active(3172, "RETR reports/2026.csv", "data")
		for i := range f.Frames {
			if cut && bytes.Contains(f.Frames[i].Data, []byte("RETR")) {
				f.Frames[i].Cut(14 + 20 + 20 + 12)
			}
		}
		want := `"argument":"reports/2026.csv","packet":18,"reply":226}`
		if cut {
			want = `"argument":"reports","packet":18,"reply":226,"incomplete":true}`
		}
		if got := asJSON(t, read(t, f.PCAP())); !strings.Contains(got, want) {
			t.Errorf("cut: %v: got %swant %s", cut, got, want)
		}
	}
}
