package expect

import _ "embed"

// Manual is the Go source of this package's doc comment, which is the manual
// of the notation; `ftplab help want` prints it.
//
//go:embed doc.go
var Manual string
