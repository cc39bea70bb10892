package lab

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/gopacket"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/zeek"
	"ftplab/lab/internal/textfile"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/corpus"
	"ftplab/lab/testbed/generate"
	"ftplab/lab/traffic"
)

// A Generation is what [Generate] makes, and where.
type Generation struct {
	// Recipe is what to make. [PlanRecipe] completes one.
	Recipe corpus.Recipe
	// Profile is what sessions are drawn from: a file of `ftplab baseline learn`.
	Profile []byte
	// Sums has the SHA-256 that each file must have, by its name; nil is any.
	Sums map[string]string

	Folder   string               // for the parts
	Shard    corpus.Shard         // of the parts; the zero one is all
	Tables   []corpus.TableFormat // of the labels
	Abnormal []*scenario.Scenario // of which are the sessions that are not normal
	Made     func(session int)    // called after each session; may be nil
}

// PlanRecipe completes a recipe that does not say how many sessions there are, or for how
// long. Rate is how many sessions an hour there are; 0 for no rate. If only the number of
// sessions is known, they take whole days.
func PlanRecipe(r corpus.Recipe, rate float64) (corpus.Recipe, error) {
	r.Version = Version
	switch {
	case r.Logs != "" && r.Logs != string(zeek.TSV) && r.Logs != string(zeek.JSON):
		return r, fmt.Errorf("--zeek %s: tsv or json was expected", r.Logs)
	case r.Logs != "" && r.Rotate > 0:
		return r, fmt.Errorf("--zeek and --rotate do not go together: a log is of a whole capture; give smaller parts with --part")
	case !(rate >= 0) || r.Sessions < 0 || r.Duration < 0: // NaN, too
		return r, fmt.Errorf("sessions, rate and duration are positive numbers")
	case r.Duration > 0 && r.Duration < time.Second:
		return r, fmt.Errorf("--duration %v: at least 1s was expected", r.Duration)
	case r.Sessions > 0 && rate > 0 && r.Duration > 0:
		return r, fmt.Errorf("--sessions, --rate and --duration do not go together: two of them give the third")
	case r.Sessions == 0 && (rate == 0 || r.Duration == 0):
		return r, fmt.Errorf("the number of sessions is missing: give --sessions, or --rate and --duration")
	case rate*r.Duration.Hours() > mostSessions || r.Sessions > mostSessions:
		return r, fmt.Errorf("more than %d sessions: give a smaller number, rate or duration", mostSessions)
	case r.Sessions == 0:
		r.Sessions = max(1, int(rate*r.Duration.Hours()))
	case r.Duration == 0 && rate > 0:
		r.Duration = time.Duration(float64(r.Sessions) / rate * float64(time.Hour)).Round(time.Second)
	case r.Duration == 0:
		r.Duration = time.Duration(1+(r.Sessions-1)/mostADay) * 24 * time.Hour
	}
	if r.Duration == 0 {
		r.Duration = time.Second
	}
	if r.From.IsZero() {
		r.From = defaultFrom
	}
	// The times of a capture are nanoseconds since 1970, in 64 bits.
	if end := r.From.Add(r.Duration); r.From.Year() < 1970 || end.Year() > 2200 {
		return r, fmt.Errorf("the sessions would begin from %s to %s; years from 1970 to 2200 are possible", r.From.Format(time.DateOnly), end.Format(time.DateOnly))
	}
	return r, nil
}

// mostSessions is how many sessions a corpus has at most.
const mostSessions = 1_000_000_000

// mostADay is how many sessions begin on a day if nothing says how long they take: those of
// whole days have the profile's hours.
const mostADay = 2400

// defaultFrom is a Monday.
var defaultFrom = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

// corpus is what the generation draws from.
func (g Generation) corpus() (*generate.Corpus, error) {
	known, err := traffic.Read(bytes.NewReader(g.Profile))
	if err != nil {
		return nil, err
	}
	return &generate.Corpus{
		Sessions: g.Recipe.Sessions, Seed: g.Recipe.Seed, Traffic: known.Traffic, From: g.Recipe.From, Duration: g.Recipe.Duration,
		Abnormal: g.Recipe.Abnormal, Odd: g.Abnormal,
	}, nil
}

// generatedInfo is what the captures of a corpus say about themselves.
func generatedInfo(r corpus.Recipe) pcapng.Info {
	return pcapng.Info{
		Application: "ftplab " + Version,
		Comment:     fmt.Sprintf("FTP sessions drawn from the profile %s with the seed %d. %s has the recipe.", r.Profile, r.Seed, corpus.RecipeFile),
		Interface:   "client", System: "gVisor's TCP in virtual time",
	}
}

// DigestOf is the SHA-256 of a profile, as a recipe has it.
func DigestOf(profile []byte) string {
	sum := sha256.Sum256(profile)
	return hex.EncodeToString(sum[:])
}

