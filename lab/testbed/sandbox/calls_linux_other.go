//go:build linux && !amd64 && !arm64

package sandbox

import (
	"fmt"
	"runtime"
)

// filterCalls fails: the numbers of the calls are another machine's.
func filterCalls(bool) error {
	return fmt.Errorf("programs run on x86-64 and ARM64; this is %s", runtime.GOARCH)
}
