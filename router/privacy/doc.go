// Package privacy masks secrets in text before the first write: card numbers,
// Chinese identity numbers, passwords, one-time codes and CVVs, in Chinese and
// English, half and full width.
//
// What always holds:
//
//	A. Mask is pure, linear in the length of its text, and never panics.
//	B. What it masks keeps what helps an agent: the kind, and of a card the last four.
//	C. Amounts, dates, phone numbers, error codes and order numbers survive.
//	D. Masking a masked text changes nothing.
//
// A card number is one by Luhn (ISO/IEC 7812-1), length and issuer range
// together, and not the number right after an order word. An identity number is
// one by GB 11643-1999: region, date of birth and the check digit mod 11-2.
package privacy
