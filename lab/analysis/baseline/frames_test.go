package baseline

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

// Each finding of the page has an absolute time, addresses and ports, and its frames are
// links to their lines.
func TestPageOfFrames(t *testing.T) {
	f := forge.New()
	ruleTests["own-address"].breaks(f)
	c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{NoHash: true})
	if err != nil {
		t.Fatal(err)
	}
	a := forged(t, ruleTests["own-address"].breaks)
	frames, err := a.ReadFrames(c)
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := a.WriteHTML(&page, "x.pcap", frames); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		frames[0].Clock(), "2001-10-04 12:00:0", aClient + " port ", aServer + " port 21", `<a href="#f9">9</a>, <a href="#f10">10</a>`,
		`<tr id="f9"><td class="n">9</td>`, "FTP: PORT 203,0,113,7",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %q in\n%s", want, page.String())
		}
	}
	for _, link := range regexp.MustCompile(`href="#(\w+)"`).FindAllStringSubmatch(page.String(), -1) {
		if !strings.Contains(page.String(), fmt.Sprintf(`id="%s"`, link[1])) {
			t.Errorf("the link #%s leads nowhere", link[1])
		}
	}
}
