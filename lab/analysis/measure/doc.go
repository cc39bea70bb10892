// Package measure takes measurements from a capture (times, counts, sizes,
// rates and shares) and compares them with the section `figures` of a scenario.
//
// The section says what to measure and the tolerance; its manual is [Manual].
// [Parse] reads it, and [Figures.Measure] measures a capture and compares. It
// uses the capture alone.
package measure
