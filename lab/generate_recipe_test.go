package lab_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/pcapng"
	"ftplab/lab/testbed/corpus"
	"ftplab/lab/testbed/generate"
	"ftplab/lab/traffic"
)

// sumsOf are the digests that a folder's recipe has.
func sumsOf(t *testing.T, folder string) map[string]string {
	t.Helper()
	_, sums, err := corpus.ReadRecipe(filepath.Join(folder, corpus.RecipeFile))
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// TestGenerateAgain makes a corpus in one piece, in shards, and in pieces that were
// interrupted: it is always the same, to the byte.
func TestGenerateAgain(t *testing.T) {
	whole := sumsOf(t, generated(t, generation(t, 40, 10)).Folder)
	if len(whole) != 4*3 {
		t.Fatalf("got %d files, want 4 captures and 8 tables: %v", len(whole), whole)
	}

	shards := generation(t, 40, 10)
	for i := range 3 {
		shards.Shard = corpus.Shard{Index: i, Of: 3}
		generated(t, shards)
	}
	if got := sumsOf(t, shards.Folder); !maps.Equal(got, whole) {
		t.Errorf("in shards: got %v\nwant %v", got, whole)
	}

	cut := generation(t, 40, 10)
	ctx, cancel := context.WithCancel(t.Context())
	cut.Made = func(session int) {
		if session == 24 {
			cancel()
		}
	}
	if _, err := lab.Generate(ctx, cut); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "complete so far: 2 of 4 parts in "+cut.Folder) {
		t.Fatalf("got %v, want it to be cancelled with 2 of 4 parts", err)
	}
	recipe, err := os.ReadFile(filepath.Join(cut.Folder, corpus.RecipeFile))
	if err != nil || !strings.Contains(string(recipe), "2 of 4 parts") {
		t.Errorf("got %v, want a recipe with 2 of 4 parts:\n%s", err, recipe)
	}
	left, _ := filepath.Glob(filepath.Join(cut.Folder, "*.unfinished"))
	if len(left) > 0 {
		t.Errorf("got %v left, want nothing that is not finished", left)
	}
	cut.Made = nil
	// As of a process that was killed in the middle of a part, and of the user.
	mine := filepath.Join(cut.Folder, "part-00002-notes.txt.unfinished")
	for _, name := range []string{filepath.Join(cut.Folder, "part-00002.pcapng.0123abcd.unfinished"), mine} {
		if err := os.WriteFile(name, []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	report, err := lab.Generate(t.Context(), cut)
	if err != nil || report.Made != 2 || report.Kept != 2 {
		t.Errorf("got %+v, %v, want 2 parts made and 2 kept", report, err)
	}
	if err := os.Remove(mine); err != nil {
		t.Errorf("a file of the user's: %v", err)
	}
	if got := sumsOf(t, cut.Folder); !maps.Equal(got, whole) {
		t.Errorf("in two pieces: got %v\nwant %v", got, whole)
	}
}

// TestGenerateTwiceAtOnce makes a corpus in a folder where another process makes the same one: a
// part is whole, or is not there.
func TestGenerateTwiceAtOnce(t *testing.T) {
	g := generation(t, 4, 4)
	whole := sumsOf(t, generated(t, generation(t, 4, 4)).Folder)
	known, err := traffic.Read(bytes.NewReader(g.Profile))
	if err != nil {
		t.Fatal(err)
	}
	sessions := &generate.Corpus{Sessions: g.Recipe.Sessions, Seed: g.Recipe.Seed, Traffic: known.Traffic, From: g.Recipe.From, Duration: g.Recipe.Duration}
	process := func(ctx context.Context, made func(session int)) error {
		f := &corpus.Folder{Path: g.Folder, Recipe: g.Recipe, Tables: g.Tables, Info: pcapng.Info{Interface: "client"}}
		_, err := f.Make(ctx, sessions, corpus.Shard{}, nil, made)
		return err
	}
	begun, goOn, ended := make(chan bool), make(chan bool), make(chan error, 1)
	go func() {
		ended <- process(t.Context(), func(session int) {
			if session == 2 {
				close(begun)
				<-goOn
			}
		})
	}()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	err = process(ctx, func(session int) {
		if session == 1 {
			close(goOn)
			if err := <-ended; err == nil || !strings.Contains(err.Error(), "another process makes the same part") {
				t.Errorf("the first process: got %v", err)
			}
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the second process: got %v, want it to be cancelled", err)
	}
	if got := sumsOf(t, generated(t, g).Folder); !maps.Equal(got, whole) {
		t.Errorf("the third process: got %v\nwant %v", got, whole)
	}
}

// TestGenerateReplacesNothing finds files in the folder that the corpus would replace, before it is
// begun and when it is continued.
func TestGenerateReplacesNothing(t *testing.T) {
	const noRecipe, other = " exists, and no corpus.txt", " exists, and is not the file that the recipe makes; move it, or choose another folder with -o"
	for _, test := range []struct{ name, missing, want string }{
		{"part-00000.pcapng", corpus.RecipeFile, noRecipe},
		{corpus.ProfileFile, corpus.RecipeFile, other},
		{"part-00000.pcapng", "part-00000.flows.csv", other},
		{"part-00001.transfers.csv", "part-00001.sha256", other},
		{"part-00001.sha256", "part-00001.pcapng", other},
		{corpus.ProfileFile, "part-00001.pcapng", other},
	} {
		g := generation(t, 2, 1)
		g.Recipe.Profile = corpus.ProfileFile
		if test.missing != corpus.RecipeFile {
			generated(t, g)
		}
		path := filepath.Join(g.Folder, test.name)
		if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		os.Remove(filepath.Join(g.Folder, test.missing))
		if _, err := lab.Generate(t.Context(), g); err == nil || !strings.Contains(err.Error(), path+test.want) {
			t.Errorf("%s: got %v", test.name, err)
		}
		if text, err := os.ReadFile(path); string(text) != "mine" {
			t.Errorf("%s: got %.20q, %v, want it as it was", test.name, text, err)
		}
		if test.want != other {
			continue
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if report, err := lab.Generate(t.Context(), g); err != nil || report.Made+report.Kept != 2 {
			t.Errorf("%s: without it, got %+v, %v, want both parts", test.name, report, err)
		}
	}
}

// TestGenerateKeepsRecipe begins in folders with a recipe: one with a note of the user's, which stays
// as it is, and one from somebody else, whose digests stay however often it is continued.
func TestGenerateKeepsRecipe(t *testing.T) {
	g := generated(t, generation(t, 4, 2))
	path := filepath.Join(g.Folder, corpus.RecipeFile)
	recipe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	noted := string(recipe) + "# For the course.\n"
	if err := os.WriteFile(path, []byte(noted), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := lab.Generate(t.Context(), g); err == nil || !strings.Contains(err.Error(), path+" would be lost") {
		t.Errorf("a note: got %v", err)
	}
	if text, err := os.ReadFile(path); string(text) != noted {
		t.Errorf("a note: got %v and\n%s", err, text)
	}

	const name = "part-00001.pcapng"
	digest := sumsOf(t, g.Folder)[name]
	g.Folder = t.TempDir()
	other := strings.Replace(string(recipe), digest, strings.Repeat("0", len(digest)), 1)
	if err := os.WriteFile(filepath.Join(g.Folder, corpus.RecipeFile), []byte(other), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	g.Made = func(session int) {
		if session == 2 {
			cancel()
		}
	}
	if _, err := lab.Generate(ctx, g); !errors.Is(err, context.Canceled) || len(sumsOf(t, g.Folder)) != 2*3 {
		t.Errorf("half of it: got %v and the digests %v, want those of 6 files", err, sumsOf(t, g.Folder))
	}
	g.Made = nil
	for range 2 {
		report, err := lab.Generate(t.Context(), g)
		if err != nil || !slices.Equal(report.Differ, []string{name}) {
			t.Errorf("got %+v, %v, want %s to differ", report, err, name)
		}
	}
	if text, err := os.ReadFile(filepath.Join(g.Folder, corpus.RecipeFile)); string(text) != other {
		t.Errorf("got %v and\n%s\nwant the recipe as it was", err, text)
	}
}

// TestMistakesInRecipe reads a line whose value is no number, and files that are no recipe.
func TestMistakesInRecipe(t *testing.T) {
	for text, want := range map[string]string{
		"sessions x\n":                ":1: sessions x: a number was expected",
		"\ufeffsessions x\n":          ":1: sessions x: a number was expected",
		"[\n":                         `:1: unknown line "[": this is not a recipe, such as the corpus.txt that ftplab generate writes`,
		"# All\n" + zeros(100) + "\n": `:2: unknown line "` + zeros(40) + `": this is not a recipe, such as the corpus.txt that ftplab generate writes`,
		zeros(100_000):                " has a line that is too long: it is not a recipe, such as the corpus.txt that ftplab generate writes",
		"sessions 2\n":                " is not a recipe: it needs the lines sessions, seed, profile, from, duration, part and format",
	} {
		path := filepath.Join(t.TempDir(), corpus.RecipeFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := corpus.ReadRecipe(path); err == nil || err.Error() != path+want {
			t.Errorf("%.50q: got %v, want %s", text, err, want)
		}
	}
}

func zeros(n int) string { return strings.Repeat("0", n) }

// TestGenerateReadsWhatIsThere continues a corpus that somebody has changed: the report names the
// file, which stays as it is, and is made again when it is not there.
func TestGenerateReadsWhatIsThere(t *testing.T) {
	g := generated(t, generation(t, 4, 2))
	whole := sumsOf(t, g.Folder)
	for name, size := range map[string]int64{"part-00001.pcapng": 1000, "part-00000.flows.csv": 2000} { // a cut file, and a longer one
		path := filepath.Join(g.Folder, name)
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			report, err := lab.Generate(t.Context(), g)
			if err != nil || !slices.Equal(report.Changed, []string{name}) || report.Kept != 2 {
				t.Errorf("%s: got %+v, %v, want it to have changed", name, report, err)
			}
		}
		if there, err := os.Stat(path); err != nil || there.Size() != size {
			t.Errorf("%s: got %v, %v, want it as it was", name, there, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		report, err := lab.Generate(t.Context(), g)
		if err != nil || len(report.Changed) > 0 || report.Made != 1 || !maps.Equal(sumsOf(t, g.Folder), whole) {
			t.Errorf("%s: without it, got %+v, %v, want its part to be made again", name, report, err)
		}
	}
}

// TestRecipeSaysWhatDiffers makes a corpus from its recipe, of which one digest is wrong.
func TestRecipeSaysWhatDiffers(t *testing.T) {
	made := generated(t, generation(t, 4, 2))
	recipe, sums, err := corpus.ReadRecipe(filepath.Join(made.Folder, corpus.RecipeFile))
	if err != nil {
		t.Fatal(err)
	}
	again := lab.Generation{Recipe: recipe, Profile: made.Profile, Sums: sums, Folder: t.TempDir(), Tables: made.Tables}
	report, err := lab.Generate(t.Context(), again)
	if err != nil || len(report.Differ) > 0 {
		t.Errorf("got %+v, %v, want all as the recipe says", report, err)
	}
	again.Folder = t.TempDir()
	sums["part-00001.pcapng"] = strings.Repeat("0", 64)
	report, err = lab.Generate(t.Context(), again)
	if err != nil || !slices.Equal(report.Differ, []string{"part-00001.pcapng"}) {
		t.Errorf("got %+v, %v, want part-00001.pcapng to differ", report, err)
	}
	again.Recipe.Seed++
	if _, err := lab.Generate(t.Context(), again); err == nil || !strings.Contains(err.Error(), "another corpus") {
		t.Errorf("got %v, want the folder to be refused", err)
	}
}
