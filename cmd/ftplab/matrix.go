package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/outcome"
	"ftplab/lab/scenario"
	"ftplab/scenarios/matrix"
)

// matrixFlags are the flags of `ftplab matrix`.
type matrixFlags struct {
	results  string
	table    string
	parallel int
}

func matrixCommand() *cobra.Command {
	var f matrixFlags
	c := &cobra.Command{
		Use:   "matrix",
		Short: "Run real servers with real clients, and show what differs",
		Long: `Matrix runs each of the real FTP servers vsftpd, ProFTPD, Pure-FTPd, inetutils and
pyftpdlib, as Debian configures them, with each of the real clients curl, lftp, tnftp,
inetutils-ftp, ncftp, wget, Python and jlaffaye/ftp: in both modes, over IPv4 and IPv6.
It writes a table: how each pair announces data connections, where the 150 comes, who
closes first, who resets. After the reply to QUIT both close, and chance decides who is
first: "either, after 221". It has a link to the walkthrough of each session.

It uses the programs that are installed, leaves the others out, and says which. It needs
Linux's TCP, and no root. ProFTPD checks that its user id has changed, so its pairs need
root, or newuidmap and a range in /etc/subuid.

Exit status: 0 every pair transferred its file, 1 one did not, 2 none could be run.`,
		Example: `  ftplab matrix
  ftplab matrix -o /tmp/matrix`,
		Args: takesNothing,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			return f.run(ctx, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	folderFlag(c.Flags(), &f.results, "output", "o", filepath.Join("results", "matrix"), "the folder for the results")
	outputFileFlag(c.Flags(), &f.table, "table", "", "", "the file for the table; matrix.md among the results by default; - is the standard output")
	c.Flags().IntVar(&f.parallel, "parallel", 2*runtime.NumCPU(), "how many pairs run at once")
	return c
}

func (f matrixFlags) run(ctx context.Context, stdout, stderr io.Writer) error {
	out := output{"--table", cmp.Or(f.table, filepath.Join(f.results, "matrix.md"))}
	if err := cmp.Or(checkParallel(f.parallel), output{"-o", f.results}.isFolder(), out.replacesOnly("table", isTable)); err != nil {
		return err
	}
	messages := stdout
	if out.path == standardOutput {
		messages = stderr
	}
	if !samePlace(filepath.Dir(out.path), f.results) { // which the runs make
		if err := out.hasFolder(); err != nil {
			return err
		}
	}
	list, combinations := installedPairs(messages)
	if len(list) == 0 {
		return errors.New("none of the servers, or none of the clients, is installed")
	}
	if err := checkResults(output{"-o", f.results}, list, out); err != nil {
		return err
	}
	p := newPrinter(messages, stderr, false, list)
	runs := runAll(ctx, list, lab.Options{Results: f.results}, f.parallel, p)
	for i, r := range runs {
		combinations[i].Ran = r
	}
	p.wrote(lab.WriteIndex(f.results, runs))
	if ctx.Err() == nil && p.count[outcome.Error] < len(list) { // otherwise an earlier table has more
		err := writeMatrix(out.path, stdout, f.results, combinations[:len(runs)])
		if err == nil && out.path != standardOutput {
			printLine(messages, "The table is %s", out.path)
		}
		p.wrote(err)
	}
	return p.end()
}

// installedPairs returns the pairs whose programs are installed, each as a scenario and as a
// combination without its run. It says which programs are missing.
func installedPairs(messages io.Writer) (list []*scenario.Scenario, combinations []lab.Combination) {
	missing := map[string]bool{}
	for _, p := range matrix.Pairs() {
		if program := missingProgram(p); program != "" {
			if !missing[program] {
				printLine(messages, "%s is not installed, so pairs that need it are left out", program)
			}
			missing[program] = true
			continue
		}
		list = append(list, p.Scenario)
		combinations = append(combinations, lab.Combination{Server: p.Server, Client: p.Client, Mode: p.Mode, IP: p.IP()})
	}
	return list, combinations
}

// missingProgram is a program of a pair that is not installed, "" if all are.
func missingProgram(p matrix.Pair) string {
	for _, program := range p.Needs {
		_, err := os.Stat(program)
		if !filepath.IsAbs(program) {
			_, err = exec.LookPath(program)
		}
		if err != nil {
			return program
		}
	}
	return ""
}

// writeMatrix writes the table, with links from its folder to the results.
func writeMatrix(path string, stdout io.Writer, results string, combinations []lab.Combination) error {
	base, err := filepath.Rel(filepath.Dir(path), results)
	if err != nil {
		return err
	}
	return writeTo(path, stdout, func(w io.Writer) error {
		fmt.Fprintln(w, tableTitle+"\n\nMade by `ftplab matrix`, which also makes the walkthrough of each session: each client is a link to it.")
		return lab.WriteMatrix(w, combinations, func(c lab.Combination) string {
			return filepath.ToSlash(filepath.Join(base, c.Scenario.Name, "walkthrough.html"))
		})
	})
}

const tableTitle = "# What real FTP programs do differently"

// isTable reports whether a file is a table that writeMatrix wrote.
func isTable(path string) bool { return begins(path, tableTitle) }
