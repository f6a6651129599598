// Package phone reads call records: Asterisk's cdr-csv of 18 and 21 columns.
//
// What always holds:
//
//	A. A row that cannot be read is named with its line and swallows no other row, whatever its
//	   quotes look like.
//	B. Rows are joined by linkedid, else uniqueid, into one call; a call has one external id, however
//	   often and in whatever pieces its rows are read again. A row's own id is hash and occurrence.
//	C. A call is decided once no row of it came for the time of settle; only an unanswered incoming
//	   one asks for a call-back.
//	D. The cursor moves past a row only when its call was decided and the intake has answered for it.
//	E. A file is known by device, inode and first bytes, so that rotation, copying and truncation
//	   neither lose rows nor make a call twice.
package phone
