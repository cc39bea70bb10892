// Package expect judges captures: it compares a capture with what a scenario
// wants to see.
//
// The section `want` of a scenario is written in a notation like tcpdump's
// output; its manual is [Manual]. [Parse] reads it. [Want.Judge] finds the
// declared connections in a capture, aligns the lines of each with its packets,
// and reports all differences in one [Verdict], in the notation of the want. [Derive]
// goes the other way: it writes a want from a capture.
//
// A judgment uses the capture alone. It does not matter who made it, nor how.
package expect
