// Package odd has scenarios of what real FTP software does and RFC 959 does not expect.
// They are not a course, unlike those in the folder above, but one example of each kind.
// Its tests run them all, so that ftplab can always express them.
package odd

import (
	"embed"
	"slices"
	"strings"

	"ftplab/lab/scenario"
)

//go:embed *.txtar
var files embed.FS

// abnormal are the names of the scenarios whose captures do not occur in ordinary FTP:
// `ftplab baseline check` calls them unusual or not normal.
var abnormal = []string{
	"active_blocked", "bh_abordial", "bh_pipeline", "epsv_227", "epsv_full", "epsv_two", "epsvunreachable", "fxp", "huge_reply",
	"more_than_size", "mtu_blackhole", "nohost", "nohost_icmp", "notftp", "pasv_229",
}

// Names returns the names of all scenarios, in the order of the alphabet.
func Names() []string {
	found, err := files.ReadDir(".")
	if err != nil {
		panic(err) // it is embedded
	}
	var names []string
	for _, file := range found {
		names = append(names, strings.TrimSuffix(file.Name(), scenario.Extension))
	}
	return names
}

// Load parses the scenario of that name. Without one, the error is [fs.ErrNotExist].
func Load(name string) (*scenario.Scenario, error) {
	source, err := files.ReadFile(name + scenario.Extension)
	if err != nil {
		return nil, err
	}
	return scenario.Parse("scenarios/odd/"+name+scenario.Extension, source)
}

// AbnormalNames returns the names of the scenarios that are not normal.
func AbnormalNames() []string { return slices.Clone(abnormal) }

// Abnormal returns the scenarios that are not normal.
func Abnormal() ([]*scenario.Scenario, error) {
	var list []*scenario.Scenario
	for _, name := range abnormal {
		s, err := Load(name)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}
