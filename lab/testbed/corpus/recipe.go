package corpus

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftplab/lab/internal/textfile"
)

// A Recipe is all that a corpus depends on. Of the profile it has the SHA-256. As text it is
// a list of lines `key value`; see String.
type Recipe struct {
	Version  string // of ftplab
	Sessions int
	Seed     uint64
	Profile  string // the name of one that comes with ftplab, or ProfileFile
	Digest   string // SHA-256 of the profile, in hexadecimal
	From     time.Time
	Duration time.Duration
	Part     int      // sessions of a part
	Format   string   // of the captures: pcapng or pcap
	Rotate   int64    // bytes after which a part begins its next capture; 0 is never
	Labels   []string // formats
	Logs     string   // format of Zeek's logs; "" is none
	Abnormal float64
}

// Names of the files of a corpus, besides its parts.
const (
	RecipeFile  = "corpus.txt"
	ProfileFile = "profile.json" // a copy of a profile of the user's own
	sumsSuffix  = ".sha256"
)

// parts is how many parts there are.
func (r Recipe) parts() int { return (r.Sessions + r.Part - 1) / r.Part }

// partName is the name of a part: that of its files without what follows the dot.
func partName(number int) string { return fmt.Sprintf("part-%05d", number) }

// settings are the lines of a recipe without the digests.
func (r Recipe) settings() string {
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s %s\n", key, value)
		}
	}
	line("ftplab", r.Version)
	line("sessions", strconv.Itoa(r.Sessions))
	line("seed", strconv.FormatUint(r.Seed, 10))
	line("profile", r.Profile+" "+r.Digest)
	line("from", r.From.UTC().Format(time.RFC3339))
	line("duration", r.Duration.String())
	line("part", strconv.Itoa(r.Part))
	line("format", r.Format)
	if r.Rotate > 0 {
		line("rotate", strconv.FormatInt(r.Rotate, 10))
	}
	line("labels", strings.Join(r.Labels, " "))
	line("zeek", r.Logs)
	if r.Abnormal > 0 {
		line("abnormal", strconv.FormatFloat(r.Abnormal, 'g', -1, 64))
	}
	return b.String()
}

// differing says of two recipes how the settings of one differ from those wanted.
func differing(there, wanted Recipe) string {
	old, now := strings.Split(there.settings(), "\n"), strings.Split(wanted.settings(), "\n")
	var all []string
	for _, line := range old {
		if !slices.Contains(now, line) {
			all = append(all, fmt.Sprintf("it has %q", line))
		}
	}
	for _, line := range now {
		if !slices.Contains(old, line) {
			all = append(all, fmt.Sprintf("%q was wanted", line))
		}
	}
	return strings.Join(all, ", ")
}

// isRecipe says what a recipe is.
const isRecipe = "such as the " + RecipeFile + " that ftplab generate writes"

// ReadRecipe reads a recipe, and the SHA-256 of each file that it names.
func ReadRecipe(path string) (r Recipe, sums map[string]string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return r, nil, err
	}
	defer file.Close()
	sums = map[string]string{}
	lines := bufio.NewScanner(textfile.NewReader(file))
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		if err := r.set(text, sums); err != nil {
			return r, nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return r, nil, fmt.Errorf("%s has a line that is too long: it is not a recipe, %s", path, isRecipe)
	} else if err != nil {
		return r, nil, err
	}
	if r.Sessions < 1 || r.Part < 1 || r.Duration <= 0 || r.Digest == "" || r.Format == "" {
		return r, nil, fmt.Errorf("%s is not a recipe: it needs the lines sessions, seed, profile, from, duration, part and format", path)
	}
	return r, sums, nil
}

// set takes a line of a recipe.
func (r *Recipe) set(text string, sums map[string]string) (err error) {
	key, value, _ := strings.Cut(text, " ")
	value = strings.TrimSpace(value)
	if len(key) == 64 {
		sums[value] = key
		return nil
	}
	switch key {
	case "ftplab":
		r.Version = value
	case "sessions":
		r.Sessions, err = strconv.Atoi(value)
	case "seed":
		r.Seed, err = strconv.ParseUint(value, 10, 64)
	case "profile":
		r.Profile, r.Digest, _ = strings.Cut(value, " ")
	case "from":
		r.From, err = time.Parse(time.RFC3339, value)
	case "duration":
		r.Duration, err = time.ParseDuration(value)
	case "part":
		r.Part, err = strconv.Atoi(value)
	case "format":
		r.Format = value
		if value != "pcapng" && value != "pcap" {
			err = errors.New("pcapng or pcap was expected")
		}
	case "rotate":
		r.Rotate, err = strconv.ParseInt(value, 10, 64)
	case "labels":
		r.Labels = strings.Fields(value)
	case "zeek":
		r.Logs = value
	case "abnormal":
		r.Abnormal, err = strconv.ParseFloat(value, 64)
	default:
		return fmt.Errorf("unknown line %.40q: this is not a recipe, %s", text, isRecipe)
	}
	if _, ok := errors.AsType[*strconv.NumError](err); ok {
		err = errors.New("a number was expected")
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", key, value, err)
	}
	return nil
}

