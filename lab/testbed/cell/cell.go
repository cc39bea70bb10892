// Package cell runs a function of this program in a cell: a new process with
// its own user, network and PID namespaces.
//
// The process is this same program, started again. In a cell, an ordinary user
// can bind port 21 and open packet sockets, on a network without a connection
// to any other. When the cell ends, for whatever reason, the kernel removes its
// network and ends every program that it started.
//
// A program names the function that its cells run by calling [Init] from an init
// function:
//
//	func init() {
//		cell.Init(func(ctx context.Context, c *cell.Cell) error {
//			var name string
//			if err := c.Spec(&name); err != nil {
//				return err
//			}
//			return c.Send("hello " + name)
//		})
//	}
//
// [Run] starts a cell, sends it a [Job] and waits for its end. Two pipes connect
// the processes: one carries the job, and its end tells the cell that the
// parent cancelled or died; the other carries messages back, and then the
// result.
package cell

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// A Job is what one cell is started for.
type Job struct {
	// Spec describes the work. It is sent to the cell as JSON; see [Cell.Spec].
	Spec any

	// Files are open files that the cell inherits; see [Cell.Files].
	Files []*os.File

	// Message is called with what the cell sends, message by message, until
	// Run returns. Nil ignores them.
	Message func(json.RawMessage)

	// Grace is how long the body may go on after its context is cancelled. Then
	// the cell is killed. Zero means 5 seconds.
	Grace time.Duration

	// AllIDs asks for more user ids than root's, for programs that change
	// theirs. The cell has them if this program runs as root, or its user has a
	// range of subordinate ids (subuid(5)) and the program newuidmap.
	AllIDs bool

	// MachineNetwork gives the cell the machine's network instead of one of its own.
	// It has a PID namespace, and a user namespace unless this program is root.
	MachineNetwork bool

	// InPlace allows a cell without a network of its own if the system refuses
	// one, but lets this program capture on the loopback device, as containers
	// do. See [Cell.InPlace].
	InPlace bool
}

// defaultGrace is time enough to write the rest of a capture.
const defaultGrace = 5 * time.Second

// Body is the work of a cell. Its context is cancelled when the parent cancels or
// dies. [Run] returns an error with the text of its error.
type Body func(ctx context.Context, c *Cell) error

// A Cell is the cell that a body runs in.
type Cell struct {
	// Files are the files of the job, in the same order and with the same names.
	Files []*os.File

	// InPlace says that the network is that of the machine or the container,
	// which other programs use too. Only one cell at a time runs in place on a
	// network. The next one waits until it ends.
	InPlace bool

	spec json.RawMessage

	mu       sync.Mutex
	messages *json.Encoder
}

// Spec decodes the job's Spec into v, as [json.Unmarshal] does.
func (c *Cell) Spec(v any) error {
	if err := json.Unmarshal(c.spec, v); err != nil {
		return fmt.Errorf("cell: reading the job: %w", err)
	}
	return nil
}

// Send passes a message, as JSON, to the job's Message function. It may be
// called from any goroutine. It fails when the parent is gone.
func (c *Cell) Send(message any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("cell: sending: %w", err)
	}
	return c.post(envelope{Message: text})
}

func (c *Cell) post(e envelope) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.messages.Encode(e); err != nil {
		return fmt.Errorf("cell: sending: %w", err)
	}
	return nil
}

// An envelope is one line from the cell: a message of the body, a refusal of the
// system before the body began, or the outcome after it ended.
type envelope struct {
	Message json.RawMessage `json:"message,omitempty"`
	Refused string          `json:"refused,omitempty"`
	End     bool            `json:"end,omitempty"`
	Error   *string         `json:"error,omitempty"`  // with End: the body's error
	Unable  bool            `json:"unable,omitempty"` // with Error: it wraps ErrRefused
}

// An order is the only line that the parent sends to a cell.
type order struct {
	Spec  json.RawMessage `json:"spec"`
	Files []string        `json:"files"` // their names
	Grace time.Duration   `json:"grace"`
	Way   way             `json:"way"`

	MachineNetwork bool `json:"machineNetwork,omitempty"`
}

// A way is a way to separate a cell from the rest of the machine.
type way string

const (
	userNamespace way = "user namespace" // for every user, if the system's policy allows it
	plain         way = "plain"          // network and PID namespaces alone, with CAP_SYS_ADMIN
	inPlace       way = "in place"       // no namespace
)

// ErrRefused is wrapped by the error of [Run] if this system does not allow a cell,
// or lacks something that its body needs, such as IPv6. The error's text says what
// refuses it and what can be done.
var ErrRefused = errors.New("this system does not allow a private network")

// bodyError is the error of a body in the parent's process: its text, and what it
// wrapped there: that the system refused something, or that the cell was cancelled.
type bodyError struct {
	text   string
	causes []error
}

func (e *bodyError) Error() string   { return e.text }
func (e *bodyError) Unwrap() []error { return e.causes }
