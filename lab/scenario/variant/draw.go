// The random changes of a variant.

package variant

import (
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftplab/lab/scenario"
)

// Words that may replace others.
var (
	userNames = []string{"ada", "boris", "chen", "dilek", "elena", "farid", "grete", "hana", "ivan", "jamila", "kofi", "lena", "marta", "nils", "omar", "paula", "quentin", "rosa", "sven", "tariq", "uma", "viktor", "wanda", "xenia", "yusuf", "zofia",
		"aylin", "bruno", "carmen", "daniel", "esther", "felix", "gloria", "henrik", "irene", "jonas", "karim", "lucia", "mehmet", "nadia", "oscar", "priya", "rafael", "selma", "tomas", "ursula", "vera", "walter", "ximena", "yara", "zeynep"}
	passwords     = []string{"amber", "birch", "cedar", "dahlia", "ember", "fjord", "garnet", "harbor", "indigo", "jasper", "kestrel", "lagoon", "maple", "nectar", "onyx", "pebble", "quartz", "raven", "saffron", "tundra", "umber", "velvet", "willow", "yarrow", "zephyr"}
	mailHosts     = []string{"home.test", "school.test", "office.test", "lab.test", "mail.test", "campus.test"}
	fileStems     = []string{"agenda", "budget", "catalog", "diary", "essay", "figures", "guide", "harvest", "index", "journal", "kitchen", "letter", "minutes", "novel", "outline", "plan", "quarter", "report", "summary", "tables", "update", "vocab", "weather", "yearbook"}
	greetingLines = []string{"noop", "syst"}
	extraLines    = []string{"pwd", "noop", "syst", "quote STAT", "! cd nowhere", "quote ALLO 0", "quote MODE S", "quote STRU F"}
)

// users gives people other names and passwords. anonymous stays, with another address.
func (d *drawing) users() {
	seen := map[string]bool{"anonymous": true, "ftp": true}
	for _, step := range d.s.Steps {
		if step.Verb != "login" {
			continue
		}
		if !seen[step.User] {
			seen[step.User] = true
			d.rename("the user %s is %s", step.User, d.one(userNames))
		}
		if step.Password == "" || seen[step.Password] {
			continue
		}
		seen[step.Password] = true
		if strings.Contains(step.Password, "@") {
			d.rename("the password %s is %s", step.Password, d.one(userNames)+"@"+mailHosts[d.IntN(len(mailHosts))])
		} else {
			d.rename("the password %s is %s", step.Password, fmt.Sprint(d.one(passwords), d.IntN(90)+10))
		}
	}
}

// rename replaces a word by another one.
func (d *drawing) rename(what, word, other string) {
	d.add(Names, func(text string) string { return replaceWord(text, word, other) }, what, word, other)
}

// files gives files other names.
func (d *drawing) files() {
	seen := map[string]bool{}
	for _, f := range slices.Concat(d.s.Files, d.s.Local) {
		base := path.Base(f.Path)
		if seen[base] || f.Folder() {
			continue
		}
		seen[base] = true
		extension := path.Ext(base)
		if extension == "" {
			extension = ".txt"
		}
		d.rename("the file %s is %s", base, d.one(fileStems)+extension)
	}
}

// addresses gives the hosts of a wire other addresses, each in its own network.
func (d *drawing) addresses() {
	if d.s.Network.Kind != scenario.Wire || d.s.Network.IPv6 || d.s.Network.Dual() {
		return
	}
	for _, h := range d.s.Network.Hosts {
		bytes := h.Addr.As4()
		bytes[3] = byte(d.IntN(250) + 3) // .1 is the router, and .255 nobody
		old, other := h.Addr.String(), netip.AddrFrom4(bytes).String()
		if h.Line == 0 {
			d.add(Addresses, func(text string) string {
				return replaceWord(insertAfter(text, "network", "host "+h.Name+" "+old), old, other)
			}, "%s is %s", h.Name, other)
			continue
		}
		commas := strings.NewReplacer(".", ",")
		d.add(Addresses, func(text string) string {
			return replaceWord(replaceWord(text, old, other), commas.Replace(old), commas.Replace(other))
		}, "%s is %s", h.Name, other)
	}
}

