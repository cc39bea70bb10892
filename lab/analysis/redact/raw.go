package redact

import (
	"sort"

	"ftplab/lab/analysis/capture"
)

// pieces is what was captured of a stream that has to be rewritten: all of a dialogue, the
// beginning of TLS on a data connection.
type pieces struct {
	list []piece
	most int64 // the relative number up to which it is kept; 0 for all
	size int
}

type piece struct {
	at   int64
	data []byte
}

const (
	maxDialogue  = 16 << 20 // bytes of a dialogue that are read, as in package ftp
	maxHandshake = 64 << 10 // bytes of a handshake
)

// add takes a segment.
func (p *pieces) add(s *capture.Packet) {
	at := s.Segment.DataSeq()
	data := s.Segment.Payload
	if p.most > 0 && at >= p.most || p.size > maxDialogue || len(data) == 0 {
		return
	}
	p.list = append(p.list, piece{at, append([]byte(nil), data...)})
	p.size += len(data)
}

// A run is bytes of a stream without a gap.
type run struct {
	at   int64
	data []byte
}

// runs puts the pieces in order. Of bytes that were sent twice the first ones count.
func (p *pieces) runs() []run {
	if p == nil {
		return nil
	}
	list := p.list
	sort.SliceStable(list, func(i, j int) bool { return list[i].at < list[j].at })
	var all []run
	for _, x := range list {
		if n := len(all); n > 0 {
			r := &all[n-1]
			if end := r.at + int64(len(r.data)); x.at <= end {
				if skip := end - x.at; skip < int64(len(x.data)) {
					r.data = append(r.data, x.data[skip:]...)
				}
				continue
			}
		}
		all = append(all, run{x.at, append([]byte(nil), x.data...)})
	}
	return all
}

// cut returns the bytes of runs in order between two numbers, nil if not all are there.
func cut(runs []run, from, to int64) []byte {
	i := sort.Search(len(runs), func(i int) bool { return runs[i].at+int64(len(runs[i].data)) >= to })
	if i == len(runs) || from < runs[i].at {
		return nil
	}
	r := runs[i]
	return r.data[from-r.at : to-r.at]
}
