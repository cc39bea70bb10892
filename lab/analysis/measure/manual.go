package measure

import _ "embed"

// Manual is the manual of the notation, for people who write scenarios.
//
//go:embed manual.txt
var Manual string
