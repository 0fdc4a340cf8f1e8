// Package dnstest serves a zone of the DNS to tests.
package dnstest

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Zone is what the world knows: by name and type, such as "example.com MX", the
// records as a zone file has them, such as "10 mx.example.com.". The type FAIL
// has the server fail for the name.
type Zone map[string][]string

// Serve answers from the zone over UDP and TCP until the test ends, and returns
// host:port. What has more than 512 octets goes over TCP alone.
func Serve(t testing.TB, zone Zone) string {
	t.Helper()
	stream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	packets, err := net.ListenPacket("udp", stream.Addr().String())
	if err != nil {
		stream.Close()
		t.Skipf("no port is free for both: %v", err)
	}
	t.Cleanup(func() { stream.Close(); packets.Close() })
	go zone.serveUDP(packets)
	go zone.serveTCP(stream)
	return stream.Addr().String()
}

func (z Zone) serveUDP(packets net.PacketConn) {
	buf := make([]byte, 4096)
	for {
		n, from, err := packets.ReadFrom(buf)
		if err != nil {
			return
		}
		answer, err := z.answer(buf[:n], 512)
		if err == nil {
			packets.WriteTo(answer, from)
		}
	}
}

func (z Zone) serveTCP(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			for z.exchange(c) == nil {
			}
		}()
	}
}

// exchange answers one question over TCP (RFC 1035, 4.2.2).
func (z Zone) exchange(c net.Conn) error {
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return err
	}
	question := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, question); err != nil {
		return err
	}
	answer, err := z.answer(question, 1<<16-1)
	if err != nil {
		return err
	}
	_, err = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	return err
}

// answer packs the answer to a question; one that is too long says only that.
func (z Zone) answer(question []byte, most int) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil || len(m.Questions) != 1 {
		return nil, fmt.Errorf("a strange question: %v", err)
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	q := m.Questions[0]
	var err error
	if m.RCode, m.Answers, err = z.find(q); err != nil {
		return nil, err
	}
	packed, err := m.Pack()
	if err != nil || len(packed) <= most {
		return packed, err
	}
	m.Truncated, m.Answers = true, nil
	return m.Pack()
}

func (z Zone) find(q dnsmessage.Question) (dnsmessage.RCode, []dnsmessage.Resource, error) {
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	if _, fails := z[name+" FAIL"]; fails {
		return dnsmessage.RCodeServerFailure, nil, nil
	}
	var answers []dnsmessage.Resource
	for _, text := range z[name+" "+strings.TrimPrefix(q.Type.String(), "Type")] {
		body, err := parse(q.Type, text)
		if err != nil {
			return 0, nil, err
		}
		answers = append(answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60}, Body: body,
		})
	}
	if answers == nil && !z.has(name) {
		return dnsmessage.RCodeNameError, nil, nil
	}
	return dnsmessage.RCodeSuccess, answers, nil
}

func (z Zone) has(name string) bool {
	for key := range z {
		if strings.HasPrefix(key, name+" ") {
			return true
		}
	}
	return false
}

// parse reads a record of the types that are needed. A TXT is cut into strings
// of 255 octets.
func parse(kind dnsmessage.Type, text string) (dnsmessage.ResourceBody, error) {
	switch kind {
	case dnsmessage.TypeA, dnsmessage.TypeAAAA:
		a, err := netip.ParseAddr(text)
		if kind == dnsmessage.TypeA {
			return &dnsmessage.AResource{A: a.As4()}, err
		}
		return &dnsmessage.AAAAResource{AAAA: a.As16()}, err
	case dnsmessage.TypeTXT:
		body := &dnsmessage.TXTResource{}
		for ; len(text) > 255; text = text[255:] {
			body.TXT = append(body.TXT, text[:255])
		}
		body.TXT = append(body.TXT, text)
		return body, nil
	case dnsmessage.TypePTR:
		name, err := dnsmessage.NewName(text)
		return &dnsmessage.PTRResource{PTR: name}, err
	case dnsmessage.TypeMX:
		var pref uint16
		var host string
		if _, err := fmt.Sscan(text, &pref, &host); err != nil {
			return nil, err
		}
		name, err := dnsmessage.NewName(host)
		return &dnsmessage.MXResource{Pref: pref, MX: name}, err
	}
	return nil, fmt.Errorf("type %v: not known here", kind)
}
