package main

import (
	"context"
	"math/rand/v2"
)

// entitledHot asks whether somebody may use a skill, for the same few people,
// against prepared bytes.
func (b *bench) entitledHot(ctx context.Context) (measured, error) {
	return b.entitled(ctx, min(1000, b.testers))
}

// entitledAny asks for anybody: nothing that was read before helps.
func (b *bench) entitledAny(ctx context.Context) (measured, error) {
	m, err := b.entitled(ctx, b.testers)
	if err != nil {
		return m, err
	}
	return b.besides(ctx, m, selectTester, 1)
}

func (b *bench) entitled(ctx context.Context, people int) (measured, error) {
	return b.read(ctx, []byte(`{"entitled":true}`), func(i int) asker { return b.data.check(i, people) })
}

// check asks for the first people of the large skill by lot.
func (d *data) check(i, people int) asker {
	random := rand.New(rand.NewPCG(uint64(i), uint64(people)))
	var buf, email []byte
	return func([]byte) []byte {
		email = appendPerson(email[:0], random.Uint64N(uint64(people)))
		buf = d.get(buf[:0], "/x/v1/skills/", d.large.skill, "/entitlements/", string(email))
		return buf
	}
}
