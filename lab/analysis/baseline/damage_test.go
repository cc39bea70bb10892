// What damage to a capture does to its verdict: it makes it no worse, and excuses only what it can explain.

package baseline

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// A damage is something that a recorder does to a capture.
type damage struct {
	name  string
	start bool // it takes the beginning away
	harm  func(frames []forge.Frame) []forge.Frame
}

// beforehand are captures with something that has an excuse in what came before, or in a packet without TCP.
// Nobody knows what came before a capture.
var beforehand = map[string]bool{
	"a copy of a system": true, "a copy of Git's programs": true, "a system that is saved, with its passwords": true,
	"logs that are fetched before they are removed": true, "the programs of a site, in a folder for them": true,
	"a server that always reports to the same place": true, "a proxy whose user logs in a second time": true,
	"cameras that all have the same outdated password": true, "a server whose screen somebody looks at all the time": true,
}

// onceExcused are captures whose excuse is in one packet.
var onceExcused = map[string]string{
	"a router that answers for hosts behind it":  "the only packet with ARP",
	"a command of its own that the server lists": "the answer to FEAT",
}

// damages are usual ones: lost packets, a late start, a short snap length, one direction of the network.
var damages = []damage{
	{"1 of 30 lost", false, loses(30, 1)}, {"another 1 of 30 lost", false, loses(30, 2)}, {"1 of 8 lost", false, loses(8, 3)},
	{"without the handshake", true, from(3)}, {"without the greeting", true, from(5)}, {"without the login", true, from(9)},
	{"the second half", true, func(all []forge.Frame) []forge.Frame { return all[len(all)/2:] }},
	{"60 bytes of each packet", false, snapped(60)}, {"84 bytes of each packet", false, snapped(84)}, {"100 bytes of each packet", false, snapped(100)},
	{"one direction", false, oneWay(true)}, {"the other direction", false, oneWay(false)},
}

// loses loses one packet of so many, at random.
func loses(of int, seed uint64) func([]forge.Frame) []forge.Frame {
	return func(all []forge.Frame) []forge.Frame {
		random := rand.New(rand.NewPCG(seed, 26))
		return slices.DeleteFunc(all, func(forge.Frame) bool { return random.IntN(of) == 0 })
	}
}

func from(n int) func([]forge.Frame) []forge.Frame {
	return func(all []forge.Frame) []forge.Frame { return all[min(n, len(all)):] }
}

func snapped(size int) func([]forge.Frame) []forge.Frame {
	return func(all []forge.Frame) []forge.Frame {
		for i := range all {
			all[i].Cut(size)
		}
		return all
	}
}

// oneWay keeps what the sender of the first packet sent, or all others.
func oneWay(first bool) func([]forge.Frame) []forge.Frame {
	return func(all []forge.Frame) []forge.Frame {
		source := func(f forge.Frame) []byte { return f.Data[26:30] }
		sender := bytes.Clone(source(all[0]))
		return slices.DeleteFunc(all, func(f forge.Frame) bool { return len(f.Data) >= 30 && bytes.Equal(source(f), sender) != first })
	}
}

// worth orders the verdicts.
var worth = map[Verdict]int{IsNormal: 0, CannotJudge: 0, IsUnusual: 1, NotNormal: 2}

// TestDamageIsNoGuilt damages captures that are not abnormal. What is missing makes their verdicts no worse.
func TestDamageIsNoGuilt(t *testing.T) {
	all := slices.Concat(lookalikes, intruders, behaviours, nearby, steering)
	for _, test := range ordinary {
		all = append(all, lookalike{test.name, "", test.want, test.play})
	}
	for _, test := range machines {
		all = append(all, lookalike{test.name, "", test.want, test.play})
	}
	all = slices.DeleteFunc(all, func(test lookalike) bool { return test.want == "" || onceExcused[test.name] != "" })
	normal := profile.Normal()
	for i, test := range all {
		f := forge.New()
		test.play(f)
		whole := f.Frames
		before := check(t, gathered(f, t), normal)
		for k, d := range damages {
			if testing.Short() && i%len(damages) != k || before.Verdict == NotNormal || d.start && beforehand[test.name] {
				continue
			}
			if f.Frames = d.harm(slices.Clone(whole)); len(f.Frames) == 0 {
				continue
			}
			if got := check(t, gathered(f, t), normal); worth[got.Verdict] > worth[before.Verdict] {
				t.Errorf("%s, %s: got %v\nwant no worse than %s", test.name, d.name, got, before.Verdict)
			}
		}
	}
}

