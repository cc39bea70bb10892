//go:build !js

package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"ftplab/lab/internal/pagetest"
)

// written is the site of all tests, which one of them writes.
var written struct {
	sync.Once
	folder string
	err    error
}

// folder returns the folder of the site.
func folder(t testing.TB) string {
	t.Helper()
	written.Do(func() {
		if written.folder, written.err = os.MkdirTemp("", "ftplab-site-"); written.err == nil {
			written.err = Write(context.Background(), written.folder)
		}
	})
	if written.err != nil {
		t.Fatal(written.err)
	}
	return written.folder
}

func TestMain(m *testing.M) {
	pagetest.Main(m, func() { os.RemoveAll(written.folder) })
}

// A server serves the site under a path of its own, and notes what it is asked for.
type server struct {
	*httptest.Server
	address string // of the page

	mu    sync.Mutex
	asked []string
}

func serve(t testing.TB) *server {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the test starts a browser")
	}
	s := &server{}
	files := http.StripPrefix("/class/7b", http.FileServer(http.Dir(folder(t))))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.URL.Path)
		s.mu.Unlock()
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	s.address = s.URL + "/class/7b/"
	return s
}

// strange are the paths it was asked for that are not files of the site.
func (s *server) strange(t testing.TB) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.asked), func(p string) bool {
		if p == "/class/7b/" {
			return true
		}
		_, err := os.Stat(path.Join(folder(t), path.Base(p)))
		return err == nil && strings.HasPrefix(p, "/class/7b/")
	})
}

// visit opens a part of the page, such as "#/capture".
func (s *server) visit(t testing.TB, fragment string, screen pagetest.Screen) *pagetest.Tab {
	t.Helper()
	tab := pagetest.Visit(t, s.address+fragment, screen)
	pagetest.Await[bool](tab, violations)
	until(tab, `document.body.dataset.ready`)
	return tab
}

// violations notes what the page's policy refuses.
const violations = `(async () => {
	globalThis.refused = [];
	addEventListener("securitypolicyviolation", e => refused.push(e.violatedDirective + " " + e.blockedURI));
	return true;
})()`

// until waits until an expression is true in the page.
func until(tab *pagetest.Tab, expression string) {
	tab.T().Helper()
	pagetest.Await[bool](tab, `new Promise(done => {
		const look = () => { if (`+expression+`) done(true); else setTimeout(look, 5); };
		look();
	})`)
}

// quiet fails the test if the page said anything, if its policy had to refuse anything, or
// if anybody was asked for what is not a file of the site.
func (s *server) quiet(t testing.TB, tab *pagetest.Tab) {
	t.Helper()
	if said := tab.Said(); len(said) > 0 {
		t.Errorf("the page said %q, want nothing", said)
	}
	if refused := pagetest.Eval[[]string](tab, `refused`); len(refused) > 0 {
		t.Errorf("the policy refused %q, want nothing to refuse", refused)
	}
	if strange := s.strange(t); len(strange) > 0 {
		t.Errorf("the server was asked for %q, which are not files of the site", strange)
	}
	for _, address := range tab.Asked() {
		if !strings.HasPrefix(address, s.address) && !strings.HasPrefix(address, "blob:"+s.URL) && address != "about:srcdoc" {
			t.Errorf("the page asked for %s", address)
		}
	}
}

// typed replaces a text in the editor, as if it were typed.
func typed(tab *pagetest.Tab, from, to string) {
	pagetest.Eval[bool](tab, `(() => {
		const area = document.querySelector("textarea");
		area.value = area.value.replace(`+quote(from)+`, `+quote(to)+`);
		return area.dispatchEvent(new Event("input"));
	})()`)
}

// drop chooses a capture file.
func drop(tab *pagetest.Tab, file string) {
	tab.Do(chromedp.SetUploadFiles(chromedp.CSS("#choose"), []string{file}))
}

// dropInside drops files in the middle of the page, as a person does.
func dropInside(tab *pagetest.Tab, files ...string) {
	data := &input.DragData{Items: []*input.DragDataItem{}, Files: files, DragOperationsMask: 1}
	x, y := pagetest.Eval[float64](tab, "innerWidth / 2"), pagetest.Eval[float64](tab, "innerHeight / 2")
	tab.Do(func(ctx context.Context, target *chromedp.Target) (done chromedp.Void, err error) {
		for _, event := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
			if _, err = cdp.Call(ctx, target, input.DispatchDragEvent, input.DispatchDragEventParams{Type: event, X: x, Y: y, Data: data}); err != nil {
				break
			}
		}
		return done, err
	})
}

// TestFolderOfAnotherSite writes the lab to a folder with a file of another site.
func TestFolderOfAnotherSite(t *testing.T) {
	for _, name := range []string{"index.html", "app.css", module} {
		folder := t.TempDir()
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte("<h1>My lessons</h1>"), 0o666); err != nil {
			t.Fatal(err)
		}
		site := map[string][]byte{module: nil}
		err := addPage(site)
		if err == nil {
			err = checkFolder(folder, site)
		}
		if err == nil || !strings.Contains(err.Error(), file+": this file exists and is not of the lab's page") {
			t.Errorf("got %v, want that the file exists", err)
		}
		if name == module {
			continue // which is not built here
		}
		if again := Write(t.Context(), folder); again == nil || again.Error() != err.Error() {
			t.Errorf("got %v, want %v", again, err)
		}
		if text, err := os.ReadFile(file); string(text) != "<h1>My lessons</h1>" {
			t.Errorf("got %q and %v, want the file as it was", text, err)
		}
	}
}

// TestSiteThatCannotBeWritten has a file whose name is too long. What was written before it is
// removed, so that the folder is not that of another site.
func TestSiteThatCannotBeWritten(t *testing.T) {
	site := map[string][]byte{"index.html": []byte("<p>x</p>"), "l" + strings.Repeat("x", 300): nil}
	for _, test := range []struct {
		there []string // files
		left  int
	}{{nil, 0}, {[]string{"mine.txt"}, 1}, {[]string{"index.html", module}, 2}} {
		folder := filepath.Join(t.TempDir(), "www", "lab")
		for _, name := range test.there {
			if err := os.MkdirAll(folder, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, name), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		err := writeSite(folder, site)
		left, _ := os.ReadDir(folder)
		_, above := os.Stat(filepath.Dir(folder))
		if err == nil || len(left) != test.left || (above == nil) != (test.left > 0) || checkFolder(folder, site) != nil {
			t.Errorf("%v: got %v, the files %v and %v, want what was there", test.there, err, left, checkFolder(folder, site))
		}
	}
}
