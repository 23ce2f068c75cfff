package audit

// A Carrier is a part of a request that can carry what is not on the list.
type Carrier string

// The carriers, in the order of a request from outside to inside.
const (
	Header            Carrier = "header or address"
	Path              Carrier = "path or query"
	Signal            Carrier = "logs, traces or profiles"
	Size              Carrier = "size"
	Encoding          Carrier = "encoding"
	UnknownField      Carrier = "unknown field"
	Identifier        Carrier = "install_guid"
	ResourceAttribute Carrier = "resource attribute"
	EntityRef         Carrier = "entity reference"
	ResourceSchema    Carrier = "resource schema URL"
	ScopeName         Carrier = "scope name"
	ScopeVersion      Carrier = "scope version"
	ScopeAttribute    Carrier = "scope attribute"
	ScopeSchema       Carrier = "scope schema URL"
	Dropped           Carrier = "count of dropped attributes"
	MetricName        Carrier = "metric name"
	Description       Carrier = "description"
	Unit              Carrier = "unit"
	Metadata          Carrier = "metric metadata"
	Kind              Carrier = "kind of metric"
	Temporality       Carrier = "temporality"
	Twice             Carrier = "metric or series twice"
	Label             Carrier = "label"
	Value             Carrier = "value"
	Time              Carrier = "time"
	StartTime         Carrier = "start time"
	Flags             Carrier = "flags"
	Exemplar          Carrier = "exemplar"
	Mutation          Carrier = "mutation"
	Valid             Carrier = "valid data"
	Delivery          Carrier = "delivery"
	Configuration     Carrier = "configuration"
)

// Carriers lists them in that order.
var Carriers = []Carrier{Header, Path, Signal, Size, Encoding, UnknownField, Identifier, ResourceAttribute, EntityRef,
	ResourceSchema, ScopeName, ScopeVersion, ScopeAttribute, ScopeSchema, Dropped, MetricName, Description, Unit, Metadata,
	Kind, Temporality, Twice, Label, Value, Time, StartTime, Flags, Exemplar, Mutation, Valid, Delivery, Configuration}
