package lab

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/report/text"
	"ftplab/lab/testbed/runner"
)

// late reports whether a failure is that of a step that has not ended.
func late(f runner.Failure) bool { return f.Late }

// likelyReasons returns the stalls that may be why a session failed. A step that has not
// ended in its deadline did not hang because of a stall that was much shorter.
func (j *judge) likelyReasons(ran runner.Outcome) (stalls []runner.Stall) {
	for _, s := range ran.Stalls {
		if !slices.ContainsFunc(ran.Failures, late) || s.Seconds > j.scenario.Deadline.Seconds()/4 {
			stalls = append(stalls, s)
		}
	}
	return stalls
}

// withStanding adds to the failure of each step that has not ended where the dialogue
// stands in the capture, and to that of a program what the server refused it last, if that is
// certain. It comes before the last lines that a program or the server printed.
func (j *judge) withStanding(failures []runner.Failure, c *capture.Capture) []runner.Failure {
	failures = slices.Clone(failures)
	for i := range failures {
		f := &failures[i]
		standing := ""
		switch {
		case f.Late:
			standing = cmp.Or(j.lackingHops(f.Client.Addr()), text.Standing(c, f.Client))
		case f.Program && !j.haveOthersConnected():
			standing = text.LastRefusal(c, f.Began)
		}
		f.Began, f.Client = time.Time{}, netip.AddrPort{}
		if standing == "" {
			continue
		}
		f.Message = withClause(f.Message, standing)
	}
	return failures
}

// lackingHops says that no packet of the server, or of the client at an address, passes a router, because of its TTL.
// Without an address, the client is the host of that name.
func (j *judge) lackingHops(client netip.Addr) string {
	for _, h := range j.scenario.Network.Hosts {
		isClient := h.Addr == client || !client.IsValid() && h.Name == "client"
		if (isClient || h.Name == "server") && h.TTL == 1 {
			return fmt.Sprintf("the packets of host %s have ttl=1, so no router passes them on", h.Name)
		}
	}
	return ""
}

// withClause adds a clause to the sentence of a message, which ends where the last lines of a program
// or the server begin.
func withClause(message, clause string) string {
	end := strings.IndexByte(message+"\n", '\n')
	if i := strings.Index(message, "; "+runner.ServerLog); i >= 0 {
		end = min(end, i)
	}
	return message[:end] + "; " + clause + message[end:]
}

// haveOthersConnected reports whether the sessions since a step began may be those of other steps.
func (j *judge) haveOthersConnected() bool {
	connects, background := 0, false
	for _, step := range j.scenario.Steps {
		if step.Verb == "open" || len(step.Program) > 0 {
			connects++
		}
		background = background || step.Background
	}
	return background && connects > 1
}
