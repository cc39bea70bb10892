package lab

import (
	"os"
	"path/filepath"
	"testing"

	"ftplab/lab/scenario"
)

// TestScriptsBesideTheScenario has a script beside the scenario file be an argument of the
// server's command, and of a client's, or the command itself: $DIR is their folder.
func TestScriptsBesideTheScenario(t *testing.T) {
	s := parse(t, "# x\n# y", "program inetd $DIR/serve.sh", `run env X=1 sh ${DIR}/client.sh`, `run ${DIR}/other.sh $DIR`, "open", "quit")
	for name, text := range map[string]string{
		"serve.sh":  "#!/bin/sh\nprintf '220 Hello.\\r\\n'; read quit; printf '221 Bye.\\r\\n'\n",
		"client.sh": "test -f \"$DIR/serve.sh\" && test \"$X\" = 1\n",
		"other.sh":  "#!/bin/sh\ntest \"$0\" = \"$1/other.sh\"\n",
	} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(s.File), name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.LinuxTCP})
	needCells(t, err)
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome == Failed {
		t.Errorf("the run failed:\n%s", result.Report)
	}
}
