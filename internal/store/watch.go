package store

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"tryout/internal/beta"
)

// watch sees whether anything was committed without asking SQLite. It looks at
// what SQLite itself looks at when a read begins: the header of the WAL-index,
// in the memory that all processes with the database open share (the -shm file,
// https://sqlite.org/walformat.html section 2.1). Every commit writes a new one:
// it holds a change counter, the salts of the log and the running checksum of
// all that is in it, so the same header means the same database.
//
// The file stays open as long as the database does: closing it would release
// the locks that SQLite holds on it (POSIX locks belong to the process).
type watch struct {
	file  *os.File
	index []byte
	over  atomic.Bool
}

// indexHeader is the size of one of the two copies of the header that the index begins with.
const indexHeader = 48

// openWatch watches the database at path, which must be open and have been read.
func openWatch(path string) (*watch, error) {
	f, err := os.Open(path + "-shm")
	if err != nil {
		return nil, fmt.Errorf("watch the database: %w", err)
	}
	index, err := syscall.Mmap(int(f.Fd()), 0, os.Getpagesize(), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("watch the database: %w", errors.Join(err, f.Close()))
	}
	return &watch{file: f, index: index}, nil
}

// mark names the state that the database is in now; zero while a commit is just
// being made known. The writer writes the second copy first: two that are
// alike, the first read before the second, were whole. It is zero once the watch is
// over.
func (w *watch) mark() (m beta.Mark) {
	m = w.header(0)
	if w.header(indexHeader) != m || w.over.Load() {
		return beta.Mark{}
	}
	return m
}

func (w *watch) header(offset int) (m beta.Mark) {
	for i := range m {
		m[i] = atomic.LoadUint64((*uint64)(unsafe.Pointer(&w.index[offset+8*i])))
	}
	return m
}

// logged is how many pages the log holds (mxFrame of the header).
func (w *watch) logged() uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&w.index[16])))
}

// close ends the watch; the database must be closed already. The page stays where
// it is: a request that was cut may be looking at it.
func (w *watch) close() error {
	w.over.Store(true)
	return w.file.Close()
}
