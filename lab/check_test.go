package lab_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/measure"
	"ftplab/lab/internal/forge"
	"ftplab/lab/outcome"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/runner"
)

// TestRunInPCAP runs a session with a step that times out. A file of pcap does not say that its recorder lost nothing, and
// the run knows it.
func TestRunInPCAP(t *testing.T) {
	const text = "# x\nnetwork wire pathmtu=1400 icmp=off\nfile a.bin 50000\ndeadline 5s\nopen\nlogin anonymous\ntype i\nexpect timeout: get a.bin\n" +
		"-- want --\nctl client.* > server.21\ndata client.* > server.*\nctl ...\ndata ...\n-- figures --\ndata.bytes.server = 0\n"
	s, err := scenario.Parse("x.txtar", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []pcapng.Format{pcapng.PCAPNG, pcapng.PCAP} {
		r, err := lab.Run(t.Context(), s, lab.Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, Format: format, NoWalkthrough: true})
		if err != nil || r.Outcome != lab.Passed {
			t.Errorf("%s: got %+v, %v, want that it passes", format, r, err)
		}
	}
}

// TestReportNamesTheStall has a run during which the machine stood still. The verdict
// mentions it only if something went wrong.
func TestReportNamesTheStall(t *testing.T) {
	const note = "note: 2.4 s after its start the machine did not let this run continue for 1.3 s;"
	v := &lab.Verdict{
		Scenario: "x.txtar",
		Failures: []runner.Failure{{Line: 3, Message: "ls: no answer"}},
		Stalls:   []runner.Stall{{At: 0.1, Seconds: 0.3}, {At: 2.4, Seconds: 1.3}},
	}
	if got, want := v.Report(), "x.txtar:3: ls: no answer\n"+note; !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 2 {
		t.Errorf("got %s, want %s...", got, want)
	}
	v.Failures, v.Pass = nil, true
	if got := v.Report(); got != "" {
		t.Errorf("passed: got %s, want nothing", got)
	}
	v.Pass, v.Stalls = false, nil
	if got := v.Report(); got != "" {
		t.Errorf("without a stall: got %s, want nothing", got)
	}
}

// The JSON of a verdict has the outcome as every other output names it. The verdict of an early
// ftplab, which has none, can still be read.
func TestVerdictJSON(t *testing.T) {
	var early lab.Verdict
	if err := json.Unmarshal([]byte(`{"scenario": "x.txtar", "pass": true}`), &early); err != nil {
		t.Fatal(err)
	}
	off := []measure.Result{{Name: "ctl.rtt", Unjudged: true}}
	for _, test := range []struct {
		v      *lab.Verdict
		want   lab.Outcome
		judged bool
	}{
		{&early, lab.Recorded, false},
		{&lab.Verdict{Pass: true, Want: &expect.Verdict{Pass: true}}, lab.Passed, true},
		{&lab.Verdict{Failures: []runner.Failure{{Line: 1, Message: "no"}}}, lab.Failed, false},
		{&lab.Verdict{Figures: off}, outcome.Unjudged, true},
	} {
		text, err := json.Marshal(test.v)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Outcome lab.Outcome
			Judged  *bool
			lab.Verdict
		}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if got.Outcome != test.want || got.Judged == nil || *got.Judged != test.judged || got.Pass != test.v.Pass || !strings.HasPrefix(string(text), `{"scenario":`) {
			t.Errorf("got %s, want the scenario first, the outcome %s, judged %v", text, test.want, test.judged)
		}
	}
}

