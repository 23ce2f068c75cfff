package live

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"testing"
)

// A PromQL is a server that answers PromQL.
type PromQL struct {
	URL   string // what stands before /api/v1/query
	Flush string // a path that is called before a question; "" for none
}

// Ask asks for now. The key of a value is the value of a label, or "" without
// one.
func (p PromQL) Ask(query, label string) (map[string]float64, error) {
	var reply struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if p.Flush != "" {
		answer, err := http.Get(p.URL + p.Flush)
		if err != nil {
			return nil, err
		}
		answer.Body.Close()
	}
	answer, err := http.Get(p.URL + "/api/v1/query?nocache=1&query=" + url.QueryEscape(query))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&reply); err != nil || answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s %s %w", query, answer.Status, reply.Error, err)
	}
	values := map[string]float64{}
	for _, r := range reply.Data.Result {
		text, _ := r.Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, err
		}
		key := r.Metric[label]
		if _, twice := values[key]; twice {
			return nil, fmt.Errorf("%s: two values with %s=%q", query, label, key)
		}
		values[key] = v
	}
	return values, nil
}

// Want waits until a query has these values.
func (p PromQL) Want(t *testing.T, query, label string, want map[string]float64) {
	t.Helper()
	Until(t, func() error {
		got, err := p.Ask(query, label)
		if err == nil && !maps.Equal(got, want) {
			err = fmt.Errorf("%s: got %v, want %v", query, got, want)
		}
		return err
	})
}

// Post calls an address of the server, which must answer with 2xx.
func (p PromQL) Post(t *testing.T, path string) {
	t.Helper()
	answer, err := http.Post(p.URL+path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode/100 != 2 {
		t.Fatalf("%s: %s %s", path, answer.Status, text)
	}
}

// The questions of README.md, which both servers answer.
const (
	Active   = `count(count by (install_guid) (last_over_time(compreface_user_created_total[28d])))`
	Users    = `sum(max_over_time(compreface_user_created_total[28d]))`
	Services = `sum by (compreface_service_type) (max_over_time(compreface_service_created_total[28d]))`
	Sizes    = `sum by (compreface_faces_range) (last_over_time(compreface_collection_count[28d]))`
	ToErase  = `count by (install_guid) (last_over_time(headcount_erasure_requested[30d]))`
	OfEach   = `max by (install_guid) (max_over_time(compreface_user_created_total[28d]))`
)

// TwoStayTwo checks that the server has these two installations and the totals
// that they sent.
func (p PromQL) TwoStayTwo(t *testing.T, a, b *Installation) {
	t.Helper()
	x, y := float64(a.Users), float64(b.Users)
	p.Want(t, OfEach, "install_guid", map[string]float64{a.GUID: x, b.GUID: y})
	p.Want(t, Active, "", map[string]float64{"": 2})
	p.Want(t, Users, "", map[string]float64{"": x + y})
	p.Want(t, Services, "compreface_service_type", map[string]float64{"FACE_DETECTION": 0, "FACE_RECOGNITION": x + y, "FACE_VERIFICATION": 0})
	p.Want(t, Sizes, "compreface_faces_range", map[string]float64{"1-10": x + y})
}
