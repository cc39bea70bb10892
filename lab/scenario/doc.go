// Package scenario defines and parses the scenario language: a text file that says
// which hosts take part in an FTP session, what they do, and which packets should cross
// the network.
//
// [Load] and [Parse] turn a file into a [Scenario]: a [Network] to build, a [Server]
// and a [Client] to run on it, the [Step]s to take, and the text of the sections `want`
// and `figures`, which packages expect and measure parse. They check everything that
// can be checked without a network, so that an error message can name a line.
//
// Two tables define the language: the settings (setting.go) and the verbs of the steps
// (verb.go). The parser, the suggestions, an editor's completions and the manual for
// users ([Manual]) read them. Package runner has one function for each name in [Verbs].
//
// Package runner runs a Scenario. This package itself opens only the scenario's file,
// so it works on any system, also in a browser.
package scenario
