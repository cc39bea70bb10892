package runner

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"ftplab/lab/testbed/sandbox"
)

// An output keeps the beginning of what a program prints in a file.
type output struct {
	path    string
	removed bool     // the file will be removed, so that messages do not name it
	noise   string   // the prefix of lines that messages leave out; "" is none
	in      *os.File // to be given to the program, and then closed
	out     *os.File
	written chan struct{} // closed when all that was printed is in the file
}

const (
	mostOutput = 16 << 20 // bytes that are kept, so that a program cannot fill the disk
	cutNote    = sandbox.NotePrefix + "the program printed more, which is not kept\n"
	timeToRead = time.Second
)

// newOutput creates the file among the results. Name is its path there.
func (e *Environment) newOutput(name string) (*output, error) {
	o, err := newOutput(filepath.Join(e.results, name))
	if err == nil {
		o.removed = e.removed
	}
	return o, err
}

// newOutput creates the file.
func newOutput(path string) (*output, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	o := &output{path: path, written: make(chan struct{})}
	if o.out, o.in, err = os.Pipe(); err != nil {
		file.Close()
		return nil, err
	}
	go func() {
		defer close(o.written)
		defer file.Close()
		defer o.out.Close()
		if n, _ := io.CopyN(file, o.out, mostOutput); n == mostOutput {
			if more, _ := io.Copy(io.Discard, o.out); more > 0 {
				io.WriteString(file, cutNote)
			}
		}
	}()
	return o, nil
}

// wait waits until everything that the program has printed is written. It does not wait
// for processes that still run and could print more.
func (o *output) wait() {
	o.out.SetReadDeadline(time.Now().Add(timeToRead))
	<-o.written
}

// printed returns what a program that still runs has printed last, like lastLines; "" if it
// has printed nothing.
func (o *output) printed(what, name string) string {
	for end := time.Now().Add(timeToRead); time.Now().Before(end) && unread(o.out) > 0; {
		time.Sleep(lookEvery)
	}
	time.Sleep(lookEvery) // what was read has to be written, too
	lines, _ := o.lines()
	return last(lines, o.called(what, name))
}

// called returns what a message calls the file: what it is and, if it stays, its name.
func (o *output) called(what, name string) string {
	if o.removed {
		return what
	}
	return what + ", " + name
}

// unread returns the number of bytes that wait in a pipe.
func unread(pipe *os.File) (bytes int) {
	if raw, err := pipe.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { bytes, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	}
	return bytes
}

// lastLines returns what a program has printed at the end for a message, because the
// program itself usually says what is wrong. What and name are those of the file; see called.
// Notes of the sandbox come last, because they may be the reason.
func (o *output) lastLines(what, name string) string {
	lines, note := o.lines()
	text := cmp.Or(last(lines, o.called(what, name)), "; it printed nothing")
	if note != "" {
		text += "\n\t(" + note + ")"
	}
	return text
}

// lines returns the lines at the end of the file that say something, and the last note of the
// sandbox.
func (o *output) lines() (lines []string, note string) {
	for line := range strings.Lines(o.ends()) {
		line = printable(line)
		if text, ok := strings.CutPrefix(line, sandbox.NotePrefix); ok {
			note = text
		} else if line != "" && (o.noise == "" || !strings.HasPrefix(line, o.noise)) {
			lines = append(lines, line)
		}
	}
	return lines, note
}

// last returns the last lines for a message, each once; "" for none. The line with the reason comes
// first, for a reader of the message's first line: the last line with words, below which are the lines
// before it, or the panic of a Go program, below which is its stack trace.
func last(lines []string, what string) string {
	const most = 4 // below the reason
	if len(lines) == 0 {
		return ""
	}
	at, label := len(lines)-1, "\n\tbefore it:\n\t  "
	var more []string
	if i := slices.IndexFunc(lines, isPanic); i >= 0 {
		at, label = i, "\n\t"
		more = lines[i+1:]
		if stack := whereItPanicked(lines[i:]); len(stack) > 0 {
			more = stack
		}
		more = more[:min(len(more), most+1)]
	} else {
		for at > 0 && isRule(lines[at]) {
			at--
		}
		more = lines[max(0, at-most):at]
	}
	text := fmt.Sprintf("; %s: %s", what, lines[at])
	if len(more) > 0 {
		text += label + strings.Join(more, strings.TrimPrefix(label, "\n\tbefore it:"))
	}
	return text
}

// whereItPanicked returns the lines of a panic's stack trace that begin with the function
// that panicked; nil if there is no trace. If a caller recovered and panicked again, the
// functions that did so come before it, and then that of the built-in panic.
func whereItPanicked(lines []string) []string {
	isGoroutine := func(line string) bool { return strings.HasPrefix(line, "goroutine ") }
	_, stack := cutAfter(lines, isGoroutine)
	stack, _ = cutAfter(stack, isGoroutine)
	for {
		_, rest := cutAfter(stack, func(line string) bool { return strings.HasPrefix(line, "panic(") })
		if len(rest) < 2 {
			return stack
		}
		stack = rest[1:] // without the place of the built-in panic
	}
}

// cutAfter returns the lines before the first that is so, and those after it. If none is,
// all are before.
func cutAfter(lines []string, so func(string) bool) (before, after []string) {
	i := slices.IndexFunc(lines, so)
	if i < 0 {
		return lines, nil
	}
	return lines[:i], lines[i+1:]
}

func isPanic(line string) bool { return strings.HasPrefix(line, "panic: ") }

// isRule reports whether a line is only drawn, such as the one below an exception of Python's
// package socketserver.
func isRule(line string) bool {
	return !strings.ContainsFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// ends returns the beginning of the file, where a sandbox writes its note, and the end.
func (o *output) ends() string {
	const part = 16 << 10 // bytes
	file, err := os.Open(o.path)
	if err != nil {
		return ""
	}
	defer file.Close()
	beginning, _ := io.ReadAll(io.LimitReader(file, part))
	if info, err := file.Stat(); err == nil && info.Size() > 2*part {
		file.Seek(-part, io.SeekEnd)
	}
	end, _ := io.ReadAll(file)
	return string(beginning) + string(end)
}

// printable returns a line as a terminal finally shows it, without control characters,
// and not too long.
func printable(line string) string {
	const most = 300
	line = strings.TrimRight(line, "\r\n")
	line = line[strings.LastIndexByte(line, '\r')+1:]
	line = strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, line)
	if runes := []rune(line); len(runes) > most {
		line = string(runes[:most]) + "…"
	}
	return strings.TrimSpace(line)
}
