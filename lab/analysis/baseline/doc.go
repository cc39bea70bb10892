// Package baseline says what normal FTP is, and holds a capture against it.
//
// Who knows normal traffic recognises the rest. Normal is said in two ways
// here:
//
//   - [Rules] are what every normal session keeps, whatever the client, the
//     server and the network: the server speaks first, a reply answers a
//     command, nobody announces the address of a third party. Each rule has one
//     sentence, the place where it is written, and the innocent reasons for
//     which a session may seem to break it.
//   - A [Profile] is what varies from one network to the next, in numbers: how
//     long the round trips are, how long people think, how much a transfer
//     moves, which command follows which. It is learned from captures, and two
//     profiles can be added up without the captures that they came from.
//
// [Check] reads a capture and returns what differs, worst first:
//
//	verdict, err := baseline.Check("capture.pcapng", baseline.Normal())
//
// A [Finding] has one of three weights. A [Violation] is what no ordinary
// client and server do; one of them, and the capture is [NotNormal]. [Odd] is
// what they seldom do. A [Note] is what only looks wrong: it is named, so that
// nobody wonders, and does not count.
//
// A capture may be cut off, begin in the middle, have holes or show only one of
// two connections. What it does not show breaks no rule.
package baseline
