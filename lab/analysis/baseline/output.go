// Output of an assessment as text, Markdown and JSON.

package baseline

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/analysis/internal/wrap"
)

// textWidth is the width of the text of an assessment, in characters.
const textWidth = 96

// WriteText writes the assessment of the named capture for a terminal.
func (a *Assessment) WriteText(w io.Writer, name string) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s: %s (%s)\n", name, a.Verdict, a.Judged)
	for _, f := range a.Findings {
		fmt.Fprintf(out, "\n%s  %s  %s\n", f.Severity, f.Rule, frameList(f.Packets))
		for _, part := range [][2]string{{"expected", f.Expected}, {"observed", f.Observed}, {"why", f.Why}} {
			for i, line := range wrap.Text(part[1], textWidth-11, "") {
				label := part[0]
				if i > 0 {
					label = ""
				}
				fmt.Fprintf(out, "  %-8s %s\n", label, line)
			}
		}
		fmt.Fprintf(out, "  %-8s %s\n", "filter", f.Filter)
	}
	return out.Flush()
}

// WriteJSON writes the assessment as one JSON object.
func (a *Assessment) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(a)
}

// WriteMarkdown writes the assessment of the named capture for a code host.
func (a *Assessment) WriteMarkdown(w io.Writer, name string) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# %s\n\n**%s**: %s\n\nJudged: %s.\n", markdown(name), a.Verdict, a.sum(), a.Judged)
	for i, f := range a.Findings {
		fmt.Fprintf(out, "\n## %d. %s: %s\n\n", i+1, f.Severity, f.Rule)
		fmt.Fprintf(out, "%s\n\n", frameList(f.Packets))
		fmt.Fprintf(out, "* expected: %s\n* observed: %s\n* why: %s\n\n", markdown(f.Expected), markdown(f.Observed), markdown(f.Why))
		fmt.Fprintf(out, "```\n%s\n```\n", f.Filter)
	}
	return out.Flush()
}

// sum counts the findings by severity.
func (a *Assessment) sum() string {
	counts := map[rules.Severity]int{}
	for _, f := range a.Findings {
		counts[f.Severity]++
	}
	var words []string
	for _, s := range []struct {
		rules.Severity
		one, many string
	}{{rules.Violation, "violation", "violations"}, {rules.Odd, "unusual value", "unusual values"}, {rules.Note, "note", "notes"}} {
		if n := counts[s.Severity]; n > 0 {
			words = append(words, wording.Plural(n, s.one, s.many))
		}
	}
	switch {
	case words == nil && a.Verdict == CannotJudge && a.Judged.any():
		return "too little could be judged."
	case words == nil && a.Verdict == CannotJudge:
		return "nothing could be judged."
	case words == nil:
		return "nothing differs from what is normal."
	}
	return strings.Join(words, ", ") + "."
}

// listed is how many frames a text lists.
const listed = 12

func frameList(packets []int) string {
	var words []string
	for i, p := range packets {
		if i == listed {
			words = append(words, "…")
			break
		}
		words = append(words, fmt.Sprint(p))
	}
	switch len(words) {
	case 0:
		return ""
	case 1:
		return "frame " + words[0]
	}
	return "frames " + strings.Join(words, ", ")
}

// markdown escapes the characters that are markup in Markdown or HTML.
func markdown(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune("<>&", r):
			fmt.Fprintf(&b, "&#%d;", r)
		case strings.ContainsRune("\\`*_{}[]#|~$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			b.WriteRune('\uFFFD')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
