package panel

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/internal/bounded"
	"headcount.example/internal/told"
	"headcount.example/telemetry"
)

// Config is what an application says about its panel.
type Config struct {
	// Catalog is the list that people decide about. Required.
	Catalog *catalog.Catalog

	// Decisions is where decisions are kept: telemetry.Config's Consent. Required.
	Decisions Decisions

	// Env is telemetry.Config's. Nil means os.LookupEnv.
	Env func(name string) (value string, set bool)

	// Stats is told of every decision, and asked how things stand. A nil one
	// counts nothing, and the panel says so.
	Stats *telemetry.Client

	// May says what the sender of a request may do here. It is asked at every
	// request to the handler but those for the style sheet and the question at
	// sign-up, and by [Panel.Banner]. [Panel.SignUp] and [Panel.SignedUp] do not ask.
	// Nil means that everyone who reaches the handler may look, and no one may change
	// anything. A person who may look sees the identifier and the totals, and can have the
	// application's functions for sizes called: mount the handler behind a log-in.
	May func(*http.Request) Right

	// Who returns who sent a request, in the application's own words, such as the number
	// of an account. It is kept with a decision, in at most 100 bytes, shown to those
	// who may change, and never sent. One that hangs or panics leaves the decision
	// without a name. The request is a copy without its body; its form is parsed.
	// Nil: it is not recorded.
	Who func(*http.Request) string

	// Origins are the addresses at which browsers see this page, such as
	// "https://faces.example", where a proxy in front of it changes the Host.
	Origins []string

	// Earlier are the lists of earlier notices, each as [catalog.Catalog.JSON]
	// rendered it. With the one that was agreed to, the page says what changed
	// since. Nil: it says that it cannot.
	Earlier [][]byte

	// Language is the language of the reader, as a BCP 47 tag or a list in the form
	// of Accept-Language. The request is a copy, as for Who. Nil means its Accept-Language.
	Language func(*http.Request) string

	// Hidden is put into every form: the hidden field with the application's own
	// token against forged requests. Nil means nothing.
	Hidden func(*http.Request) template.HTML

	// Layout writes a page of the application around the panel's content, with the
	// status, a link to the panel's panel.css in its head, and a
	// Content-Security-Policy of its own, which must allow that style sheet and forms to
	// the same site. Colours and font are the --headcount-… properties of panel.css. Nil
	// means a page of the panel's own.
	Layout func(w http.ResponseWriter, r *http.Request, status int, title string, content template.HTML)

	// Home is where the link back leads, and the answer "later", such as "/". Empty
	// means no link.
	Home string

	// Logger hears why a decision could not be read, recorded or acted on. People
	// read only that it could not. Nil means silence.
	Logger *slog.Logger
}

// Decisions keeps what was decided. A [consent.File] does; an application that
// keeps decisions in its own database has another.
//
// Save adds a record, and once it has returned History has it, the newest last.
// History may leave out the oldest, and nothing in between: in it a panel sees
// that another process recorded a no just before its own yes.
type Decisions interface {
	consent.Source
	Save(context.Context, consent.Record) error
	History(context.Context) ([]consent.Record, error)
}

// A Right is what a person may do. A value without a name is Nothing.
type Right uint8

const (
	Nothing Right = iota // neither look nor change
	Look                 // see everything, the identifier and the totals too
	Change               // look, and decide for this installation
)

// A Panel is the settings page, the row in the sign-up form and the JSON
// interface of one product. Make one with [New]. Its methods are safe for
// concurrent use if Config's functions are.
type Panel struct {
	config   Config
	notice   int
	pages    *template.Template // never executed, so that it can be cloned
	byTag    sync.Map           // tag of a language → *language
	cross    *http.CrossOriginProtection
	deciding chan struct{} // one look and Save at a time
	timeout  time.Duration // how long one call of the application may take

	// Tokens for calls of the application. Each function has its own, so that a no is
	// saved while History hangs.
	consents, histories, saves, names, languages chan struct{}
}

//go:embed *.html panel.css
var assets embed.FS

const (
	requestTimeout = 5 * time.Second // for one call of the application
	maxCalls       = 16              // of one of its functions at a time
	maxBy          = 100             // bytes of Config.Who that package consent keeps
)

// New makes a panel and touches nothing. All faults of the configuration are
// reported together. With an error the panel can be used all the same: it answers
// every request with status 500 and that it is not configured, without the error,
// and its sign-up row is empty.
func New(config Config) (*Panel, error) {
	p := &Panel{config: config, notice: config.Catalog.NoticeNumber(), timeout: requestTimeout,
		cross: http.NewCrossOriginProtection(), deciding: make(chan struct{}, 1)}
	for _, tokens := range []*chan struct{}{&p.consents, &p.histories, &p.saves, &p.names, &p.languages} {
		*tokens = make(chan struct{}, maxCalls)
	}
	p.config.Logger = cmp.Or(config.Logger, slog.New(slog.DiscardHandler))
	if config.Env == nil {
		p.config.Env = os.LookupEnv
	}
	if config.May == nil {
		p.config.May = func(*http.Request) Right { return Look }
	}
	err := p.check()
	if err == nil {
		p.pages, err = template.New("").Funcs(new(language).funcs()).ParseFS(assets, "*.html")
	}
	return p, err
}

func (p *Panel) check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("panel: "+format, args...)) }
	if err := p.config.Catalog.Err(); err != nil {
		fault("%w", err)
	}
	if p.config.Decisions == nil {
		fault("no place for decisions is given")
	}
	for _, origin := range p.config.Origins {
		if err := p.cross.AddTrustedOrigin(origin); err != nil {
			fault("origin %.80q is not an address such as https://faces.example: %w", origin, err)
		}
	}
	for i, list := range p.config.Earlier {
		if err := told.Check(list, p.config.Catalog.Product()); err != nil {
			fault("Earlier[%d]: %w", i, err)
		}
	}
	return errors.Join(faults...)
}

// signed returns a record that says where a request decided, for which product, and who
// did. It leaves out what cannot be kept of a name: a no must not fail for it.
func (p *Panel) signed(r *http.Request, where string) consent.Record {
	record := consent.Record{Where: where, For: p.config.Catalog.Variable()}
	if p.config.Who != nil {
		by := strings.Join(strings.FieldsFunc(p.askApplication(r, p.names, p.config.Who), func(c rune) bool { return !unicode.IsPrint(c) }), "")
		record.By = strings.ToValidUTF8(by[:min(len(by), maxBy)], "")
	}
	return record
}

// askApplication calls a function of the application and returns its answer. The answer
// is empty if the function hangs or panics, so that a no goes on. The function gets a
// copy of the request, with the form: it may still run after the request's end, and if
// it read the body, an answer would be lost.
func (p *Panel) askApplication(r *http.Request, tokens chan struct{}, ask func(*http.Request) string) string {
	if r.ParseForm() != nil && len(r.PostForm) == 0 {
		r.Form, r.PostForm = nil, nil // the next reader of the body finds the fault itself
	}
	own := r.Clone(r.Context())
	own.Body = http.NoBody
	text, err := bounded.Call(r.Context(), p.timeout, tokens, func(ctx context.Context) (string, error) { return ask(own.WithContext(ctx)), nil })
	if err != nil {
		p.config.Logger.Warn("panel: the application does not say who decides, or in which language", "error", err)
	}
	return text
}

// ready reports whether New returned the panel without an error.
func (p *Panel) ready() bool { return p != nil && p.pages != nil }
