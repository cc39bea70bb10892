// Package expect judges captures: it compares the packets of a capture with the section
// `want` of a scenario, which says which packets the scenario should produce.
//
// The notation of a want is like the output of tcpdump; its manual is [Manual]. [Parse]
// reads it. [Want.Judge] finds the declared connections in a capture, aligns the lines
// of each with its packets, and reports all differences in one [Verdict], in the
// notation of the want. [Derive] goes the other way: it writes a want from a capture.
//
// A verdict depends on the want and the capture only, not on how the capture was made.
package expect
