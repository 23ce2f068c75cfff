package otlpfile

import (
	"bytes"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"headcount.example/cmd/headcount/internal/answer"
)

// object hands over the reports of a JSON object. It is false if the object
// is not one of OTLP, and then nothing was handed over.
func (r *reader) object(b []byte, offset int64) (taken bool, err error) {
	md, ok := decode(b)
	if !ok {
		return false, nil
	}
	resources := md.ResourceMetrics()
	if resources.Len() == 0 {
		if !bytes.HasPrefix(b, []byte(marker)) {
			return false, nil
		}
		return true, r.reject(Rejected{Kind: answer.NoPoints, Offset: offset, Bytes: b})
	}
	defer r.scanner.grow()
	for _, rm := range resources.All() {
		if kind := r.judge.verdict(rm); kind == "" {
			err = r.handler.Report(&r.judge.report)
		} else {
			x := Rejected{Kind: kind, Offset: offset, Bytes: b, GUID: r.judge.guid, HasGUID: r.judge.known}
			if !x.HasGUID {
				x.GUID = [16]byte{}
			}
			if resources.Len() > 1 {
				x.Bytes = alone(rm)
			}
			err = r.reject(x)
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// alone writes one report of several. What is set aside of one installation
// must not hold what another one sent.
func alone(rm pmetric.ResourceMetrics) []byte {
	md := pmetric.NewMetrics()
	rm.CopyTo(md.ResourceMetrics().AppendEmpty())
	b, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(md)
	if err != nil {
		return nil // nothing that the unmarshaler reads; and never the others' reports instead
	}
	return b
}

// emptyKey is whether an object may have the key "". A text that ends in a
// quote and is before a colon is taken for one as well.
func emptyKey(object []byte) bool {
	for {
		i := bytes.Index(object, []byte(`""`))
		if i < 0 {
			return false
		}
		object = bytes.TrimLeft(object[i+2:], " \t\r\n")
		if len(object) > 0 && object[0] == ':' {
			return true
		}
	}
}
