package beta

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns an id of 26 letters and digits that sorts by the time it was
// made: 48 bits of milliseconds, then 80 random bits.
func NewID(now time.Time) string {
	var b [16]byte
	rand.Read(b[:])
	binary.BigEndian.PutUint16(b[0:], uint16(now.UnixMilli()>>32))
	binary.BigEndian.PutUint32(b[2:], uint32(now.UnixMilli()))
	return idText.EncodeToString(b[:])
}

// NewTestID returns a test id that sorts by the time it was made: 42 bits of
// milliseconds, then 21 random bits.
func NewTestID(now time.Time) TestID {
	var b [4]byte
	rand.Read(b[:])
	return TestID(now.UnixMilli()<<21 | int64(binary.BigEndian.Uint32(b[:])>>11))
}
