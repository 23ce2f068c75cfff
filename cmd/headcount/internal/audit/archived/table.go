package archived

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"
)

// A column is what the values of a column may be.
type column struct {
	name string
	of   func(i *inspection, rel, name string, v parquet.Value)
}

// table looks at every value of a Parquet file.
func (i *inspection) table(rel, name string, installations bool) (err error) {
	defer func() { // the library panics where a file is not as it should be
		if p := recover(); p != nil {
			i.found(Damaged, rel, "it cannot be read", fmt.Sprint(p))
		}
	}()
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		i.found(Damaged, rel, "it cannot be read", err.Error())
		return nil
	}
	for _, pair := range p.Metadata().KeyValueMetadata {
		i.text(rel, []byte(pair.Key+" "+pair.Value))
	}
	columns := i.columns(rel, p, installations)
	for _, g := range p.RowGroups() {
		if err := i.rows(rel, g, columns); err != nil {
			i.found(Damaged, rel, "it cannot be read to its end", err.Error())
		}
	}
	return nil
}

// columns finds columns that are not on the list. Those of an earlier notice
// are on the archive's own list of series only.
func (i *inspection) columns(rel string, p *parquet.File, installations bool) (list []column) {
	allowed := map[string]func(*inspection, string, string, parquet.Value){"install_guid": (*inspection).identifier}
	days := []string{"day"}
	if installations {
		days = []string{"first_day", "last_day"}
		allowed["active_days"], allowed["active_mask"] = (*inspection).anything, (*inspection).anything
		for _, m := range i.Schema.Metrics {
			days = append(days, m.Name+"@day")
		}
	}
	for _, d := range days {
		allowed[d] = (*inspection).anything
	}
	for _, s := range i.Schema.Series {
		allowed[s.Name] = (*inspection).number
	}
	for _, path := range p.Schema().Columns() {
		name := strings.Join(path, ".")
		look, ok := allowed[name]
		if !ok {
			i.found(Catalog, rel, "a column that is not on the list", fmt.Sprintf("%q", name))
			look = (*inspection).anything
		}
		list = append(list, column{name, look})
	}
	return list
}

func (i *inspection) rows(rel string, g parquet.RowGroup, columns []column) error {
	rows := g.Rows()
	defer rows.Close()
	block := make([]parquet.Row, 256)
	for {
		n, err := rows.ReadRows(block)
		for _, row := range block[:n] {
			i.result.Rows++
			for _, v := range row {
				if c := columns[v.Column()]; !v.IsNull() {
					c.of(i, rel, c.name, v)
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (i *inspection) anything(string, string, parquet.Value) {}

func (i *inspection) identifier(rel, name string, v parquet.Value) {
	id, err := uuid.FromBytes(v.ByteArray())
	if err != nil || id.Version() != 4 || id.Variant() != uuid.RFC4122 {
		i.found(Catalog, rel, "an identifier that is not random, of version 4", fmt.Sprintf("%x", v.ByteArray()))
		return
	}
	if hash, gone := i.erased.of(id); gone {
		i.found(Erased, rel, "a row of an erased installation", "its tombstone is "+hash)
	}
}

func (i *inspection) number(rel, name string, v parquet.Value) {
	if n := v.Int64(); n < 0 || n > i.Schema.Max {
		i.found(Catalog, rel, "a value of "+name+" that the list does not allow", fmt.Sprint(n))
	}
}
