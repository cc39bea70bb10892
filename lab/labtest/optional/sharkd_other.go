//go:build !linux

package optional

import "syscall"

// ordinary does nothing: see sharkd_linux.go.
func ordinary() *syscall.SysProcAttr { return nil }
