package gvisor

import (
	"bytes"
	"testing"
	"time"

	"ftplab/lab/pcapng"
)

// Where the keys of TLS stand in a capture does not depend on when its frames are written,
// which depends on how busy the machine is.
func TestSecretsStandBeforeTheFrameThatFollowedThem(t *testing.T) {
	steps := []func(*Network){
		func(n *Network) { n.record(1, 0, make([]byte, 60)) },
		func(n *Network) { n.writer.Secrets("CLIENT_RANDOM 00 11\n") },
		func(n *Network) { n.writer.Secrets("CLIENT_RANDOM 22 33\n") },
		func(n *Network) { n.record(2, 0, make([]byte, 61)) },
		func(n *Network) { n.record(3, 0, make([]byte, 62)) },
		func(n *Network) { n.writer.Secrets("CLIENT_RANDOM 44 55\n") },
		func(n *Network) { n.record(4, 0, make([]byte, 63)) },
		func(n *Network) { n.writer.Secrets("CLIENT_RANDOM 66 77\n") },
	}
	var first []byte
	for writes := range 1 << len(steps) { // a bit for each step that a write follows
		var file bytes.Buffer
		w, err := pcapng.NewWriter(&file, pcapng.PCAPNG, pcapng.Info{Interface: "client"})
		if err != nil {
			t.Fatal(err)
		}
		n := &Network{writer: w}
		for i, step := range steps {
			if step(n); writes>>i&1 == 1 {
				n.write()
			}
		}
		n.write()
		if err := w.Close(pcapng.Stats{Began: time.Unix(1, 0), Ended: time.Unix(2, 0)}); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = file.Bytes()
			wantKeysAt(t, first, 0, 1, 1, 2, 3)
		} else if !bytes.Equal(file.Bytes(), first) {
			t.Errorf("written after the steps %08b: another file than written at the end", writes)
		}
	}
}

// wantKeysAt reads a capture and compares how many blocks of secrets are known at each
// frame, and at the end.
func wantKeysAt(t *testing.T, file []byte, want ...int) {
	t.Helper()
	r, err := pcapng.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range want {
		var p pcapng.Packet
		if err := r.Next(&p); (err != nil) != (i == len(want)-1) {
			t.Fatalf("frame %d: %v", i+1, err)
		}
		if got := len(r.Secrets()); got != n {
			t.Errorf("at frame %d: got %d blocks of secrets, want %d", i+1, got, n)
		}
	}
}
