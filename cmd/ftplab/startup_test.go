package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestPackagesThatStartSlowly are not in the command. Each session starts it
// twice, and initializing the tables of gopacket's layers alone takes 20 ms.
func TestPackagesThatStartSlowly(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal("go list: ", err)
	}
	packages := strings.Fields(string(out))
	if len(packages) < 100 {
		t.Fatalf("go list names only %d packages", len(packages))
	}
	for _, name := range packages {
		if name == "github.com/google/gopacket/layers" {
			t.Errorf("the command imports %s", name)
		}
	}
}
