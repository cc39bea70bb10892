package lab

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/conform"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/oserror"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/runner"
	conformance "ftplab/scenarios/conform"
)

// Conform runs the scenarios of package scenarios/conform with a server, and reports for each
// rule of the RFCs whether the server keeps it. The captures are in NAME/ below the folder of
// the results. An error without results means that there is none, such as when the server does
// not start. With an error whose text says that a capture has no session, the results say which
// rules could not be judged for that reason.
func Conform(ctx context.Context, server conformance.Program, o Options) ([]conform.Result, error) {
	found, err := conformTo(ctx, conform.ServerRules(), o, func(name string) (*scenario.Scenario, error) {
		return conformance.Server(name, server)
	})
	if err != nil {
		return found, err
	}
	if err := notTried(found, server); err != nil {
		return nil, err
	}
	return found, nil
}

// notTried says why most rules could not be tried with a server, or returns nil.
func notTried(found []conform.Result, server conformance.Program) error {
	for _, r := range found {
		if r.Text == conform.GreetingRule && r.Verdict == conform.NotApplicable {
			return fmt.Errorf("the server takes no session: its greeting is %s of %s", r.Seen, r.Capture)
		}
		passSent := r.Frame > 0
		if r.Text == conform.LoginRule && r.Verdict == conform.NotApplicable && passSent && len(server.Command) > 0 {
			return fmt.Errorf("the server does not let the user %s in: %s of %s; --user names another user and the password", server.User, r.Seen, r.Capture)
		}
	}
	return nil
}

// ConformClient does the same with a client: a command that downloads the file
// README from the server and ends with status 0 if it has it.
func ConformClient(ctx context.Context, client conformance.Program, o Options) ([]conform.Result, error) {
	return conformTo(ctx, conform.ClientRules(), o, func(name string) (*scenario.Scenario, error) {
		return conformance.Client(name, client)
	})
}

// conformTo runs the scenarios of rules and judges the rules by their captures.
func conformTo(ctx context.Context, rules []conform.Rule, o Options, load func(name string) (*scenario.Scenario, error)) ([]conform.Result, error) {
	var names []string
	for _, r := range rules {
		if r.Scenario != conform.All && !slices.Contains(names, r.Scenario) {
			names = append(names, r.Scenario)
		}
	}
	findings := make([][]conform.Result, len(names))
	errs := make([]error, len(names))
	slots := make(chan struct{}, 4*runtime.NumCPU())
	var running sync.WaitGroup
	var failed atomic.Bool
	for i, name := range names {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if failed.Load() {
				return // this one would be like it
			}
			of := slices.DeleteFunc(slices.Clone(rules), func(r conform.Rule) bool { return !r.In(name) })
			if findings[i], errs[i] = conformScenario(ctx, of, o, name, load); errs[i] != nil {
				failed.Store(true)
			}
		})
	}
	running.Wait()
	bad := slices.IndexFunc(errs, func(err error) bool { return err != nil && !errors.Is(err, conform.ErrNoSession) })
	if bad >= 0 {
		return nil, errs[bad]
	}
	all := slices.Concat(findings...)
	silent := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if silent >= 0 { // rules of scenarios that did not run
		why := findings[silent][0]
		for i, f := range conform.Unjudged(rules, why.Finding) {
			r := rules[i]
			r.Scenario = why.Scenario
			all = append(all, conform.Result{Rule: r, Finding: f, Capture: why.Capture})
		}
	}
	var results []conform.Result
	for _, r := range rules {
		results = append(results, resultOf(r, all))
	}
	if silent >= 0 {
		return results, errs[silent]
	}
	return results, nil
}

// resultOf returns the result of a rule: of several scenarios, that of one in which it is not
// kept, if there is one.
func resultOf(r conform.Rule, all []conform.Result) conform.Result {
	of := slices.DeleteFunc(slices.Clone(all), func(x conform.Result) bool { return x.Section != r.Section || x.Text != r.Text || x.RFC != r.RFC })
	for _, v := range []conform.Verdict{conform.Breaks, conform.Keeps} {
		if i := slices.IndexFunc(of, func(x conform.Result) bool { return x.Verdict == v }); i >= 0 {
			return of[i]
		}
	}
	return of[0]
}

