// Package corpus writes generated sessions to a folder: parts, each with captures and
// labels, and a recipe from which anybody can make them again.
//
// A part is a fixed number of successive sessions, and depends only on the recipe.
// So several processes can make a corpus, each a [Shard] of its parts; a killed
// process can continue; and one machine can check what another one made.
package corpus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/generate"
)

// A Folder is a corpus on disk.
type Folder struct {
	Path    string
	Recipe  Recipe
	Profile []byte // of the user's own, to be kept in the folder; nil for one that comes with ftplab
	Info    pcapng.Info
	Tables  []TableFormat

	shard Shard            // that is being made
	own   string           // in the names of this process's files until they are complete
	known map[string][]sum // digests of the files of parts that are complete, by the part's name
	made  int              // parts that this process has completed

	earlier map[string]string // digests, by file, of the recipe that was in the folder, which no part there has

	// Logs, if it is set, writes logs of a part from its captures, to files that create
	// creates, by name.
	Logs func(captures []string, create func(name string) (io.WriteCloser, error)) error
}

// A Report says which parts of a corpus were made.
type Report struct {
	Made, Kept int      // parts, of this shard; those kept were complete before
	Differ     []string // files that were made otherwise than the recipe says
	Changed    []string // files of parts that were kept that somebody has changed since
}

// Make makes the parts of a shard that are not complete. Sums has the digest that each
// file must have, by its name; a file without one has any, or the one in the recipe that is
// in the folder. It calls made with the number of each
// session that was made or was there. When it is interrupted, or the disk is full, all
// parts that were completed stay. The recipe says how many they are, and so does the error.
func (f *Folder) Make(ctx context.Context, c *generate.Corpus, shard Shard, sums map[string]string, made func(session int)) (Report, error) {
	var report Report
	maker, err := generate.NewMaker(c)
	if err != nil {
		return report, err
	}
	f.shard, f.known, f.own = shard, map[string][]sum{}, fmt.Sprintf(".%08x", rand.Uint32())
	if err := f.begin(); err != nil {
		return report, err
	}
	must := map[string]string{}
	maps.Copy(must, f.earlier)
	maps.Copy(must, sums)
	for number := range f.Recipe.parts() {
		if !shard.has(number) {
			continue
		}
		if err := f.bring(ctx, maker, number, must, made, &report); err != nil {
			return report, f.incomplete(ctx, err)
		}
	}
	return report, f.writeRecipe()
}

// bring makes a part that is not complete, and compares its files with the digests they must have.
// The files of a complete part must also be as they were when it was made: to read them takes
// about a hundredth of the time of making them.
func (f *Folder) bring(ctx context.Context, maker *generate.Maker, number int, sums map[string]string, made func(int), report *Report) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.complete(number) {
		report.Kept++
		changed, err := f.changed(number)
		if err != nil {
			return err
		}
		report.Changed = append(report.Changed, changed...)
	} else {
		if err := f.make(ctx, maker, number, made); err != nil {
			return fmt.Errorf("%s: %w", partName(number), err)
		}
		report.Made++
		if err := f.updateRecipe(); err != nil {
			return err
		}
	}
	differ, err := f.compare(number, sums)
	report.Differ = append(report.Differ, differ...)
	return err
}

// incomplete says how far a shard is that could not be completed, and has the recipe say it of
// the corpus.
func (f *Folder) incomplete(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if unwritten := f.writeRecipe(); unwritten != nil {
		err = fmt.Errorf("%w; %s is out of date: %w", err, RecipeFile, unwritten)
	}
	complete, all := 0, 0
	for number := range f.Recipe.parts() {
		if f.shard.has(number) {
			all++
			if f.complete(number) {
				complete++
			}
		}
	}
	return fmt.Errorf("%w; complete so far: %d of %d parts%s in %s; to continue, give the same command again", err, complete, all, f.shard.suffix(), f.Path)
}

// begin prepares the folder. One with another corpus, or with files that this corpus would
// replace, stays as it is.
func (f *Folder) begin() error {
	if err := os.MkdirAll(f.Path, 0o777); err != nil {
		return err
	}
	part, err := f.anyPart() // before the recipe is read, which each shard writes first
	if err != nil {
		return err
	}
	f.earlier, err = f.readRecipe()
	switch {
	case errors.Is(err, os.ErrNotExist) && part != "":
		return fmt.Errorf("%s exists, and no %s beside it says that it is of this corpus; choose another folder with -o", filepath.Join(f.Path, part), RecipeFile)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	complete, _, err := f.sums()
	if err != nil {
		return err
	}
	for _, s := range complete {
		if f.earlier[s.file] == s.digest {
			delete(f.earlier, s.file)
		}
	}
	if f.Profile != nil {
		if err := f.writeNew(ProfileFile, string(f.Profile)); err != nil {
			return err
		}
	}
	if err := f.sweep(); err != nil {
		return err
	}
	return f.writeRecipe()
}

// anyPart returns the name of a file in the folder that may be of a part, "" if there is none.
func (f *Folder) anyPart() (string, error) {
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		var number int
		if _, err := fmt.Sscanf(e.Name(), "part-%d", &number); err == nil {
			return e.Name(), nil
		}
	}
	return "", nil
}

// complete reports whether a part is there, with all of its files.
func (f *Folder) complete(number int) bool {
	sums, err := f.sumsOf(partName(number))
	if err != nil || len(sums) == 0 {
		return false
	}
	return !slices.ContainsFunc(sums, func(s sum) bool {
		_, err := os.Stat(filepath.Join(f.Path, s.file))
		return err != nil
	})
}

// changed returns the files of a complete part that are not as they were when it was made.
func (f *Folder) changed(number int) (all []string, err error) {
	sums, err := f.sumsOf(partName(number))
	if err != nil {
		return nil, err
	}
	for _, s := range sums {
		got, err := content.SumFile(filepath.Join(f.Path, s.file))
		if err != nil {
			return nil, err
		}
		if got.String() != s.digest {
			all = append(all, s.file)
		}
	}
	return all, nil
}

// compare returns the files of a part that were made with another digest than the one that was
// expected.
func (f *Folder) compare(number int, want map[string]string) (differ []string, err error) {
	sums, err := f.sumsOf(partName(number))
	if err != nil {
		return nil, err
	}
	for _, s := range sums {
		if known, ok := want[s.file]; ok && known != s.digest {
			differ = append(differ, s.file)
		}
	}
	return differ, nil
}
