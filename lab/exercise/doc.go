// Package exercise makes exercises of scenarios for a class, and grades them.
//
// A lesson is a scenario with a section `questions`. For each student, Make writes a
// different capture of the same lesson: with other names, ports, sizes, times and
// faults. The questions are the same for all; the answers come from each student's
// capture. Grade compares the students' answers with them.
//
//	students, err := exercise.ReadStudents("class.csv")
//	err = exercise.Make(ctx, exercise.Plan{Lessons: lessons, Students: students, Seed: 7}, "monday")
//	...
//	marks, err := exercise.Grade("monday", "answers")
//
// Everything depends only on the seed, the student and the lesson, and the sessions use
// gVisor's TCP. So the same plan makes the same files, except for captures with TLS.
package exercise
