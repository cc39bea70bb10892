// Package generate makes traffic: any number of random FTP sessions, drawn from a
// profile (package traffic), each with labels.
//
// A [Corpus] says what to make. Its sessions have numbers. Session i depends only on
// the seed and on i:
//
//	population  which client and which server it has
//	arrival     when it begins
//	draw        its commands and transfers: a [scenario.Scenario]
//
// A session runs like any other of the lab, on gVisor's TCP in virtual time. Its frames
// are merged with those of other sessions in the order of time (merge). The plan of the
// session and what its client saw become labels.
package generate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/traffic"
)

// A Corpus says which sessions to generate. The same Corpus always gives the same sessions,
// byte for byte.
type Corpus struct {
	Sessions int    // how many
	Seed     uint64 // of everything random
	Traffic  *traffic.Traffic

	From     time.Time     // when the first sessions may begin
	Duration time.Duration // in which all begin

	// Abnormal is the share of sessions that are of Odd instead, 0 to 1.
	Abnormal float64
	Odd      []*scenario.Scenario // scenarios that are not normal
}

// check returns an error if a corpus cannot be made.
func (c *Corpus) check() error {
	switch {
	case c.Sessions < 1:
		return fmt.Errorf("%d sessions: at least 1 was expected", c.Sessions)
	case c.Duration <= 0:
		return fmt.Errorf("a duration of %v: a positive one was expected", c.Duration)
	case !(c.Abnormal >= 0 && c.Abnormal <= 1): // NaN, too
		return fmt.Errorf("an abnormal share of %v: a number from 0 to 1 was expected", c.Abnormal)
	case c.Abnormal > 0 && len(c.Odd) == 0:
		return errors.New("there is no scenario for the abnormal share")
	case c.Traffic == nil || c.Traffic.Sessions() == 0:
		return errors.New("the profile knows of no session")
	}
	return nil
}

// Purposes keep the random numbers of one purpose apart from those of another: a
// change to how names are drawn does not change the arrivals.
const (
	forArrival = iota + 1
	forClient
	forServer
	forPath
	forSession
	forContent
	forNetwork
	forAbnormal
)

// random is the source of random numbers for the number-th thing of a purpose.
func (c *Corpus) random(purpose int, number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(c.mixed(purpose, number)))
}

// mixed are 128 bits that depend on the seed, a purpose and a number.
func (c *Corpus) mixed(purpose int, number uint64) (uint64, uint64) {
	a := mix(c.Seed + uint64(purpose)*0x9e3779b97f4a7c15)
	return mix(a ^ number), mix(a + number + 1)
}

// mix is the mixing function of SplitMix64 (Steele, Lea and Flood, 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
