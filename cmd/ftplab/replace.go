package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"

	"ftplab/lab/oserror"
)

// temporary is the beginning of the name of a file until all of it is written.
const temporary = ".ftplab-"

// writeTo writes to the named file, as replaceFile does; - is the standard output.
func writeTo(name string, stdout io.Writer, write func(io.Writer) error) error {
	if name == standardOutput {
		return write(stdout)
	}
	return replaceFile(name, write)
}

// replaceFile writes a file, or the one to which a symbolic link of that name leads. Until all of
// it is written, an earlier file stays as it was.
func replaceFile(name string, write func(io.Writer) error) error {
	info, statErr := os.Stat(name)
	if statErr != nil && !errors.Is(statErr, fs.ErrNotExist) {
		return statErr
	}
	if statErr == nil && !info.Mode().IsRegular() { // a pipe, a device
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	mode := os.FileMode(0o644)
	if statErr == nil {
		mode = info.Mode().Perm()
	}
	place := linkTarget(name)
	beginning := filepath.Join(filepath.Dir(place), temporary)
	f, err := os.CreateTemp(filepath.Dir(place), temporary+"*")
	if errors.Is(err, fs.ErrNotExist) && place != name {
		return statErr // which names the link
	}
	if err != nil {
		return oserror.Named(err, beginning, name)
	}
	defer os.Remove(f.Name()) // does nothing once it has its new name
	defer removeIfEnded(f.Name())()
	if err := errors.Join(write(f), f.Chmod(mode), f.Close()); err != nil {
		return oserror.Named(err, beginning, name)
	}
	ending.Lock() // a signal that came before ends the program here
	defer ending.Unlock()
	return os.Rename(f.Name(), place)
}

// ending is locked while a temporary file gets its name, and after a signal has come, until the
// program has ended.
var ending sync.Mutex

// removeIfEnded removes a file if a signal ends the program, until the returned function is called.
func removeIfEnded(name string) (stop func()) {
	list := slices.DeleteFunc(slices.Clone(endSignals), signal.Ignored)
	if len(list) == 0 {
		return func() {} // without a list, Notify means all signals
	}
	signals, stopped := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, list...)
	go func() {
		select {
		case s := <-signals:
			ending.Lock()
			os.Remove(name)
			endBy(s)
		case <-stopped:
		}
	}()
	return func() {
		signal.Stop(signals)
		close(stopped)
	}
}

// endBy ends the program as a signal does that it does not handle.
func endBy(s os.Signal) {
	signal.Reset(s)
	if self, err := os.FindProcess(os.Getpid()); err != nil || self.Signal(s) != nil {
		os.Exit(exitError) // Windows has no way to end by a signal
	}
}
