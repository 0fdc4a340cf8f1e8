package store_test

import (
	"testing"

	"tryout/internal/storetest"
)

func TestSQLiteKeepsWhatAStorePromises(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.SQLite)
}

func TestPostgreSQLKeepsWhatAStorePromises(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Postgres)
}

// While processes are brought up to a new version one after the other, those that
// wait work on its schema.
func TestThisVersionKeepsWhatAStorePromisesOnTheSchemaOfALater(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Later)
}
