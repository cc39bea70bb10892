package question

import (
	"strings"
	"testing"

	"ftplab/lab/analysis/expect"
)

const text = `
Which side opens the data connection?
    choice client: the client | server: the server = data.opened-by  # The client has sent PASV.
In which frame does
the client ask for the listing?
    frame = @list
To which port of the client does the server connect?
	port = data.port.client
How long is a round trip?
    time = ctl.rtt ± 10%
How many bytes has it?
    count = data.bytes.server
Who logs in?
    text = ctl.user
`

func TestParse(t *testing.T) {
	set, err := Parse("a.txtar", 10, text)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(set.Questions), 6; got != want {
		t.Fatalf("got %d questions, want %d", got, want)
	}
	q := set.Questions[1]
	if q.Text != "In which frame does the client ask for the listing?" || q.Line != 13 || q.Kind != Frame {
		t.Errorf("got %+v", q)
	}
	if got, want := set.Questions[0].Reason, "The client has sent PASV."; got != want {
		t.Errorf("got reason %q, want %q", got, want)
	}
	want, err := expect.Parse("a.txtar", 1, "ctl client > server\nctl client > server [S] @list\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Check(want, false); err == nil || !strings.HasPrefix(err.Error(), "a.txtar:12: data: no connection") {
		t.Errorf("got %v, want the line of the answer about data", err)
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "a:1: there is no question"},
		{"    port = data.port.client", "a:1: an answer without a question"},
		{"Which?\nframe = @list\nWho?\n  text = ctl.user", `a:2: "frame = @list" stands at the margin`},
		{"Which?\n  frame = @list\nchoice client | server = data.opened-by", `a:3: "choice client | server = data.opened-by" stands at the margin`},
		{"Who?\nusr = ctl.user # me", `a:2: "usr = ctl.user # me" stands at the margin`},
		{"What is 2 + x if\nx = 5, and a choice = one?", `a:1: the question "What is 2 + x if x = 5, and a choice = one?" has no answer`},
		{"Who?", "a:1: the question \"Who?\" has no answer"},
		{"Who?\n  who = ctl.user", "KIND = EXPRESSION was expected, where KIND is one of frame, port, time, count, text, choice"},
		{"Who?\n  text ctl.user", "a:2: "},
		{"Who?\n  prot = data.port.client", "one of frame, port, time, count, text, choice; did you mean port?"},
		{"Who?\n  Choice client | server = data.opened-by", "; did you mean choice?"},
		{"Who?\n  text = ctl.usr", "there is no figure \"ctl.usr\"; did you mean ctl.user?"},
		{"Who?\n  choice clien | srver = data.opened-by", "a:2: data.opened-by is client or server; did you mean client instead of clien and server instead of srver?"},
		{"Who?\n  choice client | sever = data.opened-by", "a:2: data.opened-by is client or server; did you mean server instead of sever?"},
		{"Who?\n  choice Client: the client | SERVER: the server | none = data.first-fin", "data.first-fin is client or server or none; did you mean client instead of Client and server instead of SERVER?"},
		{"Who?\n  choice active | none = data.mode", "data.mode is active or passive, and the choices lack passive"},
		{"Who?\n  choice nobody | both = data.reset-by", "data.reset-by is client or server or none, and the choices lack client and server and none"},
		{"Who?\n  choice few | many = capture.resets", "capture.resets is a number, and none of the choices is one"},
		{"Who?\n  choice client | client = data.first-fin", "the choice \"client\" appears twice"},
		{"Who?\n  x = y\nWhen?\n  z = y", "a:4: "},
		{"Who?\n  text x = ctl.user", "only a choice has words"},
		{"Who?\n  choice x = ctl.user", "a choice has 2 to 26 words"},
		{"Who?\n  choice x | = ctl.user", "stand between bars"},
		{"Who?\n  text = ctl.speed", "there is no figure"},
		{"Who?\n  text = ctl.rtt", "ctl.rtt is of the kind time, not text"},
		{"Who?\n  port = ctl.packets", "a:2: ctl.packets is not a port; one such as data.port.client was expected"},
		{"Who?\n  count = lengths.40-79", "lengths.40-79 is of the kind share, not count"},
		{"Who?\n  port = data.throughput.server", "data.throughput.server is of the kind rate, not port"},
		{"Who?\n  time = data.straightness.server", "data.straightness.server is of the kind ratio, not time"},
		{"Who?\n  frame = ctl.rtt", "a frame is that of a label"},
		{"Who?\n  frame = twin capture.resets", "or one that capture.forged counts"},
		{"Who?\n  time = twin ctl.rtt", "the twin has no want"},
		{"Who?\n  port = @a", "a label is a packet"},
		{"Who?\n  text = ctl.user ± 3", "a text has no tolerance"},
		{"Which?\n  choice a | b = most capture.resets", "so it needs `choice first | second`"},
		{"Which?\n  choice first | second = Mots capture.resets", "one name without spaces was expected, such as ctl.rtt; did you mean most?"},
		{"Which?\n  choice first | second = least ctl.packets", "a number that any capture has was expected"},
		{"Who?\n  time = ctl.rtt ± far", "a time or a percentage was expected"},
		{"Who?\n  time = ctl.rtt ± 200%", "a percentage from 0 to 100"},
		{"Who?\n  time = ctl.rtt ± nan%", "a:2: ± nan%: a percentage from 0 to 100"},
		{"Who?\n  count = ctl.packets ± -5", "a:2: ± -5: a count or a percentage was expected, such as 2 or 5%"},
		{"Who?\n  count = ctl.packets ± inf", "a:2: ± inf: a count or a percentage was expected"},
		{"Who?\n  count = ctl.packets ±", "a:2: ± : a count or a percentage was expected"},
		{"Who?\n  time = @a ±", "a:2: ± : a time or a percentage was expected"},
		{"Who?\n  time = @a -> @b ± 3", "a:2: ± 3: a time or a percentage was expected, such as 3ms or 5%"},
		{"Who?\n  choice server: the client | client: The Client = ctl.opened-by", "a:2: the answer \"The Client\" would mean two choices, server and client"},
		{"Who?\n  choice server: client | client: server = ctl.opened-by", "a:2: the answer \"server\" would mean two choices"},
	} {
		_, err := Parse("a", 1, test.text)
		if err == nil || !strings.HasPrefix(err.Error(), "a:") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got error %v, want %s", test.text, err, test.want)
		}
	}
}

