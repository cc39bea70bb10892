// Package conform has the scenarios of `ftplab conform`, which show the rules of the
// RFCs that a server or a client follows.
package conform

import (
	"embed"
	"fmt"
	"strconv"
	"strings"

	"ftplab/lab/scenario"
)

//go:embed server client
var files embed.FS

// A Program is the server or the client that is tried.
type Program struct {
	Command        []string // and its arguments; empty is the lab's own server
	Config         string   // the text of a file that $CONFIG stands for
	User, Password string   // who may log in
	Rules          string   // a section server, for the lab's own
}

// The user of the scenarios.
const (
	user     = "alice"
	password = "secret"
)

// Server returns the scenario of a name for a server.
func Server(name string, p Program) (*scenario.Scenario, error) {
	source, err := files.ReadFile("server/" + name + scenario.Extension)
	if err != nil {
		return nil, fmt.Errorf("there is no scenario %q of conform", name)
	}
	text := string(source)
	if p.User != "" {
		text = strings.NewReplacer(user, p.User, password, p.Password).Replace(text)
	}
	first := ""
	if !strings.Contains(text, "\nnetwork ") {
		first = "network loopback\n"
	}
	if len(p.Command) > 0 {
		first += "program" + quoted(p.Command) + "\n"
	}
	heading, rest, _ := strings.Cut(text, "\nuser ")
	account, rest, _ := strings.Cut(rest, "\n")
	if name, _, _ := strings.Cut(account, " "); name == "anonymous" || name == "ftp" {
		account = ""
	} else {
		account = "user " + account + "\n"
	}
	text = heading + "\n" + first + account + rest
	if p.Config != "" {
		text += "-- config --\n" + p.Config
	}
	if p.Rules != "" {
		text += "-- server --\n" + p.Rules
	}
	return scenario.Parse(name+scenario.Extension, []byte(text))
}

// Client returns the scenario of a name for a client, who may log in as p's user.
func Client(name string, p Program) (*scenario.Scenario, error) {
	source, err := files.ReadFile("client/" + name + scenario.Extension)
	if err != nil {
		return nil, fmt.Errorf("there is no scenario %q of conform --client", name)
	}
	text := strings.Replace(string(source), "run CLIENT", "run"+quoted(p.Command), 1)
	if p.User != "" {
		text = strings.Replace(text, "\n\n", "\nuser"+quoted([]string{p.User, p.Password})+"\n\n", 1)
	}
	return scenario.Parse(name+scenario.Extension, []byte(text))
}

// quoted returns words as a scenario has them, each behind a space.
func quoted(words []string) string {
	text := ""
	for _, word := range words {
		text += " " + strconv.Quote(word)
	}
	return text
}
