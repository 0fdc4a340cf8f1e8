package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// KeySize is the size of the master key and of every key in the database, in bytes.
const KeySize = 32

// ErrMasterKey is returned when the database was made with another master key.
var ErrMasterKey = errors.New("the master key is not the one this database was made with; restore DIR/key or TRYOUT_MASTER_KEY")

// Key returns the key called name, making it the first time. It is kept sealed
// under the master key, so that a copy of the database alone opens nothing.
func (s *Store) Key(ctx context.Context, name string) ([]byte, error) {
	seal, err := sealer(s.master)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	err = s.engine.update(ctx, func(c conn) error {
		fresh := seal.Seal(nil, nil, newKey(), []byte(name))
		if _, err := c.exec(`
			insert into keys (name, sealed, created_at)
			values ($1, $2, $3)
			on conflict (name) do nothing`,
			name, fresh, ms(s.now())); err != nil {
			return err
		}
		return c.query(func(r row) error {
			sealed = r.blob(0)
			return nil
		}, "select sealed from keys where name = $1", name)
	})
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	key, err := seal.Open(nil, nil, sealed, []byte(name))
	if err != nil {
		return nil, ErrMasterKey
	}
	return key, nil
}

func newKey() []byte {
	key := make([]byte, KeySize)
	rand.Read(key)
	return key
}

func sealer(master []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(master)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
