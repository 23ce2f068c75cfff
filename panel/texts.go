package panel

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Texts are all the words of this package, for another language or another
// tone. An empty field is its English text; {words} in braces are filled in,
// and those that an English text does not have are refused by [New]. So is a
// SignUpLabel without {recipient}. A text must not promise that the statistics
// are anonymous: every report carries an identifier.
//
// Reasons and errors, and what became of a report that was not delivered, come
// from other packages and are English. Where one stands alone it is marked as
// such, and so is the whole sentence on how things stand if it ends with one; in
// the place of {reason} in another text it is not. What the JSON interface says
// after Malformed is for those who write requests, and English as well.
type Texts struct {
	Lang      string            // of the page: a BCP 47 tag
	Direction string            // ltr or rtl
	Months    [12]string        // January first
	Day       string            // how a date is written
	Moment    string            // how a date with a time is written
	Described map[string]string // what a statistic says, by its name; the catalog's sentence if there is none

	// Where a decision was given, by the word in its record; that word if there is
	// none. This package writes "settings", "settings (API)" and "sign-up form",
	// package prompt writes "terminal".
	Places map[string]string

	// The row in the sign-up form: at most 60 words in all.
	SignUpLabel, SignUpHelp, SignUpDetails string

	Title, Home string

	// How things stand. Off begins every sentence that says why it is off.
	Status, On, Off, OffUndecided, OffChanged, OffDenied   string
	OffDeniedSomewhere                                     string
	Accepted, Waiting, StillOn, NotActed, OnlyLook, Vetoed string
	LastReport, LastNone, LastUnsure, NextReport, NextNone string
	NotDelivered, Identifier, IdentifierNone               string
	IdentifierUnused, IdentifierCopies                     string
	IdentifierIdle, IdentifierErasing                      string
	Erasure                                                string

	// The buttons, and what they do.
	Decide, DecideHelp, OffHelp                    string
	EraseHelp, EraseNone, VetoedErase              string
	Agree, KeepOff, TurnOff, TurnOffErase, TryNow  string
	NothingToDo                                    string
	Nothing, NothingErased, Recorded, NotActedUpon string
	AskedElsewhere                                 string

	// What is counted.
	Counted, CountedHelp, Statistic, Says, NoLabels   string
	PossibleLabels, Labels                            string
	TotalSince, HowManyNow, Beside, Never, FullNotice string

	// The report in three views, and the reports that were sent.
	Preview, PreviewHelp, PreviewWithout                        string
	PreviewZeros, PreviewNone                                   string
	WithSizes, WithSizesOn, WithSizesNot, Sentences, Table, Raw string
	SentenceTotal, SentenceSizes, SentenceIdentifier            string
	SentenceOther, SentenceDays                                 string
	Value, Unit, OnDay, RequestHead, RequestBody, Size          string
	Sent, SentNone, SentHelp, SentAll, When, Where, Outcome     string
	SentErasure, Delivered, Unknown, Unreadable                 string

	// What changed, and who decided.
	Changes, ChangesNone, ChangesUnsaid, ChangesAsk  string
	Notice, NoticeNumber                             string
	History, HistoryNone, Decision, Granted, Refused string

	// Why a request was refused. Nothing has changed then.
	Forbidden, MayNotChange, CrossSite, NotFound, Method        string
	MediaType, TooLarge, Malformed, Outdated, Replayed, NotKept string
	Unseen                                                      string
}

