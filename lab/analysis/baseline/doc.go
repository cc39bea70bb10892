// Package baseline describes normal FTP, and compares a capture with it.
//
// Normal FTP is described in two ways:
//
//   - [Rules] hold for every normal session, with any client, server or network: the
//     server speaks first, a reply answers a command, no PORT or PASV has the address
//     of a third party. Each rule has one sentence, its source, and the harmless
//     reasons for which a session may seem to break it.
//   - A [Profile] has what varies from one network to the next, in numbers: how long
//     the round trips are, how long people think, how much a transfer moves, which
//     command follows which. It is learned from captures. Two profiles can be added
//     up without the captures that they came from.
//
// [Check] reads a capture and returns what differs, worst first:
//
//	assessment, err := baseline.CheckFile("capture.pcapng", baseline.Normal())
//
// A [Finding] has one of three severities. A [Violation] is what no ordinary client and
// server do; a capture with one is [NotNormal]. [Odd] is what they seldom do. A [Note] is what
// only looks wrong, or a sign that is weak alone. A note does not count, but several signs of
// different kinds between the same two hosts do: they are a finding of their own, which names
// them.
//
// A capture may be cut off, start in the middle, have gaps, or show one of two connections
// only. What it does not show breaks no rule. [Judged] says how much could be judged. If that
// is nothing and nothing else was found, the verdict is [CannotJudge].
//
// Package content knows what the bytes of files and connections show, and package alike
// compares two profiles with each other.
package baseline
