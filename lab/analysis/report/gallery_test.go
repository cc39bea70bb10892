package report

import (
	"flag"
	stdhtml "html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/internal/pagetest"
	"ftplab/lab/scenario"
)

var picture = flag.String("picture", "", "write the README's picture of a walkthrough to this file")

const gallery = "../../../results/gallery/"

// TestGalleryIsCurrent asks that each walkthrough of the gallery was made by its
// scenario as it is today.
func TestGalleryIsCurrent(t *testing.T) {
	pages, err := filepath.Glob(gallery + "*/walkthrough.*")
	if err != nil || len(pages) == 0 {
		t.Fatalf("got %d pages in the gallery, %v; go generate ./cmd/ftplab makes them", len(pages), err)
	}
	for _, name := range pages {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Base(filepath.Dir(name)) + scenario.Extension
		source, err := os.ReadFile("../../../scenarios/" + file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(page)
		if filepath.Ext(name) == ".html" {
			text = stdhtml.UnescapeString(text)
		}
		if !strings.Contains(text, strings.TrimRight(string(source), "\n")) {
			t.Errorf("%s was made by another scenarios/%s than today's; go generate ./cmd/ftplab makes it again", name, file)
		}
	}
}

// TestGallery opens the pages of the gallery as they lie in the repository. With
// -picture it takes the README's picture of one of them: the part of the ladder
// in which the server connects to the client.
func TestGallery(t *testing.T) {
	pages, err := filepath.Glob(gallery + "*/walkthrough.html")
	if err != nil || len(pages) == 0 {
		t.Fatalf("got %d pages in the gallery, %v; go generate ./cmd/ftplab makes them", len(pages), err)
	}
	for _, name := range append(pages, gallery+"index.html") {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		screen := pagetest.Desktop
		screen.Height = 1060
		tab := pagetest.Open(t, page, screen)
		silent(t, tab)
		if *picture == "" || name != gallery+"frederick_active/walkthrough.html" {
			continue
		}
		pagetest.Eval[bool](tab, `(rows => { rows.find(r => r.textContent.includes("PORT 198")).scrollIntoView(); return true })([...document.querySelectorAll(".ladder .p")])`)
		if err := os.WriteFile(*picture, tab.Picture(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
