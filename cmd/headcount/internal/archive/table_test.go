package archive

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTmpSpeed(t *testing.T) {
	columns := []column{{"install_guid", uuidColumn}, {"day", dayColumn}}
	for i := range 17 {
		columns = append(columns, column{fmt.Sprintf("metric.name.%d", i), countColumn})
	}
	path := filepath.Join(t.TempDir(), "x.parquet")
	start := time.Now()
	w, err := createTable(path, columns, false)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	rows := 0
	for range 30000 {
		var id [16]byte
		for i := range id {
			id[i] = byte(r.Uint32())
		}
		tot := [17]int64{}
		for i := range tot {
			tot[i] = r.Int64N(20)
		}
		for d := range 30 {
			if r.IntN(4) == 0 {
				continue
			}
			rows++
			w.uuid(0, id)
			w.day(1, int32(20000+d))
			for i := range tot {
				if i < 5 {
					if r.IntN(5) == 0 {
						tot[i] += r.Int64N(10)
					}
				} else if r.IntN(10) == 0 {
					tot[i] += r.Int64N(3) - 1
					if tot[i] < 0 {
						tot[i] = 0
					}
				}
				if i > 5 && tot[i] == 0 {
					w.null(i + 2)
				} else {
					w.count(i+2, tot[i])
				}
			}
			if err := w.end(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	info, _ := os.Stat(path)
	fmt.Println("write", rows, time.Since(start), float64(info.Size())/float64(rows))
	start = time.Now()
	rd, err := openTable(path, columns)
	if err != nil {
		t.Fatal(err)
	}
	n, sum := 0, int64(0)
	for {
		ok, err := rd.next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		n++
		for i := range 17 {
			v, _ := rd.count(i + 2)
			sum += v
		}
	}
	rd.close()
	fmt.Println("read", n, time.Since(start), sum)
}
