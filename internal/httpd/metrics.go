package httpd

import (
	"log/slog"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are those of one Edge. Every label comes from a fixed set: route
// patterns, known methods, status codes ("0" is a connection cut before any answer).
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	panics   prometheus.Counter
}

// newMetrics registers with reg; nil means that nobody looks. inFlight is how many requests are being served.
func newMetrics(reg prometheus.Registerer, inFlight func() float64) metrics {
	auto := promauto.With(reg)
	auto.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tryout_http_requests_in_flight",
		Help: "Requests being served, without those waiting for a place.",
	}, inFlight)
	return metrics{
		requests: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "tryout_http_requests_total",
			Help: "Requests answered.",
		}, []string{"route", "method", "status"}),
		duration: auto.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "tryout_http_request_duration_seconds",
			Help:    "Time from the request's header to the end of its handler.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}, []string{"route"}),
		panics: auto.NewCounter(prometheus.CounterOpts{
			Name: "tryout_http_panics_total",
			Help: "Handlers that panicked.",
		}),
	}
}

// series returns the metrics and the log of one kind of request.
func (m metrics) series(k kind, log slog.Handler) series {
	return series{
		requests: m.requests.WithLabelValues(k.route, k.method, strconv.Itoa(k.status)),
		duration: m.duration.WithLabelValues(k.route),
		log: log.WithAttrs([]slog.Attr{
			slog.String("method", k.method), slog.String("route", k.route), slog.Int("status", k.status),
		}),
	}
}
