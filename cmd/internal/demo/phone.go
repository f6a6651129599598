package demo

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// pbx appends call records to a growing file, as Asterisk's cdr-csv does.
type pbx struct {
	path string
	mu   sync.Mutex
}

func (p *pbx) do(_ context.Context, a act) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, err := os.OpenFile(p.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	end := time.Now().UTC()
	start := end.Add(-25 * time.Second)
	number := fmt.Sprintf("1380013%04d", (a.n%10000+10000)%10000)
	id := fmt.Sprintf("%d.%d", start.Unix(), (a.n+100000)%100000)
	w := csv.NewWriter(f)
	w.UseCRLF = false
	if err := w.Write([]string{"", number, "4001", "from-trunk", fmt.Sprintf("%q <%s>", a.name, number), "PJSIP/trunk-1", "PJSIP/4001-1", "Dial", "PJSIP/4001,25",
		start.Format(time.DateTime), "", end.Format(time.DateTime), "25", "0", "NO ANSWER", "DOCUMENTATION", id, ""}); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// prepare makes the folder and the empty file.
func (p *pbx) prepare() error {
	if err := os.MkdirAll(filepath.Dir(p.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(p.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}
