package runner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/ftps"
)

// errShort says that a transfer did not bring the whole file, errMore that it brought more.
var (
	errShort = errors.New("not the whole file")
	errMore  = errors.New("more than the file")
)

// wrongSize returns which of the two it is.
func wrongSize(got, want int64) error {
	if got > want {
		return errMore
	}
	return errShort
}

// errOther says that a transfer brought other bytes, as many as the file has.
var errOther = errors.New("other bytes")

// breaks has, for each way in which a step can break, a function that reports whether
// err is that way.
var breaks = map[string]func(err error) bool{
	scenario.Timeout: func(err error) bool {
		return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT)
	},
	scenario.ResetBreak: func(err error) bool { return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) },
	scenario.Refusal:    func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) },
	scenario.Unreachable: func(err error) bool {
		return errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
	},
	scenario.Closed:     func(err error) bool { return errors.Is(err, ftpclient.ErrClosed) },
	scenario.Unreadable: func(err error) bool { return errors.Is(err, ftpclient.ErrUnreadable) },
	scenario.Distrust:   func(err error) bool { return errors.Is(err, ftpclient.ErrCertificate) },
	scenario.Alert: func(err error) bool {
		var failed *net.OpError
		return errors.As(err, &failed) && failed.Op == "remote error" // as package tls calls an alert
	},
	scenario.Short: func(err error) bool {
		return errors.Is(err, errShort) || errors.Is(err, errMore) || errors.Is(err, errOther) ||
			errors.Is(err, ftpclient.ErrUnannounced) || errors.Is(err, ftps.ErrTruncated)
	},
}

// An exitError says that a program ended with another status than 0, or by a signal.
type exitError struct {
	text     string
	accident bool // it did not end by itself, or not run at all: see exitOf
}

func (e exitError) Error() string { return e.text }

// An ending describes how a step ended.
type ending struct {
	reply ftpclient.Reply
	err   error // why the step failed
	broke error // the error of the data connection, if the server refused the transfer, too

	printed string // the last lines that a program printed, for a message
}

// asExpected returns what is wrong with the ending of a step, or nil.
func (e ending) asExpected(step scenario.Step) error {
	var exit exitError
	switch {
	case step.Break != "":
		return e.brokeBy(step.Break)
	case step.Refused && errors.As(e.err, &exit) && exit.accident:
		return fmt.Errorf("%w; the ! expects that the program runs and ends by itself, with another status than 0", e.err)
	case step.Refused && errors.As(e.err, &exit):
		return nil
	case e.err != nil:
		return e.err
	case step.Verb == "run" && step.Refused:
		return errors.New("the program ended with status 0, and the ! says that it should fail")
	case step.Verb == "await":
		return nil
	case step.Code != 0 && e.reply.Code != step.Code:
		return fmt.Errorf("%s, and %d was expected", said(e.reply), step.Code)
	case step.Code != 0:
		return nil
	case step.Refused && !e.reply.Refused():
		return fmt.Errorf("%s, and the ! says that it should refuse with 4xx or 5xx", said(e.reply))
	case step.Refused || e.reply == none || e.reply.Complete() || goesOn[step.Verb]:
		return nil
	case e.reply.Refused():
		return fmt.Errorf("the server refused: %q%s", e.reply, meantCommand(step.Command, e.reply))
	}
	return notDone(step, e.reply)
}

// goesOn are the steps after whose refusal the session goes on: a server without TLS refuses
// auth, and hangup waits for 421.
var goesOn = map[string]bool{"auth": true, "hangup": true}

// said is what the server said, for a message.
func said(reply ftpclient.Reply) string {
	if reply == none {
		return "the server sent no reply"
	}
	return fmt.Sprintf("the server said %q", reply)
}

// notDone returns what is wrong with a reply that is no refusal and no success. A command
// that the scenario chose itself may be the first of several.
func notDone(step scenario.Step, reply ftpclient.Reply) error {
	switch {
	case reply.Code/100 != 3:
		return fmt.Errorf("the server said %q; the first digit of a final reply is 2 to 5 (RFC 959, 4.2)", reply)
	case step.Verb == "quote":
		return nil
	}
	return fmt.Errorf("the server said %q, and so it waits for another command (RFC 959, 4.2)", reply)
}

// meantCommand is the end of a message about a command of a step that the server does not
// know, and that is almost another one.
func meantCommand(command string, reply ftpclient.Reply) string {
	if command == "" || reply.Code != 500 && reply.Code != 502 {
		return ""
	}
	return scenario.MeantCommand(command)
}

// brokeBy returns what is wrong with the ending of a step that should break, or nil.
func (e ending) brokeBy(kind string) error {
	is := breaks[kind]
	switch {
	case e.err != nil && is(e.err), e.broke != nil && is(e.broke):
		return nil
	case e.err != nil:
		return brokeOtherwise(e.err, kind)
	case e.broke != nil:
		return brokeOtherwise(e.broke, kind)
	case e.reply.Code != 0:
		return fmt.Errorf("the server said %q, and %s was expected", e.reply, kind)
	}
	return fmt.Errorf("nothing broke, and %s was expected", kind)
}

// brokeOtherwise is the error of a step that broke in another way than expected. It names that way.
func brokeOtherwise(err error, kind string) error {
	for _, other := range scenario.Breaks() {
		if breaks[other](err) {
			return fmt.Errorf("%w; that is %s, and %s was expected", err, other, kind)
		}
	}
	return fmt.Errorf("%w; %s was expected", err, kind)
}