// english are the texts as they are when nothing else is said.
var english = Texts{
	Lang: "en", Direction: "ltr",
	Months: [12]string{"January", "February", "March", "April", "May", "June",
		"July", "August", "September", "October", "November", "December"},
	Day:    "{day} {month} {year}",
	Moment: "{date}, {time} UTC",

	SignUpLabel: "Send usage statistics to {recipient} (optional)",
	SignUpHelp: "At most once a day: the numbers listed below and a random identifier of this installation. " +
		"No names, addresses, pictures or texts. Nothing else depends on it, and you can turn it off in the settings at any time.",
	SignUpDetails: "See exactly what would be sent",

	Title: "Usage statistics of {product}", Home: "Back to {product}",

	Status:             "Status",
	On:                 "On since {date} for notice {notice}",
	Off:                "Off – {reason}",
	OffUndecided:       "Off – nobody has decided",
	OffChanged:         "Off – the notice changed: agreed to notice {agreed}, now {notice}",
	OffDenied:          "Off – somebody said no on {date} ({where})",
	OffDeniedSomewhere: "Off – somebody said no on {date}",
	Accepted:           "{where} accepts notice {notice}",
	Waiting:            "Agreed to notice {notice}, but nothing is counted here – {reason}",
	StillOn:            "This process still counts. What was decided: {status}",
	NotActed:           "This process has not acted on the decision yet.",
	OnlyLook:           "You may look at everything here. You may not change it.",
	Vetoed:             "An administrator's setting turns statistics off. As long as it stands, they cannot be turned on here.",
	LastReport:         "Last report",
	LastNone:           "none recorded on this host",
	LastUnsure:         "none of those recorded on this host is known to have arrived",
	NextReport:         "Next report",
	NextNone:           "none, because statistics are off",
	NotDelivered:       "The arrival of the newest report was not confirmed",
	Identifier:         "Identifier of this installation",
	IdentifierNone:     "none exists",
	IdentifierUnused:   "none in use",
	IdentifierCopies:   "none in use; the copies of past reports below still show the one they had",
	IdentifierIdle:     "not used; if one was made before, it is kept until somebody decides",
	IdentifierErasing:  "kept only to ask for erasure",
	Erasure:            "Request to erase",

	Decide: "Your decision",
	DecideHelp: "If you agree, this installation sends {recipient} one small report, at most once a day. " +
		"If you do not, nothing is counted for {recipient}, no identifier is made and nothing is sent. Nothing else depends on your answer.",
	OffHelp: "Turning off takes effect at once, and destroys the totals and the identifier kept here. " +
		"Copies of sent reports that are kept here still show the identifier.",
	EraseHelp: "The second button also sends {recipient} one last request, with the identifier alone, to erase what was sent. " +
		"The identifier is kept for that until the request has arrived, 14 days at most.",
	EraseNone:      "A request to erase what was sent cannot be made here.",
	VetoedErase:    "While an administrator's setting turns statistics off, the request is not sent. It is tried again for 14 days.",
	Agree:          "Agree to notice {notice}",
	KeepOff:        "Keep off",
	TurnOff:        "Turn off",
	TurnOffErase:   "Turn off and erase what was sent",
	TryNow:         "Try again to turn on",
	NothingToDo:    "There is nothing to decide here now.",
	Nothing:        "Nothing has changed.",
	NothingErased:  "There is no request to erase: nothing was sent, no identifier was kept here, or none could be asked for.",
	Recorded:       "The decision is recorded.",
	NotActedUpon:   "The decision is recorded, but not everything that follows from it is done: {reason}",
	AskedElsewhere: "this process still counts, because its client asks another place for decisions than this page does",

	Counted: "What is counted",
	CountedHelp: "This is the whole list. What is not on it cannot be sent: it is refused here before sending, " +
		"and again where reports arrive. Turning off and erasing sends one request of its own, headcount.erasure.requested, " +
		"with the identifier.",
	Statistic: "Statistic", Says: "What it says", Labels: "Labels", PossibleLabels: "Possible labels", NoLabels: "none",
	TotalSince: "The total since the yes.",
	HowManyNow: "How many there are in each range now.",
	Beside: "Beside these numbers a report holds the unit of each, the day of the report, and install_guid: " +
		"a random number made at the moment of the yes. It says that two reports came from the same installation, " +
		"which makes the statistics pseudonymous.",
	Never: "Never sent: names, e-mail addresses, passwords, texts, pictures, or anything else that people type or upload; " +
		"addresses, host names, hardware, software, versions, location, cookies, error messages. " +
		"The receiving server sees the network address a report comes from, as with every request.",
	FullNotice: "The full text of notice {notice}",

	Preview:     "The next report",
	PreviewHelp: "As it would be sent now: the same bytes in three views. Nothing was sent to show this.",
	PreviewWithout: "As it would be sent now, without the sizes, which are asked of the application only when a report is due. " +
		"The three views are of the same bytes. Nothing was sent to show this.",
	PreviewZeros:       "Nothing is counted for reports while statistics are off. So the totals are zero, and zeros stand where the identifier would be.",
	PreviewNone:        "There is no preview: {reason}",
	WithSizes:          "Include the sizes (asks the application now)",
	WithSizesOn:        "The sizes are included, as the application said them just now.",
	WithSizesNot:       "The application was asked just now. Of these it did not say any sizes, or has none: {names}.",
	Sentences:          "In sentences",
	Table:              "As a table",
	Raw:                "As the raw request",
	SentenceTotal:      "{what}{labels}: {value} since the yes.",
	SentenceSizes:      "{what}{labels}: {value} now.",
	SentenceIdentifier: "The identifier of this installation is {value}.",
	SentenceOther:      "{name} is {value}.",
	SentenceDays:       "The day of the report is {date}.",
	Value:              "Value", Unit: "Unit", OnDay: "Day of the report",
	RequestHead: "Request line and headers, sent to {url}",
	RequestBody: "Body, decoded to JSON",
	Size:        "{bytes} bytes in all, as they are on the connection; the body is compressed there.",

	Sent:        "What was sent",
	SentNone:    "No report is recorded on this host.",
	SentHelp:    "The newest reports and requests to erase, as they were sent. An entry is written before the connection is opened.",
	SentErasure: "a request to erase, not a report",
	SentAll:     "Show all {count}",
	When:        "When", Where: "Where", Outcome: "What became of it",
	Delivered:  "delivered",
	Unknown:    "not known: the process ended before it knew",
	Unreadable: "Some entries could not be read: {reason}",

	Changes:       "What changed between notices",
	ChangesNone:   "This is the first notice.",
	ChangesUnsaid: "The product does not say what changed. The full text of the notice is above.",
	Notice:        "Notice",
	ChangesAsk: "The list has changed since somebody agreed. Statistics are off until somebody agrees to notice {notice}. " +
		"If they are kept off, what was counted and the identifier kept here are destroyed.",
	NoticeNumber: "Notice {notice}",
	History:      "Decisions",
	HistoryNone:  "Nobody has decided.",
	Decision:     "Decision", Granted: "yes", Refused: "no",

	Forbidden:    "You may not see this.",
	MayNotChange: "You may not change this.",
	CrossSite:    "The request came from another site, or a proxy in front of this page changes its address. Then its operator names the public address in the panel's Origins.",
	NotFound:     "There is no such page.",
	Method:       "This cannot be done here. What can be: {methods}.",
	MediaType:    "The request is not in the form that is understood here, which is {media}.",
	TooLarge:     "The request is larger than {bytes} bytes.",
	Malformed:    "The request is not a clear answer.",
	Outdated:     "The answer was to notice {agreed}, and the notice is now {notice}. Read it and answer again.",
	Replayed:     "Somebody has decided since the page was shown. Look at what stands now and answer again.",
	NotKept:      "The decision could not be recorded: {reason}",
	Unseen:       "A yes must say what it was an answer to: send the field seen of the state as it is now.",
}

