package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tryout/internal/beta"
)

// pgbench runs a script for some clients at once, each on its connection, for as
// long as a round and what goes before it.
func (p *postgres) pgbench(ctx context.Context, round time.Duration, clients int, script string) (s speed, err error) {
	file := filepath.Join(p.dir, "script")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		return s, err
	}
	seconds := int(math.Ceil((round + warmUp).Seconds())) // it knows no parts of one
	cmd := p.command(ctx, "pgbench", "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2",
		"-T", strconv.Itoa(seconds), "-f", file, "-h", p.dir, "-U", "postgres")
	variables, err := p.variables(ctx, clients)
	if err != nil {
		return s, err
	}
	for name, value := range variables {
		cmd.Args = append(cmd.Args, "-D", name+"="+value)
	}
	cmd.Args = append(cmd.Args, theirs)
	cmd.Env = append(os.Environ(), "PGOPTIONS=-c "+strings.Join(sessionSettings, " -c "))
	text, err := cmd.CombinedOutput()
	if err != nil {
		return s, fmt.Errorf("pgbench: %w\n%s", err, text)
	}
	s.done, s.perSecond = int64(figure(text, "number of transactions actually processed: ")), figure(text, "tps = ")
	s.cost = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()) / time.Duration(max(1, s.done))
	return s, nil
}

// figure is the number that stands after some words of pgbench's.
func figure(text []byte, after string) float64 {
	_, rest, _ := strings.Cut(string(text), after)
	n, _ := strconv.ParseFloat(strings.Fields(rest + " 0")[0], 64)
	return n
}

// firstBatch is the number of pgbench's first batch, of as many digits as all after it.
const firstBatch = 100_000_000_000

// variables are what the scripts name, but for what they set themselves.
func (p *postgres) variables(ctx context.Context, clients int) (map[string]string, error) {
	const batches = "01h00000000000"
	text, err := p.psql(ctx, theirs, fmt.Sprintf(
		"select coalesce(max(substr(id, %d)::bigint), %d) + 1, greatest(max(test_id), %d) - %d + 1 from batches",
		len(batches)+1, firstBatch-1, p.data.large.test, p.data.large.test))
	if err != nil {
		return nil, err
	}
	begun, used, _ := strings.Cut(text, "|")
	digest := sha256.Sum256([]byte(p.data.token))
	now := time.Now().UnixMilli()
	step := math.MaxUint64 / uint64(max(1000, p.data.testers)) * 100
	testers, mails := p.people()
	return map[string]string{
		"token": `\x` + hex.EncodeToString(digest[:]), "vendor": vendor, "by": "token " + hex.EncodeToString(digest[:4]),
		"place": skillPrefix, "skills": strconv.Itoa(firstSkill), "tests": strconv.FormatInt(p.data.large.test, 10),
		"clients": strconv.Itoa(clients), "n": "-1", "begun": begun, "used": used, "size": "100", "email": person(0),
		"step": strconv.FormatUint(step, 10), "pages": strconv.FormatUint(max(1, (1<<63-1<<60)/8/step), 10),
		"at": strconv.FormatInt(now, 10), "expires": strconv.FormatInt(now+life, 10),
		"state": string(beta.Invited), "status": string(beta.Running), "kind": string(beta.InvitationMail), "add": string(beta.OpAdd),
		"request": "01234567-89ab-4def-8123-456789abcdef", "batches": batches, "zero": "0", "one": "1",
		"testers": testers, "mails": mails,
	}, nil
}

// people are the same 500 each time.
func (p *postgres) people() (testers, mails string) {
	a := newAdder(p.data).addition(place{}, 1, 500)
	return a.testers, a.mails
}

// sessionSettings are what Tryout asks of the server for its plans.
var sessionSettings = []string{
	"plan_cache_mode=force_generic_plan", "jit=off", "enable_seqscan=off", "enable_hashjoin=off",
	"enable_mergejoin=off", "enable_material=off", "enable_sort=off",
}
