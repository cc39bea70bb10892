//go:build unix && !solaris && !aix

package lab

import (
	"errors"
	"os"
	"syscall"
)

// A folderLock keeps a folder for one run. It ends with the process, also if that is killed.
// A nil one locks nothing.
type folderLock struct{ folder *os.File }

// errLocked is the error of a folder that another run has locked.
var errLocked = errors.New("another run is using the folder")

// lockFolder locks a folder, without waiting. The error is errLocked, or
// [os.ErrNotExist] if the folder was removed meanwhile.
func lockFolder(path string) (*folderLock, error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		folder.Close()
		if err == syscall.EWOULDBLOCK {
			return nil, errLocked
		}
		return nil, nil // a file system without locks
	}
	locked, err := folder.Stat()
	if err == nil {
		var named os.FileInfo
		if named, err = os.Stat(path); err == nil && !os.SameFile(locked, named) {
			err = os.ErrNotExist
		}
	}
	if err != nil {
		folder.Close()
		return nil, err
	}
	return &folderLock{folder}, nil
}

func (l *folderLock) release() {
	if l != nil {
		l.folder.Close()
	}
}
