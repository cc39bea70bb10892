package runner

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"ftplab/lab/testbed/sandbox"
)

// An output takes what a program prints and keeps the beginning of it in a file.
type output struct {
	path    string
	noise   string   // how lines begin that are left out of messages; "" is none
	in      *os.File // to be given to the program, and then closed
	out     *os.File
	written chan struct{} // closed when all that was printed is in the file
}

const (
	mostOutput = 16 << 20 // bytes that are kept, so that a program cannot fill the disk
	cutNote    = sandbox.NotePrefix + "the program printed more, which is not kept\n"
	timeToRead = time.Second
)

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

// wait waits until all is written that the program has printed. What still runs
// and could print more does not count.
func (o *output) wait() {
	o.out.SetReadDeadline(time.Now().Add(timeToRead))
	<-o.written
}

// lastLines are the last lines of the file, which is called what, for a message: a
// program's own words say best why it does not do what it should. What the sandbox
// says there of itself may be the reason, and comes last.
func (o *output) lastLines(what string) string {
	const most = 5
	var lines, notes []string
	for line := range strings.Lines(o.ends()) {
		line = printable(line)
		if note, ok := strings.CutPrefix(line, sandbox.NotePrefix); ok {
			notes = []string{"(" + note + ")"}
		} else if line != "" && (o.noise == "" || !strings.HasPrefix(line, o.noise)) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return strings.Join(append([]string{"; it printed nothing"}, notes...), "\n\t")
	}
	lines = append(lines[max(0, len(lines)-most):], notes...)
	return fmt.Sprintf("; %s, ends with\n\t%s", what, strings.Join(lines, "\n\t"))
}

// ends are the beginning of the file, where a sandbox has its note, and the end.
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

// printable is a line as it stands on a terminal in the end, in characters that
// move nothing, and not too long.
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
