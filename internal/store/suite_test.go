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
