package sqlitestore

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"switchyard/router"
)

// LockName is the name of the server's lock file in the data folder.
const LockName = "server.lock"

// LockServer makes this process the one server of a data folder until release is
// called or the process ends, however it ends. conflict: another server has it.
func LockServer(dir string) (release func(), err error) {
	const operation = "sqlitestore.lock"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, router.Wrap(operation, router.CodeUnavailable, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, LockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, router.Wrap(operation, router.CodeUnavailable, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		var once sync.Once
		return func() { once.Do(func() { _ = f.Close() }) }, nil // closing ends the lock
	}
	_ = f.Close() // it was never written
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, router.Fail(operation, router.CodeConflict, "another server uses the data folder %s", dir)
	}
	return nil, router.Wrap(operation, router.CodeUnavailable, err)
}