// with returns t with the English text in the place of every empty one.
func (t Texts) with(standard Texts) Texts {
	own, given := reflect.ValueOf(&t).Elem(), reflect.ValueOf(standard)
	for i := range own.NumField() {
		if own.Field(i).IsZero() {
			own.Field(i).Set(given.Field(i))
		}
	}
	return t
}

var (
	placeholders = regexp.MustCompile(`\{[\pL\pN_]+\}`)
	// The word in the languages of which we know how they spell it.
	promise = regexp.MustCompile(`(?i)an[oóô]n[yýi]e?m|анон[иі]м`)
)

// promises finds the word also in letters that are put together from parts, and
// with something invisible between them. It finds no other word for the same,
// none in other languages or scripts, no letters that only look alike, and no
// promise that does without the word: those are for the author of the text.
func promises(text string) bool {
	return promise.MatchString(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.M, unicode.Cf) {
			return -1 // accents that stand alone, soft hyphens, joiners
		}
		return r
	}, text))
}

// check refuses texts that promise too much, or that would show a brace where
// a number belongs; those on the catalog and its changes as well.
func (t Texts) check(changes map[int]string) error {
	var faults []error
	look := func(name, text, standard string) {
		if promises(text) {
			faults = append(faults, fmt.Errorf("panel: text %s promises what an identifier does not keep: %.60q", name, text))
		}
		for _, word := range placeholders.FindAllString(text, -1) {
			if !strings.Contains(standard, word) {
				faults = append(faults, fmt.Errorf("panel: text %s has %s, which is never filled in", name, word))
			}
		}
	}
	own, standard := reflect.ValueOf(t), reflect.ValueOf(english)
	for i := range own.NumField() {
		if text, ok := own.Field(i).Interface().(string); ok {
			look(own.Type().Field(i).Name, text, standard.Field(i).String())
		}
	}
	for i, month := range t.Months {
		if month == "" {
			faults = append(faults, fmt.Errorf("panel: text Months[%d] is empty, and others are not: give all twelve or none", i))
		}
		look(fmt.Sprintf("Months[%d]", i), month, "")
	}
	for _, name := range slices.Sorted(maps.Keys(t.Described)) {
		look(fmt.Sprintf("Described[%q]", name), t.Described[name], "")
	}
	for _, word := range slices.Sorted(maps.Keys(t.Places)) {
		look(fmt.Sprintf("Places[%q]", word), t.Places[word], "")
	}
	for _, notice := range slices.Sorted(maps.Keys(changes)) {
		look(fmt.Sprintf("Changes[%d]", notice), changes[notice], "")
	}
	if !strings.Contains(t.SignUpLabel, "{recipient}") {
		// The person who ticks the box must know who gets the reports.
		faults = append(faults, errors.New("panel: text SignUpLabel has no {recipient}"))
	}
	return errors.Join(faults...)
}

// fill puts values in the places of {words}: fill(text, "notice", 1).
func fill(text string, pairs ...any) string {
	list := make([]string, len(pairs))
	for i, p := range pairs {
		list[i] = fmt.Sprint(p)
		if i%2 == 0 {
			list[i] = "{" + list[i] + "}"
		}
	}
	return strings.NewReplacer(list...).Replace(text)
}

// stop ends a sentence that may have ended already.
func stop(text string) string {
	if last, _ := utf8.DecodeLastRuneInString(text); strings.ContainsRune(".!?…。！？।۔؟", last) {
		return text
	}
	return text + "."
}

// place is where a decision was given.
func (t Texts) place(where string) string { return cmp.Or(t.Places[where], where) }

func (t Texts) day(at time.Time) string {
	at = at.UTC()
	return fill(t.Day, "day", at.Day(), "month", t.Months[at.Month()-1], "year", at.Year())
}

func (t Texts) moment(at time.Time) string {
	return fill(t.Moment, "date", t.day(at), "time", at.UTC().Format("15:04"))
}
