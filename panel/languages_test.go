package panel_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/texts"
	"headcount.example/internal/words"
	"headcount.example/panel"
)

// shown are all states of the page, each with what leads to it.
var shown = map[string]func(*testing.T) *house{
	"not decided":   func(t *testing.T) *house { return open(t, "", nil) },
	"on":            reported,
	"off":           func(t *testing.T) *house { return open(t, "", func(h *house) { h.save(t, consent.Denied, 1) }) },
	"off by reason": func(t *testing.T) *house { h := reported(t); t.Setenv("COMPREFACE_TELEMETRY", "of"); return h },
	"vetoed": func(t *testing.T) *house {
		h := reported(t)
		t.Setenv("DO_NOT_TRACK", "1")
		return h
	},
	"accepted an older one": func(t *testing.T) *house {
		t.Setenv("COMPREFACE_TELEMETRY", "accept:1")
		return open(t, "", func(h *house) { upgraded(h, 2) })
	},
	"another notice": func(t *testing.T) *house {
		return open(t, "", func(h *house) { h.save(t, consent.Granted, 1); upgraded(h, 3) })
	},
	"another notice, and its list": func(t *testing.T) *house {
		return open(t, "", func(h *house) {
			h.save(t, consent.Granted, 1)
			upgraded(h, 2)
			list, _ := compreface.Catalog.JSON()
			h.config.Earlier = [][]byte{[]byte(strings.NewReplacer("Exadel", "Others", "FACE_DETECTION", "FACE_SWAP").Replace(string(list)))}
		})
	},
	"damaged": func(t *testing.T) *house {
		return open(t, "", func(h *house) { h.save(t, consent.Granted, 1); damage(t, h) })
	},
	"an earlier identifier": func(t *testing.T) *house { h, _, _, _ := twice(t); return h },
	"earlier ones, asked for": func(t *testing.T) *house {
		h, first, _, status := twice(t)
		h.do(ask(`{"identifier":"` + first[:8] + `"}`))
		status.Store(http.StatusServiceUnavailable)
		h.do(form(h.pressed(t, "erase")))
		return h
	},
	"not delivered": func(t *testing.T) *house {
		h := open(t, "http://127.0.0.1:1", func(h *house) { h.save(t, consent.Granted, 1) })
		_ = h.stats.Flush(t.Context())
		return h
	},
	"a yes for another product": func(t *testing.T) *house {
		return open(t, "", func(h *house) {
			if err := h.decisions.Save(t.Context(), consent.Record{Decision: consent.Granted, Notice: 1, For: "SHOP_TELEMETRY"}); err != nil {
				t.Fatal(err)
			}
		})
	},
	"no client": func(t *testing.T) *house {
		h := open(t, "", func(h *house) { h.save(t, consent.Granted, 1) })
		h.stats = nil
		h.config.Stats = nil
		return h
	},
	"no answer": func(t *testing.T) *house {
		return open(t, "", func(h *house) { h.config.Decisions = &broken{File: h.decisions, err: errors.New("disk full")} })
	},
}

var (
	missing   = regexp.MustCompile(`![a-z]+\.[a-zA-Z. ()-]+!`)
	unfilled  = regexp.MustCompile(`\{[a-zA-Z]+\}`)
	units     = strings.NewReplacer("{user}", "", "{application}", "", "{service}", "", "{collection}", "", "{request}", "", "{range}", "") // not places
	pressable = regexp.MustCompile(`<(?:button|summary|h1|h3|th scope="col"|label)\b[^>]*>([^<]*)|</svg>([^<]*)</h2>`)
)

// TestEveryStateInEveryLanguage: no text is missing and no place is left open, in any
// state, in any language; and with the longer texts everything that a person can press,
// and each heading, comes from the files of texts.
func TestEveryStateInEveryLanguage(t *testing.T) {
	for name, lead := range shown {
		t.Run(name, func(t *testing.T) {
			h := lead(t)
			var tag string
			h.config.Language = func(*http.Request) string { return tag }
			h.config.Who = func(*http.Request) string { return "account 7" }
			p, err := panel.New(h.config)
			if err != nil {
				t.Fatal(err)
			}
			h.Panel, h.Handler = p, http.StripPrefix(mounted, p)
			for _, tag = range append(texts.Languages(), texts.Pseudo().Tag) {
				longer := tag == texts.Pseudo().Tag
				for what, body := range h.bodies(longer) {
					body = units.Replace(body)
					if found := append(missing.FindAllString(body, -1), unfilled.FindAllString(body, -1)...); found != nil {
						t.Errorf("%s, %s: got %q, want every text and value", tag, what, found)
					}
					if strings.HasPrefix(what, "/") && strings.Contains(body, "<html") && !strings.Contains(body, `dir="`+words.Match(tag).Direction+`"`) {
						t.Errorf("%s, %s: the page has another direction", tag, what)
					}
					if !longer || strings.Contains(body, `"product"`) {
						continue
					}
					for _, part := range pressable.FindAllStringSubmatch(body, -1) {
						if text := strings.TrimSpace(part[1] + part[2]); text != "" && text[0] != '[' {
							t.Errorf("%s: %q is not from the files of texts", what, text)
						}
					}
				}
			}
		})
	}
}

// bodies are the answers to all that can be asked without a change, or to the main ones.
func (h *house) bodies(every bool) map[string]string {
	all := map[string]string{}
	if !every {
		for _, path := range []string{"/?all", "/api/state", "/api/signup"} {
			all[path] = h.do(httptest.NewRequest("GET", mounted+path, nil)).Body.String()
		}
		return all
	}
	for _, right := range []panel.Right{panel.Change, panel.Look, panel.Nothing} {
		h.may = right
		for _, path := range []string{"/", "/?sizes&all", "/?recorded&asked=", "/?sent", "/api/state", "/api/signup", "/api/preview", "/evidence.json", "/nothing"} {
			all[path+" "+string('0'+rune(right))] = h.do(httptest.NewRequest("GET", mounted+path, nil)).Body.String()
		}
	}
	h.may = panel.Change
	for what, r := range map[string]*http.Request{
		"nothing": form(""), "other notice": form("decision=denied&notice=9&seen=x"), "no token": form("decision=granted&notice=1&seen=x"),
		"media": form("x"), "method": asked("PUT", "/decide"), "large": form(strings.Repeat("x", 5000)), "identifier": ask(`{"identifier":"x"}`),
	} {
		if what == "media" {
			r.Header.Set("Content-Type", "text/plain")
		}
		all[what] = h.do(r).Body.String()
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(context.Background())
	all["row"], all["banner"] = string(h.SignUp(w, r)), string(h.Banner(w, r, mounted+"/"))
	return all
}
