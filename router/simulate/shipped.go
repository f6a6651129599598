package simulate

import (
	"bytes"
	_ "embed"
)

var (
	//go:embed reference.yaml
	referenceYAML []byte
	//go:embed wallet.yaml
	walletYAML []byte
)

// Reference is the document of the reference experiment (ROUTING §2).
func Reference() []byte { return bytes.Clone(referenceYAML) }

// Wallet is the document of the wallet desk with all that the reference leaves out: skills, capacity, customers who
// give up, shifts, wrong topics.
func Wallet() []byte { return bytes.Clone(walletYAML) }
