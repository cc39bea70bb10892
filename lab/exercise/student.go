package exercise

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"ftplab/lab/internal/textfile"
)

// A Student is a member of the class.
type Student struct {
	ID   string `json:"id"` // names the student's folder
	Name string `json:"name"`
}

// ReadStudents reads a class from a CSV file. Its first line has the names of the
// columns, of which `id` and `name` count, or one of them; without such a line, each
// line is a name. An ID that is not given is made of the name.
func ReadStudents(path string) ([]Student, error) {
	var students []Student
	err := readFile(path, func(text []byte) (err error) {
		students, err = parseStudents(text, path)
		return err
	})
	return students, err
}

func parseStudents(text []byte, path string) ([]Student, error) {
	table := newTable(text)
	id, name, columns := -1, 0, 1
	expected := "without names of columns in the first line, such as `id,name`, each line is one name"
	var students []Student
	lines := map[string]int{}
	for first := true; ; first = false {
		row, line, err := table.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		if first && (column(row, "id") >= 0 || column(row, "name") >= 0) {
			id, name, columns = column(row, "id"), column(row, "name"), len(row)
			expected = fmt.Sprintf("the first line names %d", columns)
			continue
		}
		if strings.TrimSpace(strings.Join(row[min(columns, len(row)):], "")) != "" {
			return nil, fmt.Errorf("%s:%d: this line has %d cells, and %s; a name with a %q needs double quotes around it", path, line, len(row), expected, table.csv.Comma)
		}
		s, err := newStudent(cell(row, id), cell(row, name))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		if other, ok := lines[s.ID]; ok {
			return nil, fmt.Errorf("%s:%d: %s would have the same folder as the student of line %d: give both an id of their own, in a column of that name", path, line, s.ID, other)
		}
		lines[s.ID] = line
		students = append(students, s)
	}
	if len(students) == 0 {
		return nil, fmt.Errorf("%s: there is no student in this file; it has a name in each line", path)
	}
	return students, nil
}

// newStudent makes a student of an ID, a name, or both.
func newStudent(id, name string) (Student, error) {
	s := Student{ID: folderName(cmp.Or(id, name)), Name: cmp.Or(name, id)}
	switch {
	case s.Name == "":
		return s, errors.New("there is no name in this line")
	case !utf8.ValidString(id + name):
		return s, errNotUTF8
	}
	if err := cmp.Or(checkCell("id", id), checkCell("name", name)); err != nil {
		return s, err
	}
	switch {
	case len(s.ID) > maxFolderName:
		return s, fmt.Errorf("the folder %.20s... would have a name of %d bytes, and %d are possible on every system; give an id in a column of that name", s.ID, len(s.ID), maxFolderName)
	case s.ID == "" && id != "":
		return s, fmt.Errorf("the id %q cannot name a folder; it needs a letter or a digit", id)
	case s.ID == "":
		return s, fmt.Errorf("the name %q cannot name a folder; it needs a letter or a digit, or an id in a column of that name", name)
	}
	return s, nil
}

// checkCell refuses what no cell can have. A cell whose quote is not closed goes on to the end of the file.
func checkCell(what, text string) error {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return fmt.Errorf("the %s that begins with %q goes on in the next line; add the double quote (\") that is missing at its end, or remove the line break", what, text[:i])
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return fmt.Errorf("the %s %q has a control character; remove it", what, text)
	}
	return nil
}

var notInNames = regexp.MustCompile(`[^\p{L}\p{N}._@-]+`)

// maxFolderName is the length of a name that a folder can have on every system, bytes.
const maxFolderName = 255

// device matches a name that Windows takes for a device, such as con and nul.txt.
var device = regexp.MustCompile(`^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$`)

// folderName makes a name that a folder can have on every system.
func folderName(s string) string {
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(strings.TrimSpace(s)), "-"), "-.")
	return device.ReplaceAllString(name, "${1}_$2")
}

// A table is a CSV file whose columns are separated by commas or, in some spreadsheets, by
// semicolons or tabs.
type table struct{ csv *csv.Reader }

func newTable(text []byte) table {
	s := string(textfile.WithoutMark(text))
	reader := csv.NewReader(strings.NewReader(s))
	reader.FieldsPerRecord, reader.TrimLeadingSpace, reader.LazyQuotes = -1, true, true
	first, _, _ := strings.Cut(s, "\n")
	for _, separator := range ";\t" {
		if strings.Count(first, string(separator)) > strings.Count(first, string(reader.Comma)) {
			reader.Comma = separator
		}
	}
	if reader.Comma == '\t' {
		reader.TrimLeadingSpace = false // it would skip empty cells
	}
	return table{reader}
}

// next returns the next row that is not empty, and the number of its line.
func (t table) next() (row []string, line int, err error) {
	for {
		if row, err = t.csv.Read(); err != nil {
			var mistake *csv.ParseError
			if errors.As(err, &mistake) {
				return nil, mistake.Line, mistake.Err
			}
			return nil, 1, err
		}
		line, _ = t.csv.FieldPos(0)
		if strings.TrimSpace(strings.Join(row, "")) != "" {
			return row, line, nil
		}
	}
}

// column is the place of the column of a name in the first row, -1 for none.
func column(row []string, name string) int {
	return slices.IndexFunc(row, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), name) })
}

// cell is a field of a row, "" if there is none.
func cell(row []string, i int) string {
	if i < 0 || i >= len(row) {
		return ""
	}
	return strings.TrimSpace(row[i])
}
