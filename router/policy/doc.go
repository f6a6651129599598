// Package policy is the manager's document and its compiled, immutable form. A
// Policy is YAML that people write; Compile checks all of it at once and makes a
// Ruleset, which decisions use. A Ruleset is named by the digest of its document.
//
// What always holds:
//
//	A. A policy with any problem gives no Ruleset, and every problem is named by its path.
//	B. Compile and evaluation are pure: time zones come from the caller, and
//	   an expression sees only the variables handed to it.
//	C. Every expression is type-checked when compiled and cost-limited when run.
//	D. All numbers in expressions are doubles: 1 and 1.0 compare and mix.
package policy
