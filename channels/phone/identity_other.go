//go:build !unix

package phone

import "os"

// identity is not known here; files are told apart by their first bytes.
func identity(os.FileInfo) (dev, inode uint64) { return 0, 0 }
