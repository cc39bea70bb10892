package baseline

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled at its first use. Otherwise every program
// that imports this package would compile all of them when it starts.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
