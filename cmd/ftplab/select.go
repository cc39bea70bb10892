package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/oserror"
	"ftplab/lab/scenario"
	"ftplab/scenarios"
	"ftplab/scenarios/odd"
)

// selectScenarios loads the scenarios that the arguments name: names or patterns of built-in
// scenarios, files and folders. Without arguments it loads the whole course. If files have
// mistakes or cannot be read, the error is of type [scenario.Errors], and the list has the other
// scenarios.
func selectScenarios(args []string) ([]*scenario.Scenario, error) {
	if len(args) == 0 {
		args = []string{"*"}
	}
	var list []*scenario.Scenario
	var mistakes scenario.Errors
	seen := map[string]string{}
	for _, arg := range args {
		found, err := selectOne(arg)
		if e, ok := err.(scenario.Errors); ok {
			mistakes = append(mistakes, ofOtherFiles(e, mistakes)...)
		} else if err != nil {
			return nil, err
		}
		for _, s := range found {
			if other, ok := seen[s.Name]; ok && other != s.File && !samePlace(other, s.File) {
				return nil, fmt.Errorf("%s and %s have the same name, and so would their results", other, s.File)
			} else if !ok {
				list = append(list, s)
			}
			seen[s.Name] = s.File
		}
	}
	if len(mistakes) > 0 {
		return list, mistakes
	}
	return list, nil
}

// ofOtherFiles returns the mistakes of files that have none among the earlier ones.
func ofOtherFiles(mistakes, earlier scenario.Errors) (others scenario.Errors) {
	for _, m := range mistakes {
		known := func(e *scenario.Error) bool { return e.File == m.File || samePlace(e.File, m.File) }
		if !slices.ContainsFunc(earlier, known) {
			others = append(others, m)
		}
	}
	return others
}

func selectOne(arg string) ([]*scenario.Scenario, error) {
	info, err := os.Stat(arg)
	_, linkErr := os.Lstat(arg) // a link that leads nowhere is there, too
	switch {
	case err == nil && info.IsDir() && comesWithFtplab(arg):
		// The folder has only its results: `ftplab run -o .` names it after the scenario.
	case err == nil && info.IsDir():
		return loadFolder(arg)
	case linkErr == nil:
		return loadFile(arg)
	case strings.HasPrefix(arg, oddFolder):
	case strings.ContainsRune(arg, filepath.Separator) || strings.HasSuffix(arg, scenario.Extension):
		return loadFile(arg)
	}
	return loadNamed(arg)
}

// comesWithFtplab reports whether an argument is the name of a scenario of the course or of
// package odd.
func comesWithFtplab(arg string) bool {
	name, isOdd := strings.CutPrefix(arg, oddFolder)
	return isOdd && slices.Contains(odd.Names(), name) || slices.Contains(scenarios.Names(), arg)
}

// loadFile loads the scenario in a file. If it cannot be read, the error is of the type of
// those of its mistakes.
func loadFile(path string) ([]*scenario.Scenario, error) {
	s, err := lab.Load(path)
	if _, mistakes := err.(scenario.Errors); mistakes {
		return nil, err
	}
	if err != nil {
		message := oserror.Text(err)
		if _, linkErr := os.Lstat(path); errors.Is(linkErr, fs.ErrNotExist) {
			message += meantFile(path)
		}
		return nil, scenario.Errors{{File: path, Msg: message}}
	}
	return []*scenario.Scenario{s}, nil
}

