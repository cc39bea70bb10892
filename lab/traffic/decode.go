package traffic

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A LineError is a mistake in a profile, with the number of its line.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// InFile says of an error of a profile in which file it is, and on which line if that is known.
func InFile(name string, err error) error {
	if at, ok := errors.AsType[*LineError](err); ok {
		return fmt.Errorf("%s:%d: %w", name, at.Line, at.Err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// Format and Version identify the files of profiles. The version rises when profiles of the
// previous version can no longer be merged.
const (
	Format  = "ftplab normal"
	Version = 1
)

// MaxFile bounds the file of a profile, bytes.
const MaxFile = 64 << 20

// Decode reads the JSON of a profile.
func Decode(r io.Reader, profile any) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	err = json.Unmarshal(text, profile)
	syntax, _ := errors.AsType[*json.SyntaxError](err)
	kind, _ := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case syntax != nil:
		return atByte(text, syntax.Offset, err)
	case kind != nil && kind.Field == "":
		return atByte(text, kind.Offset, errors.New("an object was expected"))
	case kind != nil:
		return atByte(text, kind.Offset, fmt.Errorf("its field %q has a value of another kind", kind.Field))
	case err != nil:
		return fmt.Errorf("this is not a profile: %w", err)
	}
	var header struct {
		Format  string
		Version int
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return err
	}
	switch {
	case header.Format != Format:
		return fmt.Errorf("this is not a profile: its format is %q, and %q was expected", header.Format, Format)
	case header.Version != Version:
		return fmt.Errorf("this profile has version %d, and %d was expected; learn it anew", header.Version, Version)
	}
	return nil
}

// atByte is the error of a text whose first bytes could be read.
func atByte(text []byte, read int64, err error) error {
	line := 1 + bytes.Count(text[:max(0, read-1)], []byte("\n"))
	return &LineError{line, fmt.Errorf("this is not a profile: %w", err)}
}