// Generate makes sessions that are drawn from a profile: captures and labels, in parts, and
// the recipe that makes them again. See [corpus.Folder.Make].
func Generate(ctx context.Context, g Generation) (corpus.Report, error) {
	c, err := g.corpus()
	if err != nil {
		return corpus.Report{}, err
	}
	done, err := takeTurn(ctx)
	if err != nil {
		return corpus.Report{}, err
	}
	defer done()
	f := &corpus.Folder{Path: g.Folder, Recipe: g.Recipe, Info: generatedInfo(g.Recipe), Tables: g.Tables}
	if g.Recipe.Profile == corpus.ProfileFile {
		f.Profile = g.Profile
	}
	if g.Recipe.Logs != "" {
		f.Logs = func(captures []string, create func(string) (io.WriteCloser, error)) error {
			return writeLogs(captures, zeek.Format(g.Recipe.Logs), create)
		}
	}
	return f.Make(ctx, c, g.Shard, g.Sums, g.Made)
}

// writeLogs writes the logs that Zeek would have written of a part, from its capture.
func writeLogs(captures []string, format zeek.Format, create func(string) (io.WriteCloser, error)) error {
	for _, name := range captures {
		c, err := capture.Open(name, capture.Options{})
		if err != nil {
			return err
		}
		err = zeek.Write(c, format, func(name string) (io.WriteCloser, error) { return create(name + ".log") })
		if c.Close(); err != nil {
			return err
		}
	}
	return nil
}

// GenerateTo writes the frames of all sessions to w as one capture, without labels.
func GenerateTo(ctx context.Context, w io.Writer, g Generation) error {
	c, err := g.corpus()
	if err != nil {
		return err
	}
	maker, err := generate.NewMaker(c)
	if err != nil {
		return err
	}
	done, err := takeTurn(ctx)
	if err != nil {
		return err
	}
	defer done()
	capture, err := pcapng.NewWriter(w, pcapng.Format(g.Recipe.Format), generatedInfo(g.Recipe))
	if err != nil {
		return err
	}
	known := generate.Keys{}
	stats := pcapng.Stats{Began: g.Recipe.From, Ended: g.Recipe.From}
	err = maker.Make(ctx, 0, g.Recipe.Sessions, generate.Output{
		Frame: func(at int64, data []byte, keys string) error {
			if g.Recipe.Format == string(pcapng.PCAPNG) && known.Lacks(keys) {
				if err := capture.Secrets(keys); err != nil {
					return err
				}
			}
			stats.Received++
			stats.Ended = time.Unix(0, at).UTC()
			return capture.WritePacket(gopacket.CaptureInfo{Timestamp: stats.Ended, CaptureLength: len(data), Length: len(data)}, data)
		},
		Flow:     func(*generate.Flow) error { return nil },
		Transfer: func(*generate.Transfer) error { return nil },
		Made:     g.Made,
	})
	if err != nil {
		capture.Flush()
		return err
	}
	return capture.Close(stats)
}

// ReadProfile reads a profile for [Generate]: one that comes with ftplab, by its name, or
// a file. Name is how a recipe names it.
func ReadProfile(nameOrFile string) (profile []byte, name string, err error) {
	if profile, ok := traffic.Profile(nameOrFile); ok {
		return profile, nameOrFile, nil
	}
	profile, err = textfile.ReadFile(nameOrFile, traffic.MaxFile)
	if err != nil {
		return nil, "", WithProfiles(err, nameOrFile)
	}
	if _, err := traffic.Read(bytes.NewReader(profile)); err != nil {
		return nil, "", traffic.InFile(nameOrFile, err)
	}
	return profile, corpus.ProfileFile, nil
}

// WithProfiles returns an error of reading a profile. If the name is neither that of a file nor one of
// ftplab's profiles, the error says which profiles there are.
func WithProfiles(err error, nameOrFile string) error {
	_, linkErr := os.Lstat(nameOrFile) // it may be a link to what is not there
	if !errors.Is(err, fs.ErrNotExist) || linkErr == nil || filepath.Base(nameOrFile) != nameOrFile {
		return err
	}
	return fmt.Errorf("there is no profile %q: neither a file nor one of ftplab's; %s", nameOrFile, suggestProfile(nameOrFile))
}

// MeantProfile is the profile that comes with ftplab and whose name is most similar to another
// one; "" if none is.
func MeantProfile(name string) string {
	return scenario.Nearest(name, slices.Concat(traffic.Profiles(), traffic.Programs()))
}

// suggestProfile is the end of a message about an unknown profile: a similar name or, if there is
// none, which there are.
func suggestProfile(name string) string {
	if meant := MeantProfile(name); meant != "" {
		return fmt.Sprintf("did you mean %s?", meant)
	}
	programs := traffic.Programs()
	return fmt.Sprintf("these are %s, and those of real programs, SERVER-CLIENT, such as %s; `ftplab help generate` lists all",
		strings.Join(traffic.Profiles(), ", "), programs[len(programs)-1])
}
