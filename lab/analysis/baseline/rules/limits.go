// How much of a capture the rules remember.

package rules

import "ftplab/lab/analysis/baseline/internal/bounded"

// Limits of the tables. The traffic of a busy server in a day, of tens of thousands of sessions, does not reach them.
var (
	maxPairs         = bounded.Limit{Of: "pairs of hosts", Most: 1 << 17}
	maxHosts         = bounded.Limit{Of: "hosts", Most: 1 << 17}
	maxThirdPorts    = bounded.Limit{Of: "conversations of two hosts beside FTP", Most: 1 << 13}
	maxOrders        = bounded.Limit{Of: "orders to a host to fetch and run a file", Most: 1 << 10}
	maxHeld          = bounded.Limit{Of: "connections of two hosts that were held without a login", Most: 1 << 13}
	maxAccounts      = bounded.Limit{Of: "accounts", Most: 1 << 17}
	maxFolders       = bounded.Limit{Of: "folders that users opened", Most: 1 << 18}
	maxTurned        = bounded.Limit{Of: "connections that servers turned away", Most: 1 << 16}
	maxTriedPorts    = bounded.Limit{Of: "ports to which hosts connected", Most: 1 << 17}
	maxProbes        = bounded.Limit{Of: "probes", Most: 1 << 18}
	maxSpread        = bounded.Limit{Of: "programs that clients spread", Most: 1 << 15}
	maxPrograms      = bounded.Limit{Of: "programs that were transferred", Most: 1 << 17}
	maxFetchedFiles  = bounded.Limit{Of: "files that clients fetched", Most: 1 << 17}
	maxVersions      = bounded.Limit{Of: "programs that clients fetched, with the times of their last changes", Most: 1 << 17}
	maxPublicUploads = bounded.Limit{Of: "files that anonymous users stored", Most: 1 << 17}
	maxNumberedNames = bounded.Limit{Of: "series of names with numbers", Most: 1 << 16}
	maxGuessedNames  = bounded.Limit{Of: "names of files that clients asked for in vain", Most: 1 << 18}
	maxTimedFiles    = bounded.Limit{Of: "files of a session whose time was asked for", Most: 1 << 16}

	maxFiles       = bounded.Limit{Of: "files that are being transferred", Most: 1 << 15}
	maxPages       = bounded.Limit{Of: "pages that may be continued", Most: 1 << 15}
	maxSitePages   = bounded.Limit{Of: "pages that clients stored", Most: 1 << 17}
	maxContents    = bounded.Limit{Of: "connections with contents of a known kind", Most: 1 << 17}
	maxReplies     = bounded.Limit{Of: "bytes of answers to commands for web pages", Most: 8 << 20}
	maxMovedFiles  = bounded.Limit{Of: "programs, and files that moved out of a private network or within one", Most: 1 << 18}
	maxListings    = bounded.Limit{Of: "listings", Most: 1 << 18}
	maxListedFiles = bounded.Limit{Of: "files in listings", Most: 1 << 20}
	maxControls    = bounded.Limit{Of: "control connections", Most: 1 << 18}
	maxSenders     = bounded.Limit{Of: "FTP connections that are open, or are odd", Most: 1 << 16}
	maxRepeated    = bounded.Limit{Of: "segments that were sent again", Most: 1 << 17}
	maxRepeats     = bounded.Limit{Of: "bytes that were sent again", Most: 8 << 20}
	maxEarly       = bounded.Limit{Of: "bytes that came with SYNs", Most: 8 << 20}
	maxOverlapping = bounded.Limit{Of: "segments that were sent again with other data", Most: 1 << 14}
	maxClosedOnes  = bounded.Limit{Of: "connections with a closed window", Most: 1 << 16}
	maxLaterSYNs   = bounded.Limit{Of: "SYNs from a port that was in use before", Most: 1 << 17}
	maxSpellers    = bounded.Limit{Of: "hosts whose header fields are read", Most: 1 << 17}
	maxResets      = bounded.Limit{Of: "RSTs of one side with different sequence numbers", Most: 1 << 6}
	maxOddSides    = bounded.Limit{Of: "connections with odd TCP headers", Most: 1 << 15}

	maxNetworkCards    = bounded.Limit{Of: "network cards", Most: 1 << 17}
	maxLinkAddresses   = bounded.Limit{Of: "addresses that were claimed or looked for by ARP", Most: 1 << 16}
	maxAnswersOfARP    = bounded.Limit{Of: "answers of ARP", Most: 1 << 16}
	maxSteered         = bounded.Limit{Of: "routers, switches and DHCP servers that announce themselves", Most: 1 << 14}
	maxFlooders        = bounded.Limit{Of: "senders of fragments and of long answers", Most: 1 << 18}
	maxQuoted          = bounded.Limit{Of: "connections that errors of ICMP are about", Most: 1 << 16}
	maxPassers         = bounded.Limit{Of: "network cards that passed on packets between two hosts", Most: 1 << 17}
	maxRedirectedHosts = bounded.Limit{Of: "hosts that ICMP redirected", Most: 1 << 15}
	maxContradictions  = bounded.Limit{Of: "answers to one question of DNS that contradict each other", Most: 1 << 14}
	maxEchoed          = bounded.Limit{Of: "bytes of echo requests", Most: 8 << 20}
	maxCensuses        = bounded.Limit{Of: "groups of names of two hosts that look like encoded bytes", Most: 1 << 5}
	maxAskedNames      = bounded.Limit{Of: "names about which hosts asked name servers", Most: 1 << 16}
	maxCodedDomains    = bounded.Limit{Of: "domains with encoded names", Most: 1 << 15}
	maxCodedQuestions  = bounded.Limit{Of: "encoded names in questions of DNS", Most: 1 << 18}
)

// Limits of what only makes notes, or is an excuse. What finds no room is not counted: the verdict is the same without it,
// or worse.
const (
	maxLaterAnswers = 1 << 14 // names in answers of DNS, and answers that contradict earlier ones
	maxResumptions  = 1 << 15 // requests for the rest of a file
	maxRefusals     = 1 << 15 // ports that refused a connection
	maxServed       = 1 << 15 // ports that answered a client
	maxUnread       = 1 << 15 // pairs of hosts with a conversation at port 21 that cannot be read
)

// maxNames is how many names, or values of a field, a small table holds. Its fullness hides nothing: the rule counts
// them, and fewer are a finding; or they are excuses; or the count begins anew, as the one of names between two hosts.
const maxNames = 256
