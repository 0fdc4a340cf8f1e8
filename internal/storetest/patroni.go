package storetest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Crash kills the primary and its Patroni, as kill -9 does, and returns which
// server it was.
func (c *Cluster) Crash() int {
	c.t.Helper()
	leader := c.leader()
	leader.kill()
	return slices.Index(c.nodes, leader)
}

// Return starts a server again that was killed, and waits until it is of use:
// all follow one primary, and one of them so closely that no commit is
// acknowledged without it.
func (c *Cluster) Return(n int) {
	c.t.Helper()
	c.nodes[n].start()
	c.AwaitWhole()
}

// Loosen has the primary acknowledge what it has stored by itself, and cuts the
// standbys off from it.
func (c *Cluster) Loosen() {
	c.t.Helper()
	leader := c.leader()
	superuser := "postgres://postgres:" + secret + "@/postgres?host=" + url.QueryEscape(c.dir) + "&port=" + leader.postgres[strings.LastIndex(leader.postgres, ":")+1:]
	c.configure(leader, `{"synchronous_mode": false, "synchronous_mode_strict": false}`)
	c.await("the primary waits for no standby", func() bool {
		return Rows(c.t, superuser, "show synchronous_standby_names")[0][0] == ""
	})
	if err := run(c.t.Context(), superuser, "alter role replicator nologin; select pg_terminate_backend(pid) from pg_stat_replication"); err != nil {
		c.t.Fatal(err)
	}
}

// configure changes the configuration of the cluster.
func (c *Cluster) configure(n *node, change string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPatch, "http://"+n.rest+"/config", strings.NewReader(change))
	if err != nil {
		c.t.Fatal(err)
	}
	req.SetBasicAuth("patroni", secret)
	resp, err := asker.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		c.t.Fatalf("change the configuration of Patroni: %s", resp.Status)
	}
}

// member is what Patroni says of a node.
type member struct {
	Name, Role, State string
	Timeline          int
	Lag               any // bytes, as of some seconds ago, or "unknown"
}

// members asks any node that answers.
func (c *Cluster) members() (list []member) {
	var answer struct{ Members []member }
	for _, n := range c.nodes {
		resp, err := asker.Get("http://" + n.rest + "/cluster")
		if err != nil {
			continue
		}
		err = json.NewDecoder(resp.Body).Decode(&answer)
		resp.Body.Close()
		if err == nil {
			return answer.Members
		}
	}
	return nil
}

var asker = http.Client{Timeout: 5 * time.Second}

func (c *Cluster) leader() *node {
	c.t.Helper()
	list := c.members()
	for _, n := range c.nodes {
		if slices.ContainsFunc(list, func(m member) bool { return m.Name == n.name && m.Role == "leader" }) {
			return n
		}
	}
	c.t.Fatalf("no primary among %+v", list)
	return nil
}

// AwaitWhole waits until every server has its place.
func (c *Cluster) AwaitWhole() {
	c.t.Helper()
	c.await("every server has its place", c.isWhole)
}

// await asks again and again until it is so; there is no event to wait for.
func (c *Cluster) await(what string, so func() bool) {
	c.t.Helper()
	limit := time.After(3 * time.Minute)
	for !so() {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-limit:
			c.t.Fatalf("%s: it does not come to that: %+v", what, c.members())
		}
	}
}

func (c *Cluster) isWhole() bool {
	roles, timelines := map[string]int{}, map[int]bool{}
	for _, m := range c.members() {
		if lag, known := m.Lag.(float64); m.State != "running" && m.State != "streaming" || m.Role != "leader" && (!known || lag > 16<<20) {
			return false
		}
		roles[m.Role]++
		timelines[m.Timeline] = true
	}
	return roles["leader"] == 1 && roles["sync_standby"] == 1 && roles["replica"] == len(c.nodes)-2 && len(timelines) == 1
}

// Timeline is that of the primary.
func (c *Cluster) Timeline() int {
	c.t.Helper()
	n, err := strconv.ParseInt(Rows(c.t, c.Address, "select left(pg_walfile_name(pg_current_wal_lsn()), 8)")[0][0], 16, 64)
	if err != nil {
		c.t.Fatal(err)
	}
	return int(n)
}
