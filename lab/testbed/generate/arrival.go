package generate

import (
	"slices"
	"time"
)

// arrivals says when sessions begin: at random, more of them in the hours in which the
// profile has more, and in the order of their numbers.
//
// The sessions are divided into blocks. A block has a fixed number of successive sessions and
// a period that is long enough for them, and each session has a random place in it. So the
// time of a session can be computed without the times of all others.
type arrivals struct {
	corpus *Corpus
	hours  [24]float64
	total  float64 // weight of the whole duration

	places []float64 // of the sessions of a block
	block  int       // whose places these are
}

const blockSize = 64

func newArrivals(c *Corpus) *arrivals {
	a := &arrivals{corpus: c, block: -1}
	for i, n := range c.Traffic.Hours {
		a.hours[i] = float64(n)
	}
	if a.total = a.weight(c.Duration); a.total == 0 { // the profile knows of no session at that time of the day
		for i := range a.hours {
			a.hours[i] = 1
		}
		a.total = a.weight(c.Duration)
	}
	return a
}

// at is when the session of that number begins.
func (a *arrivals) at(number int) time.Time {
	if block := number / blockSize; block != a.block {
		a.block, a.places = block, a.places[:0]
		random := a.corpus.random(forArrival, uint64(block))
		for range min(blockSize, a.corpus.Sessions-block*blockSize) {
			a.places = append(a.places, random.Float64())
		}
		slices.Sort(a.places)
	}
	first := a.block * blockSize
	place := (float64(first) + a.places[number-first]*float64(len(a.places))) / float64(a.corpus.Sessions)
	return a.corpus.From.Add(a.when(place * a.total)).Truncate(time.Microsecond)
}

// weight is that of the duration from the corpus's beginning on: hours, by how many
// sessions the profile has in each.
func (a *arrivals) weight(d time.Duration) float64 {
	sum := 0.0
	a.each(func(hour float64, long time.Duration) bool {
		part := min(d, long)
		sum += hour * part.Hours()
		d -= part
		return d > 0
	})
	return sum
}

// when is how long after the beginning the weight is reached.
func (a *arrivals) when(weight float64) (d time.Duration) {
	day := 0.0
	for _, hour := range a.hours {
		day += hour
	}
	days := int(weight / day)
	weight -= float64(days) * day
	a.each(func(hour float64, long time.Duration) bool {
		if most := hour * long.Hours(); weight >= most {
			weight -= most
			d += long
			return true
		}
		d += time.Duration(weight / hour * float64(time.Hour))
		return false
	})
	return min(d+time.Duration(days)*24*time.Hour, a.corpus.Duration)
}

// each calls use for each hour from the corpus's beginning on, until it returns false. The
// first may be only a part of an hour.
func (a *arrivals) each(use func(weight float64, long time.Duration) bool) {
	at := a.corpus.From.UTC()
	for {
		next := at.Truncate(time.Hour).Add(time.Hour)
		if !use(a.hours[at.Hour()], next.Sub(at)) {
			return
		}
		at = next
	}
}
