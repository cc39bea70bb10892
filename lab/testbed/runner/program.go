package runner

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/sandbox"
)

// FindProgram returns the path of the server that a scenario names with the
// setting program, or "" if it names none. A relative path, or a name, is looked
// for in the folder of the scenario's file and in the working folder; a name then
// on $PATH, first among what its sandbox shows as a whole: what runs a program that
// is in a home by itself, as version managers have them, would be hidden. The error, a [*scenario.Error], says where it is not.
func FindProgram(s *scenario.Scenario) (string, error) {
	if len(s.Server.Program) == 0 {
		return "", nil
	}
	command := s.Server.Program[0]
	var tried []string
	for _, folder := range []string{filepath.Dir(s.File), "."} {
		path, err := filepath.Abs(filepath.Join(folder, command))
		if filepath.IsAbs(command) {
			path = command
		}
		if err != nil {
			return "", err
		}
		if executable(path) {
			return path, nil
		}
		if len(tried) == 0 || tried[0] != path {
			tried = append(tried, path)
		}
	}
	if !strings.ContainsRune(command, filepath.Separator) {
		if path := searchPath(command, filepath.Dir(s.File)); path != "" {
			return filepath.Abs(path)
		}
		tried = append(tried, "$PATH")
	}
	return "", &scenario.Error{File: s.File, Line: s.Server.ProgramLine, Msg: fmt.Sprintf("program %s: no program of this name was found; looked at %s", command, strings.Join(tried, ", "))}
}

// searchPath looks for a program on $PATH: one that is installed or in a folder,
// or else any. It returns "" if there is none.
func searchPath(name, folder string) (any string) {
	folder, _ = filepath.Abs(folder)
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if !filepath.IsAbs(path) || !executable(path) {
			continue
		}
		if sandbox.Installed(path) || strings.HasPrefix(path, folder+string(filepath.Separator)) {
			return path
		}
		any = cmp.Or(any, path)
	}
	return any
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// TakeBack makes the files in a folder, which a program may have made those of
// other users, the caller's own again.
func TakeBack(folder string) error {
	files, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer files.Close()
	takeBack(files)
	return nil
}

// takeBack makes the files that a program made those of the caller again, whose
// they are to read and to remove, and nobody's means to become him: on disk, a
// program's root is the caller.
func takeBack(files *os.Root) {
	fs.WalkDir(files.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // removed meanwhile
		}
		files.Lchown(path, os.Geteuid(), os.Getegid())
		if info, err := e.Info(); err == nil && e.Type() != fs.ModeSymlink {
			mode := info.Mode().Perm() | 0o600
			if e.IsDir() {
				mode |= 0o700
			}
			files.Chmod(path, mode)
		}
		return nil
	})
}
