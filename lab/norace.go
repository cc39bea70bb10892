//go:build !race

package lab

// raceDetector says that the race detector is not at work; see race.go.
const raceDetector = false
