package httpd

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// settling is what the slowest ordinary handshake takes, and is granted once Grace is over.
const settling = 250 * time.Millisecond

// Server is an Edge on an address. Make it with Listen.
type Server struct {
	Grace time.Duration // for how long new connections are still taken once told to stop, so that balancers notice; zero means 2 s
	Limit time.Duration // for how long stopping may take in all, Grace included; zero means 10 s

	edge     *Edge
	listener *listener
	http     *http.Server
	unasked  unasked
}

// Listen opens addr ("host:port"; port 0 picks a free one). Certificates may be nil: plain HTTP.
// Set Grace and Limit before Serve.
func Listen(addr string, h *Edge, certs *Certificates) (*Server, error) {
	l, err := openListener(addr, h)
	if err != nil {
		return nil, err
	}
	s := &Server{edge: h, listener: l}
	s.http = &http.Server{
		Handler:                      h,
		ReadHeaderTimeout:            5 * time.Second,
		ReadTimeout:                  15 * time.Second,
		WriteTimeout:                 30 * time.Second,
		IdleTimeout:                  120 * time.Second,
		MaxHeaderBytes:               16 << 10, // the library adds 4 KiB of its own
		DisableGeneralOptionsHandler: true,     // OPTIONS * is a route like any other
		ConnContext:                  withConn,
		ConnState:                    s.note,
		ErrorLog:                     slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
	if certs != nil {
		s.http.TLSConfig = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return certs.current(h.now(), h.log), nil
		}}
	}
	return s, nil
}

// Addr is where the server listens, with the port it really has.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers requests until ctx is done, then drains and returns nil: what
// comes within Grace is served, what comes later is answered 503 with
// Retry-After, and nothing is left unanswered, unless Limit passes first or it comes, after the listener closed, on a connection idle for all of Grace.
// It returns an error only if the listener fails. It may be called once.
func (s *Server) Serve(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- s.accept() }()
	select {
	case err := <-ended:
		_ = s.http.Close() // the listener's own failure is the one to tell
		return fmt.Errorf("serve %s: %w", s.Addr(), err)
	case <-ctx.Done():
		s.drain(context.WithoutCancel(ctx), ended)
		return nil
	}
}

func (s *Server) accept() error {
	if s.http.TLSConfig != nil {
		return s.http.ServeTLS(s.listener, "", "")
	}
	return s.http.Serve(s.listener)
}

// note follows the life of a connection.
func (s *Server) note(c net.Conn, state http.ConnState) {
	s.unasked.note(c, state)
	if state == http.StateIdle {
		answered(c)
	}
}

// drain stops in the one order that leaves nobody without an answer: during
// Grace answers end their connections and readiness fails; after it who still
// asks is told 503 and when to try again; then nobody new can connect, those who
// connected and have not asked yet are heard (Shutdown would hang up on them),
// and only then Shutdown closes what is idle and waits for what is not.
func (s *Server) drain(ctx context.Context, ended <-chan error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.Limit, 10*time.Second))
	defer cancel()
	s.edge.draining.Store(true)
	grace := cmp.Or(s.Grace, 2*time.Second)
	pause(ctx, grace)
	s.edge.closed.Store(true)
	s.listener.finish(time.Now().Add(min(grace, settling)))
	<-ended
	s.unasked.wait(ctx)
	if err := s.http.Shutdown(ctx); err != nil {
		s.edge.log.Warn("requests cut: draining took too long", "err", err)
		_ = s.http.Close() // nothing is left to do about a connection that does not close
	}
}

// pause returns after d, or when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
