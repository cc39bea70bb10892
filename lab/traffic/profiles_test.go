package traffic

import (
	"bytes"
	"slices"
	"testing"
)

// TestProfilesSayHowLongSessionsAre reads each profile that comes with ftplab. It has the number
// of commands of each of its sessions. Without it, generated sessions can have any length.
func TestProfilesSayHowLongSessionsAre(t *testing.T) {
	for _, name := range slices.Concat(Profiles(), Programs()) {
		file, _ := Profile(name)
		profile, err := Read(bytes.NewReader(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for kind, k := range profile.Traffic.Kinds {
			if got := k.Numbers[Commands].Count; got != k.Sessions {
				t.Errorf("%s, %s: got the number of commands of %d sessions, want that of all %d", name, kind, got, k.Sessions)
			}
		}
	}
}
