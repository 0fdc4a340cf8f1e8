package httpd

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are those of one Edge. Every label comes from a fixed set: route
// patterns, known methods, status codes ("0" is a connection cut before any answer).
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	panics   prometheus.Counter
}

// newMetrics registers with reg; nil means that nobody looks.
func newMetrics(reg prometheus.Registerer) metrics {
	auto := promauto.With(reg)
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
		inFlight: auto.NewGauge(prometheus.GaugeOpts{
			Name: "tryout_http_requests_in_flight",
			Help: "Requests being served, without those waiting for a place.",
		}),
		panics: auto.NewCounter(prometheus.CounterOpts{
			Name: "tryout_http_panics_total",
			Help: "Handlers that panicked.",
		}),
	}
}

func (m metrics) observe(ev *event, status int, took time.Duration) {
	route := ev.pattern()
	m.requests.WithLabelValues(route, ev.method, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
}
