package main

import (
	"errors"

	"github.com/spf13/cobra"

	"ftplab/lab/exercise"
)

func exerciseCommand() *cobra.Command {
	var plan exercise.Plan
	var students, folder string
	c := &cobra.Command{
		Use:   "exercise SCENARIO... --students FILE -o FOLDER",
		Short: "Make exercises for a class: a capture and questions for each student",
		Long: `Exercise makes a folder for each student of a class. For each scenario it has a
capture of the student's own, and its questions as a page and as Markdown. Captures
of a scenario differ in names, ports, addresses, sizes, times and faults, so each
student has other answers. The folder key has all answers with the frames that
prove them. Ftplab grade marks what the students hand in.

A scenario needs a section questions: see ftplab help questions. Eight lessons come
with ftplab; ftplab list shows them.

FILE is a CSV file with a name in each line, or with the columns id and name.
The same seed makes the same exercises again.`,
		Example: `  ftplab exercise who_connects --students class.csv -o monday
  ftplab grade monday answers/`,
		Args: takes(1, -1, "a scenario with questions, by its name or its file"),
		RunE: func(c *cobra.Command, args []string) (err error) {
			if students == "" || folder == "" {
				return errors.New("exercise needs --students FILE, with the class, and -o FOLDER, which it makes")
			}
			if plan.Lessons, err = selectScenarios(args); err != nil {
				return err
			}
			if plan.Students, err = exercise.ReadStudents(students); err != nil {
				return err
			}
			ctx, stop := interruptible(c)
			defer stop()
			if err := exercise.Make(ctx, plan, folder); err != nil {
				return err
			}
			notes, err := exercise.Alike(folder)
			if err != nil {
				return err
			}
			for _, note := range notes {
				printLine(c.ErrOrStderr(), "note: %s", note)
			}
			return printLine(c.OutOrStdout(), "%s, %s: hand out what is in %s/students, and keep %s/key",
				counted(len(plan.Students), "student", "students"), counted(len(plan.Lessons), "lesson", "lessons"), folder, folder)
		},
		ValidArgsFunction: completeLessons,
	}
	inputFileFlag(c.Flags(), &students, "students", "", "the file with the class")
	folderFlag(c.Flags(), &folder, "output", "o", "", "the new folder to make")
	seedFlag(c.Flags(), &plan.Seed, "the `number` from which everything is drawn, from 1")
	return c
}

func gradeCommand() *cobra.Command {
	var asCSV bool
	c := &cobra.Command{
		Use:   "grade FOLDER ANSWERS",
		Short: "Mark the answers of a class",
		Long: `Grade compares the answers of a class with the key of the exercises in FOLDER, which
ftplab exercise made. ANSWERS is a folder with the files of the students: the CSV files that
the pages save, questions.md filled in, or a CSV file with a row for each student and
the numbers of the questions as names of columns. With several lessons the row also has
the lesson:

  student,lesson,1,2,3
  ada,active_list,12,server,85 ms

The student is an id of the exercises. A CSV file that a page saves has a row for each answer:

  student,lesson,question,answer
  ada,active_list,1,12

For each wrong answer Grade says what is right, and which frames prove it. It also
says if wrong answers are right in the captures of another student. An answer that
cannot be read, or is nobody's, is reported with its file and line, and the others are
marked. The exit status is then 2.`,
		Example: `  ftplab grade monday answers/
  ftplab grade --csv monday answers/ > marks.csv`,
		Args: takes(2, 2, "a folder with exercises and a folder with answers"),
		RunE: func(c *cobra.Command, args []string) error {
			marks, err := exercise.Grade(args[0], args[1])
			if err != nil {
				return err
			}
			write := marks.WriteText
			if asCSV {
				write = marks.WriteCSV
			}
			return errors.Join(write(c.OutOrStdout()), errors.Join(marks.Unread...))
		},
	}
	c.Flags().BoolVar(&asCSV, "csv", false, "print a row for each answer, for a spreadsheet")
	return c
}
