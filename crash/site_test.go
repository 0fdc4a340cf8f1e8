package crash_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// site is a database on which servers live and die, one after the other.
type site struct {
	t        *testing.T
	program  string
	data     string   // the directory, where there is one
	database string   // data, or the address
	where    []string // the same in flags
	relay    *relay
	door     *door // of the relay's, for a server that is alone
	token    string
	away     bool // the database may be, and servers may say so
}

// newSite has a data directory, a vendor, the skills and a token.
func newSite(t *testing.T, skills ...string) *site {
	t.Helper()
	dir := t.TempDir()
	return newSiteOn(t, dir, []string{"--data", dir}, skills)
}

func newSiteOn(t *testing.T, database string, where, skills []string) *site {
	t.Helper()
	program, err := buildTryout()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, program: program, data: database, database: database, where: where, relay: newRelay()}
	s.door = s.relay.open(t)
	s.operate("vendor", "create", "--name", "Vendor", "--id", "V1")
	for _, id := range skills {
		s.operate("skill", "create", "--vendor", "V1", "--name", id, "--id", id)
	}
	s.token = s.operate("token", "create", "--vendor", "V1", "--ttl", "24h")["access_token"].(string)
	return s
}

// operate runs an operator's command and returns the JSON object it prints.
func (s *site) operate(args ...string) (printed map[string]any) {
	s.t.Helper()
	var errs bytes.Buffer
	cmd := s.command(s.where, append(args, "--json")...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &printed)
	}
	if err != nil {
		s.t.Fatalf("tryout %s: %v\n%s", strings.Join(args, " "), err, &errs)
	}
	return printed
}

// command prepares a run that no setting of this machine reaches.
func (s *site) command(where []string, args ...string) *exec.Cmd {
	cmd := exec.Command(s.program, append(args, where...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + runDir}
	return cmd
}