// All mistakes of a file are reported at once, in the order of its lines, and none that only
// follows from another.
func TestAllMistakes(t *testing.T) {
	const want = "-- want --\nctl client.* > server.21\nctl client > server [S] @syn\n"
	for _, test := range []struct{ name, text, mistakes string }{
		{"in the script and in all sections", "netwrk\nopen\n-- questions --\nWho?\n  text = ctl.usr\n-- figures --\nclt.rtt < 1s\n" + want + "ctl client > server [X]\n",
			`1: unknown setting or step "netwrk"|5: there is no figure "ctl.usr"|7: clt: no connection of that name|11: [X]: 'X' is not a flag`},
		{"in sections only", "open\n-- figures --\nctl.rt < 1s\ndata.rtt < 1s\n@sny -> @syn < 1s\n" + want + "ctl bogus\n-- questions --\nWhich?\n  frame = @sny\nHow?\n  tim = ctl.rtt\n",
			`3: there is no figure "ctl.rt"|4: data: no connection of that name|5: @sny: no line|9: "ctl bogus": a line begins|12: @sny: no line|14: "tim = ctl.rtt"`},
		{"names that a wrong want may have", "open\n-- want --\nctl client.* > sever.21\nctl client > sever [S] @syn\n-- figures --\nctl.rtt < 1s\n@syn -> @syn < 1s\n",
			`3: there is no host "sever"`},
		{"hosts with the address of another one", "host laptop 127.0.0.1\nhost other 127.0.0.2\nhost third 127.0.0.2\nname a.test 127.0.0.1\nopen\nsession b other\nopen\n" + want +
			"data laptop.* > server.*\nlast laptop.* > server.*\nb other.* > server.21\nc third.* > server.*\ndns nameserver.* > server.53\nu laptop.* > server.53 udp\n",
			"11: laptop has the address of client, 127.0.0.1, so the capture does not tell their connections apart; give it an address of its own|" +
				"14: third has the address of other, 127.0.0.2, so the capture"},
		{"a host of a line with a mistake", "network wire\nhost proxy 192.0.2.7 rtt=5parsec\nopen\n-- want --\nctl client.* > proxy.21\n-- figures --\nctl.rt < 1s\n",
			`2: rtt "5parsec"|7: there is no figure "ctl.rt"`},
		{"names of a want whose section has a wrong name", "open\n-- wnat --\nctl client.* > server.21\n-- figures --\nctl.rtt < 1s\n",
			`2: unknown section "wnat"`},
		{"lines below a wrong beginning of a section", "open\n-- want -\nctl client.* > server.21\n-- figures --\nctl.rtt < 1s\n",
			`2: "-- want -" does not begin a section`},
		{"lines in a section that begin another one", "open\n" + want + "-- figures -\nctl.rtt < 1s\n-- server --\non RETR: dance\n=== questions ===\nWho?\n",
			`5: "-- figures -" does not begin a section|8: the server has no action "dance"|9: "=== questions ===" does not begin`},
		{"the second of two sections with one name", "open\n" + want + "-- want --\ndata client > server\n-- figures --\ndata.rtt < 1s\n",
			`5: section "want" appears twice`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := lab.Parse("a.txtar", []byte(test.text))
			if err == nil {
				_, err = lab.Check(s, lab.File("none.pcapng"))
			}
			mistakes, _ := err.(scenario.Errors)
			var got []string
			for _, m := range mistakes {
				got = append(got, fmt.Sprintf("%d: %s", m.Line, m.Msg))
			}
			want := strings.Split(test.mistakes, "|")
			if len(got) != len(want) {
				t.Fatalf("got %d mistakes, want %d:\n%v", len(got), len(want), err)
			}
			for i := range want {
				if !strings.HasPrefix(got[i], want[i]) {
					t.Errorf("got %s, want %s", got[i], want[i])
				}
			}
		})
	}
}

