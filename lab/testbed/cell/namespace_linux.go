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
// Which namespace a socket belongs to is decided by the thread that makes it,
// once; afterwards it is used from anywhere. That is what [Namespace.Do] is
// for. Work that makes sockets on goroutines of its own, as servers do, cannot
// be run in one: give it the namespace of the whole process, [Own].
type Namespace struct {
	handle netns.NsHandle
}

// threadPath is the namespace of the calling thread. (netns.Get would look for
// this process in /proc by its number, which is another one in there.)
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
// that f makes are the namespace's, and so is /proc/sys/net; so is a netlink
// handle of netlink.NewHandle(), for as long as it is open. What f leaves to
// other goroutines is not in the namespace.
func (ns *Namespace) Do(f func() error) error {
	done := make(chan error)
	go func() { done <- ns.enter(f) }()
	return <-done
}

// enter is Do on a goroutine that it may take down with its thread: a thread
// that does not find its way back must do no other work.
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

// Handle is the namespace's file descriptor, as netlink calls such as
// netlink.LinkSetNsFd take it. It is open until Close.
func (ns *Namespace) Handle() int {
	return int(ns.handle)
}

// Close lets go of the namespace. It lives on while a program, a socket or
// another descriptor is in it.
func (ns *Namespace) Close() error {
	return ns.handle.Close()
}
