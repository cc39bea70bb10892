package cell

import (
	"fmt"
	"os/exec"
	"runtime"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// A Namespace is a network namespace: a kernel network stack of its own, with
// its own devices, addresses, routes and settings.
//
// A socket belongs to the namespace of the thread that makes it, and any thread can
// use it afterwards. [Namespace.Do] makes sockets in a namespace. A server, which
// makes sockets on goroutines of its own, cannot be run by Do: it needs the namespace
// of the whole process, [Own].
type Namespace struct {
	handle netns.NsHandle
}

// threadPath is the namespace of the calling thread. (netns.Get would look for this
// process in /proc by its ID, which is different there.)
const threadPath = "/proc/thread-self/ns/net"

// Own returns the namespace of this process.
func Own() (*Namespace, error) {
	handle, err := netns.GetFromPath("/proc/self/ns/net")
	if err != nil {
		return nil, fmt.Errorf("cell: opening the network namespace: %w", err)
	}
	return &Namespace{handle}, nil
}

// NewNamespace makes a namespace. Its lo device is up.
func NewNamespace() (*Namespace, error) {
	type result struct {
		ns  *Namespace
		err error
	}
	made := make(chan result)
	go func() {
		// Never unlocked: the thread is in the new namespace, and ends with
		// this goroutine.
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			made <- result{nil, fmt.Errorf("cell: making a network namespace: %w", err)}
			return
		}
		if err := bringUp("lo"); err != nil {
			made <- result{nil, fmt.Errorf("cell: in a new network namespace: %w", err)}
			return
		}
		handle, err := netns.GetFromPath(threadPath)
		if err != nil {
			made <- result{nil, fmt.Errorf("cell: opening a network namespace: %w", err)}
			return
		}
		made <- result{&Namespace{handle}, nil}
	}()
	r := <-made
	return r.ns, r.err
}

// Do calls f on a thread that is in the namespace, and returns f's error. Sockets
// that f makes belong to the namespace. For f, /proc/sys/net is that of the namespace.
// So is a netlink handle of netlink.NewHandle(), as long as it is open. Other
// goroutines that f starts are not in the namespace.
func (ns *Namespace) Do(f func() error) error {
	done := make(chan error)
	go func() { done <- ns.enter(f) }()
	return <-done
}

// enter is Do on the calling goroutine. If the thread cannot return to its namespace,
// it stays locked to the goroutine, and ends with it.
func (ns *Namespace) enter(f func() error) error {
	runtime.LockOSThread()
	home, err := netns.GetFromPath(threadPath)
	if err != nil {
		return fmt.Errorf("cell: opening the network namespace: %w", err)
	}
	defer home.Close()
	if err := netns.Set(ns.handle); err != nil {
		return fmt.Errorf("cell: entering a network namespace: %w", err)
	}
	err = f()
	if netns.Set(home) == nil {
		runtime.UnlockOSThread()
	}
	return err
}

// Start starts a program in the namespace, as [exec.Cmd.Start] does.
func (ns *Namespace) Start(cmd *exec.Cmd) error {
	return ns.Do(cmd.Start)
}

// Handle returns the namespace's file descriptor, for netlink calls such as
// netlink.LinkSetNsFd. It is open until Close.
func (ns *Namespace) Handle() int {
	return int(ns.handle)
}

// Close closes the descriptor. The namespace exists until no program, socket or other
// descriptor uses it.
func (ns *Namespace) Close() error {
	return ns.handle.Close()
}
