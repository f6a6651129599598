package forecast

import (
	"encoding/binary"
	"testing"
	"time"

	"switchyard/router"
)

// Invariant D: whatever the rows, there is an error that names a field or a forecast of
// finite numbers with nested bands.
func FuzzFit(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, int64(1_790_000_000), uint8(3))
	f.Add([]byte("one ticket, or none, and a day of forty hours"), int64(1_774_746_000), uint8(0))
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, tape []byte, now int64, hours uint8) {
		asOf := time.Unix(now%4_000_000_000, 0)
		var rows []Row
		for ; len(tape) >= 4; tape = tape[4:] {
			n := binary.LittleEndian.Uint32(tape)
			rows = append(rows, Row{asOf.Truncate(Slot).Add(-time.Duration(n%9000) * Slot),
				Key{router.Channels()[n>>13%4], router.Topic([]string{"a", "b", ""}[n>>15%3]), "zh"}, int(n >> 17)})
		}
		m, err := Fit(rows, z, nil, asOf)
		if err != nil {
			t.Fatal(err) // nothing above is a bad row
		}
		s := span(t, m, asOf, asOf.Add(time.Duration(1+int(hours))*time.Hour), Filter{})
		for _, x := range s.Slots {
			nested(t, x.Band)
		}
		for _, x := range s.Days {
			nested(t, x.Band)
		}
		nested(t, s.Total)
		p, err := m.Staff(asOf, asOf.Add(time.Hour), Filter{}, eighty())
		if err != nil && router.CodeOf(err) != router.CodeInvalidField {
			t.Fatal(err)
		}
		for _, r := range p.Rows {
			if !(r.Level >= 0.8-1e-9 && r.Level <= 1 && r.Load >= 0 && r.Wait >= 0) {
				t.Fatalf("%+v", r)
			}
		}
	})
}
