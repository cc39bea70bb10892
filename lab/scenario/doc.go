// Package scenario is the language in which an FTP session is written down:
// who takes part, what they do, and what should be seen.
//
// [Load] and [Parse] turn a file into a [Scenario]: a [Network] to build, a
// [Server] and a [Client] to run on it, the [Step]s to take, and the text of the
// sections `want` and `figures`, whose notations other packages own. They check
// everything that can be known without a network, so that a mistake has a line.
//
// The language is two tables: the settings (setting.go) and the verbs of the
// steps (verb.go). Parser, suggestions and the manual for users ([Manual]) read
// them; the runner has one function for each name in [Verbs].
//
// The package knows no machine: it opens nothing but the scenario's file.
package scenario
