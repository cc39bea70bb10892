// Package web is the lab in a browser: a folder of static files, for any web server and
// under any path. It sends nothing anywhere.
//
// The page in the folder page asks package worker, which is compiled to WebAssembly and runs
// in a Web Worker of the browser:
//
//	index.html ─ app.js ─┬─ course.js ── editor.js, ladder.js, player.js
//	                     ├─ capture.js ─ packets.js
//	                     └─ lab.js ═══ worker.js ── files.js, lab.wasm.gz (package worker)
//
// The page's content security policy allows its own files and nothing else. The worker is
// started from a blob, so that the policy holds for it, too.
package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ftplab/lab/analysis/report/page"
	"ftplab/lab/internal/newfiles"
	"ftplab/lab/web/worker"
	"ftplab/scenarios"
)

//go:embed page
var files embed.FS

// module is what the worker of the page runs, compressed.
const module = "lab.wasm.gz"

// Write writes the site to a folder. It builds the worker with the Go toolchain, so it has
// to be called in the folder of the module ftplab, or below it.
func Write(ctx context.Context, folder string) error {
	site := map[string][]byte{}
	if err := addPage(site); err != nil {
		return err
	}
	if err := checkFolder(folder, site); err != nil { // before the build, which takes long
		return err
	}
	if err := addModule(ctx, site); err != nil {
		return err
	}
	if err := addFirst(site); err != nil {
		return err
	}
	addList(site)
	if err := checkFolder(folder, site); err != nil {
		return err
	}
	return writeSite(folder, site)
}

// writeSite writes the files of the site. If one cannot be written, those that were not there
// before are removed, so that what remains is not taken for another site.
func writeSite(folder string, site map[string][]byte) error {
	var made newfiles.List
	if err := made.Folder(folder); err != nil {
		made.Remove()
		return fmt.Errorf("cannot make the folder of the site: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(site)) {
		if err := made.File(filepath.Join(folder, name), site[name], 0o666); err != nil {
			made.Remove()
			return fmt.Errorf("cannot write the site: %w", err)
		}
	}
	return nil
}

// checkFolder refuses a folder in which a file would be lost that is not of the lab's page: one
// that has neither an earlier page nor the beginning of this one.
func checkFolder(folder string, site map[string][]byte) error {
	_, noPage := os.Stat(filepath.Join(folder, "index.html"))
	_, noModule := os.Stat(filepath.Join(folder, module))
	if noPage == nil && noModule == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(site)) {
		path := filepath.Join(folder, name)
		if text, err := os.ReadFile(path); err == nil && !bytes.Equal(text, site[name]) {
			return fmt.Errorf("%s: this file exists and is not of the lab's page; choose another folder with -o", path)
		}
	}
	return nil
}

// addPage adds the files of the folder page, and the style of the walkthrough.
func addPage(site map[string][]byte) error {
	list, err := fs.ReadDir(files, "page")
	if err != nil {
		return err
	}
	for _, f := range list {
		if site[f.Name()], err = files.ReadFile("page/" + f.Name()); err != nil {
			return err
		}
	}
	site["walkthrough.css"] = []byte(page.Style())
	site["index.html"] = bytes.ReplaceAll(site["index.html"], []byte("POLICY"), []byte(policy()))
	return nil
}

// policy is the content security policy of the page. It allows the script and the style of a
// walkthrough, which is shown in a frame without an origin, by their digests.
func policy() string {
	return strings.Join([]string{
		"default-src 'none'", "base-uri 'none'", "form-action 'none'",
		"script-src 'self' 'wasm-unsafe-eval' '" + page.Digest(page.Walkthrough) + "'",
		"style-src 'self' '" + page.Digest(page.Style()) + "'",
		"connect-src 'self'", "img-src 'self'", "worker-src 'self' blob:", "frame-src 'self'",
	}, "; ")
}

// addModule adds what the worker runs, and Go's support for it.
func addModule(ctx context.Context, site map[string][]byte) error {
	support, wasm, err := build(ctx)
	if err != nil {
		return err
	}
	site["wasm_exec.js"] = support
	var b strings.Builder
	z, err := gzip.NewWriterLevel(&b, 7) // the best takes twice as long, and saves 0.3 %
	if err == nil {
		_, err = z.Write(wasm)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return err
	}
	site[module] = []byte(b.String())
	return nil
}

// addFirst adds what the worker says of the table of contents and the first lesson, so that
// these can be read while it is loaded.
func addFirst(site map[string][]byte) error {
	folder, err := os.MkdirTemp("", "ftplab-web-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	w := worker.New(folder)
	name := scenarios.Names()[0]
	s, err := scenarios.Load(name)
	if err != nil {
		return err
	}
	first := map[string]json.RawMessage{}
	for call, argument := range map[string]any{
		"contents": struct{}{},
		"lesson":   map[string]string{"name": name},
		"run":      map[string]string{"name": name, "source": string(s.Source)},
	} {
		text, err := json.Marshal(argument)
		if err != nil {
			return err
		}
		if first[call], err = w.Call(call, text); err != nil {
			return err
		}
	}
	site["first.json"], err = json.Marshal(first)
	return err
}

// addList writes into the service worker which files there are, and a name for all of them
// together: with another one the browser fetches them anew.
func addList(site map[string][]byte) {
	all := sha256.New()
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(site)), func(name string) bool { return name == "offline.js" })
	for _, name := range names {
		io.WriteString(all, name)
		all.Write(site[name])
	}
	list, _ := json.Marshal(names) // strings
	script := strings.ReplaceAll(string(site["offline.js"]), "VERSION", fmt.Sprintf("%x", all.Sum(nil)[:8]))
	site["offline.js"] = []byte(strings.ReplaceAll(script, `["FILES"]`, string(list)))
}
