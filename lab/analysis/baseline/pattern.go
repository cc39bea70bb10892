package baseline

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first used. Every
// program that imports this package would otherwise compile all of them at its
// start, and each session starts one.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
