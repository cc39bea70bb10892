package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ftplab/lab/analysis/baseline/alert"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/internal/forge"
)

// TestGrowingLeftOut reads two sessions of which not all can be kept. The warning comes once, and each
// session says so in JSON.
func TestGrowingLeftOut(t *testing.T) {
	f := forge.New()
	for session := range 2 {
		c, s := f.Dial(fmt.Sprintf("198.51.100.%d:2000", 7+session), "192.0.2.21:21")
		s.Send("220 ready\r\n")
		for i := range 70 {
			c.Send("PASV\r\n")
			s.Send(fmt.Sprintf("227 (203,0,113,99,%d,%d)\r\n", 100+session, i))
		}
		s.Close()
	}
	const want = "a data connection with another host may be missing"
	var warnings, left []string
	growing := func() Growing {
		return Growing{Stream: bytes.NewReader(f.PCAP()), Warn: func(sentence string) { warnings = append(warnings, sentence) }}
	}
	note := func(text []byte) {
		var fact struct {
			LeftOut string `json:"left_out"`
		}
		if err := json.Unmarshal(text, &fact); err != nil {
			t.Fatal(err)
		}
		if fact.LeftOut != "" {
			left = append(left, fact.LeftOut)
		}
	}
	check := func(command string, err error) {
		t.Helper()
		isWanted := func(text string) bool { return strings.Contains(text, want) }
		if err != nil || len(warnings) != 1 || !isWanted(warnings[0]) || len(left) != 2 || !isWanted(left[0]) || !isWanted(left[1]) {
			t.Errorf("%s: %v, got the warnings %q, and in JSON %q; want one, and two", command, err, warnings, left)
		}
		warnings, left = nil, nil
	}
	var lines bytes.Buffer
	err := ExplainGrowing(t.Context(), &lines, growing(), Explanation{Form: JSONLines})
	for line := range bytes.Lines(lines.Bytes()) {
		note(line)
	}
	check("explain", err)

	err = AlertsGrowing(t.Context(), growing(), profile.Normal(), nil, func(r *alert.Report) error {
		var text bytes.Buffer
		w, err := alert.NewWriter("json", &text)
		if err == nil {
			err = w.Write(r)
		}
		note(text.Bytes())
		return err
	})
	check("baseline check", err)
}

// TestGrowingWithoutSession has a session between two connections to port 21 that nobody answers, or that are refused. They
// are in the story and in JSON, too, as explain has them of the whole capture.
func TestGrowingWithoutSession(t *testing.T) {
	f := forge.New()
	c, s := f.Pair("198.51.100.7:2000", "203.0.113.9:21")
	c.Segment("S", "")
	s.Segment("R.", "")
	c, s = f.Dial("198.51.100.7:2001", "192.0.2.21:21")
	s.Send("220 ready\r\n")
	c.FIN()
	s.FIN()
	c, _ = f.Pair("198.51.100.7:2002", "203.0.113.9:21")
	c.Segment("S", "")
	for form, wants := range map[Form][]string{
		Story:     {"stdin, frames 1 to 2: 2 packets, 1 TCP connection, 0 FTP sessions\n", "stdin, session 1: ", "stdin, frames 10 to 10: 1 packet, "},
		JSONLines: {`"198.51.100.7:2000"`, `"198.51.100.7:2001"`, `"198.51.100.7:2002"`},
	} {
		var got strings.Builder
		if err := ExplainGrowing(t.Context(), &got, Growing{Stream: bytes.NewReader(f.PCAP())}, Explanation{Form: form}); err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if want = strings.ReplaceAll(want, "stdin", "standard input"); !strings.Contains(got.String(), want) {
				t.Errorf("%s: got\n%s\nwant %s", form, &got, want)
			}
		}
	}
}
