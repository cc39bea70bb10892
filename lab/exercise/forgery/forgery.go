// Package forgery makes a forged capture from a recorded one. It has the same dialogue, but
// the packets are those of a program that writes them itself, without a TCP, and makes the
// mistakes of such programs.
//
//	fake, mistakes, err := forgery.Forge(recorded, random)
//	genuine, err := forgery.Bare(recorded)
//
// Nothing but the mistakes distinguishes the two files: neither says which program wrote
// it. Package forged of the analysis finds the mistakes again, from the capture alone.
package forgery

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"

	"ftplab/lab/pcapng"
)

// A mistake is one of those that programs make when they write packets themselves.
type mistake struct {
	what string // of the program, for a teacher
	make func(t *trace, random *rand.Rand)
}

// mistakes are all mistakes. Each one changes the packets that the ones before have left.
var mistakes = []mistake{
	{"both sides begin with the same sequence number", sameISN},
	{"one side counts the bytes of its lines wrongly", wrongLengths},
	{"the client acknowledges replies before they are sent", earlyACKs},
	{"no acknowledgement counts a FIN", uncountedFINs},
	{"the server answers without a round trip", noRoundTrip},
	{"the packets have no TCP options", noOptions},
	{"all packets have the same IP identification, without DF", sameIDs},
	{"the server's checksums leave out the addresses", wrongChecksums},
}

// Forge makes a forged capture from a recorded one, with two mistakes that are drawn from
// random, and returns what they are. The error says why there is nothing to forge.
func Forge(recorded []byte, random *rand.Rand) (forged []byte, made []string, err error) {
	t, err := read(recorded)
	if err != nil {
		return nil, nil, err
	}
	if len(t.segments) == 0 {
		return nil, nil, errors.New("a forged twin needs TCP connections over IPv4 and Ethernet; this capture has none")
	}
	drawn := random.Perm(len(mistakes))[:2]
	slices.Sort(drawn)
	for _, i := range drawn {
		mistakes[i].make(t, random)
		made = append(made, mistakes[i].what)
	}
	forged, err = t.write()
	return forged, made, err
}

// Bare returns the packets of a capture in a file that says nothing of the program that
// wrote it.
func Bare(recorded []byte) ([]byte, error) {
	t, err := read(recorded)
	if err != nil {
		return nil, err
	}
	return write(t.packets)
}

// write writes packets.
func write(packets []*pcapng.Packet) ([]byte, error) {
	var file bytes.Buffer
	w, err := pcapng.NewPacketWriter(&file)
	for i := 0; err == nil && i < len(packets); i++ {
		err = w.Write(packets[i])
	}
	return file.Bytes(), err
}

// read reads all packets of a capture.
func read(recorded []byte) (*trace, error) {
	r, err := pcapng.NewReader(bytes.NewReader(recorded))
	if err != nil {
		return nil, err
	}
	t := &trace{}
	for {
		p := &pcapng.Packet{}
		if err := r.Next(p); errors.Is(err, io.EOF) {
			return t, nil
		} else if err != nil {
			return nil, err
		}
		p.Data = slices.Clone(p.Data)
		t.add(p)
	}
}
