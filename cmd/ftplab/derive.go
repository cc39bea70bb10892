package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/tools/txtar"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

func deriveCommand() *cobra.Command {
	var hosts string
	var keyLog string
	c := &cobra.Command{
		Use:   "derive CAPTURE",
		Short: "Write the want of a scenario from a capture",
		Long: `Derive writes a section want from a capture (- is the standard input): every
connection, every line of the dialogue and every transfer, in the notation of
ftplab help want, with comments on the packets that need one. It writes what
another run of the same session would show too, and leaves out what depends on
chance: segments, windows, bare ACKs, and ports that a kernel chose.

Hosts have the names of the scenario, or else those in the capture (ftplab's own
captures have them), or else their addresses. The two sides of 127.0.0.1 are client and
server. In TLS without keys, the want has what is in clear: the beginning up to AUTH,
and the connections. Where the capture lacks packets, the want has the line "...",
and a comment says so. A file that is cut off passes no want, since more packets may
follow, and is refused.

The result is a draft: add what matters, delete what does not, and write the
comments in your own words.`,
		Example: `  ftplab derive capture.pcapng
  ftplab derive results/mine/capture.pcapng >> mine.txtar
  ftplab derive --scenario mine.txtar theirs.pcap`,
		Args: takesCapture,
		RunE: func(c *cobra.Command, args []string) error {
			if err := refuseSecondWant(c.OutOrStdout()); err != nil {
				return err
			}
			var named *scenario.Scenario
			if hosts != "" {
				var err error
				if named, err = selectScenario(hosts); err != nil {
					return err
				}
			}
			defer spareMemory(args[0])()
			return lab.Derive(newSection(c.OutOrStdout(), named), source(args[0], keyLog, c.InOrStdin(), c.ErrOrStderr()), named)
		},
	}
	keyLogFlag(c, &keyLog)
	inputFileFlag(c.Flags(), &hosts, "scenario", "", "the scenario whose hosts give their names: a name or a file")
	return c
}

// refuseSecondWant returns an error if the standard output is a scenario with a want, to which another
// one would be added. A file that begins with a section, or with text that is no scenario, is none unless
// its name says so: it may have the wants of several captures.
func refuseSecondWant(stdout io.Writer) error {
	file, ok := stdout.(*os.File)
	if !ok {
		return nil
	}
	again, err := reopened(file)
	if err != nil {
		return nil // it is no file, or may not be read
	}
	defer again.Close()
	text, err := io.ReadAll(again)
	if err != nil {
		return nil
	}
	archive := txtar.Parse(text)
	if path := openedAs(file); !strings.HasSuffix(path, scenario.Extension) {
		if _, err := scenario.Parse(path, text); err != nil || len(archive.Comment) == 0 {
			return nil
		}
	}
	line := 1 + bytes.Count(archive.Comment, []byte("\n"))
	for _, section := range archive.Files {
		if section.Name == "want" {
			return fmt.Errorf("%s:%d: the scenario has a want, and can have only one; nothing was run or written. Write the derived one to another file, or remove this one first", openedAs(file), line)
		}
		line += 1 + bytes.Count(section.Data, []byte("\n"))
	}
	return nil
}

// reopened opens a regular file again to read it, which may be open for writing only.
func reopened(file *os.File) (*os.File, error) {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, errors.ErrUnsupported
	}
	return os.Open(fmt.Sprintf("/dev/fd/%d", file.Fd()))
}

// openedAs is the path of a file that the shell may have opened.
func openedAs(file *os.File) string {
	if path, err := os.Readlink(fmt.Sprintf("/dev/fd/%d", file.Fd())); err == nil {
		return path
	}
	return file.Name()
}

// newSection is the standard output for a section. The user may add it to a file (>>), such as
// that of the scenario, if one is known. If that file does not end with a newline, one is written
// first.
func newSection(stdout io.Writer, s *scenario.Scenario) io.Writer {
	if lineEnds(stdout, s) {
		return stdout
	}
	return &onNewLine{to: stdout}
}

// lineEnds reports whether the file that the output is added to ends with a newline. If the output
// is a pipe, it may end in the scenario's file.
func lineEnds(stdout io.Writer, s *scenario.Scenario) bool {
	if file, ok := stdout.(*os.File); ok {
		if last, known := lastByte(file); known {
			return last == '\n'
		}
	}
	return s == nil || len(s.Source) == 0 || bytes.HasSuffix(s.Source, []byte("\n"))
}

// lastByte returns the last byte of a file, if it can be read. That of an empty one is a newline.
func lastByte(file *os.File) (last byte, known bool) {
	again, err := reopened(file)
	if err != nil {
		return 0, false
	}
	defer again.Close()
	b := []byte{'\n'}
	if _, err = again.Seek(-1, io.SeekEnd); err != nil { // it is empty
		return b[0], true
	}
	_, err = again.Read(b)
	return b[0], err == nil
}

// An onNewLine writes a newline before anything else.
type onNewLine struct {
	to    io.Writer
	begun bool
}

func (w *onNewLine) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		if _, err := io.WriteString(w.to, "\n"); err != nil {
			return 0, err
		}
	}
	return w.to.Write(p)
}
