package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/scenario"
	"ftplab/scenarios"
)

// defaultResults is the folder for results if no flag names another.
const defaultResults = "results"

func openCommand() *cobra.Command {
	var results string
	c := &cobra.Command{
		Use:   "open [NAME]",
		Short: "Show the results of a run in the browser",
		Long: `Open opens the walkthrough of a scenario in the browser, after a run. NAME is the
scenario, its file, or the folder or a file of its results. Without a NAME,
it opens the index of all scenarios. If there is no browser, it prints the path of the
page. The environment variable BROWSER selects another program, with its
arguments; %s in them means the page.`,
		Example: `  ftplab open
  ftplab open active_list
  ftplab open results/active_list`,
		Args: takes(0, 1, "the name of one scenario, or nothing for the index of all"),
		RunE: func(c *cobra.Command, args []string) error {
			page, err := findPage(results, args)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), page)
			return cmp.Or(browse(pageAddress(page)), err)
		},
		ValidArgsFunction: completeScenarios,
	}
	folderFlag(c.Flags(), &results, "output", "o", defaultResults, "the folder with the results")
	return c
}

// findPage returns the absolute path of the page of a scenario, or of the index.
func findPage(results string, args []string) (string, error) {
	run := []string{"ftplab", "run"}
	if results != defaultResults {
		run = append(run, "-o", results)
	}
	if len(args) == 0 {
		return pageThere(filepath.Join(results, "index.html"), lab.CommandLine(run...)+" makes it")
	}
	arg := args[0]
	for _, page := range pagesOf(results, arg) {
		if info, err := os.Stat(page); err == nil && info.Mode().IsRegular() {
			return filepath.Abs(page)
		}
	}
	if _, err := os.Lstat(arg); err == nil { // perhaps a link that leads nowhere
		if _, err := os.Stat(arg); err != nil {
			return "", err
		}
	}
	page := filepath.Join(results, scenario.NameOf(arg), "walkthrough.html")
	if list, err := selectOne(arg); err == nil && len(list) == 1 {
		return pageThere(page, lab.CommandLine(append(run, arg)...)+" makes it")
	}
	if meant := meantPage(results, scenario.NameOf(arg)); meant != "" {
		return pageThere(page, "did you mean "+meant+"?")
	}
	return "", fmt.Errorf("%q is not a scenario, and has no page in %s; open takes the name of a scenario that ftplab run has run, or the folder of its results", arg, results)
}

// pagesOf returns the paths where the page for an argument may be, the best first. The argument
// is a scenario, its file, a folder of results, or a file in one. If it has a separator, it is a
// path, and what is there comes first.
func pagesOf(results, arg string) (pages []string) {
	const page = "walkthrough.html"
	if !strings.ContainsRune(arg, filepath.Separator) {
		pages = append(pages, filepath.Join(results, arg, page))
	}
	pages = append(pages, filepath.Join(arg, page), filepath.Join(arg, "index.html"))
	if filepath.Ext(arg) == ".html" {
		pages = append(pages, arg)
	}
	if filepath.Ext(arg) != scenario.Extension {
		if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() {
			pages = append(pages, filepath.Join(filepath.Dir(arg), page))
		}
	}
	return append(pages, filepath.Join(results, scenario.NameOf(arg), page))
}

// pageThere returns the absolute path of a page. If it is not there, the error has the remedy.
func pageThere(page, remedy string) (string, error) {
	if _, err := os.Stat(page); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no %s; %s", page, remedy)
	} else if err != nil {
		return "", err
	}
	return filepath.Abs(page)
}

// meantPage returns the scenario, of those with results and those that come with ftplab, whose
// name is most similar to a name; "" if there is none.
func meantPage(results, name string) string {
	names := slices.Concat(scenarios.Names(), scenarios.Lessons().Names)
	entries, _ := os.ReadDir(results)
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(results, e.Name(), "walkthrough.html")); err == nil {
			names = append(names, e.Name())
		}
	}
	return scenario.Nearest(name, names)
}

// browse opens an address in the browser, and does not wait for the browser to end.
func browse(address string) error {
	command := browser(address)
	if _, err := exec.LookPath(command[0]); err != nil {
		return fmt.Errorf("no program that opens pages was found (%s); open the file yourself, or name a browser in BROWSER", command[0])
	}
	if err := exec.Command(command[0], command[1:]...).Start(); err != nil {
		return fmt.Errorf("cannot start the browser: %w", err)
	}
	return nil
}

// pageAddress is the URL of the page at an absolute path.
func pageAddress(path string) string {
	address := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/")}
	return address.String()
}

// browser is the command that opens an address. BROWSER is a list of programs, of which the first counts, or a
// program with arguments; %s in them means the address, which is otherwise the last argument.
func browser(address string) []string {
	var command []string
	named, _, _ := strings.Cut(os.Getenv("BROWSER"), string(os.PathListSeparator))
	_, err := exec.LookPath(named) // its path may have blanks
	switch words := strings.Fields(named); {
	case err == nil:
		command = []string{named}
	case len(words) > 0:
		command = words
	case runtime.GOOS == "darwin":
		command = []string{"open"}
	case runtime.GOOS == "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler"}
	default:
		command = []string{"xdg-open"}
	}
	if !strings.Contains(strings.Join(command[1:], " "), "%s") {
		return append(command, address)
	}
	for i := range command[1:] {
		command[i+1] = strings.ReplaceAll(command[i+1], "%s", address)
	}
	return command
}
