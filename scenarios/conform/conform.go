// Package conform has the scenarios of `ftplab conform`, which show the rules of the
// RFCs that a server or a client follows.
package conform

import (
	"embed"
	"fmt"
	"regexp"
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

// guest reports whether the user needs no account because every server knows it. The lab's
// own server knows only anonymous.
func (p Program) guest() bool {
	return p.User == anonymous || p.User == "ftp" && len(p.Command) > 0
}

// The user of the scenarios.
const (
	user     = "alice"
	password = "secret"
)

// anonymous is the user whom the lab's server lets in with any password.
const anonymous = "anonymous"

// Server returns the scenario of a name for a server.
func Server(name string, p Program) (*scenario.Scenario, error) {
	source, err := files.ReadFile("server/" + name + scenario.Extension)
	if err != nil {
		return nil, fmt.Errorf("there is no scenario %q of conform", name)
	}
	// If the server sends one reply too many, it comes within this pause, and is not taken
	// for the reply to the next command.
	text := strings.ReplaceAll(string(source), "\nawait\n", "\nawait\npause 50ms\n")
	if p.guest() { // who may have any password
		text = strings.Replace(text, "send PASS not-the-password\nawait\npause 50ms\n", "", 1)
	}
	if p.User != "" {
		text = strings.NewReplacer(
			" "+user+" "+password, quoted([]string{p.User, p.Password}),
			"USER "+user, "USER "+p.User,
			"PASS "+password, "PASS "+p.Password,
			`"SER `+user+`\r\n"`, strconv.Quote("SER "+p.User+"\r\n"), // of USER in two segments
		).Replace(text)
	}
	first := ""
	if !strings.Contains(text, "\nnetwork ") {
		first = "network loopback\n"
	}
	if len(p.Command) > 0 {
		command := quoted(p.Command)
		if rest, ok := strings.CutPrefix(command, ` "inetd"`); ok { // the word of the setting, and no program
			command = " inetd" + rest
		}
		first += "program" + command + "\n"
	}
	heading, rest, _ := strings.Cut(text, "\nuser ")
	account, rest, _ := strings.Cut(rest, "\n")
	if !p.guest() {
		first += "user " + account + "\n"
	}
	text = heading + "\n" + first + rest
	if p.Config != "" {
		text += "-- config --\n" + p.Config
	}
	if p.Rules != "" {
		text += "-- server --\n" + p.Rules
	}
	return scenario.Parse(name+scenario.Extension, []byte(text))
}

// Client returns the scenario of a name for a client, who may log in as p's user. The password of
// anonymous may be any.
func Client(name string, p Program) (*scenario.Scenario, error) {
	source, err := files.ReadFile("client/" + name + scenario.Extension)
	if err != nil {
		return nil, fmt.Errorf("there is no scenario %q of conform --client", name)
	}
	command := p.Command
	if p.User == anonymous { // an account would have one password
		command = p.expanded()
	}
	text := strings.Replace(string(source), "run CLIENT", "run"+quoted(command), 1)
	if p.User != "" && p.User != anonymous {
		text = strings.Replace(text, "\n\n", "\nuser"+quoted([]string{p.User, p.Password})+"\n\n", 1)
	}
	return scenario.Parse(name+scenario.Extension, []byte(text))
}

var variable = regexp.MustCompile(`\$(USER|PASSWORD)\b|\$\{(USER|PASSWORD)\}`)

// expanded returns the command with the user and the password for $USER and $PASSWORD.
func (p Program) expanded() (words []string) {
	for _, word := range p.Command {
		words = append(words, variable.ReplaceAllStringFunc(word, func(v string) string {
			if strings.Contains(v, "USER") {
				return p.User
			}
			return p.Password
		}))
	}
	return words
}

// quoted returns words as a scenario has them, each after a space.
func quoted(words []string) string {
	text := ""
	for _, word := range words {
		text += " " + strconv.Quote(word)
	}
	return text
}
