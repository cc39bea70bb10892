package alert

import (
	"encoding/json"
	"io"
	"time"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/analysis/ftp"
)

// eve is Suricata's EVE JSON: an event of type "alert" for each finding, one a line.
type eve struct{ w io.Writer }

// An eveEvent has the fields that Suricata writes, and ftplab's own in Ftplab.
type eveEvent struct {
	Timestamp    string    `json:"timestamp"`
	FlowID       uint64    `json:"flow_id,omitempty"`
	PcapCnt      int       `json:"pcap_cnt,omitempty"`
	EventType    string    `json:"event_type"`
	SrcIP        string    `json:"src_ip,omitempty"`
	SrcPort      uint16    `json:"src_port,omitempty"`
	DestIP       string    `json:"dest_ip,omitempty"`
	DestPort     uint16    `json:"dest_port,omitempty"`
	Proto        string    `json:"proto,omitempty"`
	PcapFilename string    `json:"pcap_filename,omitempty"`
	AppProto     string    `json:"app_proto,omitempty"`
	Direction    string    `json:"direction,omitempty"`
	Alert        eveAlert  `json:"alert"`
	Ftplab       eveFtplab `json:"ftplab"`
}

type eveAlert struct {
	Action      string `json:"action"`
	GID         int    `json:"gid"`
	SignatureID int    `json:"signature_id"`
	Rev         int    `json:"rev"`
	Signature   string `json:"signature"`
	Category    string `json:"category"`
	Severity    int    `json:"severity"`
}

// An eveFtplab is what Suricata has no field for.
type eveFtplab struct {
	Rule     string         `json:"rule"`
	Severity rules.Severity `json:"severity"`
	Frames   []int          `json:"frames"`
	Observed string         `json:"observed"`
	Expected string         `json:"expected"`
	Filter   string         `json:"filter"`
}

// eveSeverity is Suricata's: 1 is high, 2 medium, 3 low.
var eveSeverity = map[rules.Severity]int{rules.Violation: 1, rules.Odd: 2, rules.Note: 3, severityUnjudged: 3}

// eveCategory are class types of Suricata's classification.config.
var eveCategory = map[rules.Severity]string{
	rules.Violation: "Potentially Bad Traffic", rules.Odd: "Misc activity", rules.Note: "Not Suspicious Traffic",
	severityUnjudged: "Unknown Traffic",
}

func (e eve) Write(r *Report) error {
	out := json.NewEncoder(e.w)
	out.SetEscapeHTML(false)
	for _, a := range r.events() {
		if err := out.Encode(a.eve(r.Name)); err != nil {
			return err
		}
	}
	return nil
}

func (eve) Close() error { return nil }

func (a *Alert) eve(file string) *eveEvent {
	e := &eveEvent{
		Timestamp: time.Unix(0, a.Time).UTC().Format("2006-01-02T15:04:05.000000-0700"), EventType: "alert", PcapFilename: file,
		PcapCnt: a.first(),
		Alert: eveAlert{
			Action: "allowed", GID: 1, SignatureID: signatureID(a.Rule), Rev: 1,
			Signature: "FTPLAB " + a.Rule, Category: eveCategory[a.Severity], Severity: eveSeverity[a.Severity],
		},
		Ftplab: eveFtplab{a.Rule, a.Severity, append([]int{}, a.Packets...), a.Observed, a.Expected, a.Filter},
	}
	if a.Src.IsValid() {
		e.SrcIP, e.DestIP = a.Src.Addr().Unmap().String(), a.Dst.Addr().Unmap().String()
	}
	if a.ConnectionStart == 0 {
		return e
	}
	e.SrcPort, e.DestPort, e.Proto, e.FlowID = a.Src.Port(), a.Dst.Port(), "TCP", a.flowID(file)
	e.AppProto = "ftp"
	if a.Role == ftp.Data {
		e.AppProto = "ftp-data"
	}
	if a.Role == ftp.Other {
		e.AppProto = ""
	}
	e.Direction = "to_client"
	if a.Src == a.Orig {
		e.Direction = "to_server"
	}
	return e
}
