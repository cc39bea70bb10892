package cell

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// cellName is the name, argv[0], by which this program knows that it was
// started as a cell, and by which ps shows it.
const cellName = "ftplab-cell"

// The files a cell is started with, after standard input, output and error.
const (
	ordersFD   = 3 // read: the order, then its end
	messagesFD = 4 // write: envelopes
	firstFD    = 5 // the job's files
)

// initialized says that Init was called: that this program, started again as a
// cell, would be one, and not run anew from its beginning.
var initialized bool

// Init makes body what this program's cells do. In an ordinary process it
// returns at once. In a cell it runs body and exits: it never returns.
//
// Call it once, from an init function or at the start of main.
func Init(body Body) {
	if os.Args[0] != cellName {
		initialized = true
		return
	}
	if len(os.Args) > 1 {
		advance(stage(os.Args[1]))
	}
	// During initialization the main goroutine is tied to the main thread,
	// which would slow the body down. So it lives on a goroutine of its own.
	go func() {
		if err := live(body); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}()
	select {}
}

// live is the life of a cell: it takes the order, runs the body and reports.
// Its error is for the case that nobody listens to the report.
func live(body Body) error {
	// A terminal's Ctrl-C is the parent's to deal with. (To ignore these
	// signals would make the programs that the cell starts ignore them.)
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)

	orders := inherit(ordersFD, "orders")
	messages := inherit(messagesFD, "messages")
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)

	in := bufio.NewReader(orders)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return nil // the parent had second thoughts, or died
	}
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return fmt.Errorf("cell: reading the order: %w", err)
	}
	go watch(in, o.Grace, cancel)

	c := &Cell{spec: o.Spec, InPlace: o.Way == inPlace, messages: json.NewEncoder(messages)}
	for i, name := range o.Files {
		c.Files = append(c.Files, inherit(firstFD+uintptr(i), name))
	}
	if !o.MachineNetwork {
		err = settle(ctx, o.Way)
	}
	if _, ok := isRefusal(err); ok {
		return c.post(envelope{Refused: err.Error()})
	}
	if err == nil {
		err = body(ctx, c)
	}
	outcome := envelope{End: true}
	if err != nil {
		text := err.Error()
		outcome.Error, outcome.Unable = &text, errors.Is(err, ErrRefused)
	}
	return c.post(outcome)
}

// inherit opens a file this process was started with, and keeps it from the
// programs that it starts in turn.
func inherit(fd uintptr, name string) *os.File {
	unix.CloseOnExec(int(fd))
	return os.NewFile(fd, name)
}

// errCancelled is the cause of a body's cancelled context.
var errCancelled = errors.New("cancelled, or the program that started this cell is gone")

// watch waits for the end of the orders, which comes when the parent closes
// its end, and when the parent dies, however it dies. Then the body has the
// grace to end.
func watch(orders io.Reader, grace time.Duration, cancel context.CancelCauseFunc) {
	io.Copy(io.Discard, orders)
	cancel(errCancelled)
	time.Sleep(grace)
	os.Exit(1)
}

// settle makes the cell's network ready for the body, and so proves that the
// cell has the powers over it that a body counts on; see [isRefusal].
func settle(ctx context.Context, w way) error {
	if w != inPlace {
		return bringUp("lo")
	}
	if err := mayCaptureAndBind(); err != nil {
		return err
	}
	return waitForTurn(ctx)
}

// bringUp sets a network device to work.
func bringUp(device string) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening a socket: %w", err)
	}
	defer unix.Close(s)
	request, err := unix.NewIfreq(device)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("bringing %s up: %w", device, err)
	}
	return nil
}

// waitForTurn waits until no other cell is in place on this network.
//
// The lock is on the network namespace itself: so it is the same for every
// program in it, needs no file, and ends with this process.
func waitForTurn(ctx context.Context) error {
	ns, err := unix.Open("/proc/self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening the network namespace: %w", err)
	}
	locked := make(chan error, 1)
	go func() {
		err := unix.Flock(ns, unix.LOCK_EX)
		for err == unix.EINTR {
			err = unix.Flock(ns, unix.LOCK_EX)
		}
		locked <- err
	}()
	select {
	case err = <-locked:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
