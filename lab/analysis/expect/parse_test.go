package expect

import (
	"fmt"
	"strings"
	"testing"
)

// declared is what the lines below it need.
const declaredForMistakes = "ctl client.* > server.21\ndns client.* > server.53 udp\nlo 127.0.0.1.* > 127.0.0.1.21\n"

func TestMistakes(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"ctl", "a line begins with NAME A > B"},
		{"ctl …", "write three dots: ctl ..."},
		{"ctl client -> server [S]", `"->": write > for the direction`},
		{"ctl client > server [S] @list\nctl client > server [.] after @lst", "no line has the label @lst; did you mean list?"},
		{"ctl client server [S]", "a line begins with NAME A > B"},
		{"ctl client < server [S]", "a line begins with NAME A > B"},
		{"data client > server [S]", "data is not declared"},
		{"data ...", "data is not declared"},
		{"data client.* > server.20 loss", "loss: one word may follow the ends of a connection, which is one of tcp, udp, arp, icmp, lossy; did you mean lossy?"},
		{"data client.* > server.* lossy udp", "lossy udp: one word may follow the ends of a connection, which is one of tcp, udp, arp, icmp, lossy"},
		{"clt client > server [S]", "clt is not declared; did you mean ctl?"},
		{"ctl client.* > server.21", "declared already, at line 10"},
		{"da:ta client.* > server.22", "not a name for a connection"},
		{"data client.* > ser/ver.22", "not a host"},
		{"data client.* > server.70000", "a number from 0 to 65535"},
		{"data client.* > server.5 icmp", "icmp has no ports"},
		{"ctl client > web [S]", "client > web: line 10 declares ctl between client.* and server.21"},
		{"lo 127.0.0.1 > 127.0.0.1 [S]", "each line needs the ports"},
		{"all *.* > *.*\nall client > server [S]", "the two ends of all look the same, so the direction is not clear; line 13 must tell them apart, by their hosts or a port"},
		{"ctl client > server ack 5", "which packet it means"},
		{"ctl client > server @here", "which packet it means"},
		{"ctl client > server [S", "flags in square brackets"},
		{"ctl client > server [SX]", "not a flag"},
		{"ctl client > server []", "flags in square brackets"},
		{"ctl client > server [.] [.]", "twice"},
		{"ctl client > server \"USER", "closing quote is missing"},
		{"ctl client > server \"USER\"x", "a space was expected"},
		{`ctl client > server "\q"`, "after \\ one of"},
		{"ctl client > server \"a\" \"b\"", "twice"},
		{`ctl client > server "QUIT\r\n"`, "without its CRLF: leave out"},
		{`ctl client > server "QUIT*\n"`, "without its CRLF: leave out"},
		{"ctl client > server [.] seq", "was expected after it"},
		{"ctl client > server [.] seq 5:5", "the range is empty"},
		{"ctl client > server [.] seq 7:5", "the range is empty"},
		{"ctl client > server [.] seq five", "a number or * was expected"},
		{"ctl client > server [.] seq -1", "a number or * was expected"},
		{"ctl client > server [.] ack", "a number or * was expected"},
		{"ctl client > server seq 1:5 length 5", "a range of 4 bytes"},
		{"ctl client > server [S] mss", "a number or * was expected"},
		{"ctl client > server [S] sack 5", "two ends of a block"},
		{"ctl client > server [S] window 5", "is not understood; flags as"},
		{"ctl client > server [S] lenght 5", `"lenght" is not understood; did you mean length?`},
		{"ctl client > server [S] afer @x", `"afer" is not understood; did you mean after?`},
		{"ctl client > server [S] !ttl", "every packet has a TTL"},
		{"ctl client > server [S] @", "not a label"},
		{"ctl client > server [S] @a @b", "twice"},
		{"ctl client > server [S] after list", "a label was expected"},
		{"ctl client > server [S] after @list", "no line has the label @list"},
		{"ctl client > server [S] @x after @x", "cannot come after itself"},
		{"ctl client > server [S] @x\nctl client > server [.] @x", "has the label @x already"},
		{"|ctl client > server [S]", "no neighbouring line of ctl"},
		{"|", "a line was expected after"},
		{"|ctl ...", "cannot be joined"},
		{strings.Repeat("|ctl client > server [.]\n", 17), "more than 16"},
		{"dns client > server [S]", "has no flags"},
		{"dns client > server \"A? *\" mss 5", "has no option mss"},
		{"dns client > server df", "which packet it means"},
	} {
		_, err := Parse("lab.txtar", 9, "# Mistakes\n"+declaredForMistakes+test.line)
		if err == nil || !strings.HasPrefix(err.Error(), "lab.txtar:1") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got error %v, want lab.txtar:13: ... %s", test.line, err, test.want)
		}
	}
}

