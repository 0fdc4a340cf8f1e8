package main

import "strconv"

// appendPerson appends the address of the n-th person. Neighbours in number are
// no neighbours by address, as people come in no order.
func appendPerson(b []byte, n uint64) []byte {
	const digits = "0123456789abcdef"
	n = scatter(n)
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[n>>shift&15])
	}
	return append(b, "@example.com"...)
}

func person(n uint64) string { return string(appendPerson(nil, n)) }

// scatter gives each number another one of its own (splitmix64's last step).
func scatter(n uint64) uint64 {
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// place is a skill with a running test.
type place struct {
	skill string
	test  int64
}

// get is the request for a path, as both servers are asked.
func (d *data) get(b []byte, path ...string) []byte {
	b = append(b, "GET "...)
	for _, p := range path {
		b = append(b, p...)
	}
	return append(append(b, " HTTP/1.1\r\nHost: bench\r\n"...), d.authorization...)
}

// add is the request that adds count people to a skill.
func (d *data) add(b []byte, skill string, count int, number func() uint64) []byte {
	const each = len(`{"emailId":"0123456789abcdef@example.com"},`)
	b = append(b, "POST /v1/skills/"+skill+"/betaTest/testers/add HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(`{"testers":[]}`)+count*each-1), 10)
	b = append(append(b, "\r\n"...), d.authorization...)
	b = append(b, `{"testers":[`...)
	for i := range count {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"emailId":"`...)
		b = append(appendPerson(b, number()), `"}`...)
	}
	return append(b, "]}"...)
}
