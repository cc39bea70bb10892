// What damage to a capture does to its verdict: it makes it no worse, and excuses only what it can explain.

package baseline

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"ftplab/lab/analysis/baseline/profile"
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
