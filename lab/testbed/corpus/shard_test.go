package corpus

import (
	"strings"
	"testing"
)

func TestParseShard(t *testing.T) {
	none := map[string]string{}
	kubernetes := map[string]string{"JOB_COMPLETION_INDEX": "2"}
	slurm := map[string]string{"SLURM_ARRAY_TASK_ID": "0"}
	for _, test := range []struct {
		text        string
		environment map[string]string
		want        Shard
		wrong       bool
	}{
		{"", kubernetes, Shard{}, false},
		{"1/4", kubernetes, Shard{1, 4}, false},
		{"/4", kubernetes, Shard{2, 4}, false},
		{"4", slurm, Shard{0, 4}, false},
		{"/4", none, Shard{}, true},
		{"/2", kubernetes, Shard{}, true},
		{"4/4", none, Shard{}, true},
		{"-1/4", none, Shard{}, true},
		{"1/0", none, Shard{}, true},
		{"a/b", none, Shard{}, true},
	} {
		got, err := ParseShard(test.text, func(name string) (string, bool) { v, ok := test.environment[name]; return v, ok })
		if got != test.want || (err != nil) != test.wrong {
			t.Errorf("%q: got %v, %v, want %v", test.text, got, err, test.want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), test.text+": I/N was expected") {
			t.Errorf("%q: got %v", test.text, err)
		}
	}
}
