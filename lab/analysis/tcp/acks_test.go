package tcp

import "testing"

// Of a gap that stays only so many acknowledgments are noted.
func TestNotable(t *testing.T) {
	h := Half{synSeen: true, reach: 30}
	noted := func() (n int) {
		for range 100 {
			if h.notable(30) {
				n++
			}
		}
		return n
	}
	h.have.Add(1, 10)
	h.have.Add(20, 30)
	if n := noted(); n != maxAcks {
		t.Errorf("%d acknowledgments were noted for one gap, want %d", n, maxAcks)
	}
	h.have.Add(10, 15)
	if n := noted(); n != maxAcks {
		t.Errorf("%d acknowledgments were noted for the next gap, want %d", n, maxAcks)
	}
	h.have.Add(15, 20)
	if n := noted(); n != 0 {
		t.Errorf("%d acknowledgments were noted of what has been seen, want none", n)
	}
}
