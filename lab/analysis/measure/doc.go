// Package measure takes measurements from a capture: times, counts, sizes, rates
// and shares of a capture and of its connections.
//
// The section `figures` of a scenario says what should be measured, and within
// what tolerance; its manual is [Manual]. [Parse] reads it, [Figures.Measure]
// measures a capture and compares. Everything is computed from the capture alone.
package measure
