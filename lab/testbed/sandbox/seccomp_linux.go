//go:build linux && (amd64 || arm64)

package sandbox

import (
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Offsets in the data of a filter, struct seccomp_data (seccomp(2)).
const (
	callOffset     = 0
	archOffset     = 4
	argumentOffset = 16 // the low half of the first argument: both machines are little-endian
)

// absent are calls that namespaces do not limit: for the caller's keys, for files of
// any mount, and for input and output that no filter sees.
var absent = []uint32{unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_IO_URING_SETUP}

// answer is an instruction: the call is not made and returns errno, 0 being success.
func answer(errno syscall.Errno) bpf.Instruction {
	return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(errno)}
}

// filter returns the program that decides on a system call. If pretend, calls that
// change ids succeed and do nothing.
func filter(pretend bool) []bpf.Instruction {
	f := []bpf.Instruction{
		bpf.LoadAbsolute{Off: archOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: arch, SkipTrue: 1},
		answer(unix.ENOSYS), // other call numbers, as of 32-bit programs
		bpf.LoadAbsolute{Off: callOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: x32Calls, SkipTrue: 1},
		answer(unix.ENOSYS),
	}
	is := func(call uint32, then bpf.Instruction) {
		f = append(f, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: call, SkipTrue: 1}, then)
	}
	for _, call := range absent {
		is(call, answer(unix.ENOSYS))
	}
	if pretend {
		for _, call := range changeIDs {
			is(call, answer(0))
		}
	}
	return append(f,
		// Sockets to the machine's hypervisor belong to no network namespace.
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.SYS_SOCKET, SkipTrue: 3},
		bpf.LoadAbsolute{Off: argumentOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.AF_VSOCK, SkipTrue: 1},
		answer(unix.EAFNOSUPPORT),
		bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
}

// filterCalls filters the calls of this thread, and of the programs that it executes
// and starts.
func filterCalls(pretend bool) error {
	raw, err := bpf.Assemble(filter(pretend))
	if err != nil {
		return err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}
