package httpd

import (
	"fmt"
	"net"
	"syscall"
)

// ignoreHandshakes makes the kernel drop every packet that opens a connection
// to l, and no other: handshakes already begun still come to their end.
//
// Closing alone leaves a gap between the last accept and the close, and who
// connects in it is reset. A filter on the socket is the only way to stop the
// queue without closing it; it needs no privilege.
func ignoreHandshakes(l *net.TCPListener) error {
	const flags, syn, synAck = 13, 0x02, 0x12 // offset in the TCP header; bits (RFC 9293 section 3.1)
	program := []syscall.SockFilter{
		{Code: syscall.BPF_LD | syscall.BPF_B | syscall.BPF_ABS, K: flags},
		{Code: syscall.BPF_ALU | syscall.BPF_AND | syscall.BPF_K, K: synAck},
		{Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, Jf: 1, K: syn},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: 0},          // drop
		{Code: syscall.BPF_RET | syscall.BPF_K, K: 0xffffffff}, // keep
	}
	raw, err := l.SyscallConn()
	if err != nil {
		return fmt.Errorf("filter handshakes: %w", err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		//lint:ignore SA1019 its successor is outside the standard library, for this one call
		failed = syscall.AttachLsf(int(fd), program)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("filter handshakes: %w", err)
	}
	return nil
}
