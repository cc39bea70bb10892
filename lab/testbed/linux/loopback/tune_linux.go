package loopback

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A frame on lo cannot be lost, so no segment need be late or retransmitted.
// With the kernel's defaults that happens all the same if clients and servers
// are fast and processors are busy: windows close, segments overtake each
// other, and some are retransmitted after milliseconds without an
// acknowledgement. None of this is about FTP, so the settings below prevent it.

// settle configures the TCP of this network for a session that transfers about
// that many bytes. Where settings cannot be written, as in most containers, the
// kernel's defaults apply.
func settle(volume int64) {
	// Linux's own defaults, regardless of this machine's, suffice for a small
	// volume.
	first, most := int64(128<<10), int64(6<<20) // bytes
	if volume > first/4 {
		// The window is half of the buffer. A buffer of this size keeps the
		// window open even if a client reads nothing during the session.
		most = min(max(most, 2*volume), 64<<20)
		first = most
	}
	settings := map[string]string{
		"tcp_rmem":          fmt.Sprintf("4096 %d %d", first, most),
		"tcp_early_retrans": "0",       // no tail loss probes
		"tcp_rto_min_us":    "5000000", // no retransmission within 5 s; since Linux 6.11
	}
	for name, value := range settings {
		os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0)
	}
}

// pin binds this process, and the programs it starts, to the processor that it
// runs on now. Only the recorder may use all processors; see [unpin].
//
// Each processor has its own queue for frames on lo. With two of them, a
// segment in one queue can be overtaken by the next segment in the other.
func pin() error {
	var processor uint32
	if _, _, errno := unix.Syscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&processor)), 0, 0); errno != 0 {
		return fmt.Errorf("loopback: finding the current processor: %w", errno)
	}
	var one unix.CPUSet
	one.Set(int(processor))
	// A thread that is not bound yet may start another one meanwhile.
	for tied := -1; tied != 0; {
		var err error
		if tied, err = bindThreads(&one); err != nil {
			return fmt.Errorf("loopback: binding threads to a processor: %w", err)
		}
	}
	// More threads would only compete: one each is needed for the client, the
	// server and the recorder.
	runtime.GOMAXPROCS(3)
	return nil
}

// bindThreads binds this process's threads to processors, and returns how many of them were
// not bound before.
func bindThreads(to *unix.CPUSet) (tied int, err error) {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return 0, err
	}
	for _, t := range threads {
		var now unix.CPUSet
		id, err := threadID(t.Name())
		if err == nil {
			err = unix.SchedGetaffinity(id, &now)
		}
		if err == nil && now != *to {
			tied++
			err = unix.SchedSetaffinity(id, to)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && err != unix.ESRCH { // those threads have ended
			return tied, err
		}
	}
	return tied, nil
}

// unpin lets the calling goroutine's thread run on all processors again. The
// goroutine must be locked to it.
func unpin(all unix.CPUSet) {
	runtime.LockOSThread()
	unix.SchedSetaffinity(0, &all) // a failure costs speed only
}

// threadID returns the ID of a thread within this process's PID namespace,
// which is not the one that /proc shows.
func threadID(name string) (int, error) {
	status, err := os.ReadFile("/proc/self/task/" + name + "/status")
	if err != nil {
		return 0, err
	}
	_, line, _ := strings.Cut(string(status), "\nNSpid:")
	line, _, _ = strings.Cut(line, "\n")
	numbers := strings.Fields(line)
	if len(numbers) == 0 {
		return 0, fmt.Errorf("the kernel does not say which thread %s is", name)
	}
	return strconv.Atoi(numbers[len(numbers)-1])
}
