//go:build !race

package lab

// raceDetector says whether the race detector runs. In this build it does not; see race.go.
const raceDetector = false