// loadNamed loads the scenarios that come with ftplab and that a name or a pattern fits.
func loadNamed(arg string) ([]*scenario.Scenario, error) {
	if pattern, ok := strings.CutPrefix(arg, oddFolder); ok {
		return loadOdd(pattern)
	}
	names, err := scenarios.Match(arg)
	if err != nil {
		return nil, err
	}
	if arg == "" {
		return nil, errors.New("the name of a scenario is empty; leave it out to select all of them")
	}
	file := strings.TrimSuffix(arg, filepath.Ext(arg)) + scenario.Extension
	if _, err := os.Stat(file); len(names) == 0 && err == nil {
		return nil, fmt.Errorf("there is no scenario %q among those that come with ftplab; for the file, write %s", arg, file)
	}
	if len(names) == 0 && slices.Contains(odd.Names(), arg) {
		return nil, fmt.Errorf("there is no scenario %q in the course; did you mean %s%s?", arg, oddFolder, arg)
	}
	if len(names) == 0 {
		names = []string{arg} // whose Load says that there is none
	}
	var list []*scenario.Scenario
	for _, name := range names {
		s, err := scenarios.Load(name)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// selectScenario loads the one scenario that an argument names.
func selectScenario(arg string) (*scenario.Scenario, error) {
	list, err := selectOne(arg)
	return theOne(arg, list, err)
}

// theOne returns the one scenario of a list that an argument has selected.
func theOne(arg string, list []*scenario.Scenario, err error) (*scenario.Scenario, error) {
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("%q names %d scenarios, and one was expected", arg, len(list))
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// oddFolder is how the names of the scenarios of package odd begin. `ftplab list` leaves them out.
const oddFolder = "odd/"

// loadOdd loads the scenarios of package odd that a name or a pattern fits.
func loadOdd(pattern string) (list []*scenario.Scenario, err error) {
	for _, name := range odd.Names() {
		fits, err := scenarios.Fits(pattern, name)
		if err != nil {
			return nil, err
		}
		if !fits {
			continue
		}
		s, err := odd.Load(name)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	if len(list) > 0 {
		return list, nil
	}
	if meant := scenario.Nearest(pattern, odd.Names()); meant != "" {
		return nil, fmt.Errorf("there is no scenario %q; did you mean %s?", oddFolder+pattern, oddFolder+meant)
	}
	return nil, fmt.Errorf("there is no scenario %q; the folder scenarios/odd of ftplab's source has them all", oddFolder+pattern)
}

// meantFile is the end of a message about a scenario file that is not there: a similar one in
// its folder.
func meantFile(path string) string {
	folder := filepath.Dir(path)
	var files []string
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if filepath.Ext(e.Name()) == scenario.Extension {
			files = append(files, e.Name())
		}
	}
	if meant := scenario.Nearest(filepath.Base(path), files); meant != "" {
		return fmt.Sprintf("; did you mean %s?", filepath.Join(folder, meant))
	}
	return ""
}

// loadFolder loads every scenario below a folder. If files have mistakes, or files or folders cannot be
// read, the error says so of all of them, and the list has the other scenarios.
func loadFolder(folder string) ([]*scenario.Scenario, error) {
	var list []*scenario.Scenario
	var mistakes scenario.Errors
	folder += string(filepath.Separator) // WalkDir does not follow a link to the folder itself
	filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			mistakes = append(mistakes, &scenario.Error{File: path, Msg: oserror.Text(err)})
			return nil
		}
		if d.IsDir() || filepath.Ext(path) != scenario.Extension {
			return nil
		}
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			return nil // such as a pipe, whose end may never come
		}
		found, err := loadFile(path)
		if e, ok := err.(scenario.Errors); ok {
			mistakes = append(mistakes, e...)
		}
		list = append(list, found...)
		return nil
	})
	switch {
	case len(mistakes) > 0:
		return list, mistakes
	case len(list) == 0:
		return nil, fmt.Errorf("%s: no file in this folder ends in %s", filepath.Clean(folder), scenario.Extension)
	}
	return list, nil
}

// completeLessons offers the scenarios with questions that come with ftplab to the shell, and files.
func completeLessons(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return scenarios.Lessons().Names, cobra.ShellCompDirectiveDefault
}

// completeScenarios offers the names of the built-in scenarios to the shell: those of package odd
// only after odd/, because they are many.
func completeScenarios(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	names := scenarios.Names()
	if strings.HasPrefix(typed, oddFolder) {
		for _, name := range odd.Names() {
			names = append(names, oddFolder+name)
		}
	}
	return names, cobra.ShellCompDirectiveDefault
}