// A hint says how far an answer may be off, and has no example, which might be the answer.
func TestHint(t *testing.T) {
	for _, test := range []struct{ answer, want string }{
		{"time = ctl.rtt", "with its unit: s, ms or µs; a point or a comma only before decimals; up to 5 % off is right"},
		{"time = ctl.rtt ± 3ms", "with its unit: s, ms or µs; a point or a comma only before decimals; up to 3.000 ms off is right"},
		{"count = data.bytes.server ± 2", "bytes of data, without headers; up to 2 off is right"},
		{"count = data.segment.max.server", "bytes of data, without headers; the exact number"},
		{"count = ctl.commands", "a number"},
		{"port = data.port.client", "a number"},
		{"frame = @list", "the number of a frame"},
		{"choice a | b = data.command", "the letter"},
		{"text = ctl.user", "as the capture has it; capital letters do not matter"},
	} {
		set, err := Parse("a", 1, "What?\n  "+test.answer)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Questions[0].Hint(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.answer, got, test.want)
		}
	}
}

func TestGrade(t *testing.T) {
	choice := Answer{Question: Question{Kind: Choice, Options: []Option{{"client", "the client"}, {"server", "the server"}}}, Right: "the server"}
	side := Answer{Question: Question{Kind: Choice, Options: []Option{{"client", "client"}, {"server", "server"}}}, Right: "server"}
	rtt := Answer{Question: Question{Kind: Time}, Number: 0.085, Tolerance: 0.005, Right: "85.000 ms"}
	second := Answer{Question: Question{Kind: Time}, Number: 1.5, Tolerance: 0.01}
	exact := Answer{Question: Question{Kind: Time}, Number: 0.186}
	edge := Answer{Question: Question{Kind: Time}, Number: 0.18502, Tolerance: 0.05 * 0.18502}
	early := Answer{Question: Question{Kind: Time, tolerance: 0.05, relative: true}, Number: -0.01, Right: "-10.000 ms"}
	early.Tolerance = early.toleranceOf(early.Number)
	share := Answer{Question: Question{Kind: Number}, Number: 100, Tolerance: 0.29 * 100} // a little less than 29
	seconds := Answer{Question: Question{Kind: Time}, Number: 4.124, Tolerance: 0.2, Right: "4.124 s"}
	size := Answer{Question: Question{Kind: Number, Bytes: true}, Number: 1024, Right: "1024"}
	file := Answer{Question: Question{Kind: Number, Bytes: true}, Number: 44448, Right: "44448"}
	small := Answer{Question: Question{Kind: Number, Text: "How many segments are in the connection?"}, Number: 15, Right: "15"}
	tries := Answer{Question: Question{Kind: Number, Text: "How many TCP connections does it open?"}, Number: 10, Right: "10"}
	port := Answer{Question: Question{Kind: Port}, Number: 21, Right: "21"}
	frame := Answer{Question: Question{Kind: Frame}, Number: 14, First: 12, Right: "14"}
	proof := Answer{Question: Question{Kind: Frame}, Frames: []int{12, 20}, Any: true, Right: "12"}
	user := Answer{Question: Question{Kind: Text}, Right: "anonymous"}
	for _, test := range []struct {
		a     Answer
		right string // answers, between bars
		wrong string
	}{
		{choice, "b|B|b.|b)|B)|(b)|b:|server|the server|The Server|b) the server|(b) the server|b: server|B. The server.|* b) the server|b) \"the server\"", "a|a)|(a)|client||c|c)|the|b) the client|bserver|b) c"},
		{side, "server|the server|The server.|b|b) the server", "the client|client|the|the the server"},
		{rtt, "85 ms|85ms|0.085 s|0,085s|.085|0.085|85|86.2 ms|85000 us|85 000 µs|0 085 000 µs", "850 ms|8 5 ms|850 00 µs|85 00 0 µs|.85|85 s|8.5|eighty|95 ms|0.85"},
		{second, "1.5 s|1.5|1,5 s|1500 ms|1 500 ms|1'500 ms|1,500 s|1500|1,500.0 ms|1.500,0 ms|1.500.000 µs", "15 s|1.5 ms|15|1.500 ms|1,500 ms|1500 s|1,500,0 ms|15,00.0 ms"},
		{seconds, "4.124 s|4,124 s|4.124|4,124|4124 ms|4 124 ms|4'124 ms|4,124,000 µs|about 4.1 s|ca. 4,1 s|≈ 4.1 s", "4.124 ms|4,124 ms|4124 s|4.124 µs|not 4.124 s|4.124 bytes|4.124 m"},
		{exact, "186.001 ms|185.999 ms|0.186001|0.185999 s|186001 us|185999 µs", "186.001001 ms|185.998999 ms|186.002 ms"},
		{edge, "194.272 ms|175.768 ms|0.194272|0.175768", "194.272001 ms|175.767999 ms"},
		{early, "-10 ms|-0.01 s|-9.6 ms|-10.4 ms", "10 ms|-9.4 ms|-10.6 ms|0"},
		{early, "−10 ms", "−10 s"},
		{share, "129|71", "130|70|129.001|70.999"},
		{size, "1024|1,024|1 024|1.024|1'024|1 KiB|1KiB|1024 bytes|1024 B", "1025|1 kB|1.0245|1024 s|10.24|1024 KiB|1024 segments"},
		{file, "44448|44,448|44.448|44 448|44 448 bytes|44'448|44448 bytes|44.448 kB|44,448 kB|about 44448", "4 4448|444 48|4 4 4 4 8|not 44448|kein 44448|44448 kB|44.448 MB|0.044448|44,448,000|44448 frames|044.448"},
		{small, "15|15 packets|15.0|15 segments|15 frames|15 Segments", "1.5|1,5|150|15 bytes|15 B|0.015 kB|15 connections|0,015|15 ms|not 15"},
		{tries, "10|10 connections|10 TCP connections", "0.010 kB|10 bytes|10 segments|10,000|not 10"},
		{port, "21|tcp/21|21/tcp|port 21|Port: 21|21.|port no. 21", "2 1|2'1|20|2.1|ftp|not 21|21 bytes|21/udp|frame 21"},
		{frame, "12|13|14|#12|frame 12|No. 14|Frame #13|packet no. 13|packet number 13|Packet #13|No.13|Frame Nr. 13", "11|15|12 ms|12.5|not 12|port 12|frame not 12|12 bytes"},
		{proof, "12|20|frame 20", "13|0|12.5|-12"},
		{port, "**21**|*21*|__21__|`21`|\"21\"|\"21\".|“21”|'21'|「21」|port **21**|**Port:** 21|２１|ＴＣＰ／２１|　２１。", "**20**|２０|\"\"|**|2**1|2*1|2_1"},
		{file, "**44448**|\"44,448\"|'44'448'|４４４４８|４４，４４８ ｂｙｔｅｓ|**44448** bytes|\"44448\" bytes", "**44449**|４４４４９"},
		{early, "**-10 ms**|－１０ ｍｓ", "１０ ｍｓ"},
		{choice, "**b**|**b)** the server|ｂ|ｂ）|_server_|`server`", "**a**|ａ"},
		{user, `anonymous|**anonymous**|_Anonymous_|「anonymous」|ａｎｏｎｙｍｏｕｓ|Anonymous| "anonymous" |'ANONYMOUS'`, "anon|anonymous2"},
	} {
		for _, given := range strings.Split(test.right, "|") {
			if right, why := test.a.Grade(given); !right {
				t.Errorf("%s %q: got wrong (%s), want right", test.a.Kind, given, why)
			}
		}
		for _, given := range strings.Split(test.wrong, "|") {
			if right, why := test.a.Grade(given); right || why == "" {
				t.Errorf("%s %q: got right %v (%q), want wrong with a reason", test.a.Kind, given, right, why)
			}
		}
	}
}

