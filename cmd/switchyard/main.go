// Command switchyard is an omnichannel support-routing engine: one binary for the
// server, the demo, and everything around it. See README.md.
package main

import (
	"os"

	"switchyard/cmd/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())) }
