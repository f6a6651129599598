package chart

import "bytes"

// fileStyle gives a picture that stands alone the colors that a page gives it, in light and dark.
const fileStyle = `<style>svg{--ink:#1b2430;--muted:#6a7686;--line:#dde3ea;--blue:#2563eb;--red:#c62828;--green:#1b8a4b;--amber:#b26a00;background:#fff;font-family:sans-serif}` +
	`@media(prefers-color-scheme:dark){svg{--ink:#e6ebf2;--muted:#93a0b2;--line:#2b3646;--blue:#6ea0ff;--red:#ff7b72;--green:#5bd18b;--amber:#f0b457;background:#19212c}}</style>`

// File is the drawing as a file of its own, outside a page.
func (p Picture) File() []byte {
	end := bytes.IndexByte(p.SVG, '>')
	if end < 0 {
		return p.SVG
	}
	out := append([]byte{}, p.SVG[:end+1]...)
	out = append(out, fileStyle...)
	return append(out, p.SVG[end+1:]...)
}
