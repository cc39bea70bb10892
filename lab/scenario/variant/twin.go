// The second capture of a scenario.

package variant

import (
	"errors"
	"strings"

	"ftplab/lab/scenario"
)

// Twin makes a scenario of the section `twin`: it has the settings and files of s, and the
// steps of the section. It has no want, and its server has no rules. The error is a mistake
// in the section.
func Twin(s *scenario.Scenario) (*scenario.Scenario, error) {
	lines, sections := script(string(s.Source))
	for _, step := range s.Steps {
		lines[step.Line-1] = ""
	}
	for _, name := range []string{"twin", "server", "want", "figures", "questions"} {
		sections = withoutSection("\n"+sections, name)[1:]
	}
	settings := strings.Join(lines, "")
	before := strings.Count(settings, "\n")
	twin, err := scenario.ParseTwin(s.File, []byte(settings+s.Twin.Text+sections), before+1)
	var mistakes scenario.Errors
	if errors.As(err, &mistakes) {
		for _, m := range mistakes {
			m.Line += s.Twin.Line - 1 - before
		}
		return nil, err
	}
	for i := range twin.Network.Rules { // they are for the other steps
		twin.Network.Rules[i].Optional = true
	}
	for i := range twin.Network.Late {
		twin.Network.Late[i].Optional = true
	}
	return twin, err
}