// The packet that announces a port proves the answer about it, with the SYN.
func TestProofOfAPort(t *testing.T) {
	s, err := lab.Parse("a.txtar", []byte("network wire\n-- want --\nctl client.* > server.21\ndata server.20 > client.*\nctl ...\n"+
		"ctl client > server \"PORT *\" @port\nctl ...\ndata ...\n"+
		"-- questions --\nWhich port does it name?\n    port = data.port.client\nWhere?\n    frame = @port\nWhich one does it use?\n    port = data.port.server\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := forge.New()
	l := c.Login()
	l.Active(20, "LIST", "a file\r\n")
	l.Quit()
	answers, err := lab.Answers(s, lab.Reader("a.pcap", bytes.NewReader(c.PCAP())))
	if err != nil {
		t.Fatal(err)
	}
	if port := int(answers[1].Number); !slices.Contains(answers[0].Frames, port) || slices.Contains(answers[2].Frames, port) {
		t.Errorf("got the frames %v and %v, want PORT, frame %d, in the first only", answers[0].Frames, answers[2].Frames, port)
	}
}

// A question that its capture does not answer is named with the line of its answer.
func TestQuestionWithoutAnswer(t *testing.T) {
	s, err := lab.Parse("a.txtar", []byte("network wire\n-- want --\nctl client.* > server.21\nctl ...\n"+
		"-- questions --\nWho?\n    text = ctl.user\nHow long?\n    time = ctl.gap.max.server\nWhen?\n    time = ctl.gap.max.client\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := forge.New()
	client, server := c.Dial(forge.Client+":3171", forge.Server+":21")
	server.Send("220 Hello.\r\n")
	client.Send("USER ann\r\n")
	server.Send("331 Password?\r\n")
	const want = "a.txtar:11: ctl.gap.max.client: "
	if _, err := lab.Answers(s, lab.Reader("a.pcap", bytes.NewReader(c.PCAP()))); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Of a capture whose halves changed places, check and explain say that its times go back. Two packets
// that changed places are usual.
func TestOutOfOrder(t *testing.T) {
	s, err := lab.Parse("a.txtar", []byte("network wire\n-- want --\nctl client.* > server.21\nctl client > server [S]\nctl ...\n"))
	if err != nil {
		t.Fatal(err)
	}
	const said = " is stamped 0.209 s before packet "
	for _, test := range []struct {
		name  string
		first int // the packet with which the file begins
		other int // and that is swapped with the one after it; 0 for none
		out   bool
	}{{"in order", 0, 0, false}, {"halves", 8, 0, true}, {"jitter", 0, 5, false}} {
		c := forge.New()
		l := c.Login()
		c.Pass(190 * time.Millisecond)
		l.Quit()
		if i := test.other; i > 0 {
			c.Frames[i], c.Frames[i+1] = c.Frames[i+1], c.Frames[i]
		}
		c.Frames = append(slices.Clone(c.Frames[test.first:]), c.Frames[:test.first]...)
		file := c.PCAP()
		warned := ""
		source := lab.Reader("a.pcap", bytes.NewReader(file))
		source.Warn = func(sentence string) { warned += sentence }
		v, err := lab.Check(s, source)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(warned, said) && strings.Contains(warned, "reordercap"); got != test.out || v.Pass == test.out {
			t.Errorf("%s: check: got pass %v and the warning %q, want one about the order: %v", test.name, v.Pass, warned, test.out)
		}
		warned = ""
		var story, lines bytes.Buffer
		if err := lab.Explain(&story, lab.Reader("a.pcap", bytes.NewReader(file)), lab.Explanation{}); err != nil {
			t.Fatal(err)
		}
		source = lab.Reader("a.pcap", bytes.NewReader(file))
		source.Warn = func(sentence string) { warned += sentence }
		if err := lab.Explain(&lines, source, lab.Explanation{Form: lab.JSON}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(story.String(), said) != test.out || strings.Contains(warned, said) != test.out {
			t.Errorf("%s: explain: got %q and the warning %q, want that they say so: %v", test.name, strings.SplitN(story.String(), "\n", 3), warned, test.out)
		}
	}
}

// Of a capture with a block whose length at its end is wrong, each command says so once, and reads it.
func TestFlaw(t *testing.T) {
	file, err := os.ReadFile("analysis/capture/testdata/active_list.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	s, err := lab.Parse("a.txtar", []byte("-- want --\nctl client.* > server.21\ndata server.20 > client.*\nctl client > server [S]\nctl ...\ndata ...\n"))
	if err != nil {
		t.Fatal(err)
	}
	copy(file[len(file)-4:], "\x00\x00\x00\x00")
	for name, read := range map[string]func(w io.Writer, src lab.Source) error{
		"check": func(_ io.Writer, src lab.Source) error {
			v, err := lab.Check(s, src)
			if err == nil && !v.Pass {
				err = errors.New(v.Report())
			}
			return err
		},
		"explain": func(w io.Writer, src lab.Source) error { return lab.Explain(w, src, lab.Explanation{}) },
		"explain --json": func(_ io.Writer, src lab.Source) error {
			var facts bytes.Buffer
			err := lab.Explain(&facts, src, lab.Explanation{Form: lab.JSON})
			if err == nil && !strings.Contains(facts.String(), `"flaw":`) {
				err = errors.New("the facts lack the flaw")
			}
			return err
		},
		"explain --html": func(w io.Writer, src lab.Source) error { return lab.Explain(w, src, lab.Explanation{Form: lab.HTML}) },
		"derive":         func(_ io.Writer, src lab.Source) error { return lab.Derive(io.Discard, src, nil) },
	} {
		var said bytes.Buffer
		source := lab.Reader("a.pcapng", bytes.NewReader(file))
		source.Warn = func(sentence string) { fmt.Fprintln(&said, sentence) }
		err := read(&said, source)
		if n := strings.Count(said.String(), "says at its end that it has 0 (packet "); err != nil || n != 1 {
			t.Errorf("%s: got %v and the flaw %d times, want it once", name, err, n)
		}
	}
}

// A capture whose packets the recorder cut short, or whose file is cut off, cannot be judged where bytes are missing, and is
// not called wrong because of them. What was recorded is judged.
func TestCheckOfACutCapture(t *testing.T) {
	const (
		headers = 54 // of Ethernet, IP and TCP
		cutOff  = -1
	)
	const file = "a file\r\n"
	want := "network wire\n-- want --\nctl client.* > server.21\ndata server.20 > client.*\n" +
		"ctl ...\nctl client > server \"USER anonymous\" @user\nctl ...\nctl server > client \"226 *\" @done\nctl ...\ndata ...\n" +
		"-- figures --\nctl.user = anonymous\nctl.commands = 5\nctl.reply.code.LIST = 226\ndata.argument = some/where\ndata.mode = active\ncapture.announced = 1\ncapture.control = 1\ncapture.data = 1\nctl.reply.segments.USER = 1\n@user -> @done < 1s\n" +
		fmt.Sprintf("data.sha256 = %x\n", sha256.Sum256([]byte(file)))
	for _, test := range []struct {
		name, want string
		snap       int
		state      string
		wrong      string // the names of the figures that are wrong
	}{
		{"whole", want, 0, "as wanted", ""},
		{"headers alone", want, headers, "cannot be judged", ""},
		{"the command's names", want, headers + 6, "cannot be judged", ""},
		{"nearly whole", want, headers + 12, "cannot be judged", ""},
		{"a file cut off", want, cutOff, "cannot be judged", ""},
		{"a file cut off, and another user", strings.Replace(want, "ctl ...\nctl client > server \"USER an", "ctl client > server [S]\nctl server > client [S.]\nctl server > client \"220 *\"\nctl client > server \"USER nobody", 1), cutOff, "not as wanted", ""},
		{"a file cut off, and another user, who may come later", strings.Replace(want, "USER an", "USER nobody", 1), cutOff, "cannot be judged", ""},
		{"a file cut off, and another mode", strings.Replace(want, "= active", "= passive", 1), cutOff, "not as wanted", "data.mode"},
		{"another user", strings.Replace(want, "USER an", "USER nobody", 1), headers + 12, "not as wanted", "@user -> @done"},
		{"another code", strings.Replace(want, "LIST = 226", "LIST = 250", 1), headers + 12, "not as wanted", "ctl.reply.code.LIST"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := forge.New()
			s := c.Login()
			s.Active(20, "LIST some/where", file)
			s.Quit()
			for i := range c.Frames {
				if test.snap > 0 {
					c.Frames[i].Cut(test.snap)
				}
			}
			file := c.PCAP()
			if test.snap == cutOff {
				file = file[:bytes.Index(file, []byte("226 "))] // the reply to LIST
			}
			sc, err := lab.Parse("a.txtar", []byte(test.want))
			if err != nil {
				t.Fatal(err)
			}
			v, err := lab.Check(sc, lab.Reader("cut.pcap", bytes.NewReader(file)))
			if err != nil {
				t.Fatal(err)
			}
			state, wrong := "not as wanted", ""
			if v.Pass {
				state = "as wanted"
			} else if v.Unjudged() {
				state = "cannot be judged"
			}
			for _, f := range v.Figures {
				if !f.OK && !f.Unjudged {
					wrong += f.Name
				}
			}
			if state != test.state || wrong != test.wrong {
				t.Errorf("got %s, with wrong figures %q, want %s, with %q:\n%s", state, wrong, test.state, test.wrong, v.Report())
			}
		})
	}
}

// TestHandshakeLacksOnePacket has captures without one packet of the handshake. The report says which it
// is, and the figures of the dialogue are measured. In the last the greeting is missing, too.
func TestHandshakeLacksOnePacket(t *testing.T) {
	s, err := lab.Parse("a.txtar", []byte("network wire\nhost client 198.51.100.100\nhost server 192.0.2.21\nopen\n"+
		"-- want --\nctl client.* > server.21\nctl client > server [S]\nctl server > client [S.]\nctl client > server [.]\nctl ...\n"+
		"-- figures --\nctl.commands = 3\nctl.reply.code.USER = 331\nctl.user = anonymous\nctl.bytes.client = 41\nctl.first-fin = server\ncapture.control = 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		drop   []int // frames
		report string
		judged bool // the figures
	}{
		{[]int{1}, "a.txtar:7: ctl: from frame 1 on, the capture is incomplete (the capture lacks the SYN of the client), so line 7 cannot be judged\n", true},
		{[]int{2}, "a.txtar:8: ctl: from frame 1 on, the capture is incomplete (the capture lacks the SYN-ACK of the server), so line 8 cannot be judged\n", true},
		{[]int{3}, "a.txtar:9: ctl: from frame 3 on, the capture is incomplete (the ACK of the handshake before this frame is missing), so line 9 cannot be judged\n", true},
		{[]int{2, 3, 4}, "not measured, as the capture lacks the SYN-ACK of the server\n", false},
	} {
		g := forge.New()
		session := g.Login()
		session.Quit()
		for _, frame := range slices.Backward(test.drop) {
			g.Drop(len(g.Frames) - frame)
		}
		v, err := lab.Check(s, lab.Reader("cut.pcap", bytes.NewReader(g.PCAP())))
		if err != nil {
			t.Fatal(err)
		}
		var story bytes.Buffer
		err = lab.Explain(&story, lab.Reader("cut.pcap", bytes.NewReader(g.PCAP())), lab.Explanation{})
		lacks, missing := regexp.MustCompile("the capture lacks the SYN[^),\n]*").FindString(test.report), "client opens the control connection; "
		if err != nil || strings.Contains(story.String(), missing+"the capture lacks") != (lacks != "") || !strings.Contains(story.String(), missing+lacks) {
			t.Errorf("without the frames %v: got error %v and\n%s\nwant %q", test.drop, err, story.String(), lacks)
		}
		if report := v.Report(); !strings.Contains(report, test.report) || test.judged && report != test.report {
			t.Errorf("without the frames %v: got\n%s\nwant %s", test.drop, report, test.report)
		}
	}
}

// TestControlPort has servers at ports that are not those of FTP, to which clients say little: the port of the
// scenario shows what the connections are.
func TestControlPort(t *testing.T) {
	for _, test := range []struct{ server, steps, want string }{
		{"port=2121", "open\nclose", `ctl server > client "220 *"`},
		{"port=2121", "open\n! quote XYZZY\nclose", "ctl server > client \"220 *\"\nctl client > server \"XYZZY\"\nctl server > client \"5*\""},
		{"port=2990 tls=implicit", "open\nclose", `ctl server > client "220 *"`},
	} {
		want := "ctl client.* > server." + test.server[len("port="):][:4] + "\n\nctl ...\n" + test.want + "\nctl ..."
		s, err := lab.Parse("a.txtar", []byte("# x\nserver "+test.server+"\n"+test.steps+"\n-- want --\n"+want+"\n-- figures --\ncapture.control = 1\n"))
		if err != nil {
			t.Fatal(err)
		}
		result, err := lab.Run(t.Context(), s, lab.Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if !result.Verdict.Pass {
			t.Errorf("%s, %q: run: %s", test.server, test.steps, result.Report)
		}
		if v, err := lab.Check(s, lab.File(result.Capture)); err != nil || !v.Pass {
			t.Errorf("%s, %q: check: %v, %v", test.server, test.steps, v, err)
		}
		var table strings.Builder
		runs := []lab.Combination{{Ran: lab.Ran{Scenario: s, Result: result}, Server: "its server", Client: "its client"}}
		if err := lab.WriteMatrix(&table, runs, nil); err != nil || strings.Count(table.String(), " | client | ") != 2 {
			t.Errorf("%s, %q: the matrix does not say that the client ends the control connection: %v\n%s", test.server, test.steps, err, table.String())
		}
		s.Server.Port = 21 // the want alone has the port, as one that was derived from a capture
		if v, err := lab.Check(s, lab.File(result.Capture)); err != nil || !v.Pass {
			t.Errorf("%s, %q: check of a want with the port: %v, %v", test.server, test.steps, v, err)
		}
	}
}
