package lab

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"ftplab/lab/internal/newfiles"
)

// Unfinished is how the name of a file, or of the folder of a run, ends until it is complete.
const Unfinished = newfiles.Unfinished

// unfinishedMark is a file that ftplab writes into such a folder. A folder of this name without
// the mark is the user's: nothing in it is replaced or removed.
const unfinishedMark = ".ftplab"

const unfinishedText = "The results of a run of ftplab that is not over. The next run of the scenario replaces them.\n"

// unfinishedFolder makes and locks a folder for results beside final. It takes the folder of a run
// that was not finished, and empties it. If the name is in use otherwise, it adds a number.
func unfinishedFolder(final string) (folder string, lock *folderLock, err error) {
	if err := os.MkdirAll(filepath.Dir(final), 0o777); err != nil {
		return "", nil, err
	}
	for n := 1; ; n++ {
		folder = final + Unfinished
		if n > 1 {
			folder += "-" + strconv.Itoa(n)
		}
		lock, err = claimUnfinished(folder)
		if !errors.Is(err, os.ErrExist) && !errors.Is(err, errLocked) {
			return folder, lock, err
		}
	}
}

// claimUnfinished is unfinishedFolder for one name. The error is [os.ErrExist] if the name is not
// that of a folder of a run, and errLocked if that run is not over.
func claimUnfinished(folder string) (*folderLock, error) {
	err := os.Mkdir(folder, 0o777)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, unfinishedMark), []byte(unfinishedText), 0o666)
		if err != nil {
			removeUnfinished(folder)
		}
	}
	if err != nil && !(errors.Is(err, os.ErrExist) && isUnfinished(folder)) {
		return nil, err
	}
	lock, err := lockFolder(folder)
	if errors.Is(err, os.ErrNotExist) { // another run has just removed it
		return claimUnfinished(folder)
	}
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(removeResults(folder), removeRewritten(folder)); err != nil {
		lock.release()
		return nil, err
	}
	return lock, nil
}

// isUnfinished reports whether a folder has the mark.
func isUnfinished(folder string) bool {
	info, err := os.Lstat(folder)
	if err != nil || !info.IsDir() {
		return false
	}
	text, err := os.ReadFile(filepath.Join(folder, unfinishedMark))
	return err == nil && string(text) == unfinishedText
}

// removeUnfinished removes such a folder without its results, unless it has anything else.
func removeUnfinished(folder string) {
	os.Remove(filepath.Join(folder, unfinishedMark))
	os.Remove(folder)
}

// An unfinishedError is that of a run that could not be finished and has left something.
type unfinishedError struct {
	error
	folder string
}

func (e unfinishedError) Unwrap() error { return e.error }
