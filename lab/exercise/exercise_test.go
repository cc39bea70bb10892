package exercise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"ftplab/lab/analysis/question"
	"ftplab/lab/internal/pagetest"
	"ftplab/lab/scenario"
	"ftplab/scenarios"
)

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "ftplab-class-"); err != nil {
		panic(err)
	}
	pagetest.Main(m, func() { os.RemoveAll(scratch) })
}

// scratch is a folder for what all tests share.
var scratch string

func load(t testing.TB, names ...string) []*scenario.Scenario {
	t.Helper()
	var list []*scenario.Scenario
	for _, name := range names {
		s, err := scenarios.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

func class(n int) []Student {
	var students []Student
	for i := range n {
		students = append(students, Student{fmt.Sprintf("s%d", i+1), fmt.Sprintf("Student %d", i+1)})
	}
	return students
}

// thirty is a class of thirty with all lessons, made once for all tests; with -short it
// is one of nine.
var thirty = sync.OnceValues(func() (string, error) {
	var lessons []*scenario.Scenario
	for _, name := range scenarios.Lessons().Names {
		s, err := scenarios.Load(name)
		if err != nil {
			return "", err
		}
		lessons = append(lessons, s)
	}
	size := 30
	if testing.Short() {
		size = 9
	}
	folder := filepath.Join(scratch, "class")
	return folder, Make(context.Background(), Plan{lessons, class(size), 7}, folder)
})

func theThirty(t testing.TB) (string, key) {
	t.Helper()
	folder, err := thirty()
	if err != nil {
		t.Fatal(err)
	}
	k, err := readKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	return folder, k
}

// capturesOf are the captures of a paper, one after the other.
func capturesOf(t *testing.T, folder string, p Paper) []byte {
	t.Helper()
	var all []byte
	for _, name := range p.Captures {
		capture, err := os.ReadFile(filepath.Join(folder, "students", p.Student.ID, p.Lesson, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, capture...)
	}
	return all
}

// The student's index has the lessons in the order of our table of contents, whatever the
// order on the command line is, and says how long each takes and how to hand in.
func TestIndex(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "class")
	if err := Make(t.Context(), Plan{load(t, "how_far_away", "who_connects"), class(1), 1}, folder); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(folder, "students", "s1", "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	html, from := string(page), 0
	for _, want := range []string{"in order of difficulty", "Who connects to whom?", "11 questions, about 20 minutes", "How far away is the server?", "about 25 minutes", "How to hand in", "s1-who_connects.csv"} {
		i := strings.Index(html[from:], want)
		if i < 0 {
			t.Fatalf("%q is not there, or not after what should be in front of it", want)
		}
		from += i
	}
}

// Who writes the frame of a copy is right as well: the network may deliver a packet twice.
func TestCopiesOfFrames(t *testing.T) {
	_, k := theThirty(t)
	copies := 0
	for _, l := range k.Lessons {
		for _, p := range l.Papers {
			for _, a := range p.Answers {
				if a.Kind == question.Frame && a.Any && len(a.Frames) == 2 {
					copies++
					for _, n := range a.Frames {
						if ok, why := a.Grade(strconv.Itoa(n)); !ok {
							t.Errorf("%s of %s, frame %d: %s", l.Name, p.Student.ID, n, why)
						}
					}
				}
			}
		}
	}
	if copies == 0 && !testing.Short() {
		t.Error("no packet that is asked for has a copy")
	}
}

// Two thirds of the class have answers that are not those of the lesson as it is written,
// in every question that is not a choice; two thirds of all pairs of students have no such
// answer in common, and no two students have the same capture.
func TestStudentsHaveOtherAnswers(t *testing.T) {
	folder, k := theThirty(t)
	for _, l := range k.Lessons {
		original, err := try(t.Context(), load(t, l.Name)[0], nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		other, pairs, apart, captures := 0, 0, 0, map[string]string{}
		for i, p := range l.Papers {
			if nothingInCommon(p.Answers, original.answers) {
				other++
			}
			for _, q := range l.Papers[:i] {
				pairs++
				if nothingInCommon(p.Answers, q.Answers) {
					apart++
				}
			}
			capture := capturesOf(t, folder, p)
			if twin, ok := captures[string(capture)]; ok {
				t.Errorf("%s: %s and %s have the same capture", l.Name, twin, p.Student.ID)
			}
			captures[string(capture)] = p.Student.ID
		}
		if want := len(l.Papers) * 2 / 3; other < want {
			t.Errorf("%s: %d students have other answers everywhere, want %d", l.Name, other, want)
		}
		if want := pairs * 2 / 3; apart < want {
			t.Errorf("%s: %d of %d pairs of students have no answer in common, want %d", l.Name, apart, pairs, want)
		}
	}
}

// nothingInCommon reports whether two papers have different answers to every question that
// is not a choice.
func nothingInCommon(a, b []question.Answer) bool {
	for i := range a {
		if a[i].Kind != question.Choice && sameAnswer(a[i], b[i]) {
			return false
		}
	}
	return true
}

// The story of each lesson says how long it takes: 20 to 45 minutes.
func TestLengthOfLessons(t *testing.T) {
	about := regexp.MustCompile(`(?m)^About (\d+) minutes\. `)
	for _, s := range load(t, scenarios.Lessons().Names...) {
		m := about.FindStringSubmatch(s.Story)
		if m == nil {
			t.Errorf("%s does not say how many minutes it takes:\n%s", s.Name, s.Story)
		} else if n, _ := strconv.Atoi(m[1]); n < 20 || n > 45 {
			t.Errorf("%s takes %d minutes, want 20 to 45", s.Name, n)
		}
	}
}

// sameAnswer reports whether two answers are the same one; for any of some frames, whether
// these are the same frames.
func sameAnswer(a, b question.Answer) bool {
	if a.Any {
		return slices.Equal(a.Frames, b.Frames)
	}
	right, _ := b.Grade(a.Right)
	return right
}

// What is handed out says nothing of the answers: no comment in the capture, and no
// right answer on the page.
func TestNothingIsGivenAway(t *testing.T) {
	folder, k := theThirty(t)
	for _, p := range k.papers("s3") {
		capture := capturesOf(t, folder, p)
		page, err := os.ReadFile(filepath.Join(folder, "students", "s3", p.Lesson, "questions.html"))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range p.Answers {
			if a.Reason != "" && (bytes.Contains(page, []byte(a.Reason)) || bytes.Contains(capture, []byte(a.Reason))) {
				t.Errorf("%s: the reason %q is handed out", p.Lesson, a.Reason)
			}
		}
		for _, word := range []string{p.Title, p.Lesson, "want", "ftplab run"} {
			if bytes.Contains(capture, []byte(word)) {
				t.Errorf("%s: the capture has the text %q", p.Lesson, word)
			}
		}
	}
}

// The title of a paper has the names of the student's variant, as its story and its questions do.
func TestTitleOfVariant(t *testing.T) {
	const text = "Emma uploads photo.jpg to 192.0.2.21"
	s, err := scenario.Parse("titled.txtar", []byte("# "+text+"\n# "+text+`
network wire
host server 192.0.2.21
user emma raspberry
local photo.jpg 5kB
open
login emma raspberry
put photo.jpg
quit
-- want --
ctl client.* > server.21
up client.* > server.*
ctl ...
up ...
-- questions --
`+text+`. Who logs in?
    text = ctl.user
`))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "one")
	if err := Make(t.Context(), Plan{[]*scenario.Scenario{s}, class(1), 1}, folder); err != nil {
		t.Fatal(err)
	}
	k, err := readKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	p := k.papers("s1")[0]
	if p.Title == text || p.Title != p.Story || p.Answers[0].Text != p.Title+". Who logs in?" {
		t.Errorf("got the title %q, the story %q and the question %q", p.Title, p.Story, p.Answers[0].Text)
	}
}

// The list of packets shows the dialogue with a server at another port, however short it is.
func TestListOfAnotherPort(t *testing.T) {
	s, err := scenario.Parse("busy.txtar", []byte("# A greeting\nserver port=2121\nopen\nclose\n"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := record(t.Context(), s, s, 1)
	if err != nil {
		t.Fatal(err)
	}
	list, err := listPackets(recording{capture: file, of: s})
	if text := strings.Join(list.Lines, "\n"); err != nil || !strings.Contains(text, "FTP: 220 ") {
		t.Errorf("got error %v and\n%s\nwant the greeting", err, text)
	}
}

// The same plan makes the same files, and nothing that is there is replaced.
func TestMakeAgain(t *testing.T) {
	plan := Plan{load(t, "who_connects"), class(2), 3}
	folder := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := Make(t.Context(), plan, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	first, second := os.DirFS(filepath.Join(folder, "a")), os.DirFS(filepath.Join(folder, "b"))
	fs.WalkDir(first, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		one, err := fs.ReadFile(first, path)
		if err != nil {
			return err
		}
		if other, _ := fs.ReadFile(second, path); !bytes.Equal(one, other) {
			t.Errorf("%s differs", path)
		}
		return nil
	})
	if err := Make(t.Context(), plan, filepath.Join(folder, "a")); err == nil || !strings.Contains(err.Error(), "exists; choose another folder") {
		t.Errorf("got %v, want that the folder exists", err)
	}
	plan.Lessons = load(t, "active_list")
	if err := Make(t.Context(), plan, filepath.Join(folder, "c")); err == nil || !strings.Contains(err.Error(), "no section questions") {
		t.Errorf("got %v, want that there are no questions", err)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 2 {
		t.Errorf("got %d folders, want 2: something was left", len(entries))
	}
}

// TestMistakesInLessons makes exercises of lessons with mistakes. Each is reported with its line in the file, and
// without advice about runs.
func TestMistakesInLessons(t *testing.T) {
	const steps = "# x\nnetwork wire\nopen\nlogin anonymous\nactive\nls\nquit\n"
	const sections = "-- want --\nctl client.* > server.21\ndata server.20 > client.*\nctl ...\ndata ...\n" +
		"-- figures --\ndata.bytes.server = 0 ± 1000\n"
	const twin = "-- questions --\nWhich shows more?\n\tchoice first: the first one | second: the second one = most capture.data\n"
	for source, want := range map[string]string{
		steps + sections + "-- questions --\nWho opens it?\n\tchoice client: the client | nobody: nobody = data.opened-by\n": "x.txtar:17: ",
		steps + sections + twin + "-- twin --\nopen\ngett x\nquit\n":                                                         "x.txtar:20: unknown",
		steps + sections + twin + "-- twin --\nopen\nlogin anonymous\nget x\nquit\n":                                         "x.txtar:21: get x",
	} {
		s, err := scenario.Parse("x.txtar", []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		err = Make(t.Context(), Plan{[]*scenario.Scenario{s}, class(1), 1}, filepath.Join(t.TempDir(), "monday"))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "-w") {
			t.Errorf("got %v\nwant %s...", err, want)
		}
	}
}

// TestMakeSaysWhyNot makes exercises in a folder that cannot be made, and is interrupted.
func TestMakeSaysWhyNot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	plan := Plan{load(t, "who_connects"), class(1), 1}
	for folder, exists := range map[string]bool{file: true, filepath.Join(file, "monday"): false} {
		if err := Make(t.Context(), plan, folder); err == nil || strings.Contains(err.Error(), "exists") != exists {
			t.Errorf("%s: got %v", folder, err)
		}
	}
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 250)) // too long for the name until it is complete
	if err := Make(t.Context(), plan, long); err == nil || !strings.Contains(err.Error(), " "+long+": ") {
		t.Errorf("a long name: got %v, want it to be named", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupt signal received"))
	folder := filepath.Join(t.TempDir(), "monday")
	if err := Make(ctx, plan, folder); err == nil || !strings.HasSuffix(err.Error(), "monday is not made: interrupt signal received") {
		t.Errorf("interrupted: got %v", err)
	}
}

func TestReadStudents(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"Anna,\nBen,,\n", "anna/Anna ben/Ben"},
		{"name,room\nAnna,7\nBen\n", "anna/Anna ben/Ben"},
		{"Anna\nBen\n", "anna/Anna ben/Ben"},
		{"Name;ID\nAnna Łuk;7\n", "7/Anna Łuk"},
		{"id,name\na1,Anna\n\nb2,Ben", "a1/Anna b2/Ben"},
		{"id\tname\na1\tAnna, B.\n\tBen\n", "a1/Anna, B. ben/Ben"},
		{"\ufeffname\n\"Müller, Cleo\"\n", "müller-cleo/Müller, Cleo"},
		{"../../etc\n", "etc/../../etc"},
		{"CON\nNul.x\nCom1\nConny\ncom10", "con_/CON nul_.x/Nul.x com1_/Com1 conny/Conny com10/com10"},
	} {
		students, err := parseStudents([]byte(test.text), "class.csv")
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		var got []string
		for _, s := range students {
			got = append(got, s.ID+"/"+s.Name)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%q: got %s, want %s", test.text, got, test.want)
		}
	}
	for _, test := range []struct{ text, want string }{
		{"", "class.csv: there is no student"},
		{"Ben\nAnn,Smith\n", "class.csv:2: this line has 2 cells, and without names of columns in the first line, such as `id,name`, each line is one name; a name with a ',' needs double quotes around it"},
		{"id,name\n7,Smith, Ann\n", "class.csv:2: this line has 3 cells, and the first line names 2; a name with a ',' needs double quotes around it"},
		{"id,name\n", "class.csv: there is no student"},
		{"Anna\n" + strings.Repeat("b", 256) + "\n", "class.csv:2: the folder bbbbbbbbbbbbbbbbbbbb... would have a name of 256 bytes"},
		{"Anna\nanna\n", "class.csv:2: anna would have the same folder as the student of line 1"},
		{"Con\ncon_\n", "class.csv:2: con_ would have the same folder as the student of line 1"},
		{"Anna\n...\n", `class.csv:2: the name "..." cannot name a folder; it needs a letter or a digit, or an id`},
		{"id,name\n—,Ada\n", `class.csv:2: the id "—" cannot name a folder; it needs a letter or a digit`},
		{"Ada\x00 L\n", `class.csv:1: the name "Ada\x00 L" has a control character; remove it`},
		{"id,name\na\x1b[1m,Ada\nb,\"Ben\n", `class.csv:2: the id "a\x1b[1m" has a control character`},
		{"id,name\nb,\"Ben\nCleo\n", `class.csv:2: the name that begins with "Ben" goes on in the next line; add the double quote (") that is missing at its end`},
		{"id,name\n!!!,\n", `class.csv:2: the id "!!!" cannot name a folder`},
		{"id,name,room\n,,7\n", "class.csv:2: there is no name in this line"},
		{"id,name\na,J\xfcrgen\n", "class.csv:2: this line is not in UTF-8; save the file as UTF-8"},
		{"\xff\xfei\x00d\x00,\x00n\x00a\x00m\x00e\x00\n\x00a\x00,\x00A\x00d\x00a\x00\n\x00", "class.csv:1: the file is in UTF-16; save it as UTF-8"},
	} {
		path := filepath.Join(t.TempDir(), "class.csv")
		write(t, path, test.text)
		if _, err := ReadStudents(path); err == nil || !strings.HasPrefix(err.Error(), filepath.Dir(path)+string(filepath.Separator)+test.want) {
			t.Errorf("%q: got %v, want %s", test.text, err, test.want)
		}
	}
}

// The page of the questions keeps what is typed and asks nothing of any network.
func TestQuestionsPage(t *testing.T) {
	folder, k := theThirty(t)
	p := k.papers("s2")[0]
	html, err := os.ReadFile(filepath.Join(folder, "students", "s2", p.Lesson, "questions.html"))
	if err != nil {
		t.Fatal(err)
	}
	tab := pagetest.Open(t, html, pagetest.Phone)
	saved := pagetest.Await[string](tab, `(async () => {
		let blob;
		URL.createObjectURL = b => { blob = b; return "about:blank"; };
		HTMLAnchorElement.prototype.click = () => {};
		document.querySelector("input[type=text]").value = '12 "ms"';
		document.querySelector("input[type=radio]").checked = true;
		document.querySelector("form").requestSubmit();
		return await blob.text();
	})()`)
	if got := pagetest.Eval[string](tab, `document.getElementById("saved").textContent`); !strings.Contains(got, "These questions have no answer: 3, ") {
		t.Errorf("got %q, want the questions that have no answer", got)
	}
	for _, want := range []string{"student,lesson,question,answer", `"s2","` + p.Lesson + `","`, `"12 ""ms"""`} {
		if !strings.Contains(strings.ReplaceAll(saved, `"student","lesson","question","answer"`, "student,lesson,question,answer"), want) {
			t.Errorf("got %q, want %s in it", saved, want)
		}
	}
	if wide := pagetest.Eval[bool](tab, `document.documentElement.scrollWidth > innerWidth`); wide {
		t.Error("the page is wider than a phone")
	}
	if asked, said := tab.Asked(), tab.Said(); len(asked)+len(said) > 0 {
		t.Errorf("the page asked for %v and said %v", asked, said)
	}
}