// The reason names a few of many right frames.
func TestManyFrames(t *testing.T) {
	for n, want := range map[int]string{2: "it is 1 or 2", 5: "it is 1 or 2 or 3 or 4 or 5", 7: "it is 1 or 2 or 3 or 4 or 5 or one of 2 more"} {
		a := Answer{Question: Question{Kind: Frame}, Frames: []int{1, 2, 3, 4, 5, 6, 7}[:n], Any: true}
		if _, why := a.Grade("9"); why != want {
			t.Errorf("got %q, want %q", why, want)
		}
	}
}

// The example of the manual can be parsed, and has every kind of answer.
func TestManualExample(t *testing.T) {
	begin := strings.Index(Manual, "    Which side")
	example := Manual[begin : begin+strings.Index(Manual[begin:], "\nKINDS")]
	set, err := Parse("manual", 1, strings.ReplaceAll("\n"+example, "\n    ", "\n"))
	if err != nil {
		t.Fatalf("%v, in\n%s", err, example)
	}
	used := map[Kind]bool{}
	for _, q := range set.Questions {
		used[q.Kind] = true
	}
	for _, k := range kinds {
		if !used[k] {
			t.Errorf("no question of the kind %s", k)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(text)
	f.Add("Who?\n  choice a: b | c = ctl.user ± 3 # d")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Parse("fuzz", 1, text); err != nil && !strings.HasPrefix(err.Error(), "fuzz:") {
			t.Errorf("an error without a place: %v", err)
		}
	})
}

func FuzzGrade(f *testing.F) {
	f.Add("1,024 KiB", 3)
	f.Fuzz(func(t *testing.T, given string, kind int) {
		a := Answer{Question: Question{Kind: kinds[uint(kind)%uint(len(kinds))]}, Number: 5, Right: "5"}
		if right, why := a.Grade(given); right == (why != "") {
			t.Errorf("%q: got right %v with the reason %q", given, right, why)
		}
	})
}
