package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
)

// TestFTPSPrograms runs real programs in TLS. The keys that a client writes down are in
// the capture, in front of the packets that need them: Wireshark reads the dialogue, and
// the file is known by its digest.
func TestFTPSPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no real programs are run")
	}
	for _, program := range []string{"curl", "lftp"} {
		optional.Tool(t, program, "apt install "+program)
	}
	for _, file := range []string{"/usr/sbin/vsftpd", "/usr/sbin/proftpd", "/usr/lib/proftpd/mod_tls.so"} {
		if _, err := os.Stat(file); err != nil {
			optional.Missing(t, "there is no "+file+": .ci/ftp-servers has how to install it")
		}
	}
	wireshark := startFTPSWitness(t)
	files, err := filepath.Glob("ftps_programs/*" + scenario.Extension)
	if err != nil || len(files) != 7 {
		t.Fatalf("got %d scenarios, %v; want 7", len(files), err)
	}
	for _, file := range files {
		s, err := scenario.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		result := playedIn(t, s, "linux", scenario.LinuxTCP)
		digests := 0
		for x := range opened(t, result.Capture, nil).Connections() {
			if x.SHA256 == digestOf(s, "README") {
				digests++
			}
		}
		if want := map[bool]int{true: 0, false: 1}[strings.Contains(s.Name, "python")]; digests != want {
			t.Errorf("%s: got the SHA-256 of the file %d times, want %d", s.Name, digests, want)
		}
		if s.Name == "ftps_curl_ccc" {
			continue // Wireshark takes the first line after TLS for a record, as curl sends no close_notify
		}
		wireshark.compare(t, s.Name, result.Capture)
	}
}