var (
	portsOption = regexp.MustCompile(`\bports=([0-9]+)`)
	portNumber  = regexp.MustCompile(`\b[0-9]{4,5}\b`)
)

// portsInUse is how many ports from the first one of a host on a scenario may name.
const portsInUse = 20

// ports moves the ports that a host uses in order, everywhere that the scenario names one.
func (d *drawing) ports() {
	lines, _ := script(string(d.s.Source))
	for _, line := range lines {
		m := portsOption.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		first, _ := strconv.Atoi(m[1])
		other := 20000 + d.IntN(40000)
		d.add(Addresses, func(text string) string {
			return portNumber.ReplaceAllStringFunc(text, func(digits string) string {
				if n, _ := strconv.Atoi(digits); n >= first && n < first+portsInUse {
					return strconv.Itoa(n - first + other)
				}
				return digits
			})
		}, "the port %d is %d", first, other)
	}
}

var (
	rttOption = regexp.MustCompile(`\brtt=([0-9.]+m?s)\b`)
	pauseStep = regexp.MustCompile(`^(\s*pause\s+)([0-9.]+m?s)\b`)
)

// times makes paths and pauses longer or shorter: 0.4 to 2.5 times as long.
func (d *drawing) times() {
	for _, pattern := range []*regexp.Regexp{rttOption, pauseStep} {
		if !editedBy(string(d.s.Source), pattern) {
			continue
		}
		factor := 0.4 + 2.1*d.Float64()
		d.add(Times, func(text string) string {
			return editLines(text, func(line string) string { return scaleTime(line, pattern, factor) })
		}, "times are %.2f times as long", factor)
	}
}

func editedBy(text string, pattern *regexp.Regexp) bool {
	lines, _ := script(text)
	return slices.ContainsFunc(lines, pattern.MatchString)
}

// scaleTime multiplies the time that is the last group of a pattern, to the millisecond.
func scaleTime(line string, pattern *regexp.Regexp, factor float64) string {
	return pattern.ReplaceAllStringFunc(line, func(match string) string {
		groups := pattern.FindStringSubmatch(match)
		written := groups[len(groups)-1]
		old, err := time.ParseDuration(written)
		if err != nil {
			return match
		}
		scaled := time.Duration(float64(old) * factor).Round(time.Millisecond)
		return strings.TrimSuffix(match, written) + max(scaled, time.Millisecond).String()
	})
}

// commands makes the client send more commands: at the beginning of the session, and after
// the login.
func (d *drawing) commands() {
	d.insert("open", greetingLines, 1+d.IntN(6))
	d.insert("login", extraLines, 1+d.IntN(6))
}

// insert puts steps and pauses after the first step of a kind.
func (d *drawing) insert(step string, steps []string, n int) {
	var lines []string
	for range n {
		lines = append(lines, steps[d.IntN(len(steps))])
		if d.IntN(2) == 0 {
			lines = append(lines, "pause "+strconv.Itoa(100+d.IntN(900))+"ms")
		}
	}
	d.add(Commands, func(text string) string { return insertAfter(text, step, lines...) },
		"after %s stands %s", step, strings.Join(lines, ", "))
}

// faults makes a packet of the wire arrive twice or not at all. In an exercise with a forged
// capture it would look like a forger's mistake.
func (d *drawing) faults() {
	if d.s.Forged() || d.s.Network.Kind != scenario.Wire || len(d.s.Network.Rules)+len(d.s.Network.Late) > 0 || d.s.Network.Loss > 0 {
		return
	}
	rule := fmt.Sprintf("%s server > client [P.] skip=%d count=1 optional", [...]string{"drop", "duplicate"}[d.IntN(2)], 1+d.IntN(6))
	d.add(Faults, func(text string) string { return insertAfter(text, "network", rule) }, "%s", rule)
}

// repairs gives a rule of the lesson that drops packets other ones to drop: 1 to 3.
func (d *drawing) repairs() {
	rule := regexp.MustCompile(`^(\s*drop .*)\bskip=[0-9]+ count=[0-9]+`)
	if !editedBy(string(d.s.Source), rule) {
		return
	}
	changed := fmt.Sprintf("skip=%d count=%d", 6+d.IntN(20), 1+d.IntN(3))
	d.add(Faults, func(text string) string {
		return editLines(text, func(line string) string { return rule.ReplaceAllString(line, "${1}"+changed) })
	}, "drop has %s", changed)
}

