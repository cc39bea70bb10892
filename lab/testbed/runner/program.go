package runner

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/sandbox"
)

// localFolder is the folder, among the results, for the files of sessions that run
// programs.
const localFolder = "local"

// FindServer looks for the program that a scenario names as its server, if it names
// one. The error, a [*scenario.Error], says where FindServer looked.
func FindServer(s *scenario.Scenario) error {
	if len(s.Server.Program) == 0 {
		return nil
	}
	if err := checkVariables(s, s.Server.Program, s.Server.ProgramLine, "DIR", "FILES", "CONFIG", "ADDR", "PORT"); err != nil {
		return err
	}
	_, err := findProgram(s, s.Server.Program[0], s.Server.ProgramLine)
	return err
}

// FindPrograms looks for the server and for the programs in the scenario's steps.
func FindPrograms(s *scenario.Scenario) error {
	var missing scenario.Errors
	add := func(err error) error {
		mistake, ok := errors.AsType[*scenario.Error](err)
		if ok {
			missing = append(missing, mistake)
			return nil
		}
		return err
	}
	if err := add(FindServer(s)); err != nil {
		return err
	}
	for _, step := range s.Steps {
		if len(step.Program) > 0 {
			err := checkVariables(s, step.Program, step.Line, "DIR", "SERVER", "PORT", "USER", "PASSWORD", "CA")
			if err == nil {
				_, err = findProgram(s, step.Program[0], step.Line)
			}
			if err := add(err); err != nil {
				return err
			}
		}
	}
	if len(missing) > 0 {
		return missing.Sorted()
	}
	return nil
}

// findProgram returns the path of a program that a line of a scenario names. In a path, $DIR is
// the folder of the scenario's file. It looks for a relative path or a name in that folder and in
// the working folder. It then looks for a name on $PATH and in serverFolders, first in the folders that a sandbox
// shows completely, because a version manager's program in a home directory needs other files, too.
func findProgram(s *scenario.Scenario, named string, line int) (string, error) {
	dir, err := filepath.Abs(filepath.Dir(s.File))
	if err != nil {
		return "", err
	}
	command := expand(named, map[string]string{"DIR": dir})
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
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return "", &scenario.Error{File: s.File, Line: line, Msg: fmt.Sprintf("program %s: %s is not executable; chmod +x makes it so", named, path)}
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() && strings.ContainsRune(command, filepath.Separator) {
			return "", &scenario.Error{File: s.File, Line: line, Msg: fmt.Sprintf("program %s: %s is a folder; a program was expected", named, path)}
		}
		if len(tried) == 0 || tried[0] != path {
			tried = append(tried, path)
		}
	}
	if !strings.ContainsRune(command, filepath.Separator) {
		if path := searchPath(command, filepath.Dir(s.File)); path != "" {
			return filepath.Abs(path)
		}
		tried = append(append(tried, "$PATH"), serverFolders...)
	}
	return "", &scenario.Error{File: s.File, Line: line, Msg: fmt.Sprintf("program %s: no program of this name was found; looked at %s", named, strings.Join(tried, ", "))}
}

// serverFolders are where servers are installed. An ordinary user's $PATH may lack them.
var serverFolders = []string{"/usr/local/sbin", "/usr/sbin", "/sbin"}

// searchPath looks for a program on $PATH and in serverFolders. It prefers one that is installed or in the
// given folder, and returns "" if there is none.
func searchPath(name, folder string) (anywhere string) {
	folder, _ = filepath.Abs(folder)
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), serverFolders...) {
		path := filepath.Join(dir, name)
		if !filepath.IsAbs(path) || !executable(path) {
			continue
		}
		if sandbox.Installed(path) || strings.HasPrefix(path, folder+string(filepath.Separator)) {
			return path
		}
		anywhere = cmp.Or(anywhere, path)
	}
	return anywhere
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// variables are the words $NAME and ${NAME} of a command.
var variables = regexp.MustCompile(`\$(?:[A-Z]+\b|\{[A-Z]+\})`)

// checkVariables returns an error if a word of a command has a variable that is almost one
// of those that there are. Other variables may be those of a shell, as may all in a word
// with spaces.
func checkVariables(s *scenario.Scenario, words []string, line int, there ...string) error {
	for _, word := range words {
		if strings.ContainsAny(word, " \t\n") {
			continue
		}
		for _, variable := range variables.FindAllString(word, -1) {
			if meant := almost(strings.Trim(variable, "${}"), there); meant != "" {
				return &scenario.Error{File: s.File, Line: line, Msg: fmt.Sprintf("there is no %s; did you mean $%s?", variable, meant)}
			}
		}
	}
	return nil
}

// almost returns the name that another one begins, or that begins with it, or that differs
// from it by a typing mistake; "" if the other is itself one of the names, or like none.
func almost(other string, names []string) string {
	if slices.Contains(names, other) {
		return ""
	}
	for _, name := range names {
		if strings.HasPrefix(name, other) || strings.HasPrefix(other, name) {
			return name
		}
	}
	return scenario.Nearest(other, names)
}

// expand replaces variables by their values. Unknown variables stay unchanged.
func expand(text string, values map[string]string) string {
	return variables.ReplaceAllStringFunc(text, func(variable string) string {
		if value, ok := values[strings.Trim(variable, "${}")]; ok {
			return value
		}
		return variable
	})
}

// expandAll expands each word of a command.
func expandAll(words []string, values map[string]string) []string {
	var all []string
	for _, word := range words {
		all = append(all, expand(word, values))
	}
	return all
}

// TakeBack gives the files in a folder back to the caller. A program may have given
// them to other users.
func TakeBack(folder string) error {
	files, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer files.Close()
	takeBack(files)
	return nil
}

// takeBack makes the caller the owner of a program's files, so that he can read and
// remove them. It also clears their set-user-ID bits: the root of a sandbox is the
// caller on disk, so such a file would let others become the caller.
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
