package capture_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/internal/forge"
)

// A schema is a JSON Schema, of as much of the language as facts.schema.json uses.
type schema struct {
	Type       string            `json:"type"`
	Ref        string            `json:"$ref"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Items      *schema           `json:"items"`
	Enum       []string          `json:"enum"`
	Pattern    string            `json:"pattern"`
	Minimum    *float64          `json:"minimum"`
	Const      *float64          `json:"const"`
	Defs       map[string]schema `json:"$defs"`
}

func readSchema(t *testing.T) *schema {
	t.Helper()
	b, err := os.ReadFile("../report/text/facts.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// check returns what is wrong with a value, "" for nothing. No object may have a field
// that its schema does not describe.
func (root *schema) check(s *schema, value any, at string) string {
	if s.Ref != "" {
		def, ok := root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
		if !ok {
			return at + ": no " + s.Ref
		}
		return root.check(&def, value, at)
	}
	kinds := map[string]func() string{
		"object":  func() string { return root.checkObject(s, value, at) },
		"array":   func() string { return root.checkArray(s, value, at) },
		"string":  func() string { return s.checkString(value, at) },
		"boolean": func() string { return unless(value == true, at, value) },
		"number":  func() string { _, ok := value.(float64); return unless(ok, at, value) },
		"integer": func() string {
			n, ok := value.(float64)
			ok = ok && n == float64(int64(n)) && (s.Minimum == nil || n >= *s.Minimum) && (s.Const == nil || n == *s.Const)
			return unless(ok, at, value)
		},
	}
	if s.Type == "boolean" && value == false { // only of fields that are always there
		return ""
	}
	return kinds[s.Type]()
}

func unless(ok bool, at string, value any) string {
	if ok {
		return ""
	}
	return fmt.Sprintf("%s: %v", at, value)
}

func (root *schema) checkObject(s *schema, value any, at string) string {
	fields, ok := value.(map[string]any)
	if !ok {
		return unless(false, at, value)
	}
	for _, name := range s.Required {
		if _, ok := fields[name]; !ok {
			return at + ": no " + name
		}
	}
	for name, v := range fields {
		field, ok := s.Properties[name]
		if !ok {
			return at + "." + name + " is not described"
		}
		if wrong := root.check(&field, v, at+"."+name); wrong != "" {
			return wrong
		}
	}
	return ""
}

func (root *schema) checkArray(s *schema, value any, at string) string {
	items, ok := value.([]any)
	if !ok {
		return unless(false, at, value)
	}
	for i, v := range items {
		if wrong := root.check(s.Items, v, at+"["+strconv.Itoa(i)+"]"); wrong != "" {
			return wrong
		}
	}
	return ""
}

func (s *schema) checkString(value any, at string) string {
	v, ok := value.(string)
	ok = ok && (s.Enum == nil || slices.Contains(s.Enum, v)) && (s.Pattern == "" || regexp.MustCompile(s.Pattern).MatchString(v))
	return unless(ok, at, value)
}

// eventful is a capture with an example of everything that explain shows.
func eventful(t *testing.T) []byte {
	f := forge.New()
	c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
	c.Send("PROXY TCP4 203.0.113.5 192.0.2.21 51000 21\r\n")
	s.Send("220-Welcome\r\n")
	s.Send("to a server\r\n220 ready\r\n")
	x := forge.Session{Capture: f, Client: c, Server: s}
	x.Ask("user anonymous", "331 Guest login ok.")
	x.Ask("PASS me@mypc.test", "230 Logged in.")
	x.Active(3172, "RETR caf\xe9\x01", "data and more")
	x.Client.Segment("P.", "NO")
	x.Client.Send("OP\r\n")
	x.Server.Send("200 ok\r\n")
	x.Ask("PASV", "227 (192,0,2,99,195,81)")
	d, e := f.Dial(forge.Client+":40001", forge.Server+":50001")
	x.Client.Send("STOR up\r\n")
	x.Server.Send("150 here\r\n")
	d.SegmentAt(0, "F.", "") // the server does not receive this one
	d.Send("one")
	d.SegmentAt(-3, "P.", "one")
	d.Seq += 10
	d.Send("two")
	d.FIN()
	e.FIN()
	d.Segment("P.", "more")
	d.Segment("P.", "and more")
	x.Ask("\xff\xf4\xff\xf2ABOR", "226 done")
	x.Client.Send("\xff\xf1")
	x.Client.Send("\r\n")
	x.Ask("EPSV", "229 Entering Extended Passive Mode (||50002|)")
	_, e = f.Dial(forge.Client+":40002", forge.Server+":50002")
	x.Server.Send("150 here\r\n")
	e.Send("list")
	f.Drop(1)
	e.Close()
	x.Ask("PASV", "227 (192,0,2,21,195,83)")
	x.Ask("LIST", "150 here", "425 no connection")
	x.Server.Seq += 30
	x.Ask("STAT", "211-status", " fine", "211 end")
	x.Client.Send(hello("\n"))
	x.Server.Send("500 what?\r\n")
	x.Server.Send("421 Timeout.\r\n")
	x.Server.FIN()
	x.Client.SegmentAt(0, "R.", "")
	return f.PCAP()
}

// severalPlaces is a capture that was taken at both ends, and a packet that only one of them has.
func severalPlaces(t *testing.T) []byte {
	f := forge.New()
	f.Login().Ask("NOOP", "200 Fine.")
	return placed(t, f, []string{"client", "server"}, func(_ int, p forge.Frame) []int {
		if bytes.Contains(p.Data, []byte("200 Fine")) {
			return []int{1}
		}
		return []int{0, 1}
	})
}

// relayed is a capture whose packets go over the network card of a third host, whose times go back, and in which two
// cards claim an address of IPv6.
func relayed() []byte {
	f := forge.New()
	f.Login().Quit()
	f.Relay(0x66)
	f.Last(0).At = f.Last(0).At.Add(-time.Hour)
	for _, card := range []byte{7, 8} {
		f.Frame(slices.Concat([]byte{0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, card, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255},
			ipv6(1), ipv6(2), []byte{136, 0, 0, 0, 0x20, 0, 0, 0}, ipv6(1), []byte{2, 1, 2, 0, 0, 0, 0, card}))
	}
	return f.PCAP()
}

func ipv6(host byte) []byte {
	return append([]byte{0x20, 1, 0xd, 0xb8}, append(make([]byte, 11), host)...)
}

// What is written fits the schema, as one object and as lines.
func TestSchema(t *testing.T) {
	root := readSchema(t)
	for name, file := range map[string][]byte{"eventful": eventful(t), "empty": forge.New().PCAP(), "places": severalPlaces(t), "NAT": bothSides(t), "relay": relayed()} {
		c := read(t, file)
		var whole any
		if err := json.Unmarshal([]byte(asJSON(t, c)), &whole); err != nil {
			t.Fatal(err)
		}
		if wrong := root.check(root, whole, name); wrong != "" {
			t.Error(wrong)
		}
		if _, lost := whole.(map[string]any)["lost_packets"]; lost != (name == "places") {
			t.Errorf("%s: lost_packets is there: %v", name, lost)
		}
		var lines bytes.Buffer
		if err := text.JSONLines(&lines, "x.pcap", c); err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{}
		for line := range strings.Lines(lines.String()) {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Fatal(err)
			}
			kind := object["type"].(string)
			counts[kind]++
			delete(object, "type")
			def, ok := root.Defs[kind]
			if !ok {
				t.Errorf("a line of type %q", kind)
			}
			if wrong := root.check(&def, object, name+" "+kind); wrong != "" {
				t.Error(wrong)
			}
		}
		if want := map[string]int{"capture": 1, "connection": c.NumConnections(), "session": c.NumSessions()}; counts["capture"] != 1 ||
			counts["connection"] != want["connection"] || counts["session"] != want["session"] {
			t.Errorf("%s: got lines %v, want %v", name, counts, want)
		}
	}
}

// Each number, address and text of the story is in the JSON.
func TestJSONHasAllOfTheStory(t *testing.T) {
	if checked := jsonHasAll(t, read(t, eventful(t))); checked < 100 {
		t.Errorf("only %d numbers were looked for", checked)
	}
	jsonHasAll(t, read(t, relayed()))
}

// jsonHasAll fails if the JSON of a capture lacks something of its story. It returns how many numbers it looked for.
func jsonHasAll(t *testing.T, c *capture.Capture) (checked int) {
	known := map[string]bool{}
	collect(t, c, known)
	var story bytes.Buffer
	if err := text.Story(&story, "x.pcap", c); err != nil {
		t.Fatal(err)
	}
	counts := regexp.MustCompile(`^x\.pcap: .*|\(\d+ is \d+\*256\+\d+\)`) // counted, and worked out
	duration := regexp.MustCompile(`\d+\.\d+ m?s\b`)
	number := regexp.MustCompile(`[0-9a-f]{64}|\[?[0-9a-f.:]*[0-9]\]?:\d+|\d+(\.\d+)*`)
	for line := range strings.Lines(story.String()) {
		line = strings.TrimSuffix(counts.ReplaceAllString(line, ""), "\n")
		if i := strings.Index(line, "  server  "); i < 0 {
			i = strings.Index(line, "  client  ")
			line = said(t, line, i, known)
		} else {
			line = said(t, line, i, known)
		}
		if before, command, ok := strings.Cut(line, "|   for "); ok {
			command, after, _ := strings.Cut(command, ", which")
			if line = before + after; !known[command] {
				t.Errorf("%q is not in the JSON", command)
			}
		}
		line = withoutSentences(strings.ReplaceAll(line, "SHA-256", ""), known)
		line = strings.NewReplacer("port 20 ", "", "TCP4", "", "PROXY v1", "").Replace(line)
		for _, d := range duration.FindAllString(line, -1) {
			if checked++; !known[d] {
				t.Errorf("the duration %s is not in the JSON: %s", d, line)
			}
		}
		for _, n := range number.FindAllString(duration.ReplaceAllString(line, ""), -1) {
			if checked++; !known[n] {
				t.Errorf("%s is not in the JSON: %s", n, line)
			}
		}
	}
	return checked
}

// withoutSentences is a line of the story without the longest text that the JSON has word for word.
func withoutSentences(line string, known map[string]bool) string {
	longest := ""
	for words := range known {
		if strings.Contains(words, ", ") && len(words) > len(longest) && strings.Contains(line, words) {
			longest = words
		}
	}
	if longest == "" {
		return line
	}
	return strings.ReplaceAll(line, longest, "")
}

// said checks the line of a dialogue that begins at a place in a line of the story, and
// returns the rest.
func said(t *testing.T, line string, at int, known map[string]bool) string {
	t.Helper()
	if at < 0 || strings.Contains(line, "role ") || strings.Contains(line, "->") {
		return line
	}
	words := strings.TrimSuffix(strings.TrimPrefix(line[at+10:], "[bytes missing] "), " [its end is missing]")
	if !known[words] {
		t.Errorf("%q is not in the JSON", words)
	}
	return line[:at]
}

// collect notes all values of the JSON of a capture, in the forms in which the story has
// them.
func collect(t *testing.T, c *capture.Capture, known map[string]bool) {
	t.Helper()
	var all any
	if err := json.Unmarshal([]byte(asJSON(t, c)), &all); err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
			client, _ := v["client_flow"].(map[string]any)
			server, _ := v["server_flow"].(map[string]any)
			if client != nil && server != nil {
				known[fmt.Sprint(client["packets"].(float64)+server["packets"].(float64))] = true
			}
			if command, ok := v["command"].(string); ok && v["replies"] != nil {
				known[text.Escape(strings.TrimSpace(command+" "+v["argument"].(string)))] = true
			}
			if code, ok := v["code"].(float64); ok {
				known[text.Escape(fmt.Sprintf("%.0f %s", code, v["text"]))] = true
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case float64:
			known[strconv.FormatFloat(v, 'f', -1, 64)] = true
			for _, form := range []string{"%.3f ms", "%.2f ms", "%.1f ms"} {
				known[fmt.Sprintf(form, v*1e3)] = true
			}
			known[fmt.Sprintf("%.2f s", v)] = true
		case string:
			known[text.Escape(v)] = true
			if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
				known[fmt.Sprintf("%.6f", float64(at.UnixNano()-c.Start)/1e9)] = true
			}
			if host, _, ok := strings.Cut(v, ":"); ok {
				known[host] = true
			}
		}
	}
	walk(all)
}
