package measure

import _ "embed"

// Manual is the Go source of this package's doc comment, which is the manual
// of the notation; `ftplab help figures` prints it.
//
//go:embed doc.go
var Manual string