// updateRecipe writes the recipe if it lacks a hundredth of all parts. Of a corpus of many small
// parts it would otherwise be most of what is written.
func (f *Folder) updateRecipe() error {
	if f.made++; f.made%max(1, f.Recipe.parts()/100) != 0 {
		return nil
	}
	return f.writeRecipe()
}

// writeRecipe writes the recipe with the digests of all parts that are complete. Several
// shards may do so at once: the last one to write it has looked since.
func (f *Folder) writeRecipe() error {
	for {
		sums, complete, err := f.sums()
		if err != nil {
			return err
		}
		if err := f.writeWhole(filepath.Join(f.Path, RecipeFile), f.recipeText(f.wanted(sums), complete)); err != nil {
			return err
		}
		if _, now, err := f.sums(); err != nil || now == complete {
			return err
		}
	}
}

func (f *Folder) recipeText(sums []sum, complete int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# FTP sessions. This file is their recipe: `ftplab generate --recipe %s -o FOLDER`\n# makes them again, to the byte, and says which part differs.\n", RecipeFile)
	if all := f.Recipe.parts(); complete < all {
		fmt.Fprintf(&b, "# It is not complete: it has %d of %d parts. The same command continues it.\n", complete, all)
	}
	b.WriteString("\n" + f.Recipe.settings() + "\n")
	for _, s := range sums {
		fmt.Fprintf(&b, "%s  %s\n", s.digest, s.file)
	}
	return b.String()
}

var incompleteRecipe = regexp.MustCompile(`(?m)^# It is not complete: it has (\d+) of `)

// readRecipe reads the recipe that is in the folder, and the digests in it. It returns an error if that
// has something else, which is the user's and would be lost: another corpus, or a note.
func (f *Folder) readRecipe() (digests map[string]string, err error) {
	path := filepath.Join(f.Path, RecipeFile)
	there, digests, err := ReadRecipe(path)
	if err != nil {
		return nil, err
	}
	if there.settings() != f.Recipe.settings() {
		return nil, fmt.Errorf("%s is of another corpus: %s; choose another folder with -o, or give the same flags", path, differing(there, f.Recipe))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	complete := f.Recipe.parts()
	if number := incompleteRecipe.FindSubmatch(text); number != nil {
		complete, _ = strconv.Atoi(string(number[1]))
	}
	if string(text) != f.recipeText(sorted(digests), complete) {
		return nil, fmt.Errorf("%s would be lost: it is not as ftplab wrote it; move it, or choose another folder with -o", path)
	}
	return digests, nil
}

// wanted has the digests of files, but those of the earlier recipe if it has others: they are
// perhaps all that is known of the corpus of somebody else.
func (f *Folder) wanted(sums []sum) []sum {
	if len(f.earlier) == 0 {
		return sums
	}
	all := maps.Clone(f.earlier)
	for _, s := range sums {
		if _, ok := all[s.file]; !ok {
			all[s.file] = s.digest
		}
	}
	return sorted(all)
}

// sorted has digests by the name of the file, in order.
func sorted(digests map[string]string) (all []sum) {
	for _, file := range slices.Sorted(maps.Keys(digests)) {
		all = append(all, sum{digests[file], file})
	}
	return all
}

// A sum is the digest of a file.
type sum struct{ digest, file string }

// sums are the digests of the files of all parts that are complete, and how many
// parts that are.
func (f *Folder) sums() (all []sum, complete int, err error) {
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		return nil, 0, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "part-") || !strings.HasSuffix(e.Name(), sumsSuffix) {
			continue
		}
		part, err := f.sumsOf(strings.TrimSuffix(e.Name(), sumsSuffix))
		if err != nil {
			return nil, 0, err
		}
		complete++
		all = append(all, part...)
	}
	slices.SortFunc(all, func(a, b sum) int { return cmp.Compare(a.file, b.file) })
	return all, complete, nil
}

// sumsOf are the digests of the files of a part that is complete. They are read once.
func (f *Folder) sumsOf(part string) ([]sum, error) {
	if known, ok := f.known[part]; ok {
		return known, nil
	}
	text, err := os.ReadFile(filepath.Join(f.Path, part+sumsSuffix))
	if err != nil {
		return nil, err
	}
	var sums []sum
	for line := range strings.Lines(string(text)) {
		if digest, file, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			sums = append(sums, sum{digest, file})
		}
	}
	f.known[part] = sums
	return sums, nil
}
