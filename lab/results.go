package lab

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ftplab/lab/analysis/report"
	"ftplab/lab/oserror"
	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/cell"
	"ftplab/lab/testbed/content"
)

// resultFiles are what a run leaves in the folder of its scenario. The verdict is first: it is
// always there. The capture is last: a folder with the new one has the rest of the results, too.
var resultFiles = []string{
	"verdict.json", "walkthrough.md", "walkthrough.html",
	serverLog, "files", // of a server that is a program
	"runs", "local", "client.log", // of programs, or code, that are clients: what they print, and their files
	"keys.log", // of sessions in TLS
	"capture.pcapng", "capture.pcap",
}

// results are what a run makes. Until it is over they are in a folder beside
// the one that they are for, so that a run that cannot be finished takes nothing
// away. What such a run recorded stays there until the next run of the scenario.
type results struct {
	name    string      // of the scenario
	folder  string      // results/NAME.unfinished; see [unfinishedFolder]
	final   string      // results/NAME
	lock    *folderLock // while the run lasts
	capture *os.File
}

// chooseAnother is what to do about a results folder that has files of the user's. An error of the
// system says itself what to do.
const chooseAnother = "choose another folder with -o"

// beginResults makes the folder of a run, empties it of what a run that was not
// finished left in it, and creates the capture.
func beginResults(folder, name string, format pcapng.Format) (*results, error) {
	r := &results{name: name, final: filepath.Join(folder, name)}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, fmt.Errorf("cannot make the results folder (-o): %w", err)
	}
	info, err := os.Stat(r.final)
	if err == nil && !info.IsDir() {
		return nil, fmt.Errorf("cannot make the folder %s: there is a file of that name; %s", r.final, chooseAnother)
	}
	if _, linkErr := os.Lstat(r.final); err != nil && linkErr == nil {
		return nil, fmt.Errorf("cannot write the results: %w", err)
	}
	if err := cmp.Or(notOfIndex(folder), notOfRun(r.final)); err != nil {
		return nil, fmt.Errorf("%w; %s", err, chooseAnother)
	}
	r.folder, r.lock, err = unfinishedFolder(r.final)
	if err == nil {
		r.capture, err = os.Create(filepath.Join(r.folder, "capture."+string(format)))
	}
	if err != nil {
		r.lock.release()
		return nil, fmt.Errorf("cannot write the results (-o): %w", oserror.Named(err, r.final+Unfinished, r.final))
	}
	return r, nil
}

// notOfRun returns an error if a folder has files that a run would replace but that no run made.
// The verdict has the files of its run; one without files is of an early ftplab, and all are its.
// One that cannot be read says of no file that it is ftplab's.
func notOfRun(folder string) error {
	if err := notOurs(folder, resultFiles); err != nil {
		return err
	}
	var verdict struct {
		Files FileDigests `json:"files"`
	}
	path := filepath.Join(folder, resultFiles[0])
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w, so nothing says which files beside it a run made", err)
	}
	if json.Unmarshal(text, &verdict) != nil {
		return fmt.Errorf("%s is damaged, so nothing says which files beside it a run made; move the folder away, or choose another one with -o", path)
	}
	if verdict.Files == nil {
		return nil
	}
	there := resultsIn(folder)
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if made, ok := verdict.Files[name]; !ok || made != "" && made != there[name] {
			return fmt.Errorf("%s would be lost: the run whose %s is there did not make it, or it was changed since", filepath.Join(folder, name), resultFiles[0])
		}
	}
	return nil
}

// notOfIndex returns an error if a folder has files in the place of an index that are none.
func notOfIndex(folder string) error {
	if err := notOurs(folder, indexFiles); err != nil {
		return err
	}
	path := filepath.Join(folder, indexFiles[1])
	if page, err := os.ReadFile(path); err == nil && !report.IsIndex(page) {
		return fmt.Errorf("%s would be lost: it is not an index that ftplab made, or it was changed since", path)
	}
	return nil
}

