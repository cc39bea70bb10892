package labtest

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
)

// poorSystem is the variable by which this test binary runs on a system that refuses
// private networks, and whose own network has no IPv6, as in many containers.
const poorSystem = "FTPLAB_LABTEST_POOR"

func init() {
	if os.Getenv(poorSystem) == "" {
		return
	}
	os.Unsetenv(poorSystem)
	var errs []error
	for _, setting := range []struct{ path, value string }{
		{"user/max_user_namespaces", "0"},
		{"user/max_net_namespaces", "0"},
		{"net/ipv6/conf/all/disable_ipv6", "1"},
	} {
		errs = append(errs, os.WriteFile("/proc/sys/"+setting.path, []byte(setting.value), 0))
	}
	lo, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err := errors.Join(append(errs, err)...); err != nil {
		panic(err)
	}
}

// TestOnAPoorSystem runs scenarios on such a system. One with IPv4 runs in place, and one
// with IPv6 on gVisor's TCP. Both say that nothing was judged. One that needs Linux's TCP is skipped with the reason, or
// fails if all tools are required.
func TestOnAPoorSystem(t *testing.T) {
	for _, test := range []struct{ name, require, want string }{
		{"IPv4", "", "--- PASS: TestOneScenario/IPv4"},
		{"IPv6", "", "--- PASS: TestOneScenario/IPv6"},
		{"Linux", "", "--- SKIP: TestOneScenario/Linux"},
		{"Linux", "1", "--- FAIL: TestOneScenario/Linux"},
	} {
		got := optional.InOwnNetwork(t, "^TestOneScenario$/^"+test.name+"$", poorSystem+"=1", "FTPLAB_REQUIRE_TOOLS="+test.require, "TMPDIR="+t.TempDir())
		if !strings.Contains(got, test.want) {
			t.Errorf("%s, with FTPLAB_REQUIRE_TOOLS=%q: want %q, got\n%s", test.name, test.require, test.want, got)
		} else if test.name == "Linux" && !strings.Contains(got, "net.ipv6.conf.all.disable_ipv6=0") {
			t.Errorf("%s: want the way out, got\n%s", test.name, got)
		} else if test.name == "IPv6" && !strings.Contains(got, "on gVisor's TCP, as this system does not allow a private network with IPv6: there is no ::1") {
			t.Errorf("%s: want the reason, got\n%s", test.name, got)
		} else if test.name != "Linux" && !strings.Contains(got, "recorded: nothing failed, and the scenario does not say what should be seen or measured") {
			t.Errorf("%s: want that the session was only recorded, got\n%s", test.name, got)
		}
	}
}

// TestOneScenario runs the smallest session, once of each kind.
func TestOneScenario(t *testing.T) {
	for name, network := range map[string]string{"IPv4": "loopback", "IPv6": "loopback ipv6", "Linux": "loopback ipv6 tcp=linux"} {
		t.Run(name, func(t *testing.T) {
			s, err := scenario.Parse(name+".txtar", []byte("# Good morning\n# A greeting, and no more.\nnetwork "+network+"\nopen\nquit\n"))
			if err != nil {
				t.Fatal(err)
			}
			Scenario(t, s)
		})
	}
}
