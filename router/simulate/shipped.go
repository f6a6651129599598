package simulate

import (
	"bytes"
	_ "embed"
)

//go:embed reference.yaml
var referenceYAML []byte

// Reference is the document of the reference experiment (ROUTING §2).
func Reference() []byte { return bytes.Clone(referenceYAML) }
