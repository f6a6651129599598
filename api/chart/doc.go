// Package chart draws the managers' pictures: SVG for a page, with the same numbers as a table beside it.
//
// What always holds:
//
//	A. A picture has no script and no style attribute or element: colors are presentation attributes that
//	   name the page's own colors, so that it stands in a page of the strictest content security policy and is
//	   readable in light and dark.
//	B. The same input gives the same bytes. Sizes are bounded; what is too big or does not fit together is invalid_field.
//	C. No coordinate and no word is NaN or infinite: a number that is none is a gap.
//	D. Words of others are text, never markup. Their font is the page's, so that Chinese shows.
package chart
