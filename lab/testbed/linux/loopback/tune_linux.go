package loopback

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// On lo nothing can be lost, and nothing need ever come late or twice. With the
// kernel's defaults it does all the same, when clients and servers are fast and
// processors are busy: windows close, segments overtake each other, and some
// are sent again for want of an answer within milliseconds. None of that would
// be about FTP. What follows takes the causes away.

// settle sets the TCP of this network up for a session that moves about that
// many bytes. Where settings cannot be written, as in most containers, the
// kernel's defaults have to do.
func settle(volume int64) {
	// Linux's own defaults, whatever this machine's are, do for little.
	first, most := int64(128<<10), int64(6<<20) // bytes
	if volume > first/4 {
		// The kernel gives half of a buffer to the window: then a client that
		// reads nothing for the whole session does not close it.
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

// pin keeps this process, and whatever it starts, on the processor that it runs
// on now. Only what records is free to run on all; see [unpin].
//
// Each processor passes on what was sent on it. With two of them, a segment in
// the queue of the one is overtaken by the next one, sent on the other.
func pin() error {
	var processor uint32
	if _, _, errno := unix.Syscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&processor)), 0, 0); errno != 0 {
		return fmt.Errorf("loopback: asking for the processor: %w", errno)
	}
	var one unix.CPUSet
	one.Set(int(processor))
	// A thread that is not tied yet may start another one meanwhile.
	for tied := -1; tied != 0; {
		var err error
		if tied, err = tieThreads(&one); err != nil {
			return fmt.Errorf("loopback: tying threads to a processor: %w", err)
		}
	}
	// More threads at once would only get in each other's way: one each for
	// the client, the server, the recorder, and its brake.
	runtime.GOMAXPROCS(4)
	return nil
}

// tieThreads ties this process's threads to processors, and returns how many of
// them were not yet.
func tieThreads(to *unix.CPUSet) (tied int, err error) {
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
		if err != nil && !errors.Is(err, fs.ErrNotExist) && err != unix.ESRCH { // those have ended
			return tied, err
		}
	}
	return tied, nil
}

// unpin lets the calling goroutine's thread, which it keeps, run on all of the
// processors again.
func unpin(all unix.CPUSet) {
	runtime.LockOSThread()
	unix.SchedSetaffinity(0, &all) // if it fails, it is only slower
}

// hurry has the kernel run the calling goroutine's thread, which it keeps, soon
// after it wakes, by asking for little time each time (since Linux 6.12).
func hurry() {
	runtime.LockOSThread()
	unix.SchedSetAttr(0, &unix.SchedAttr{
		Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL, Runtime: uint64(100 * time.Microsecond),
	}, 0)
}

// threadID is the number by which this process knows a thread of its own,
// which within a PID namespace is not the one that /proc shows.
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
