// Package odd has scenarios of what real FTP software does and RFC 959 does not expect.
// They are not a course, unlike those in the folder above, but one example of each kind.
// Its tests run them all, so that ftplab can always express them.
package odd

import (
	"embed"
	"slices"

	"ftplab/lab/scenario"
)

//go:embed *.txtar
var files embed.FS

// abnormal are the names of the scenarios that no capture of ordinary FTP has: which
// `ftplab baseline check` calls unusual or not normal.
var abnormal = []string{
	"active_blocked", "bh_abordial", "bh_pipeline", "epsv_227", "epsv_full", "epsv_two", "epsvunreachable", "fxp", "huge_reply",
	"more_than_size", "mtu_blackhole", "nohost", "nohost_icmp", "notftp", "pasv_229",
}

// AbnormalNames returns the names of the scenarios that are not normal.
func AbnormalNames() []string { return slices.Clone(abnormal) }

// Abnormal returns the scenarios that are not normal.
func Abnormal() ([]*scenario.Scenario, error) {
	var list []*scenario.Scenario
	for _, name := range abnormal {
		source, err := files.ReadFile(name + scenario.Extension)
		if err != nil {
			return nil, err
		}
		s, err := scenario.Parse("scenarios/odd/"+name+scenario.Extension, source)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}
