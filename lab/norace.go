//go:build !race

package lab

// raceDetector says whether the race detector runs, here not; see race.go.
const raceDetector = false
