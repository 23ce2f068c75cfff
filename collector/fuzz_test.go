package collector_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var (
	fuzzFor  = flag.Duration("fuzzfor", 5*time.Second, "how long to send mutated reports, for each catalog")
	fuzzSeed = flag.Uint64("fuzzseed", 0, "seed of the mutations; 0 draws one")
)

// Whatever is changed in reports, valid or hostile, as messages or as bytes,
// nothing arrives that the catalog does not allow.
func TestMutatedReports(t *testing.T) {
	seed := *fuzzSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	for _, product := range products {
		t.Run(product.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, product.config)
			rules := rulesOf(product.catalog)
			random := rand.New(rand.NewPCG(seed, 1))
			sent, arrived, valid := 0, 0, 0
			for end := time.Now().Add(*fuzzFor); time.Now().Before(end) && !t.Failed(); sent++ {
				if sent%200 == 0 {
					guid := newGUID()
					if faults := one(p, rules, forms[0], report(product.catalog, guid), rowsOf(product.catalog, guid)); len(faults) > 0 {
						t.Fatalf("valid report %d: %s", sent, joined(faults))
					}
					valid++
				}
				target := newTarget(product.catalog)
				hostiles[random.IntN(len(hostiles))].change(target)
				m := mutated(random, copyOf(target.request)) // cases share parts
				_, rows, faults := p.deliver(rules, m)
				if len(rows) > 0 {
					arrived++
				}
				for _, fault := range faults {
					t.Errorf("mutation %d of seed %d: %s\n%s\n%x", sent, seed, fault, m.header, m.body)
				}
			}
			if found := canaries([]byte(p.Log.String())); len(found) > 0 {
				t.Errorf("seed %d: the Collector's log holds %q", seed, found)
			}
			if log := p.Log.String(); log != "" {
				t.Errorf("seed %d: the Collector logged: %.2000s", seed, log)
			}
			t.Logf("seed %d: %d mutated reports, of which %d left something allowed; %d valid ones in between", seed, sent, arrived, valid)
		})
	}
}

// mutated is a request with some changes to its fields, then, half of the
// time, to its bytes, in a form chosen at random.
func mutated(random *rand.Rand, request *collectorpb.ExportMetricsServiceRequest) message {
	for range random.IntN(5) {
		mutateMessage(random, request.ProtoReflect())
	}
	f := forms[random.IntN(len(forms))]
	body, err := proto.Marshal(request)
	if err != nil { // text that is not UTF-8: only as bytes
		body, _ = proto.MarshalOptions{AllowPartial: true}.Marshal(report(products[0].catalog, newGUID()))
	}
	if random.IntN(2) == 0 {
		m, err := form{name: f.name, json: f.json}.wrap(body)
		if err == nil {
			m.body = mutateBytes(random, m.body)
			if f.gzip {
				m.body = gzipped(m.body)
				m.header["Content-Encoding"] = "gzip"
				if random.IntN(4) == 0 {
					m.body = mutateBytes(random, m.body)
				}
			}
			return m
		}
	}
	m, err := f.wrap(body)
	if err != nil { // the Collector's own library does not read it, so neither does JSON
		m, _ = forms[0].wrap(body)
	}
	return m
}

// mutateMessage changes one field somewhere in a message.
func mutateMessage(random *rand.Rand, root protoreflect.Message) {
	var found []protoreflect.Message
	everyMessage(root, func(m protoreflect.Message) { found = append(found, m) })
	m := found[random.IntN(len(found))]
	fields := m.Descriptor().Fields()
	if fields.Len() == 0 {
		return
	}
	d := fields.Get(random.IntN(fields.Len()))
	switch {
	case random.IntN(12) == 0:
		m.Clear(d)
	case random.IntN(12) == 0:
		m.SetUnknown(unknown(protowire.Number(1 + random.IntN(1200))))
	case d.IsList():
		mutateList(random, m.Mutable(d).List(), d)
	case d.Message() != nil:
		m.Mutable(d)
	default:
		m.Set(d, anyScalar(random, d))
	}
}

func mutateList(random *rand.Rand, l protoreflect.List, d protoreflect.FieldDescriptor) {
	switch n := l.Len(); {
	case n > 0 && random.IntN(4) == 0:
		l.Truncate(random.IntN(n))
	case n > 0 && random.IntN(3) == 0: // one of them again
		v := l.Get(random.IntN(n))
		if d.Message() != nil {
			v = protoreflect.ValueOfMessage(proto.Clone(v.Message().Interface()).ProtoReflect())
		}
		l.Append(v)
	case n > 1 && random.IntN(2) == 0:
		i, j := random.IntN(n), random.IntN(n)
		a, b := l.Get(i), l.Get(j)
		l.Set(i, b)
		l.Set(j, a)
	case d.Message() != nil:
		l.AppendMutable()
	default:
		l.Append(anyScalar(random, d))
	}
}

func anyScalar(random *rand.Rand, d protoreflect.FieldDescriptor) protoreflect.Value {
	integers := []int64{0, 1, 2, 3, -1, canaryNumber, 1_234_554_321, math.MaxInt64, math.MinInt64, 1e12, 1e12 + 1, int64(random.Uint64())}
	n := integers[random.IntN(len(integers))]
	switch d.Kind() {
	case protoreflect.StringKind:
		texts := []string{canary, "", "install_guid", validGUID, "headcount", "host.name", "{user}", canary + "\n" + validGUID,
			products[0].catalog.Metrics()[0].Name, products[1].catalog.Metrics()[0].Name, "FACE_DETECTION", "PROGRAM_CREATE", "0", "1-10"}
		return protoreflect.ValueOfString(texts[random.IntN(len(texts))])
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(slices.Clone(canaryID[:random.IntN(17)]))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(n%2 == 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(n))
	case protoreflect.DoubleKind:
		floats := []float64{0, 1, math.NaN(), math.Inf(1), math.Inf(-1), canaryNumber, float64(n), 0.5}
		return protoreflect.ValueOfFloat64(floats[random.IntN(len(floats))])
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(n))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(n))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(n)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(n))
	}
	panic(fmt.Sprintf("field of kind %s", d.Kind()))
}

// mutateBytes changes a few bytes, or moves, doubles or cuts a stretch.
func mutateBytes(random *rand.Rand, b []byte) []byte {
	b = slices.Clone(b)
	for range 1 + random.IntN(3) {
		if len(b) == 0 {
			return b
		}
		i, j := random.IntN(len(b)), random.IntN(len(b)+1)
		if i > j {
			i, j = j, i
		}
		switch random.IntN(6) {
		case 0:
			b[i] = byte(random.Uint32())
		case 1:
			b[i] ^= 1 << random.IntN(8)
		case 2:
			b = slices.Insert(b, i, []byte(canary)...)
		case 3:
			b = slices.Insert(b, i, slices.Clone(b[i:min(j, i+200)])...)
		case 4:
			b = slices.Delete(b, i, min(j, i+20))
		case 5:
			b = b[:j]
		}
	}
	return b
}
