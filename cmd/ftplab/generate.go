package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftplab/lab"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/corpus"
	"ftplab/lab/testbed/corpus/parquet"
	"ftplab/lab/traffic"
	"ftplab/scenarios/odd"
)

// generateFlags are the flags of `ftplab generate`.
type generateFlags struct {
	sessions int
	seed     uint64
	profile  string
	output   string
	write    string
	rate     float64
	duration time.Duration
	from     string
	part     int
	rotate   string
	format   string
	labels   []string
	zeek     string
	abnormal float64
	shard    string
	recipe   string
}

func generateCommand() *cobra.Command {
	var f generateFlags
	c := &cobra.Command{
		Use:   "generate",
		Short: "Generate normal FTP sessions by the thousand, each with labels",
		Long: `Generate makes random FTP sessions from a profile. The profile determines who connects
when, the commands, the transfers, how long people think, and how far away the server
is. Each session runs between a real client and a real server, on gVisor's TCP, in
virtual time.

The folder gets parts of --part sessions each. A part has captures, a table of flows with
one row for each TCP connection, and a table of transfers with their kind, user, result and
SHA-256. The result is how the transfer ended for the client: complete, failed (the last
reply is 4yz or 5yz), aborted, timeout, reset, closed, short or broken. A 226 alone does not
mean that the data arrived. A transfer that the client does not see, as in FXP, is only in
the table of flows.

A field without a value is empty in CSV, and NULL in Parquet: the user of a session without
a login, the mode of a control connection, the code of a transfer without a final reply, and
the SHA-256 of an incomplete transfer whose data did not begin. An empty file has the
SHA-256 of no bytes. The role of a flow is its purpose, even if the other host does not
answer.

The table of flows counts the bytes of frames, and the table of transfers the bytes of data.
With --rotate a flow can begin in one capture of its part and end in the next.

--abnormal mixes in sessions of these scenarios. The kind of a session is then the name of
its scenario:
` + abnormalNames() + `.
Each session has other file names, addresses and times, but the commands and the sizes of
its scenario. A program that learns from them may learn these instead of the fault.

corpus.txt is the recipe: with it, generate makes the same corpus again, byte for
byte, or says which file differs. Ctrl-C, a full disk and a killed process leave
whole parts. Give the same command again to continue. It compares the parts that are there
with their SHA-256, and names a file that has changed. It replaces no file that the recipe
does not make, and says which one is in its way.

Several processes can make one corpus together. Each makes one --shard of the parts.
The index can also come from JOB_COMPLETION_INDEX (Kubernetes) or SLURM_ARRAY_TASK_ID
(Slurm).

The profiles that come with ftplab are ` + strings.Join(traffic.Profiles(), ", ") + `;
and those of real programs, SERVER-CLIENT, such as vsftpd-curl: ` + programNames() + `.
'ftplab baseline learn' makes one from captures of your own.

The shares of sessions over IPv6 and in TLS are those of the profile. The TLS keys are in the
capture or, with -F pcap, in a file beside it.

Exit status: 0 all was made, 1 a file is not as the recipe says or has changed, 2 it could not be made.`,
		Example: `  ftplab generate --sessions 1000 --seed 7 -o corpus
  ftplab generate --rate 60 --duration 24h --from 2026-03-01 -o corpus
  ftplab baseline learn mine/*.pcap -o mine.json
  ftplab generate --sessions 1000 --profile mine.json -o corpus
  ftplab generate --recipe corpus/corpus.txt -o again
  ftplab generate --sessions 20 -w - | wireshark -k -i -`,
		Args: takesNothing,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			return f.run(ctx, c.Flags().Changed, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f.add(c.Flags())
	completes(c, "profile", completeProfiles)
	completes(c, "format", values("pcapng", "pcap"))
	completes(c, "labels", values("csv", "parquet"))
	completes(c, "zeek", values("tsv", "json"))
	return c
}

// add adds the flags to those of the command.
func (f *generateFlags) add(flags *pflag.FlagSet) {
	flags.IntVar(&f.sessions, "sessions", 0, "the number of sessions")
	seedFlag(flags, &f.seed, "the `number` that determines all random values, from 1")
	inputFileFlag(flags, &f.profile, "profile", traffic.DefaultProfile, "the profile to draw from: its name or file")
	folderFlag(flags, &f.output, "output", "o", "corpus", "the folder for the parts")
	outputFileFlag(flags, &f.write, "write", "w", "", "write one capture to this file instead, in the format of -F and without labels, and to FILE.unfinished first if the file is there; - is the standard output")
	flags.Float64Var(&f.rate, "rate", 0, "sessions per hour")
	flags.DurationVar(&f.duration, "duration", 0, "the time in which all sessions begin, such as 24h; by default as many whole days as give at most 2400 sessions a day")
	flags.StringVar(&f.from, "from", "", "the day or the time when the first sessions begin; 2026-01-05 by default")
	flags.IntVar(&f.part, "part", 5000, "sessions in a part; 1 makes a file for each session")
	flags.StringVar(&f.rotate, "rotate", "", "begin a part's next capture after this size, such as 100MB")
	flags.StringVarP(&f.format, "format", "F", string(pcapng.PCAPNG), "the captures' format: pcapng or pcap")
	flags.StringSliceVar(&f.labels, "labels", []string{"csv"}, "the formats of the labels: csv, parquet")
	flags.StringVar(&f.zeek, "zeek", "", "write Zeek's conn.log, ftp.log and files.log, too: tsv or json")
	flags.Float64Var(&f.abnormal, "abnormal", 0, "the share of sessions that are not normal, 0 to 1")
	flags.StringVar(&f.shard, "shard", "", "make only the parts of shard I of N: I/N, I from 0")
	inputFileFlag(flags, &f.recipe, "recipe", "", "make the corpus of this recipe again, and compare")
}

func (f generateFlags) run(ctx context.Context, changed func(string) bool, stdout, stderr io.Writer) error {
	g, err := f.generation(changed)
	if err != nil {
		return err
	}
	made, end := newSessionBar(stderr, g.Recipe.Sessions)
	defer end()
	g.Made = made
	if f.write != "" {
		return f.writeOne(ctx, g, stdout)
	}
	report, err := lab.Generate(ctx, g)
	end()
	if err != nil {
		return err
	}
	return printReport(stdout, g, report)
}

// generation is what the flags ask for.
func (f generateFlags) generation(changed func(string) bool) (g lab.Generation, err error) {
	if err := f.check(changed); err != nil {
		return g, err
	}
	if f.recipe != "" {
		g, err = f.fromRecipe(changed)
	} else {
		g, err = f.fromFlags()
	}
	if err != nil {
		return g, err
	}
	for _, name := range g.Recipe.Labels {
		format, err := tableFormat(name)
		if err != nil {
			return g, err
		}
		if slices.ContainsFunc(g.Tables, func(t corpus.TableFormat) bool { return t.Name == name }) {
			return g, fmt.Errorf("--labels has %s twice", name)
		}
		g.Tables = append(g.Tables, format)
	}
	if g.Recipe.Abnormal > 0 {
		if g.Abnormal, err = odd.Abnormal(); err != nil {
			return g, err
		}
	}
	g.Folder = f.output
	if g.Shard, err = corpus.ParseShard(f.shard, os.LookupEnv); err != nil {
		return g, fmt.Errorf("--shard %w", err)
	}
	return g, nil
}

// check says which flags have senseless values, or contradict each other.
func (f generateFlags) check(changed func(string) bool) error {
	for _, flag := range []struct {
		name     string
		positive bool
		value    any
	}{
		{"sessions", f.sessions > 0, f.sessions}, {"rate", f.rate > 0 && !math.IsInf(f.rate, 1), f.rate},
		{"duration", f.duration > 0, f.duration}, {"part", f.part > 0, f.part},
	} {
		if changed(flag.name) && !flag.positive {
			return fmt.Errorf("--%s %v: a positive number was expected", flag.name, flag.value)
		}
	}
	if !(f.abnormal >= 0 && f.abnormal <= 1) { // NaN, too
		return fmt.Errorf("--abnormal %v: a number from 0 to 1 was expected", f.abnormal)
	}
	for _, name := range []string{"output", "labels", "part", "rotate", "zeek", "shard", "recipe"} {
		if f.write != "" && changed(name) {
			return fmt.Errorf("--write and --%s do not go together: --write makes one capture and nothing else", name)
		}
	}
	return nil
}

// fromFlags is a generation that the flags describe.
func (f generateFlags) fromFlags() (g lab.Generation, err error) {
	r := corpus.Recipe{
		Sessions: f.sessions, Seed: f.seed, Duration: f.duration, Part: f.part, Format: f.format, Labels: f.labels, Logs: f.zeek, Abnormal: f.abnormal,
	}
	if g.Profile, r.Profile, err = lab.ReadProfile(f.profile); err != nil {
		return g, err
	}
	r.Digest = lab.DigestOf(g.Profile)
	if f.format != string(pcapng.PCAPNG) && f.format != string(pcapng.PCAP) {
		return g, fmt.Errorf("-F %s: pcapng or pcap was expected", f.format)
	}
	if r.From, err = parseFrom(f.from); err != nil {
		return g, err
	}
	if f.rotate != "" {
		var ok bool
		if r.Rotate, ok = scenario.ParseSize(f.rotate); !ok || r.Rotate < leastRotate {
			return g, fmt.Errorf("--rotate %s: a size such as 100MB was expected, of at least 64kB", f.rotate)
		}
	}
	g.Recipe, err = lab.PlanRecipe(r, f.rate)
	return g, err
}

// leastRotate is the smallest size after which captures rotate, bytes: that of a large packet.
const leastRotate = 64_000

// fromRecipe is the generation of a recipe, whose profile is beside it unless it comes
// with ftplab.
func (f generateFlags) fromRecipe(changed func(string) bool) (g lab.Generation, err error) {
	for _, name := range []string{"sessions", "seed", "rate", "duration", "from", "part", "rotate", "format", "labels", "zeek", "abnormal"} {
		if changed(name) {
			return g, fmt.Errorf("--recipe and --%s do not go together: the recipe says it", name)
		}
	}
	if g.Recipe, g.Sums, err = corpus.ReadRecipe(f.recipe); err != nil {
		return g, err
	}
	name := g.Recipe.Profile
	switch {
	case changed("profile"):
		name = f.profile
	case name == corpus.ProfileFile:
		name = filepath.Join(filepath.Dir(f.recipe), corpus.ProfileFile)
	}
	if g.Profile, _, err = lab.ReadProfile(name); err != nil {
		return g, err
	}
	if got := lab.DigestOf(g.Profile); got != g.Recipe.Digest {
		return g, fmt.Errorf("%s: the recipe was made with another profile %s: its SHA-256 is %s, and %s was expected", f.recipe, name, got, g.Recipe.Digest)
	}
	return g, nil
}

// writeOne writes one capture of all sessions.
func (f generateFlags) writeOne(ctx context.Context, g lab.Generation, stdout io.Writer) error {
	out := output{"-w", f.write}
	if err := cmp.Or(checkOutputs([]output{out}, f.profile), out.replacesOnly("capture", isCapture)); err != nil {
		return err
	}
	to, end, err := openUnfinished(f.write, stdout)
	if err != nil {
		return err
	}
	err = lab.GenerateTo(ctx, to, g)
	if endErr := end(err); err != nil && endErr != nil {
		return fmt.Errorf("%w; %w", err, endErr) // one line
	} else if err == nil {
		return endErr
	}
	return err
}

// printReport prints what was made.
func printReport(to io.Writer, g lab.Generation, r corpus.Report) error {
	w := &stickyWriter{to: to}
	fmt.Fprintf(w, "%s made", counted(r.Made, "part", "parts"))
	if r.Kept > 0 {
		fmt.Fprintf(w, ", %s there already", counted(r.Kept, "was", "were"))
	}
	printLine(w, ": %s", filepath.Join(g.Folder, corpus.RecipeFile))
	if r.Made+r.Kept == 0 {
		fmt.Fprintln(w, "there are fewer parts than shards; a smaller --part makes more of them")
	}
	for _, name := range r.Differ {
		printLine(w, "%s differs from the recipe", name)
	}
	for _, name := range r.Changed {
		printLine(w, "%s has changed since it was made: move it away and give the same command again, which makes it again", filepath.Join(g.Folder, name))
	}
	if w.err != nil {
		return w.err
	}
	if len(r.Differ) > 0 && g.Recipe.Version != lab.Version {
		fmt.Fprintf(w, "the recipe is of ftplab %s, and this is %s\n", g.Recipe.Version, lab.Version)
	}
	if len(r.Differ)+len(r.Changed) > 0 {
		return errFailed
	}
	return nil
}

// programNames are the servers and the clients of the profiles of real programs.
func programNames() string {
	var servers, clients []string
	for _, name := range traffic.Programs() {
		server, client, _ := strings.Cut(name, "-")
		servers, clients = append(servers, server), append(clients, client)
	}
	list := func(names []string) string {
		slices.Sort(names)
		return strings.Join(slices.Compact(names), ", ")
	}
	return "the servers\n" + list(servers) + ", each with\n" + list(clients)
}

// abnormalNames are the scenarios of --abnormal, in lines for the help.
func abnormalNames() string {
	var lines []string
	for names := range slices.Chunk(odd.AbnormalNames(), 7) {
		lines = append(lines, strings.Join(names, ", "))
	}
	return strings.Join(lines, ",\n")
}

// tableFormats are the formats of labels.
var tableFormats = []corpus.TableFormat{corpus.CSV, parquet.Format(lab.Version)}

func tableFormat(name string) (corpus.TableFormat, error) {
	i := slices.IndexFunc(tableFormats, func(t corpus.TableFormat) bool { return t.Name == name })
	if i < 0 {
		return corpus.TableFormat{}, fmt.Errorf("--labels %s: csv or parquet was expected", name)
	}
	return tableFormats[i], nil
}

// parseFrom reads a day or a time.
func parseFrom(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--from %s: a day such as 2026-01-05, or a time such as 2026-01-05T08:00:00Z, was expected", text)
}