// refusals makes a client that tries closed ports try some more.
func (d *drawing) refusals() {
	dial := regexp.MustCompile(`(?m)^session \S+\nexpect refused: dial (\S+)\.[0-9]+$`)
	lines, _ := script(string(d.s.Source))
	found := dial.FindAllStringSubmatchIndex(strings.Join(lines, ""), -1)
	if len(found) < 3 {
		return
	}
	last := found[len(found)-1]
	server := string(d.s.Source[last[2]:last[3]])
	var steps, declared, seen strings.Builder
	ports := d.Perm(len(closedPorts))[:d.IntN(len(closedPorts)+1)]
	for _, i := range ports {
		fmt.Fprintf(&steps, "session more%d\nexpect refused: dial %s.%d\npause %dms\n", i, server, closedPorts[i], 90+d.IntN(90))
		fmt.Fprintf(&declared, "more%d client.* > %s.%d\n", i, server, closedPorts[i])
		fmt.Fprintf(&seen, "more%d ...\n", i)
	}
	const want, questions = "\n-- want --\n", "-- questions --\n"
	before := string(d.s.Source[last[0]:last[1]])
	d.add(Commands, func(text string) string {
		text = strings.Replace(text, before, steps.String()+before, 1)
		text = strings.Replace(text, want, want+declared.String(), 1)
		return strings.Replace(text, questions, seen.String()+questions, 1)
	}, "%d more ports are tried", len(ports))
}

// closedPorts are ports of well-known services that no scenario opens.
var closedPorts = []int{110, 135, 139, 143, 445, 1433, 3306, 3389, 5432, 8080}

// controlPort replaces the control port that a scenario sets. The port below is that of
// active data connections.
func (d *drawing) controlPort() {
	pattern := regexp.MustCompile(`^\s*server\s+(?:.*\s)?port=([0-9]+)`)
	lines, _ := script(string(d.s.Source))
	for _, line := range lines {
		m := pattern.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		old, _ := strconv.Atoi(m[1])
		other := 2000 + d.IntN(8000)
		d.add(Addresses, func(text string) string {
			return portNumber.ReplaceAllStringFunc(text, func(digits string) string {
				if n, _ := strconv.Atoi(digits); n == old || n == old-1 {
					return strconv.Itoa(n - old + other)
				}
				return digits
			})
		}, "the port %d is %d", old, other)
	}
}

// sizes makes files longer or shorter: generated ones by their size, others by lines at
// their end.
func (d *drawing) sizes() {
	for _, f := range slices.Concat(d.s.Files, d.s.Local) {
		switch {
		case f.Folder():
		case !f.Literal:
			d.generated(f)
		default:
			d.section(f)
		}
	}
}

// generated changes the size of a generated file by up to a half.
func (d *drawing) generated(f scenario.File) {
	size := f.Size + int64(float64(f.Size)*(d.Float64()-0.5))
	setting := regexp.MustCompile(`^(\s*(?:file|local)\s+` + regexp.QuoteMeta(f.Path) + `\s+)[0-9]\S*`)
	d.add(Sizes, func(text string) string {
		return editLines(text, func(line string) string {
			return setting.ReplaceAllString(line, "${1}"+strconv.FormatInt(size, 10))
		})
	}, "%s has %d bytes", f.Path, size)
}

// section adds lines to a file that is a section.
func (d *drawing) section(f scenario.File) {
	var added strings.Builder
	for range 1 + d.IntN(12) {
		fmt.Fprintf(&added, "%s %s %s\n", fileStems[d.IntN(len(fileStems))], passwords[d.IntN(len(passwords))], fileStems[d.IntN(len(fileStems))])
	}
	for _, folder := range []string{"files/", "local/"} {
		heading := "\n-- " + folder + f.Path + " --\n"
		if !strings.Contains(string(d.s.Source), heading) {
			continue
		}
		d.add(Sizes, func(text string) string {
			return strings.Replace(text, heading, heading+added.String(), 1)
		}, "%s has %d more bytes", f.Path, added.Len())
	}
}
