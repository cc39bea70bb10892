package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGlossary asks for the words of TLS in the glossary of a page with TLS, and in no other.
func TestGlossary(t *testing.T) {
	plain, err := Load("active_list")
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"explicit, implicit", "PBSZ, PROT", "CCC", "record", "handshake", "cipher suite", "SNI", "certificate", "resumption", "alert", "close_notify"}
	page := func(capture string) string {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(capture), "walkthrough.html"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	with := page(playedOnGVisor(t, ftpsScenarios(t)["ftps_explicit"]).Capture)
	without := page(playedOnGVisor(t, plain).Capture)
	for _, word := range words {
		entry := "<dt>" + word + "</dt>"
		if !strings.Contains(with, entry) {
			t.Errorf("%s is not in the glossary of a page with TLS", word)
		}
		if strings.Contains(without, entry) {
			t.Errorf("%s is in the glossary of a page without TLS", word)
		}
	}
}
