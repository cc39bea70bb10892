// Package oserror says errors of the operating system in plain words.
//
// Go's own texts, such as "open x: no such file or directory" and "dial tcp
// 192.0.2.21:21: connect: connection refused", name a system call. A user wants to know
// what is missing, and what to do about it. The functions that call the system return its
// errors as they are, because others look at them with [errors.Is]. [Text] replaces the
// words at the end, where a message is printed or stored.
package oserror

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unicode"
)

// Execute is the Op of a [fs.PathError] of a program that cannot be executed.
const Execute = "exec"

// Create is the Op of a [fs.PathError] of a file that cannot be made. Package os says open, as of one
// that is to be read; [Named] replaces that.
const Create = "create"

// Text returns the text of an error. In it, each error of the operating system that err
// wraps has a sentence of this package in place of its own text.
func Text(err error) string {
	text := err.Error()
	for _, inner := range systemErrors(err, nil) {
		if sentence := say(inner); sentence != "" {
			text = strings.Replace(text, inner.Error(), sentence, 1)
		}
	}
	return text
}

// Lines returns a message with control characters as Go writes them, such as \n for a line break in the
// name of a file. So it stays one line, whatever name or word of a user it shows, except where a line
// break and tabs begin a line below it: see [Below].
func Lines(message string) string {
	var b strings.Builder
	for i, line := range strings.Split(message, "\n") {
		text := line
		if i > 0 {
			if text = strings.TrimLeft(line, "\t"); text == line {
				b.WriteString(`\n`)
			} else {
				b.WriteString("\n" + strings.TrimSuffix(line, text))
			}
		}
		b.WriteString(OneLine(text))
	}
	return b.String()
}

// Below returns a text as lines below a message, to which it is appended. An empty text has none.
func Below(text string) string {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return ""
	}
	return "\n\t" + strings.ReplaceAll(text, "\n", "\n\t")
}

// OneLine returns a text with all control characters as Go writes them.
func OneLine(text string) string {
	if !strings.ContainsFunc(text, unicode.IsControl) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsControl(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Named returns an error of writing a file, or a folder and what is in it, with the name that the
// user gave. The path in err begins with temporary, the name until all is written.
func Named(err error, temporary, name string) error {
	e, ok := errors.AsType[*fs.PathError](err)
	if !ok {
		return err
	}
	rest, is := strings.CutPrefix(filepath.Clean(e.Path), filepath.Clean(temporary))
	if !is {
		return err
	}
	op := e.Op
	if op == "open" {
		op = Create
	}
	_, below, _ := strings.Cut(rest, string(filepath.Separator)) // the rest of the temporary name is left out
	return &fs.PathError{Op: op, Path: filepath.Join(name, below), Err: e.Err}
}

// systemErrors adds the outermost errors in the tree of err that have a sentence.
func systemErrors(err error, found []error) []error {
	if err == nil {
		return found
	}
	if say(err) != "" {
		return append(found, err)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		found = systemErrors(e.Unwrap(), found)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			found = systemErrors(inner, found)
		}
	}
	return found
}

// say returns the sentence for an error; "" if this package has none.
func say(err error) string {
	switch e := err.(type) {
	case *fs.PathError:
		if e.Op == "mkdir" && errors.Is(e.Err, fs.ErrNotExist) && brokenLink(e.Path) == "" {
			return fmt.Sprintf("the folder %s cannot be made; choose another one", e.Path)
		}
		if _, err := os.Stat(e.Path); e.Op == Execute && errors.Is(e.Err, fs.ErrNotExist) && err == nil {
			if runs := Interpreter(e.Path); runs != "" {
				return fmt.Sprintf("%s needs a program that does not exist: %s, which #! in the first line of the script names", e.Path, runs)
			}
			return fmt.Sprintf("%s needs a program that does not exist, its dynamic linker", e.Path)
		}
		if below := strings.HasSuffix(e.Op, "at") && !strings.HasSuffix(e.Op, "stat"); below && errors.Is(e.Err, fs.ErrNotExist) {
			return "there is no file or folder " + e.Path // below the folder of an [os.Root], which the error does not name
		}
		if e.Op == Create && errors.Is(e.Err, fs.ErrNotExist) && brokenLink(e.Path) == "" {
			return missing(e.Path, "make it, or check the path")
		}
		return atPath(e.Path, e.Err)
	case *os.LinkError:
		return fmt.Sprintf("%s cannot take the place of %s: %s", e.Old, e.New, atPath(e.New, e.Err))
	case *net.OpError:
		return connection(e)
	case *net.DNSError:
		return fmt.Sprintf("no address was found for the name %s", e.Name)
	case *exec.Error:
		if errors.Is(e.Err, exec.ErrNotFound) {
			return fmt.Sprintf("no program %s was found on $PATH; install it, or give its path", cmp.Or(e.Name, `""`))
		}
		return atPath(e.Name, e.Err)
	case tls.RecordHeaderError, *tls.RecordHeaderError:
		return "the other side did not answer in TLS"
	}
	switch err {
	case net.ErrClosed:
		return "the connection was closed already"
	case io.ErrUnexpectedEOF:
		return "the data ends too early"
	}
	return ""
}

// atPath says why a file or a folder cannot be used.
func atPath(path string, err error) string {
	link := ""
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ELOOP) {
		link = brokenLink(path)
	}
	switch {
	case link != "":
		return link
	case errors.Is(err, fs.ErrNotExist):
		return missing(path, "check the path")
	case errors.Is(err, syscall.EROFS):
		return path + " cannot be written, because its file system is read-only; choose another folder"
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("there is no permission to use %s; choose another path, or change its permissions", path)
	case errors.Is(err, fs.ErrExist):
		return path + " exists already; choose another name, or remove it"
	case errors.Is(err, syscall.EISDIR):
		return path + " is a folder; a file was expected"
	case errors.Is(err, syscall.ENOEXEC):
		return path + " is neither a program for this system nor a script that begins with #!"
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Sprintf("%s is a file, or a part of this path is one; a folder was expected", path)
	case errors.Is(err, syscall.ENOSPC):
		return path + " cannot be written, because the disk is full; free some space, or write to another place"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return path + " cannot be opened, because too many files are open; `ulimit -n` raises the limit"
	case errors.Is(err, syscall.ENAMETOOLONG):
		return path + " is too long for the name of a file"
	case errors.Is(err, fs.ErrClosed):
		return path + " was closed already"
	}
	return fmt.Sprintf("%s cannot be used: %v", path, err)
}

