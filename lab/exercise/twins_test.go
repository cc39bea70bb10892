package exercise

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/gopacket/layers"

	"ftplab/lab"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/forged"
	"ftplab/lab/analysis/question"
	"ftplab/lab/labtest/optional"
)

// Of the two clients, the scanner is the one with more resets, as gopacket counts them, and
// nothing in the order of the two captures shows which is which.
func TestScanner(t *testing.T) {
	folder, k := theThirty(t)
	right := map[string]int{}
	for _, l := range k.Lessons {
		if l.Name != "which_is_the_scanner" {
			continue
		}
		for _, p := range l.Papers {
			resets := map[string]int{}
			for _, name := range p.Captures {
				for packet, err := range lab.Packets(filepath.Join(folder, "students", p.Student.ID, l.Name, name)) {
					if err != nil {
						t.Fatal(err)
					}
					if tcp, ok := packet.Layer(layers.LayerTypeTCP).(*layers.TCP); ok && tcp.RST {
						resets[name]++
					}
				}
			}
			want := "the first one"
			if resets["second.pcapng"] > resets["first.pcapng"] {
				want = "the second one"
			}
			if p.Answers[0].Right != want {
				t.Errorf("%s: got the answer %q, want %q with %v resets", p.Student.ID, p.Answers[0].Right, want, resets)
			}
			right[p.Answers[0].Right]++
		}
	}
	if right["the first one"] == 0 || right["the second one"] == 0 {
		t.Errorf("the answers are %v, want some of both", right)
	}
}

// Of the forged capture and the genuine one, Wireshark marks frames only in the forged one,
// and each of them is a right answer.
func TestForged(t *testing.T) {
	folder, k := theThirty(t)
	shark := optional.StartSharkd(t)
	shark.Set("tcp.check_checksum", "TRUE")
	marked, right := 0, map[string]int{}
	for _, l := range k.Lessons {
		if l.Name != "which_is_forged" {
			continue
		}
		for _, p := range l.Papers {
			which, wrong, frame := p.Answers[0], p.Answers[1], p.Answers[2]
			right[which.Right]++
			forgery := p.Captures[slices.IndexFunc(which.Options, func(o question.Option) bool { return o.Text == which.Right })]
			signs := signsIn(t, filepath.Join(folder, "students", p.Student.ID, l.Name, forgery))
			offered := slices.DeleteFunc(slices.Clone(wrong.Options), func(o question.Option) bool { return !slices.Contains(signs, o.Word) })
			if len(offered) != 1 || offered[0].Text != wrong.Right {
				t.Errorf("%s: of the signs %v, the options have %v, want only %q", p.Student.ID, signs, offered, wrong.Right)
			}
			for i, name := range p.Captures {
				shark.Load(filepath.Join(folder, "students", p.Student.ID, l.Name, name))
				for _, f := range shark.Frames("tcp.analysis.flags && !tcp.analysis.window_update || tcp.flags.syn == 1 && !tcp.options.mss || tcp.checksum.status == Bad") {
					marked++
					if ok, why := frame.Grade(strconv.Itoa(f.Number)); !ok || which.Options[i].Text != which.Right {
						t.Errorf("%s: Wireshark marks the frame %d of the %s: %s; %v", p.Student.ID, f.Number, name, why, p.Changes)
					}
				}
			}
		}
	}
	if marked == 0 || len(right) < 2 {
		t.Errorf("Wireshark marks %d frames, and the answers are %v", marked, right)
	}
}

func signsIn(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c, err := capture.Read(file, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	signs, err := forged.Find(c)
	if err != nil {
		t.Fatal(err)
	}
	return signs.Names()
}
