package cell

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"ftplab/lab/oserror"
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

// initialized says that Init was called. Without that, this program would run from
// its beginning when it is started as a cell.
var initialized bool

// Init makes body the work of this program's cells. In an ordinary process it
// returns at once. In a cell it runs body, exits, and never returns.
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
	// During initialization the main goroutine is locked to the main thread,
	// which would slow the body down. So the body has another goroutine.
	go func() {
		if err := live(body); err != nil && !errors.Is(err, unix.EPIPE) { // nobody waits for an outcome
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}()
	select {}
}

// live receives the order, runs the body, and sends its outcome. The error is that
// of sending, for example because the parent is gone.
func live(body Body) error {
	// The parent handles a terminal's Ctrl-C. (If the cell ignored these signals,
	// so would the programs that it starts.)
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)

	orders := inherit(ordersFD, "orders")
	messages := inherit(messagesFD, "messages")
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)

	in := bufio.NewReader(orders)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return nil // the parent has changed its mind, or died
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
		text := oserror.Text(err)
		outcome.Error, outcome.Unable = &text, errors.Is(err, ErrRefused)
	}
	return c.post(outcome)
}

// inherit opens a file that this process was started with. Programs that this
// process starts do not inherit it.
func inherit(fd uintptr, name string) *os.File {
	unix.CloseOnExec(int(fd))
	return os.NewFile(fd, name)
}

// watch waits until the parent closes the pipe of the orders, which the kernel does
// when the parent dies. Before that, the parent writes why it cancels the cell. Then the
// body has the time grace to end.
func watch(orders io.Reader, grace time.Duration, cancel context.CancelCauseFunc) {
	reason, _ := io.ReadAll(orders)
	cancel(errors.New(cmp.Or(string(reason), "the program that started this cell is gone")))
	time.Sleep(grace)
	os.Exit(1)
}

// settle prepares the cell's network. Its error may show that the cell lacks the rights
// that a body needs; see [isRefusal].
func settle(ctx context.Context, w way) error {
	if w != inPlace {
		return bringUp("lo")
	}
	if err := mayCaptureAndBind(); err != nil {
		return err
	}
	return waitForTurn(ctx)
}

// bringUp brings a network device up.
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
// It locks the network namespace itself. So all programs in the namespace use the
// same lock, no file is needed, and the lock ends with this process.
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
