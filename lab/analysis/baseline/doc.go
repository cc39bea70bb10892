// Package baseline describes normal FTP, and compares a capture with it.
//
// Normal FTP is described in two ways:
//
//   - The rules of package rules hold for every normal session, with any client, server or
//     network: the server speaks first, a reply answers a command.
//   - A profile of package profile has what varies from one network to the next, in numbers:
//     how long the round trips are, which command follows which.
//
// Both read the sessions of package evidence.
//
// [Check] reads a capture and returns what differs, worst first:
//
//	assessment, err := baseline.Check("capture.pcapng", profile.Normal())
//
// A [rules.Finding] has one of three severities. A [rules.Violation] is what no ordinary client and
// server do; a capture with one is [NotNormal]. [rules.Odd] is what they seldom do. A [rules.Note] is what
// only looks wrong, or a sign that is weak alone. A note does not count, but several signs of
// different kinds between the same two hosts do: they are a finding of their own, which names
// them.
//
// A capture may be cut off, start in the middle, have gaps, or show one of two connections
// only. What it does not show breaks no rule. [Judged] says how much could be judged. If that
// is nothing and nothing else was found, the verdict is [CannotJudge]. So it is if a table of the
// check was full: its memory is bounded, and an attacker may fill a table to hide something.
//
// Package content knows what the bytes of files and connections show, and package alike
// compares two profiles with each other.
package baseline
