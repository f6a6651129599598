// Package openapi holds the contract of the HTTP API: openapi.yaml, written by hand, and
// the server interface and models generated from it.
//
// What always holds:
//
//	A. openapi.yaml is the contract; gen.go is made from it and never edited.
//	B. Every operation states its permission as x-permission; a test of package api holds the
//	   route table to it.
package openapi

import _ "embed"

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 --config=config.yaml openapi.yaml

// Document is openapi.yaml.
//
//go:embed openapi.yaml
var Document []byte
