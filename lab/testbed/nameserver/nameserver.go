// Package nameserver is the lab's DNS server: it answers queries for the names
// of a scenario, with answers that have the number of records and the size that
// the scenario sets.
//
// Besides the address, real resolvers send different records: the name servers
// of the domain (the authority section) and their addresses (the additional
// section; RFC 1035, 4.1). A capture shows how many there are and how large the
// answer is, so a scenario can choose both.
package nameserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"ftplab/lab/scenario"
)

// Port is the DNS port (RFC 1035, 4.2.1).
const Port = 53

// maxSize is the largest size of an answer, in bytes (RFC 1035, 4.2.1).
const maxSize = 512

// Serve answers queries for the names until conn is closed. It returns an error
// if a name's answer cannot have the size or the records that the scenario asks
// for; the error names it.
func Serve(conn net.PacketConn, names []scenario.Name) error {
	answers := map[dnsmessage.Question][]byte{}
	for _, n := range names {
		q, answer, err := answer(n)
		if err != nil {
			return err
		}
		answers[q] = answer
	}
	go serve(conn, answers)
	return nil
}

func serve(conn net.PacketConn, answers map[dnsmessage.Question][]byte) {
	query := make([]byte, maxSize)
	for {
		n, from, err := conn.ReadFrom(query)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the client is gone
		}
		if reply := reply(query[:n], answers); reply != nil {
			conn.WriteTo(reply, from)
		}
	}
}

// reply returns the answer to a query, with the query's ID, or the error that
// the name does not exist (RFC 1035, 4.1.1). It returns nil for anything but a
// query.
func reply(query []byte, answers map[dnsmessage.Question][]byte) []byte {
	var p dnsmessage.Parser
	header, err := p.Start(query)
	if err != nil || header.Response {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	if answer, ok := answers[q]; ok {
		answer = bytes.Clone(answer)
		answer[0], answer[1] = byte(header.ID>>8), byte(header.ID)
		return answer
	}
	m := dnsmessage.Message{Header: responseHeader, Questions: []dnsmessage.Question{q}}
	m.ID, m.RCode = header.ID, dnsmessage.RCodeNameError
	for other := range answers {
		if other.Name == q.Name { // it has an address of the other kind
			m.RCode = dnsmessage.RCodeSuccess
		}
	}
	reply, err := m.Pack()
	if err != nil {
		return nil
	}
	return reply
}

var responseHeader = dnsmessage.Header{Response: true, RecursionDesired: true, RecursionAvailable: true}

// LookUp asks the server for the IPv4 or the IPv6 address of a name, in one query with that ID.
// It does not retry: a lab's network loses nothing unless the scenario says so.
func LookUp(ctx context.Context, conn net.PacketConn, server netip.AddrPort, name string, ipv6 bool, id uint16) (netip.Addr, error) {
	q, err := question(name, ipv6)
	if err != nil {
		return netip.Addr{}, err
	}
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: id, RecursionDesired: true}, Questions: []dnsmessage.Question{q}}
	query, err := m.Pack()
	if err != nil {
		return netip.Addr{}, err
	}
	if _, err := conn.WriteTo(query, net.UDPAddrFromAddrPort(server)); err != nil {
		return netip.Addr{}, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	answer := make([]byte, maxSize)
	n, _, err := conn.ReadFrom(answer)
	if ctx.Err() != nil {
		return netip.Addr{}, fmt.Errorf("the name server at %s does not answer: %w", server, ctx.Err())
	}
	if err != nil {
		return netip.Addr{}, err
	}
	return address(answer[:n], id)
}

// address extracts the address from an answer.
func address(answer []byte, id uint16) (netip.Addr, error) {
	var m dnsmessage.Message
	if err := m.Unpack(answer); err != nil {
		return netip.Addr{}, fmt.Errorf("the name server's answer: %w", err)
	}
	if m.ID != id || !m.Response {
		return netip.Addr{}, errors.New("the name server's answer is for another question")
	}
	for _, a := range m.Answers {
		switch body := a.Body.(type) {
		case *dnsmessage.AResource:
			return netip.AddrFrom4(body.A), nil
		case *dnsmessage.AAAAResource:
			return netip.AddrFrom16(body.AAAA), nil
		}
	}
	return netip.Addr{}, errors.New("the name server says that there is no such name or address")
}

// question returns the question for the address of a name: A, or AAAA (RFC
// 3596).
func question(name string, ipv6 bool) (dnsmessage.Question, error) {
	n, err := dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		return dnsmessage.Question{}, fmt.Errorf("name %q: %w", name, err)
	}
	q := dnsmessage.Question{Name: n, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}
	if ipv6 {
		q.Type = dnsmessage.TypeAAAA
	}
	return q, nil
}