// resultsIn returns the results in a folder except the verdict, and all files in them: the SHA-256
// of each by its path with slashes. What cannot be read counts as a file, and has no SHA-256. A path
// that is not UTF-8, which JSON cannot hold, is quoted as in Go.
func resultsIn(folder string) map[string]string {
	digests := map[string]string{}
	for _, name := range resultFiles[1:] {
		filepath.WalkDir(filepath.Join(folder, name), func(path string, e fs.DirEntry, err error) error {
			if below, relErr := filepath.Rel(folder, path); relErr == nil && e != nil && (err != nil || !e.IsDir()) {
				below = filepath.ToSlash(below)
				if !utf8.ValidString(below) {
					below = strconv.Quote(below)
				}
				digests[below] = digestOf(path, e)
			}
			return nil
		})
	}
	return digests
}

// digestOf is the SHA-256 of a regular file that can be read; "" of others, such as named pipes.
// Of a walkthrough it is that of the page without links to other walkthroughs, because
// [WriteIndex] writes these later, and each time anew.
func digestOf(path string, e fs.DirEntry) string {
	if !e.Type().IsRegular() {
		return ""
	}
	digest, err := content.SumFile(path)
	if err == nil && filepath.Base(path) == "walkthrough.html" {
		digest, err = sumUnlinked(path)
	}
	if err != nil {
		return ""
	}
	return digest.String()
}

// sumUnlinked is the digest of a walkthrough without its links to others.
func sumUnlinked(path string) (content.Digest, error) {
	page, err := os.ReadFile(path)
	if err != nil {
		return content.Digest{}, err
	}
	if page, err = report.LinkNeighbours(page, nil, nil); err != nil {
		return content.Digest{}, err
	}
	return content.Sum(bytes.NewReader(page))
}

// notOurs returns an error if a folder has some of the files but not the first of them, which
// ftplab always writes, or another file in its place.
func notOurs(folder string, files []string) error {
	at := slices.IndexFunc(files, func(name string) bool {
		_, err := os.Lstat(filepath.Join(folder, name))
		return err == nil
	})
	if at < 0 {
		return nil
	}
	first := filepath.Join(folder, files[0])
	text, err := os.ReadFile(first)
	switch {
	case err == nil && beginningOfRun.Match(text): // perhaps another process has put it there since
		return nil
	case err == nil || at == 0 && errors.Is(err, fs.ErrNotExist): // or a symbolic link to nothing
		return fmt.Errorf("%s would be lost: it is not of a run of ftplab", first)
	case at == 0:
		return err
	}
	return fmt.Errorf("%s would be lost: it does not seem to be of a run of ftplab, because no %s of a run is beside it", filepath.Join(folder, files[at]), files[0])
}

// beginningOfRun is how a verdict and an index begin that a run wrote: with the scenario as the
// first field, or an empty list.
var beginningOfRun = regexp.MustCompile(`^(\[\s*\]|(\[\s*)?\{\s*"scenario":)`)

// IsResult reports whether a run of the scenario writes, replaces or removes a path, which is
// relative to the folder of the results ([Options.Results]): the run itself or [WriteIndex].
func IsResult(scenario, path string) bool {
	folder, file, _ := strings.Cut(filepath.ToSlash(filepath.Clean(path)), "/")
	file, _, _ = strings.Cut(file, "/")
	switch {
	case folder == "index.html" || folder == "index.json" || strings.HasPrefix(folder, scenario+Unfinished):
		return true
	case folder == scenario:
		return file == "" || slices.Contains(resultFiles, file)
	}
	return false
}

