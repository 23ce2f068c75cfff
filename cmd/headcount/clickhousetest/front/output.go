package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
	chdbpurego "github.com/chdb-io/chdb-go/chdb-purego"
)

// An output writes what the engine returns.
type output struct {
	w        http.ResponseWriter
	revision uint64 // of the client's protocol, which says how Native looks; 0: as the engine writes it
	began    bool
}

// stream hands the chunks of an answer to write.
func stream(from chdbpurego.ChdbStreamResult, write func([]byte) error) error {
	for {
		chunk := from.GetNext()
		if chunk == nil {
			return from.Error()
		}
		if err := chunk.Error(); err != nil {
			return err
		}
		if chunk.Len() == 0 {
			return from.Error()
		}
		if err := write(chunk.Buf()); err != nil {
			return err
		}
	}
}

// plain hands the bytes on.
func (o *output) plain(text []byte) error {
	o.began = true
	_, err := o.w.Write(text)
	return err
}

// blocks writes Native anew for the client's revision. The engine writes it
// for revision 0, which clickhouse-go cannot read.
func (o *output) blocks(text []byte) error {
	in := chproto.NewReader(bytes.NewReader(text))
	for {
		block := proto.NewBlock()
		if err := block.Decode(in, 0); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var b chproto.Buffer
		if err := block.Encode(&b, o.revision); err != nil {
			return err
		}
		if err := o.plain(b.Buf); err != nil {
			return err
		}
	}
}
