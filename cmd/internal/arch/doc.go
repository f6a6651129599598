// Package arch holds the architecture as a test: which package may import which,
// which third party each ring may use, and what the pure rings may not do. The
// picture behind it is deploy/docs/architecture.md.
package arch