// Interpreter returns the program that #! in the first line of a script names; "" if the file is no script.
func Interpreter(script string) string {
	f, err := os.Open(script)
	if err != nil {
		return ""
	}
	defer f.Close()
	const most = 256 // bytes that Linux reads (BINPRM_BUF_SIZE)
	line, _ := bufio.NewReader(io.LimitReader(f, most)).ReadString('\n')
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	if !strings.HasPrefix(line, "#!") || len(words) == 0 {
		return ""
	}
	return words[0]
}

// brokenLink says that a path, or one of the folders on it, is a symbolic link to something that
// is not there, or to itself; "" if it is none.
func brokenLink(path string) string {
	for up := filepath.Dir(path); ; path, up = up, filepath.Dir(up) {
		_, err := os.Stat(path)
		to, notLink := os.Readlink(path)
		what := ""
		switch {
		case notLink != nil:
		case errors.Is(err, fs.ErrNotExist):
			what = to + ", which does not exist"
		case errors.Is(err, syscall.ELOOP) && filepath.Join(up, to) == filepath.Clean(path):
			what = "itself"
		case errors.Is(err, syscall.ELOOP):
			what = to + ", and from there links lead back to it, or too many lead on"
		}
		if what != "" {
			return fmt.Sprintf("%s is a symbolic link to %s; remove the link or correct it", path, what)
		}
		if up == path {
			return ""
		}
	}
}

// missing says which part of a path is not there, and what to do if that is the folder.
func missing(path, todo string) string {
	if folder := filepath.Dir(path); folder != "." {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			return fmt.Sprintf("%s cannot be used, because there is no folder %s; %s", path, folder, todo)
		}
	}
	if here, err := os.Getwd(); err == nil && !filepath.IsAbs(path) {
		return fmt.Sprintf("there is no file or folder %s in %s; check the path", path, here)
	}
	return fmt.Sprintf("there is no file or folder %s; check the path", path)
}

// connection says what is wrong with a connection, or with an address to listen on.
func connection(e *net.OpError) string {
	at := other(e)
	switch {
	case e.Op == "listen" && (errors.Is(e.Err, syscall.EADDRINUSE) || strings.Contains(e.Err.Error(), "in use")):
		return fmt.Sprintf("another program or session listens on %s already; end it, or choose another port", at)
	case e.Op == "listen" && errors.Is(e.Err, syscall.EACCES):
		return fmt.Sprintf("this user may not listen on %s; choose a port from 1024 on, or run it as root", at)
	case errors.Is(e.Err, syscall.EADDRNOTAVAIL):
		return fmt.Sprintf("this machine does not have the address %s, or has no free port; choose another one", at)
	case e.Op == "listen":
		return fmt.Sprintf("cannot listen on %s: %v", at, cause(e.Err))
	case e.Op == "route" && strings.Contains(e.Err.Error(), "no such network interface"):
		return "there is no such network interface; `ip link` lists them"
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return fmt.Sprintf("%s refuses the connection: no program listens there, or a firewall rejects it", at)
	case errors.Is(e.Err, syscall.ECONNRESET), errors.Is(e.Err, syscall.EPIPE):
		return at + " has reset the connection"
	case errors.Is(e.Err, syscall.EHOSTUNREACH), errors.Is(e.Err, syscall.ENETUNREACH):
		return "the network reports that it has no path to " + at
	case errors.Is(e.Err, os.ErrDeadlineExceeded) && e.Op == "dial":
		return at + " did not answer in time"
	case errors.Is(e.Err, os.ErrDeadlineExceeded) && e.Op == "accept":
		return fmt.Sprintf("nobody connected to %s in time", at)
	case errors.Is(e.Err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("nothing came from %s in time", at)
	case errors.Is(e.Err, syscall.ETIMEDOUT):
		return at + " acknowledged nothing, so TCP gave the connection up"
	case errors.Is(e.Err, net.ErrClosed):
		return "the connection was closed already"
	case e.Timeout():
		return at + " did not answer in time"
	}
	return fmt.Sprintf("the connection with %s failed: %v", at, cause(e.Err))
}

// other names the other end of a connection, or the address to listen on.
func other(e *net.OpError) string {
	if e.Addr == nil {
		return "the other side"
	}
	host, port, err := net.SplitHostPort(e.Addr.String())
	if err == nil && (host == "" || port == "0") && e.Op != "listen" {
		return "the other side"
	}
	return e.Addr.String()
}

// cause is an error without the name of a system call.
func cause(err error) error {
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		return call.Err
	}
	return err
}
