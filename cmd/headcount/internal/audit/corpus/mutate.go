package corpus

import (
	"math"

	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"headcount.example/cmd/headcount/internal/audit"
)

// mutation makes a hostile report with changes that no person planned: to its
// fields, and half of the time to its bytes.
func (c *Corpus) mutation(r *report, to *Request) {
	h := hostiles[c.random.IntN(len(hostiles))]
	h.change(r)
	r.data = proto.Clone(r.data).(*metricspb.MetricsData) // cases share parts
	for range c.random.IntN(5) {
		c.mutateMessage(r.data.ProtoReflect(), r.mark)
	}
	f := forms[c.random.IntN(len(forms))]
	whole := c.random.IntN(2) == 0
	if !r.finish(to, form{json: f.json, gzip: f.gzip && whole}) { // text that is not UTF-8
		r = c.newReport(to.ID, false)
		r.finish(to, form{})
	}
	if !whole {
		to.Body = c.mutateBytes(to.Body)
		if f.gzip {
			to.Body, to.Header["Content-Encoding"] = gzipped(to.Body), "gzip"
		}
	}
	to.Carrier, to.Name, to.Rows = audit.Mutation, "a mutation of "+string(h.carrier)+": "+h.name, nil
}

// mutateMessage changes one field somewhere in a message.
func (c *Corpus) mutateMessage(root protoreflect.Message, mark string) {
	var all []protoreflect.Message
	everyMessage(root, func(m protoreflect.Message) { all = append(all, m) })
	m := all[c.random.IntN(len(all))]
	fields := m.Descriptor().Fields()
	if fields.Len() == 0 {
		return
	}
	d := fields.Get(c.random.IntN(fields.Len()))
	switch n := c.random.IntN(12); {
	case n == 0:
		m.Clear(d)
	case n == 1:
		m.SetUnknown(unknownText(protowire.Number(1+c.random.IntN(1200)), mark))
	case d.IsList():
		c.mutateList(m.Mutable(d).List(), d, mark)
	case d.Message() != nil:
		m.Mutable(d)
	default:
		m.Set(d, c.scalar(d, mark))
	}
}

func (c *Corpus) mutateList(l protoreflect.List, d protoreflect.FieldDescriptor, mark string) {
	switch n := l.Len(); {
	case n > 0 && c.random.IntN(4) == 0:
		l.Truncate(c.random.IntN(n))
	case n > 0 && c.random.IntN(2) == 0: // one of them again
		v := l.Get(c.random.IntN(n))
		if d.Message() != nil {
			v = protoreflect.ValueOfMessage(proto.Clone(v.Message().Interface()).ProtoReflect())
		}
		l.Append(v)
	case d.Message() != nil:
		l.AppendMutable()
	default:
		l.Append(c.scalar(d, mark))
	}
}

// scalar is a value for a field, often an odd one.
func (c *Corpus) scalar(d protoreflect.FieldDescriptor, mark string) protoreflect.Value {
	odd := []int64{0, 1, -1, 77, math.MaxInt32, math.MinInt64, math.MaxInt64, c.random.Int64()}[c.random.IntN(8)]
	switch d.Kind() {
	case protoreflect.StringKind:
		texts := []string{"", mark, "install_guid", "headcount", mark + "\n", c.newGUID(), c.schema.Metrics[c.random.IntN(len(c.schema.Metrics))].Name}
		return protoreflect.ValueOfString(texts[c.random.IntN(len(texts))])
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(mark))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(odd&1 == 0)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(math.Float64frombits(uint64(odd)))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(int32(odd)))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(odd))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(odd))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(odd))
	default:
		return protoreflect.ValueOfInt64(odd)
	}
}

// everyMessage calls f for a message and those in it.
func everyMessage(m protoreflect.Message, f func(protoreflect.Message)) {
	f(m)
	m.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case d.Message() == nil || d.IsMap():
		case d.IsList():
			for i := range v.List().Len() {
				everyMessage(v.List().Get(i).Message(), f)
			}
		default:
			everyMessage(v.Message(), f)
		}
		return true
	})
}

// mutateBytes changes, removes, repeats or exchanges some bytes.
func (c *Corpus) mutateBytes(b []byte) []byte {
	b = append([]byte(nil), b...)
	for range 1 + c.random.IntN(4) {
		if len(b) < 2 {
			return b
		}
		at := c.random.IntN(len(b))
		end := min(len(b), at+1+c.random.IntN(16))
		switch c.random.IntN(4) {
		case 0:
			b[at] ^= 1 << c.random.IntN(8)
		case 1:
			b[at] = byte(c.random.Uint32())
		case 2:
			b = append(b[:at:at], b[end:]...)
		default:
			b = append(b[:end:end], b[at:]...)
		}
	}
	return b
}
