// Package optional skips a test that needs something that not every machine has: a
// program such as tshark, a browser, or a kernel that allows private networks. The
// message says what to install. If the environment variable [Variable] is set, as on a
// machine that has everything, the test fails instead.
package optional

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Variable is an environment variable. If it is set, to any value, even 0, a test that
// lacks something fails and is not skipped.
const Variable = "FTPLAB_REQUIRE_TOOLS"

// Tool returns the path of a program that a test needs. If the program is not
// installed, it calls [Missing] with install, such as "apt install tshark". With -short
// it skips the test: to start other programs takes long.
func Tool(t testing.TB, name, install string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the test starts " + name)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name+" is not installed: "+install)
	}
	return path
}

// Missing ends a test that lacks something: it skips the test, or lets it fail if
// [Variable] is set. The argument tells the person who reads the output what is missing
// and how to get it.
func Missing(t testing.TB, what any) {
	t.Helper()
	if os.Getenv(Variable) != "" {
		t.Fatal(fmt.Sprint(what, "\n", Variable, " is set: this test must not be skipped"))
	}
	t.Skip(what)
}
