// Package config reads the desk's configuration: one struct tree whose tags give
// keys, defaults, documentation and secrecy. A flag wins over the environment,
// that over the file, that over the default.
//
// What always holds:
//
//	A. Unknown keys and unknown SWITCHYARD_ variables are problems; all
//	   problems are reported at once, each with its path.
//	B. The environment name of a key is SWITCHYARD_ and its path in capitals with _ for the dot;
//	   no two keys share one.
//	C. A secret may be file:PATH or env:NAME, and is never printed.
package config
