package panel

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

// Config is what an application says about its panel.
type Config struct {
	// Catalog is the list that people decide about. Required.
	Catalog *catalog.Catalog

	// Decisions is where decisions are kept: the same that telemetry.Config
	// has. Required.
	Decisions Decisions

	// Env is telemetry.Config's: where variables of the environment are looked up.
	// Nil means os.LookupEnv.
	Env func(name string) (value string, set bool)

	// Stats is told of every decision, and asked how things stand. A nil one
	// counts nothing, and the panel says so.
	Stats *telemetry.Client

	// Recipient is who gets the reports, such as "Example GmbH". Required.
	Recipient string

	// May says what the sender of a request may do here. It is asked at every
	// request to the handler but the one for the style sheet. The sign-up row
	// does not ask it: [Panel.SignUp] and [Panel.SignedUp] are for the person that the
	// application calls them for.
	//
	// Nil means that everyone who reaches the handler may look, and no one may change
	// anything. To look is to see the identifier and the totals as well, and to
	// have the application's functions for sizes called. So mount the handler
	// behind a log-in in any case.
	May func(*http.Request) Right

	// Origins are the addresses at which browsers see this page, such as
	// "https://faces.example", where a proxy in front of it changes the Host. A yes
	// is taken from these and from the page's own.
	Origins []string

	// Changes says in a sentence or two what each notice changed, by its
	// number, from 2 on.
	Changes map[int]string

	// Home is where the page's link back leads, such as "/". Empty means no
	// link.
	Home string

	// Texts replaces words; the zero value is English.
	Texts Texts
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
	texts    Texts
	notice   int
	pages    *template.Template
	cross    *http.CrossOriginProtection
	deciding chan struct{} // one look and Save at a time
}

//go:embed *.html panel.css
var assets embed.FS

// maxWords is how long the row in the sign-up form may be: more is not read.
const maxWords = 60

// New makes a panel and touches nothing. All faults of the configuration are
// reported together. With an error the panel can be used all the same: it answers
// every request with status 500 and that it is not configured, without the error,
// and its sign-up row is empty.
func New(config Config) (*Panel, error) {
	p := &Panel{config: config, texts: config.Texts.with(english), notice: config.Catalog.NoticeNumber(),
		cross: http.NewCrossOriginProtection(), deciding: make(chan struct{}, 1)}
	err := errors.Join(p.check(), p.texts.check(config.Changes))
	if err == nil {
		p.pages, err = template.New("").Funcs(template.FuncMap{
			"fill": fill, "stop": stop, "join": func(list []string) string { return strings.Join(list, ", ") }, "day": p.texts.day, "moment": p.texts.moment, "place": p.texts.place,
			"t": func() Texts { return p.texts }, "product": config.Catalog.Product, "home": func() string { return config.Home },
		}).ParseFS(assets, "*.html")
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
	if strings.TrimSpace(p.config.Recipient) == "" {
		fault("no recipient is given: people must know who gets the reports")
	}
	if promises(p.config.Recipient) {
		fault("recipient %.60q promises what an identifier does not keep", p.config.Recipient)
	}
	for _, origin := range p.config.Origins {
		if err := p.cross.AddTrustedOrigin(origin); err != nil {
			fault("origin %.80q is not an address such as https://faces.example: %w", origin, err)
		}
	}
	for notice := range p.config.Changes {
		if notice < 2 || notice > p.notice {
			fault("a change is given for notice %d; they go from 2 to %d", notice, p.notice)
		}
	}
	label, help := p.signUpWords()
	if n := len(strings.Fields(label + " " + help + " " + p.texts.SignUpDetails)); n > maxWords {
		fault("the sign-up row has %d words, more than %d: shorten the texts", n, maxWords)
	}
	return errors.Join(faults...)
}

// right is what the sender of a request may do.
func (p *Panel) right(r *http.Request) Right {
	if p.config.May == nil {
		return Look
	}
	if right := p.config.May(r); right == Look || right == Change {
		return right
	}
	return Nothing
}