// TestCutOff cuts every ordinary session off after each of its packets, and lets
// it begin at each: none of that makes it abnormal.
func TestCutOff(t *testing.T) {
	for _, test := range ordinary {
		t.Run(test.name, func(t *testing.T) {
			f := forge.New()
			test.play(f)
			packets := split(f.PCAP())
			most := 40
			if testing.Short() {
				most = 8
			}
			step := 1 + len(packets)/most
			for i := 0; i <= len(packets); i += step {
				for _, part := range [][][]byte{packets[:i], packets[i:]} {
					file := append(bytes.Clone(f.PCAP()[:24]), bytes.Join(part, nil)...)
					e, err := gather(file)
					if err != nil {
						t.Fatal(err)
					}
					if got := check(t, e, nil); got.Verdict == NotNormal {
						t.Errorf("cut at packet %d of %d: got %v", i, len(packets), got)
					}
				}
			}
		})
	}
}

// split cuts a forged capture into its records.
func split(file []byte) [][]byte {
	var records [][]byte
	for rest := file[24:]; len(rest) > 0; {
		n := 16 + int(uint32(rest[8])|uint32(rest[9])<<8|uint32(rest[10])<<16)
		records = append(records, rest[:n])
		rest = rest[n:]
	}
	return records
}

// TestLossExcusesOnlyItself loses one line of a session. What is certain in spite of that is judged, and what the loss may
// explain is not. A ~ is in front of a line that is lost, and each . waits for a second.
func TestLossExcusesOnlyItself(t *testing.T) {
	const lost, wait = "> PWD\n~< 257 /\n", "...................."
	noise := strings.Repeat("> PWD\n< "+strings.Repeat("k3 ", 66)+"\n", 4)
	short := "< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here (1000 bytes)\ndata\n< 226 done\n"
	bits := bitsOf(secret[:3], "> NOOP\n< 200 ok\n..\n", "> NOOP\n< 200 ok\n...\n")
	cycle := "> NOOP\n< 200 ok\n..\n> NOOP\n< 200 ok\n...\n> NOOP\n< 200 ok\n...\n"
	minute := strings.Repeat(wait+"\n", 4)
	for _, test := range []struct {
		name, script, rule string
		want               rules.Severity // "" for no finding
	}{
		{"lines without codes", lost + "> NOOP\n< 200 ok\n" + noise, "control-carries-dialogue", rules.Violation},
		{"lines without codes", lost + "> NOOP\n< 200 ok\n" + noise, "reply-well-formed", rules.Odd},
		{"lines of a reply whose first line is lost", "> HELP\n~< 214-Commands\n" + strings.Repeat("<  "+strings.Repeat("k3 ", 66)+"\n", 4), "control-carries-dialogue", ""},
		{"lines of a reply whose first line is lost", "> HELP\n~< 214-Commands\n<  k3\n< 214 End", "reply-well-formed", ""},
		{"a server that answers no more", lost + "> SYST\n< 215 x\n> CWD a\n" + wait + "\n> CWD b\n" + wait + "\n> CWD c\n" + wait, "server-answers", rules.Odd},
		{"a last answer that is lost", "> SYST\n< 215 x\n> CWD a\n~< 250 ok\n" + wait, "server-answers", ""},
		{"a command after the last one that is lost", lost + "> CWD a\n~> QUIT\n" + wait, "server-answers", ""},
		{"a command that is not answered", lost + "> SYST\n< 215 x\n> CWD a\n" + wait + "\n> SYST\n< 215 x\n> SYST\n< 215 x", "server-answers", rules.Odd},
		{"a command whose answer is lost", "> SYST\n< 215 x\n> CWD a\n~< 250 ok\n" + wait + "\n> SYST\n< 215 x\n> SYST\n< 215 x", "server-answers", ""},
		{"an answer that comes late, and the next one is lost", lost + "> SYST\n< 215 x\n> CWD a\n" + wait + "\n> CWD b\n< 250 ok\n~< 250 ok\n> SYST\n< 215 x", "server-answers", ""},
		{"a short file", "> TYPE I\n< 200 ok\n> PASV\n" + short + lost, "bytes-agree", rules.Odd},
		{"a short file after a lost reply", "> TYPE I\n< 200 ok\n" + lost + "> PASV\n" + short, "bytes-agree", rules.Odd},
		{"a part of a file", "> TYPE I\n< 200 ok\n~> REST 900\n~< 350 ok\n> SYST\n< 215 x\n> PASV\n" + short, "bytes-agree", ""},
		{"a part of a file, of whose REST the reply is lost", "> TYPE I\n< 200 ok\n> REST 900\n~< 350 ok\n> PASV\n" + short, "bytes-agree", ""},
		{"a text, of whose TYPE the reply is lost", "> TYPE I\n< 200 ok\n> TYPE A\n~< 200 ok\n> PASV\n" + short, "bytes-agree", ""},
		{"a short file, which the server may report", "> TYPE I\n< 200 ok\n> PASV\n" + strings.Replace(short, "< 226", "~< 426 broken\n> ABOR\n< 226", 1), "bytes-agree", ""},
		{"a late connection", lost + "> PASV\n< 227 (192,0,2,21,100,0)\n" + minute + "data\n> RETR a\n< 150 here\n< 226 done", "data-in-time", rules.Odd},
		{"a connection to a port that was announced again", "> PASV\n< 227 (192,0,2,21,100,0)\n" + minute + "~> PASV\n~< 227 (192,0,2,21,100,0)\ndata\n> RETR a\n< 150 here\n< 226 done", "data-in-time", ""},
		{"two connections", lost + "> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here\ndata\ndata\n< 226 done", "one-connection-a-transfer", rules.Odd},
		{"two connections, and a PASV that is lost", "> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here\ndata\n~< 226 done\n~> PASV\n~< 227 (192,0,2,21,100,0)\ndata\n> RETR b\n< 150 here\n< 226 done", "one-connection-a-transfer", ""},
		{"bits in pauses", bits + "~" + bits, "numbers-are-no-code", rules.Violation},
		{"a row of pauses that repeats itself", cycle + "~" + strings.Repeat(cycle, 2) + "~" + strings.Repeat(cycle, 5) + "~" + strings.Repeat(cycle, 3) + "~" + strings.Repeat(cycle, 4), "numbers-are-no-code", ""},
	} {
		got := forged(t, func(f *forge.Capture) {
			c := f.Control().Say(hello)
			for line := range strings.Lines(test.script) {
				said, isLost := strings.CutPrefix(strings.TrimSpace(line), "~")
				switch said {
				case "data":
					download(f, aClient, aServer+":25600", answerer, 100)
				case strings.Repeat(".", len(said)):
					f.Pass(time.Duration(len(said)) * time.Second)
				default:
					c.Say(said)
				}
				if isLost {
					f.Drop(0)
				}
			}
			c.Close()
		})
		found := slices.IndexFunc(got.Findings, func(f rules.Finding) bool { return f.Rule == test.rule })
		if (found >= 0) != (test.want != "") || found >= 0 && got.Findings[found].Severity != test.want {
			t.Errorf("%s: got %v\nwant %s %s", test.name, got, test.want, test.rule)
		}
	}
}
