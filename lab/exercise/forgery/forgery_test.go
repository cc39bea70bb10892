package forgery

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"ftplab/lab"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/forged"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
	"ftplab/scenarios"
)

// recorded is a capture of the lesson.
var recorded = sync.OnceValues(func() ([]byte, error) {
	s, err := scenarios.Load("which_is_forged")
	if err != nil {
		return nil, err
	}
	var live bytes.Buffer
	_, err = lab.Run(context.Background(), s, lab.Options{Live: &live, Bare: true, TCP: scenario.GVisorTCP})
	return live.Bytes(), err
})

func aRecording(t *testing.T) []byte {
	t.Helper()
	b, err := recorded()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func signsIn(t *testing.T, file []byte) forged.Signs {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(file), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	signs, err := forged.Find(c)
	if err != nil {
		t.Fatal(err)
	}
	return signs
}

// signOf is what the analysis finds of each mistake, and what tshark says of it: the display
// filter of the frames that prove it.
var signOf = map[string]struct {
	sign   forged.Sign
	filter string
}{
	"both sides begin with the same sequence number":          {forged.ISN, ""},
	"one side counts the bytes of its lines wrongly":          {forged.Seq, "tcp.analysis.lost_segment || tcp.analysis.retransmission || tcp.analysis.out_of_order"},
	"the client acknowledges replies before they are sent":    {forged.Ack, "tcp.analysis.ack_lost_segment"},
	"no acknowledgement counts a FIN":                         {forged.FIN, ""},
	"the server answers without a round trip":                 {forged.RTT, ""},
	"the packets have no TCP options":                         {forged.MSS, "tcp.flags.syn == 1 && !tcp.options.mss"},
	"all packets have the same IP identification, without DF": {forged.ID, "tcp && ip.id == 1 && ip.flags.df == 0"},
	"the server's checksums leave out the addresses":          {forged.Checksum, "tcp.checksum.status == Bad"},
}

// What was recorded has no sign, and what was forged has those of its two mistakes alone.
func TestForge(t *testing.T) {
	genuine, err := Bare(aRecording(t))
	if err != nil {
		t.Fatal(err)
	}
	if signs := signsIn(t, genuine); len(signs) > 0 {
		t.Errorf("the recorded capture has the signs %v", signs)
	}
	drawn := map[string]int{}
	for seed := range uint64(60) {
		file, made, err := Forge(aRecording(t), rand.New(rand.NewPCG(seed, 1)))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, what := range made {
			drawn[what]++
			want = append(want, string(signOf[what].sign))
		}
		slices.Sort(want)
		if got := signsIn(t, file).Names(); !slices.Equal(got, want) {
			t.Errorf("seed %d: got the signs %v, want %v", seed, got, want)
		}
		again, _, err := Forge(aRecording(t), rand.New(rand.NewPCG(seed, 1)))
		if err != nil || !bytes.Equal(file, again) {
			t.Errorf("seed %d makes two captures, %v", seed, err)
		}
	}
	if len(drawn) != len(mistakes) {
		t.Errorf("only these were drawn: %v", drawn)
	}
}

// Wireshark finds the same mistakes in the same frames, and none in what was recorded.
func TestWireshark(t *testing.T) {
	shark := optional.StartSharkd(t)
	shark.Set("tcp.check_checksum", "TRUE")
	load := func(file []byte) {
		path := filepath.Join(t.TempDir(), "x.pcapng")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		shark.Load(path)
	}
	genuine, err := Bare(aRecording(t))
	if err != nil {
		t.Fatal(err)
	}
	load(genuine)
	if got := shark.Frames("tcp.analysis.flags && !tcp.analysis.window_update || tcp.checksum.status == Bad"); len(got) > 0 {
		t.Errorf("of the recorded capture Wireshark marks the frames %v", got)
	}
	for _, m := range mistakes {
		x, err := read(aRecording(t))
		if err != nil {
			t.Fatal(err)
		}
		m.make(x, rand.New(rand.NewPCG(2, 1)))
		file, err := x.write()
		if err != nil {
			t.Fatal(err)
		}
		load(file)
		if got := shark.Frames("tcp || arp"); len(got) != len(x.packets) {
			t.Errorf("%s: Wireshark reads %d of %d frames", m.what, len(got), len(x.packets))
		}
		filter := signOf[m.what].filter
		got, signs := shark.Frames("tcp.checksum.status == Bad || _ws.malformed"), signsIn(t, file)
		if filter == "" && len(got) > 0 {
			t.Errorf("%s: Wireshark finds the frames %v damaged", m.what, got)
		}
		if filter == "" {
			continue
		}
		got = shark.Frames(filter)
		proofs := signs[signOf[m.what].sign]
		for _, f := range got {
			if !slices.Contains(proofs, f.Number) {
				t.Errorf("%s: Wireshark also marks the frame %d, not among %v", m.what, f.Number, proofs)
			}
		}
		if len(got) == 0 {
			t.Errorf("%s: Wireshark marks no frame, want some of %v", m.what, proofs)
		}
	}
}

func TestNothingToForge(t *testing.T) {
	empty, err := write(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range [][]byte{empty, []byte("no capture at all, of any kind")} {
		if _, _, err := Forge(file, rand.New(rand.NewPCG(1, 1))); err == nil {
			t.Errorf("%.10q: got no error", file)
		}
	}
	if _, _, err := Forge(empty, rand.New(rand.NewPCG(1, 1))); !strings.Contains(fmt.Sprint(err), "needs TCP") {
		t.Errorf("got %v", err)
	}
}
