// What other programs say of the findings: tshark of the filters, a browser of the
// pages.

package baseline

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
	"ftplab/lab/internal/pagetest"
	"ftplab/lab/labtest/optional"
)

// TestFilters breaks every rule, one after the other in one capture, and gives the filter of
// every finding to Wireshark: it must select exactly the frames that the finding names, and
// be short.
func TestFilters(t *testing.T) {
	wireshark := optional.StartSharkd(t)
	f := forge.New()
	want := map[string]bool{}
	for _, r := range rules.All() {
		if test, ok := ruleTests[r.Name]; ok {
			want[r.Name] = true
			test.breaks(f)
			f.Pass(time.Hour)
		}
	}
	file := filepath.Join(t.TempDir(), "forged.pcap")
	if err := os.WriteFile(file, f.PCAP(), 0o644); err != nil {
		t.Fatal(err)
	}
	wireshark.Load(file)
	for _, f := range check(t, gathered(f, t), profile.Normal()).Findings {
		delete(want, f.Rule)
		var got []int
		for _, frame := range wireshark.Frames(f.Filter) {
			got = append(got, frame.Number)
		}
		if len(f.Packets) == 0 || !slices.Equal(got, f.Packets) {
			t.Errorf("%s: the filter %s selects %v, want %v", f.Rule, f.Filter, got, f.Packets)
		}
		if len(f.Filter) > 300 {
			t.Errorf("%s: got a filter of %d characters, want 300 at most", f.Rule, len(f.Filter))
		}
	}
	for rule := range want {
		t.Errorf("%s: got no finding", rule)
	}
}

// TestPagesInBrowser opens the pages in a browser, which must have nothing to say
// of them, and no one to ask.
func TestPagesInBrowser(t *testing.T) {
	var normal, assessment bytes.Buffer
	if err := WriteHTML(&normal, profile.Normal()); err != nil {
		t.Fatal(err)
	}
	if err := forged(t, hostile).WriteHTML(&assessment, "hostile<script>alert(1)</script>.pcap", nil); err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string][]byte{"profile": normal.Bytes(), "assessment": assessment.Bytes()} {
		for size, screen := range map[string]pagetest.Screen{"desktop": pagetest.Desktop, "phone": pagetest.Phone} {
			t.Run(name+" "+size, func(t *testing.T) {
				tab := pagetest.Open(t, page, screen)
				if said := tab.Said(); len(said) > 0 {
					t.Errorf("the browser said %q, want nothing", said)
				}
				if asked := tab.Asked(); len(asked) > 0 {
					t.Errorf("the page asked for %q, want nothing", asked)
				}
				if wide := pagetest.Eval[bool](tab, `document.documentElement.scrollWidth > innerWidth`); wide {
					t.Error("the page is wider than the screen")
				}
			})
		}
	}
}

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // TestCutOff and TestLosses make much garbage, and keep little
	pagetest.Main(m)
}