// conformScenario runs one scenario and judges the rules about it.
func conformScenario(ctx context.Context, rules []conform.Rule, o Options, name string, load func(name string) (*scenario.Scenario, error)) ([]conform.Result, error) {
	s, err := load(name)
	if err != nil {
		return nil, errors.New(withoutPlaces(err.Error(), name+scenario.Extension))
	}
	run, err := Run(ctx, s, o)
	if _, ok := errors.AsType[scenario.Errors](err); ok { // such as a program that is not there
		return nil, errors.New(withoutPlaces(err.Error(), s.File))
	}
	if err != nil {
		return nil, placeless{err, withoutPlaces(err.Error(), s.File)}
	}
	c, err := capture.Open(run.Capture, capture.Options{ControlPorts: expect.ControlPorts(s)})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	known := conform.Run{Ending: endingOf(s, run), Files: digestsOf(s)}
	if known.Ending == conform.NoProgram {
		known.Failure = failureOf(run)
	}
	found, err := conform.Judge(c, known, rules)
	if err != nil {
		err = fmt.Errorf("%s: %w%s", run.Capture, err, oserror.Below(withoutPlaces(run.Report, s.File)))
	}
	var results []conform.Result
	for i := range found {
		r := rules[i]
		r.Scenario = name
		results = append(results, conform.Result{Rule: r, Finding: found[i], Capture: filepath.ToSlash(run.Capture)})
	}
	return results, err
}

// otherPort is the advice for a server that listens on another port.
var otherPort = regexp.MustCompile("if that is its control port, add the setting `server port=[0-9]+`")

// withoutPlaces removes the places (file:line) in a scenario from a message, and the advice to change
// the scenario. The user does not have that file: the mistake is in the command or the user that was
// put into it.
func withoutPlaces(text, scenario string) string {
	place := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(scenario) + `:([0-9]+:)? `)
	text = place.ReplaceAllString(text, "")
	text = otherPort.ReplaceAllString(text, "it must listen on port 21 of every address, or of $$ADDR")
	if strings.HasPrefix(text, "user ") {
		text = "--" + text
	}
	return text
}

// A placeless error has a text of its own.
type placeless struct {
	error
	text string
}

func (p placeless) Error() string { return p.text }
func (p placeless) Unwrap() error { return p.error }

// failureOf returns the message about the step that failed first; "" if none did. It shortens
// each SHA-256, which is too long for a table.
func failureOf(r *Result) string {
	i := slices.IndexFunc(r.Verdict.Failures, func(f runner.Failure) bool { return f.Line > 0 })
	if i < 0 {
		return ""
	}
	return regexp.MustCompile(`\b([0-9a-f]{8})[0-9a-f]{56}\b`).ReplaceAllString(r.Verdict.Failures[i].Message, "$1...")
}

// digestsOf returns the SHA-256 of each of the server's files in hexadecimal, by its path.
func digestsOf(s *scenario.Scenario) map[string]string {
	digests := map[string]string{}
	for _, f := range s.Files {
		if d, err := content.Sum(runner.ContentOf(f)); err == nil && !f.Folder() {
			digests[f.Path] = d.String()
		}
	}
	return digests
}

// endingOf says how the program ended that a step runs.
func endingOf(s *scenario.Scenario, r *Result) conform.Ending {
	for _, step := range s.Steps {
		if step.Verb != "run" {
			continue
		}
		i := slices.IndexFunc(r.Verdict.Failures, func(f runner.Failure) bool { return f.Line == step.Line })
		if i < 0 {
			return endingWith(!step.Refused)
		}
		switch f := r.Verdict.Failures[i]; {
		case f.Late:
			return conform.NotEnded
		case f.Crashed:
			return conform.Crashed
		}
		return endingWith(step.Refused)
	}
	return conform.NoProgram
}

// endingWith is the ending of a program that ended by itself.
func endingWith(success bool) conform.Ending {
	if success {
		return conform.Succeeded
	}
	return conform.Failed
}
