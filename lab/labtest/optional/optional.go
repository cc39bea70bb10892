// Package optional is for tests that need something that not every machine has:
// a program such as tshark, a browser, or a kernel that allows private
// networks. If it is missing, the test is skipped with a message that says what
// to install. If [Variable] is set, as on a machine that has everything, the test
// fails instead.
package optional

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Variable is the environment variable that has tests fail which would be skipped
// for want of something. Any value will do, even 0: who sets it hears of a test
// that does not run, and nobody takes for granted what was skipped.
const Variable = "FTPLAB_REQUIRE_TOOLS"

// Tool returns the path of a program that a test needs. Where it is [Missing], the
// test says how to install it: "apt install tshark".
func Tool(t testing.TB, name, install string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name+" is not installed: "+install)
	}
	return path
}

// Missing ends a test that lacks something: what, and how to come by it, is for
// the person who reads the test's output.
func Missing(t testing.TB, what any) {
	t.Helper()
	if os.Getenv(Variable) != "" {
		t.Fatal(fmt.Sprint(what, "\n", Variable, " is set: this test must not be skipped"))
	}
	t.Skip(what)
}