// removeResults removes the results of a run from a folder. The verdict is last: as long as it is
// there, it says that the others are of a run.
func removeResults(folder string) error {
	for _, name := range slices.Backward(resultFiles) {
		if err := removeAll(filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

// removeAll removes a result. If a run was killed together with its cell, files of a server
// program may belong to a subordinate id.
func removeAll(path string) error {
	err := os.RemoveAll(path)
	if !errors.Is(err, os.ErrPermission) {
		return err
	}
	takeBack(path)
	return os.RemoveAll(path)
}

// takeBack makes the files in a folder the caller's own, in a cell in which the caller is
// root of all ids granted to them. A cell that ended in order has done so itself.
func takeBack(folder string) {
	if _, err := os.Stat(folder); err != nil {
		return
	}
	if path, err := filepath.Abs(folder); err == nil {
		cell.Run(context.Background(), cell.Job{Spec: job{TakeBack: path}, AllIDs: true})
	}
}

// path is the final path of a result.
func (r *results) path(name string) string { return filepath.Join(r.final, name) }

// capturePath is that of the capture.
func (r *results) capturePath() string { return r.path(filepath.Base(r.capture.Name())) }

// otherScenario is a note that the results of another scenario with the same name, which is still
// there, are about to be replaced; "" if they are of the same file, or if there are none.
func (r *results) otherScenario(file string) string {
	var earlier struct{ Scenario string }
	text, err := os.ReadFile(r.path("verdict.json"))
	if err != nil || json.Unmarshal(text, &earlier) != nil {
		return ""
	}
	there, err := os.Stat(earlier.Scenario)
	here, hereErr := os.Stat(file)
	if err != nil || hereErr != nil || os.SameFile(there, here) {
		return ""
	}
	return fmt.Sprintf("note: %s had the results of %s, a scenario of the same name, and this run replaced them; to keep both, choose another folder with -o\n", r.final, earlier.Scenario)
}

// finish replaces the results of an earlier run. Other files in that folder stay.
func (r *results) finish() error {
	defer r.lock.release()
	r.capture.Close()
	if err := r.replace(); err != nil {
		return fmt.Errorf("cannot replace an earlier result: %w; the new ones are in %s", err, r.folder)
	}
	removeUnfinished(r.folder)
	return nil
}

// replace moves the results, one by one. Before the verdict of the new run replaces that of the
// earlier one, it removes what only the earlier one names.
func (r *results) replace() error {
	if err := os.MkdirAll(r.final, 0o777); err != nil {
		return err
	}
	for _, name := range resultFiles {
		info, err := os.Lstat(filepath.Join(r.folder, name))
		if errors.Is(err, os.ErrNotExist) || err == nil && info.IsDir() {
			if err := removeAll(r.path(name)); err != nil {
				return err
			}
		}
	}
	for _, name := range resultFiles {
		err := os.Rename(filepath.Join(r.folder, name), r.path(name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// abandon ends a run that could not be finished because of err. If the results are kept, it adds
// to the error where the capture is, if there is one.
func (r *results) abandon(err error, kept bool) error {
	defer r.lock.release()
	defer r.capture.Close()
	takeBack(filepath.Join(r.folder, "files"))
	path := r.capture.Name()
	if hasNoFrames(r.capture) {
		os.Remove(path)
		if logBeside(path) == "" {
			removeResults(r.folder)
			removeUnfinished(r.folder)
			return err
		}
	} else if kept {
		err = keepReadable(path, err)
	}
	return unfinishedError{err, r.folder}
}

// keepReadable cuts a capture whose writer was killed back to its last whole
// frame, and adds to err where it is, or that somebody has removed it.
func keepReadable(path string, err error) error {
	repairErr := pcapng.Repair(path)
	where := "what was recorded until then is in " + path
	switch {
	case errors.Is(repairErr, fs.ErrNotExist) && errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s was removed during the run; run it again", path)
	case errors.Is(repairErr, fs.ErrNotExist):
		where = fmt.Sprintf("what was recorded until then, %s, was removed", path)
	case repairErr != nil:
		return fmt.Errorf("%w (%w)", err, repairErr)
	}
	if strings.Contains(err.Error(), "\n") {
		return fmt.Errorf("%w\n\t(%s)", err, where)
	}
	return fmt.Errorf("%w (%s)", err, where)
}
