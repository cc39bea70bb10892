// Package measure takes measurements from a capture (times, counts, sizes,
// rates and shares) and compares them with the section `figures` of a scenario.
//
// Each line of the section names a value to measure, what it should be, and the
// tolerance; [Manual] describes the notation. [Parse] reads the section, and
// [Figures.Measure] measures a capture and compares. It takes everything from the
// capture.
package measure
