package zeek

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

// A closer is a buffer that takes a log.
type closer struct{ bytes.Buffer }

func (*closer) Close() error { return nil }

// logsOf are the logs of a forged capture.
func logsOf(t *testing.T, f *forge.Capture, format Format) map[string]*closer {
	t.Helper()
	c, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	logs := map[string]*closer{}
	err = Write(c, format, func(name string) (io.WriteCloser, error) {
		logs[name] = &closer{}
		return logs[name], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return logs
}

// fields are the values of a log's lines by name, without those that are not set, and without
// identifiers and times, which name the capture.
func fields(log string) (lines []string) {
	var names []string
	for line := range strings.Lines(log) {
		values := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if values[0] == "#fields" {
			names = values[1:]
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		var b strings.Builder
		for i, v := range values {
			switch name := names[i]; {
			case v == "-", name == "ts", name == "uid", name == "fuid":
			default:
				b.WriteString(name + "=" + v + " ")
			}
		}
		lines = append(lines, strings.TrimSpace(b.String()))
	}
	return lines
}

// aSession is one that lists the folder in active mode, and downloads a file in passive mode.
func aSession() *forge.Capture {
	f := forge.New()
	client, _ := f.Dial("10.0.0.9:40001", "198.51.100.21:21")
	client.Say(strings.ReplaceAll(forge.Login, "USER ada", "USER anonymous"))
	client.Say("> PORT 10,0,0,9,200,1\n< 200 Fine\n> LIST\n< 150 Here")
	from, _ := f.Dial("198.51.100.21:20", "10.0.0.9:51201")
	from.Send("-rw-r--r-- README\r\n")
	from.Close()
	client.Say("< 226 Done\n> CWD pub\n< 250 Now in pub\n> SIZE a.txt\n< 213 11\n> PASV\n< 227 Entering Passive Mode (198,51,100,21,100,1)\n> RETR a.txt")
	f.Pass(20 * time.Millisecond)
	_, data := f.Dial("10.0.0.9:40002", "198.51.100.21:25601")
	client.Say("< 150 Opening data connection for a.txt (11 bytes)")
	data.Send("Hello there")
	data.Close()
	client.Say("< 226 Done" + forge.Quit)
	client.Peer.Close()
	return f
}

// TestFields looks at each field, with the meaning that it has in the logs of Zeek's own
// tests: who is the originator of an active data connection, which argument is a URL, which
// commands have a line, where the size of a file comes from.
func TestFields(t *testing.T) {
	const (
		control = "id.orig_h=10.0.0.9 id.orig_p=40001 id.resp_h=198.51.100.21 id.resp_p=21"
		active  = "id.orig_h=198.51.100.21 id.orig_p=20 id.resp_h=10.0.0.9 id.resp_p=51201"
		passive = "id.orig_h=10.0.0.9 id.orig_p=40002 id.resp_h=198.51.100.21 id.resp_p=25601"
		user    = " user=anonymous password=secret"
		file    = " source=FTP_DATA depth=0 analyzers=SHA256 mime_type=text/plain duration=0.000000 local_orig=T"
		rest    = " missing_bytes=0 overflow_bytes=0 timedout=F sha256="
	)
	want := map[string][]string{
		"ftp": {
			control + user + " command=PORT arg=10,0,0,9,200,1 reply_code=200 reply_msg=Fine" +
				" data_channel.passive=F data_channel.orig_h=198.51.100.21 data_channel.resp_h=10.0.0.9 data_channel.resp_p=51201",
			control + user + " command=PASV reply_code=227 reply_msg=Entering Passive Mode (198,51,100,21,100,1)" +
				" data_channel.passive=T data_channel.orig_h=10.0.0.9 data_channel.resp_h=198.51.100.21 data_channel.resp_p=25601",
			control + user + " command=RETR arg=ftp://198.51.100.21/./pub/a.txt file_size=11 reply_code=226 reply_msg=Done",
		},
		"files": {
			active + file + " is_orig=T seen_bytes=19" + rest + "412e4a34aaa5a007ac851e995f7ec6587a918db3d906e34177178ce62e4898d7",
			passive + file + " is_orig=F seen_bytes=11" + rest + "4e47826698bb4630fb4451010062fadbf85d61427cbdfaed7ad0f23f239bed89",
		},
		"conn": {
			active + " proto=tcp service=ftp-data duration=0.006000 orig_bytes=19 resp_bytes=0 conn_state=SF local_orig=T local_resp=T" +
				" missed_bytes=0 history=ShADaFf orig_pkts=5 orig_ip_bytes=219 resp_pkts=3 resp_ip_bytes=120 ip_proto=6",
			passive + " proto=tcp service=ftp-data duration=0.007000 orig_bytes=0 resp_bytes=11 conn_state=SF local_orig=T local_resp=T" +
				" missed_bytes=0 history=ShAdfFa orig_pkts=4 orig_ip_bytes=160 resp_pkts=4 resp_ip_bytes=171 ip_proto=6",
			control + " proto=tcp service=ftp duration=0.061000 orig_bytes=101 resp_bytes=224 conn_state=SF local_orig=T local_resp=T" +
				" missed_bytes=0 history=ShAdDfFa orig_pkts=12 orig_ip_bytes=581 resp_pkts=15 resp_ip_bytes=824 ip_proto=6",
		},
	}
	for name, log := range logsOf(t, aSession(), TSV) {
		got := fields(log.String())
		if strings.Join(got, "\n") != strings.Join(want[name], "\n") {
			t.Errorf("%s.log: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want[name], "\n"))
		}
	}
}

// TestRepliesAsZeekTakesThem has sessions whose last reply Zeek takes for the command before it,
// whatever it answers, and one with a line that is not a reply.
func TestRepliesAsZeekTakesThem(t *testing.T) {
	for name, test := range map[string]struct {
		says, want, service string
	}{
		"a timeout after a reply": {
			"> RETR a.txt\n< 550 No\n< 421 Timeout", "command=RETR arg=ftp://198.51.100.21/./a.txt reply_code=421 reply_msg=Timeout", "ftp",
		},
		"no reply": {
			"> TYPE I\n< 200 Fine\n> DELE .", "command=DELE arg=ftp://198.51.100.21/. reply_code=200 reply_msg=Fine", "ftp",
		},
		"no reply, after a line of the log": {
			"> DELE a\n< 250 Gone\n> DELE b",
			"command=DELE arg=ftp://198.51.100.21/./a reply_code=250 reply_msg=Gone\ncommand=DELE arg=ftp://198.51.100.21/./b reply_code=250 reply_msg=Gone", "ftp",
		},
		"no reply, and nothing of the log": {
			"> TYPE I\n< 200 Fine\n> NOOP", "command=NOOP reply_code=200 reply_msg=Fine", "ftp",
		},
		"a line that is not a reply": {
			"> DELE a\n< 250 Gone\n> PASV\n< 99 invalid\n> DELE b\n< 250 Gone",
			"command=DELE arg=ftp://198.51.100.21/./a reply_code=250 reply_msg=Gone\ncommand=PASV reply_code=250 reply_msg=Gone", "",
		},
	} {
		f := forge.New()
		client, _ := f.Dial("10.0.0.9:40001", "198.51.100.21:21")
		client.Say(strings.ReplaceAll(forge.Login, "USER ada", "USER anonymous") + "\n" + test.says)
		client.Close()
		logs := logsOf(t, f, TSV)
		var got []string
		for _, line := range fields(logs["ftp"].String()) {
			_, after, _ := strings.Cut(line, "password=secret ")
			got = append(got, after)
		}
		if strings.Join(got, "\n") != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), test.want)
		}
		if conn := fields(logs["conn"].String())[0]; strings.Contains(conn, "service=ftp ") != (test.service == "ftp") {
			t.Errorf("%s: got %s, want the service %q", name, conn, test.service)
		}
	}
}

// TestColumns compares the names and the types of all columns with those of Zeek 7.1 and later.
func TestColumns(t *testing.T) {
	const id = "id.orig_h:addr id.orig_p:port id.resp_h:addr id.resp_p:port "
	for path, want := range map[string]string{
		"conn": "ts:time uid:string " + id + "proto:enum service:string duration:interval orig_bytes:count resp_bytes:count conn_state:string" +
			" local_orig:bool local_resp:bool missed_bytes:count history:string orig_pkts:count orig_ip_bytes:count resp_pkts:count" +
			" resp_ip_bytes:count tunnel_parents:set[string] ip_proto:count",
		"ftp": "ts:time uid:string " + id + "user:string password:string command:string arg:string mime_type:string file_size:count" +
			" reply_code:count reply_msg:string data_channel.passive:bool data_channel.orig_h:addr data_channel.resp_h:addr" +
			" data_channel.resp_p:port fuid:string",
		"files": "ts:time fuid:string uid:string " + id + "source:string depth:count analyzers:set[string] mime_type:string filename:string" +
			" duration:interval local_orig:bool is_orig:bool seen_bytes:count total_bytes:count missing_bytes:count overflow_bytes:count" +
			" timedout:bool parent_fuid:string md5:string sha1:string sha256:string extracted:string extracted_cutoff:bool extracted_size:count",
	} {
		columns := map[string][]column{"conn": connColumns, "ftp": ftpColumns, "files": filesColumns}[path]
		var got []string
		for _, c := range columns {
			got = append(got, c.name+":"+c.kind)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s.log: got %s\nwant %s", path, strings.Join(got, " "), want)
		}
	}
}
