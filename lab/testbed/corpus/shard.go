package corpus

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// A Shard is one of Of processes that make a corpus together, counted from 0. The zero
// Shard is of one.
type Shard struct{ Index, Of int }

// has reports whether a part is the shard's.
func (s Shard) has(part int) bool { return part%max(s.Of, 1) == s.Index }

// suffix names the shard after a number of parts; "" is that of all.
func (s Shard) suffix() string {
	if s.Of < 2 {
		return ""
	}
	return fmt.Sprintf(" of shard %d/%d", s.Index, s.Of)
}

// ParseShard reads I/N. The index may be left out, as in /N or N: then it is that of the
// task of a Kubernetes Indexed Job or of a Slurm array, which the environment has. No text
// is the zero Shard.
func ParseShard(text string, environment func(string) (string, bool)) (Shard, error) {
	if text == "" {
		return Shard{}, nil
	}
	index, of, ok := strings.Cut(text, "/")
	if !ok {
		index, of = "", text
	}
	if index == "" {
		kubernetes, _ := environment("JOB_COMPLETION_INDEX")
		slurm, _ := environment("SLURM_ARRAY_TASK_ID")
		index = cmp.Or(kubernetes, slurm)
	}
	i, err := strconv.Atoi(index)
	n, errOf := strconv.Atoi(of)
	if err != nil || errOf != nil || n < 1 || i < 0 || i >= n {
		return Shard{}, fmt.Errorf("%s: I/N was expected, with I from 0 to N-1; or /N where JOB_COMPLETION_INDEX or SLURM_ARRAY_TASK_ID has I", text)
	}
	return Shard{Index: i, Of: n}, nil
}
