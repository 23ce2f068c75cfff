package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"headcount.example/catalog/compreface"
)

const (
	cookieName = "faces_session"
	keepLogin  = 30 * 24 * time.Hour
)

// signUpForm shows the form. Only the first account of an installation is
// asked about statistics: it is its administrator's.
func (a *app) signUpForm(w http.ResponseWriter, r *http.Request) {
	a.showSignUp(w, r, http.StatusOK, nil)
}

func (a *app) showSignUp(w http.ResponseWriter, r *http.Request, code int, problem error) {
	known, err := a.db.anyUser(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	p := page{Title: "Sign up", Problem: problem, Form: r.PostForm}
	if !known {
		p.Title = "Set up Faces"
		p.Row = a.stats.SignUp(w, r)
	}
	a.show(w, r, code, "signup", p)
}

func (a *app) signUp(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	u, err := newUser(r)
	if err != nil {
		a.showSignUp(w, r, http.StatusUnprocessableEntity, err)
		return
	}
	a.first.Lock() // one first account
	defer a.first.Unlock()
	known, err := a.db.anyUser(ctx)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	u.Admin = !known
	err = a.db.change(ctx, func(tx *sql.Tx) error {
		if err := a.db.addUser(ctx, tx, &u); err != nil {
			return err
		}
		return nil
	})
	if err == nil { // counted after the commit
		a.stats.Add(compreface.UserCreated, 1)
	}
	switch {
	case errors.Is(err, errTaken):
		a.showSignUp(w, r, http.StatusConflict, errTaken)
	case err != nil:
		a.fail(w, r, err)
	default:
		if u.Admin {
			a.signedUp(r)
		}
		a.logInAs(w, r, u)
	}
}

// newUser reads the form of a person who signs up.
func newUser(r *http.Request) (user, error) {
	name, wrongName := field(r, "name")
	email, wrongEmail := address(r)
	u, password := user{Name: name, Email: email}, r.PostFormValue("password")
	switch {
	case wrongName != nil || wrongEmail != nil:
		return u, errNoText
	case u.Name == "" || !strings.Contains(u.Email, "@"):
		return u, errors.New("a name and an e-mail address are needed")
	case tooLong(u.Name) || tooLong(u.Email):
		return u, fmt.Errorf("a name and an e-mail address have at most %d characters each", maxName)
	}
	if err := checkPassword(password); err != nil {
		return u, err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	u.password = string(hash)
	return u, err
}

func address(r *http.Request) (string, error) {
	email, err := field(r, "email")
	return strings.ToLower(email), err
}

func (a *app) logInForm(w http.ResponseWriter, r *http.Request) {
	known, err := a.db.anyUser(r.Context())
	switch {
	case err != nil:
		a.fail(w, r, err)
	case !known:
		http.Redirect(w, r, "/signup", http.StatusSeeOther)
	default:
		a.showLogIn(w, r, http.StatusOK, nil)
	}
}

func (a *app) showLogIn(w http.ResponseWriter, r *http.Request, code int, problem error) {
	a.show(w, r, code, "login", page{Title: "Log in", Problem: problem, Form: r.PostForm})
}

func (a *app) logIn(w http.ResponseWriter, r *http.Request) {
	email, err := address(r)
	if err != nil {
		a.showLogIn(w, r, http.StatusUnprocessableEntity, err)
		return
	}
	u, err := a.db.userByEmail(r.Context(), email)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		a.fail(w, r, err)
		return
	}
	if err != nil || bcrypt.CompareHashAndPassword([]byte(u.password), []byte(r.PostFormValue("password"))) != nil {
		a.showLogIn(w, r, http.StatusUnauthorized, errors.New("e-mail address and password do not belong together"))
		return
	}
	a.logInAs(w, r, u)
}

// logInAs starts a session. The database keeps a hash of its token, so that
// who reads the database is not logged in.
func (a *app) logInAs(w http.ResponseWriter, r *http.Request, u user) {
	token, until := rand.Text(), time.Now().Add(keepLogin)
	_, err := a.db.ExecContext(r.Context(), `INSERT INTO sessions (token, expires, user_id) VALUES ($1, $2, $3)`, hash(token), until.Unix(), u.ID)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.setCookie(w, r, token, until)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *app) logOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		if _, err := a.db.ExecContext(r.Context(), `DELETE FROM sessions WHERE token = $1`, hash(c.Value)); err != nil {
			a.fail(w, r, err)
			return
		}
	}
	a.setCookie(w, r, "", time.Unix(1, 0))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func (a *app) setCookie(w http.ResponseWriter, r *http.Request, token string, until time.Time) {
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: token, Path: "/", Expires: until,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode})
}

func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// who returns the person whose request it is, without an ID if no one is logged
// in. An error says that it cannot be known, which is not the same.
func (a *app) who(r *http.Request) (u user, err error) {
	if u, ok := r.Context().Value(userKey{}).(user); ok {
		return u, nil
	}
	c, err := r.Cookie(cookieName)
	if err != nil {
		return user{}, nil
	}
	err = a.db.QueryRowContext(r.Context(), `SELECT u.id, u.name, u.email, u.admin FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.token = $1 AND s.expires > $2`, hash(c.Value), time.Now().Unix()).Scan(&u.ID, &u.Name, &u.Email, &u.Admin)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return u, err
}

type userKey struct{}

// known lets a request through when it is known whose it is, or that no one is
// logged in. It is found out once for a request, also if that fails.
func (a *app) known(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, err := a.who(r)
		r = r.WithContext(context.WithValue(r.Context(), userKey{}, u))
		if err != nil {
			a.fail(w, r, err)
			return
		}
		next(w, r)
	}
}

// member lets through who is logged in.
func (a *app) member(next http.HandlerFunc) http.HandlerFunc {
	return a.known(func(w http.ResponseWriter, r *http.Request) {
		if u, _ := a.who(r); u.ID == "" {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		next(w, r)
	})
}