// A host that is not there is a mistake of its declaration, whether the hosts are known to the
// parser or only to the judge. The lines that follow from it are not repeated as mistakes, and it does
// not hide other mistakes in them.
func TestUnknownHost(t *testing.T) {
	const lines = "ctl client > server [S]\nctl server > client [S.]\nctl bogus\n"
	for _, test := range []struct{ declarations, want string }{
		{"ctl client.* > sever.21\n", `lab.txtar:4: there is no host "sever"; did you mean server?`},
		{"ctl clint > server\n", `lab.txtar:4: there is no host "clint"; did you mean client?`},
		{"ctl client > moon.21\n", `lab.txtar:4: there is no host "moon"; the hosts are client, nameserver, server, and an address or * will do`},
		{"ctl client.* > server.ftp\n", "lab.txtar:4: server.ftp: a number or * was expected for the port, such as server.21"},
		{"ctl client.* > sever.ftp\n", `lab.txtar:4: there is no host "sever.ftp"; did you mean server?`},
		{"ctl client > sever\ndata sever.20 > client.*\n", "lab.txtar:4: there is no host \"sever\"; did you mean server?\nlab.txtar:5: there is no host \"sever\"; did you mean server?"},
	} {
		_, err := ParseWith(hosts, "lab.txtar", 3, "\n"+test.declarations+lines)
		line := 6 + strings.Count(test.declarations, "\n")
		others := fmt.Sprintf("\nlab.txtar:%d: \"ctl bogus\": a line begins with NAME A > B, such as `ctl client > server`, or is NAME ...", line)
		if err == nil || err.Error() != test.want+others {
			t.Errorf("%q: got error %v, want %s", test.declarations, err, test.want+others)
		}
		w, err := Parse("lab.txtar", 3, "\n"+test.declarations)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(test.want, "\n")
		if _, err = w.Judge(activeListing().capture(t), hosts); err == nil || err.Error() != first {
			t.Errorf("%q: Judge: got error %v, want %s", test.declarations, err, first)
		}
	}
	if _, err := ParseWith(hosts, "lab.txtar", 1, "a client > 192.0.2.1.21\nb * > server\nc * > ::1\n"); err != nil {
		t.Errorf("addresses and *: got error %v", err)
	}
}

// All mistakes are reported, in the order of the lines, and none that only follows from
// another one.
func TestAllMistakes(t *testing.T) {
	const declared = "ctl client.* > server.21\n"
	for _, test := range []struct{ name, want, mistakes string }{
		{"a label that is missing, and a line after it", declared +
			"ctl client > server [.] after @nowhere\nctl client > server [X]\nctl client > server [.] after @here @here\n",
			"a:2: after @nowhere: no line has the label @nowhere\na:3: [X]: 'X' is not a flag\na:4: after @here: a packet"},
		{"a label in a line with a mistake", declared + "ctl client > server [X] @syn\nctl client > server [.] after @syn\n",
			"a:2: [X]: 'X' is not a flag"},
		{"a label of a connection with a mistake", declared + "data moon.20 > client\ndata moon > client [S] @syn\nctl client > server [.] after @syn\n",
			"a:2: there is no host \"moon\""},
		{"another connection than the one with a mistake", "data moon.20 > client\n" + declared + "data moon > client [S]\nctl client > server [X]\n",
			"a:1: there is no host \"moon\"\na:4: [X]: 'X' is not a flag"},
		{"a connection that no line declares", declared + "data server > client [S]\ndata client > server [S.]\nctl client > server [X]\n",
			"a:2: data is not declared\na:4: [X]: 'X' is not a flag"},
		{"a declaration with another port than its lines", "ctl client.* > server.22\nctl client > server.21 [S]\nctl server.21 > client [S.]\nctl client > server.21 [X]\nctl client > server [X]\n",
			"a:2: client > server.21: line 1 declares ctl between client.* and server.22\na:4: [X]: 'X' is not a flag\na:5: [X]: 'X' is not a flag"},
		{"a declaration with another host than its lines, and one line with yet another", "ctl client.* > nameserver.21\nctl client > server [S]\nctl server > client [S.]\nctl client > * [.]\n",
			"a:2: client > server: line 1 declares ctl between client.* and nameserver.21\na:4: client > *: line 1"},
		{"a declaration with two ends that look the same", "all *.* > *.*\nall client > server [S]\nall server > client [S.]\n",
			"a:2: client > server: the two ends of all look the same"},
		{"a neighbour with a mistake", declared + "|ctl client > server [X]\n|ctl server > client [.]\n",
			"a:2: [X]: 'X' is not a flag"},
		{"connections whose lines | does not join", declared + "two client.* > server.21\n|ctl client > server [S]\n\n|two client > server [S]\n",
			"a:3: | joins lines\na:5: | joins lines"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseWith(hosts, "a", 1, test.want)
			if err == nil {
				t.Fatal("got no mistake")
			}
			got, want := strings.Split(err.Error(), "\n"), strings.Split(test.mistakes, "\n")
			if len(got) != len(want) {
				t.Fatalf("got\n%v\nwant\n%s", err, test.mistakes)
			}
			for i := range want {
				if !strings.HasPrefix(got[i], want[i]) {
					t.Errorf("got %s, want %s", got[i], want[i])
				}
			}
		})
	}
}

