package bounce

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"

	"tryout/internal/beta"
)

// Take receives what was reported about one mail, and when that mail was
// queued. Only when it returns nil is the sender told that its message was
// taken; until then the sender keeps it, and sends it again. So the same reports
// may come more than once. The context ends after a minute, or when the listener
// closes.
type Take func(ctx context.Context, id beta.MailID, queued time.Time, found []Report) error

// Limits of the listener. A report is small and has one recipient; nobody needs more.
const (
	maxConns       = 100 // at once
	maxConnsOfHost = 10  // of them from one address
	maxRecipients  = 10
	stepTimeout    = time.Minute     // for one command or answer
	connTimeout    = 5 * time.Minute // for a whole connection
	takeTimeout    = time.Minute
)

// Listener is an SMTP server that takes returned mail, only for addresses that
// prove which mail they are of, and relays nothing to anybody. Its methods may
// be called concurrently.
type Listener struct {
	addresses Addresses
	take      Take
	log       *slog.Logger
	server    *smtp.Server
	gate      *gate
	ctx       context.Context // of every take
	cancel    context.CancelFunc
	served    chan struct{} // closed when no more connections are accepted
}

// Listen takes returned mail at addr, a host and a port; port 0 is a free one.
// There is no AUTH. Close ends it.
func Listen(addr string, addresses Addresses, take Take, log *slog.Logger) (*Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	l := &Listener{addresses: addresses, take: take, log: log, gate: newGate(listener), served: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{listener: l}, nil
	}))
	l.server.Domain = addresses.Host()
	l.server.EnableSMTPUTF8 = true // RFC 6533
	l.server.MaxMessageBytes = MaxSize
	l.server.MaxRecipients = maxRecipients
	l.server.ReadTimeout = stepTimeout
	l.server.WriteTimeout = stepTimeout
	l.server.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	go func() {
		defer close(l.served)
		l.server.Serve(l.gate)
	}()
	return l, nil
}

// Addr returns the address that takes mail.
func (l *Listener) Addr() net.Addr { return l.gate.Addr() }

// Close takes no more mail, cuts the connections, and waits for reports that
// are being taken. What was not acknowledged stays with its sender.
func (l *Listener) Close() error {
	l.cancel()
	err := l.gate.Close()
	<-l.served
	l.server.Shutdown(context.Background()) // waits for the sessions; their connections are closed
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
