package main

import (
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

	"ftplab/lab/scenario"
	"ftplab/scenarios"
)

func openCommand() *cobra.Command {
	var results string
	c := &cobra.Command{
		Use:   "open [NAME]",
		Short: "Show the results of a run in the browser",
		Long: `Open opens the walkthrough of a scenario in the browser, after a run. Without a NAME,
it opens the index of all scenarios. If there is no browser, it prints the path of the
page. The environment variable BROWSER selects another program.`,
		Example: `  ftplab open
  ftplab open active_list`,
		Args: takes(0, 1, "the name of one scenario, or nothing for the index of all"),
		RunE: func(c *cobra.Command, args []string) error {
			page, err := findPage(results, args)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), page)
			return browse(pageAddress(page))
		},
		ValidArgsFunction: completeScenarios,
	}
	c.Flags().StringVarP(&results, "output", "o", "results", "the folder with the results")
	return c
}

// findPage returns the absolute path of the page of a scenario, or of the
// index.
func findPage(results string, args []string) (string, error) {
	page, remedy := filepath.Join(results, "index.html"), "ftplab run"
	if len(args) > 0 {
		page = filepath.Join(results, args[0], "walkthrough.html")
		remedy += " " + args[0]
	}
	if _, err := os.Stat(page); errors.Is(err, fs.ErrNotExist) {
		if meant := meantResult(results, args); meant != "" {
			return "", fmt.Errorf("there is no %s; did you mean %s?", page, meant)
		}
		return "", fmt.Errorf("there is no %s; %s makes it", page, remedy)
	} else if err != nil {
		return "", err
	}
	return filepath.Abs(page)
}

// meantResult returns the scenario with results whose name is most similar to that of another
// one, which does not come with ftplab; "" if there is none.
func meantResult(results string, args []string) string {
	if len(args) == 0 || slices.Contains(scenarios.Names(), args[0]) {
		return ""
	}
	pages, _ := filepath.Glob(filepath.Join(results, "*", "walkthrough.html"))
	for i, page := range pages {
		pages[i] = filepath.Base(filepath.Dir(page))
	}
	return scenario.Nearest(args[0], pages)
}

// browse opens an address in the browser, and does not wait for the browser to end.
func browse(address string) error {
	command := browser()
	if _, err := exec.LookPath(command[0]); err != nil {
		return fmt.Errorf("no program that opens pages was found (%s); open the file yourself, or name a browser in BROWSER", command[0])
	}
	if err := exec.Command(command[0], append(command[1:], address)...).Start(); err != nil {
		return fmt.Errorf("cannot start the browser: %w", err)
	}
	return nil
}

// pageAddress is the URL of the page at an absolute path.
func pageAddress(path string) string {
	address := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/")}
	return address.String()
}

// browser is the command that opens an address.
func browser() []string {
	if named, _, _ := strings.Cut(os.Getenv("BROWSER"), string(os.PathListSeparator)); named != "" {
		return []string{named}
	}
	switch runtime.GOOS {
	case "darwin":
		return []string{"open"}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	return []string{"xdg-open"}
}