func TestPattern(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{`"220 Hi"`, "220 Hi", true},
		{`"220 Hi"`, "220 Hi.", false},
		{`"220 *"`, "220 Hi", true},
		{`"220 *"`, "220 ", true},
		{`"220 *"`, "220", false},
		{`"*Hi*"`, "220 Hi there", true},
		{`"*a*b*"`, "ba", false},
		{`"a*a"`, "a", false},
		{`"a*b*c"`, "a-b-b-c", true},
		{`"*"`, "", true},
		{`""`, "", true},
		{`"\*"`, "*", true},
		{`"\*"`, "x", false},
		{`"\"\\\t\x00\xff"`, "\"\\\t\x00\xff", true},
		{`"été"`, "été", true},
	} {
		p, rest, err := parsePattern(test.pattern)
		if err != nil || rest != "" {
			t.Errorf("%s: got %q, %v", test.pattern, rest, err)
			continue
		}
		if got := p.matches(test.text); got != test.want {
			t.Errorf("%s matches %q: got %v, want %v", test.pattern, test.text, got, test.want)
		}
	}
}

// What quote writes stands for the text and nothing else.
func FuzzQuote(f *testing.F) {
	for _, text := range []string{"220 Hi", `a"b\c*d`, "\x00\xff\u202e", "été", "\\"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, rest, err := parsePattern(quote(text))
		if err != nil || rest != "" || len(p) != 1 || p[0] != text {
			t.Errorf("%q is written %s and read %q, %q, %v", text, quote(text), p, rest, err)
		}
	})
}

// A panic that is not a mistake of the want's author is passed on.
func TestTryPassesPanicsOn(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("got no panic, want that of the index")
		}
	}()
	var words []string
	new(parser).try(func() { _ = words[0] })
}

// Whatever somebody writes, the answer is a want that can be judged or an error
// with its place.
func FuzzParse(f *testing.F) {
	f.Add(declaredForMistakes + "dns client > server \"A? *\" length 35 ttl 64\nlo 127.0.0.1.21 > 127.0.0.1.* [F.] seq 1:*\n")
	c := activeListing().capture(f)
	f.Fuzz(func(t *testing.T, text string) {
		w, err := Parse("fuzz", 1, text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz:") {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		v, err := w.Judge(c, hosts)
		if err != nil {
			return
		}
		if v.Pass != (len(v.Mismatches) == 0) || v.Pass != (v.Report() == "") {
			t.Errorf("Pass is %v with %d mismatches", v.Pass, len(v.Mismatches))
		}
		for _, l := range v.Lines {
			if v.Pass && l.Packet == 0 && !strings.HasSuffix(l.Text, "...") {
				t.Errorf("all is as wanted, and this matched nothing: %s", l.Text)
			}
		}
	})
}
