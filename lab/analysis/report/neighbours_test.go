package report

import (
	"regexp"
	"strings"
	"testing"
)

// The name of each section is the same in the navigation and in its heading.
func TestNavigationNamesHeadings(t *testing.T) {
	for _, r := range []*Report{judged(t), read(t, activeListing)} {
		page := string(html(t, r))
		nav := page[strings.Index(page, "<nav"):strings.Index(page, "</nav>")]
		links := regexp.MustCompile(`<a href="#(\w+)">([^<]+)</a>`).FindAllStringSubmatch(nav, -1)
		if len(links) < 6 {
			t.Errorf("got %d links in the navigation", len(links))
		}
		for _, l := range links {
			if want := `<h2 id="` + l[1] + `">` + l[2] + "</h2>"; !strings.Contains(page, want) {
				t.Errorf("the page has no %s, which its navigation names", want)
			}
		}
	}
}

// The links to the walkthroughs before and after are written, replaced and taken away.
func TestLinkNeighbours(t *testing.T) {
	plain := html(t, read(t, activeListing))
	first, third := &Run{Name: "first one", Title: "A <listing>"}, &Run{Name: "third", Title: "$1 it is"}
	page, err := LinkNeighbours(plain, first, third)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<a rel="prev" href="../first%20one/walkthrough.html">← Previous: A &lt;listing&gt;</a>`,
		`<a rel="next" href="../third/walkthrough.html">Next: $1 it is →</a>`,
	} {
		if strings.Count(string(page), want) != 2 {
			t.Errorf("%s is not at the top and at the end of the page", want)
		}
	}
	again, err := LinkNeighbours(page, nil, nil)
	if err != nil || string(again) != string(plain) {
		t.Errorf("without neighbours the page is another than it was (%v)", err)
	}
}
