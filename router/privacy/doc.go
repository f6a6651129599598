// Package privacy masks secrets in text before the first write, in Chinese and
// English, in any width and script of digits: card and Chinese identity numbers,
// passwords, one-time codes, CVVs, IBANs, bank accounts, API keys, tokens and
// private keys; phone numbers and mail addresses where the policy says so.
//
// What always holds:
//
//	A. Mask is pure, linear in the length of its text, and never panics.
//	B. What it masks keeps what helps an agent: the kind, and of a card, account or phone the last four.
//	C. Amounts, dates, phone numbers, error codes, tracking and order numbers survive.
//	D. Masking a masked text changes nothing.
//	E. Of the lines in testdata/hard.tsv it finds at least 99 % of the secrets and changes at most 1 % of the look-alikes.
//
// A text is read folded (fold.go): lower case, half width, one kind of digit,
// quote, dash and blank, simplified words, nothing invisible. Then three readers look:
//
//	numbers  what is a secret by its own form: cards by Luhn (ISO/IEC 7812-1), length
//	         and issuer range together, and not the number right after an order word;
//	         identity numbers by GB 11643-1999; IBANs by ISO 13616 (mod 97)
//	near     what is a secret because of a word beside it (words.go has the vocabulary)
//	keys     what carries its own mark: prefixes of API keys, JWT, Bearer, PEM
package privacy
