package telemetry

// This file touches Config.Env, once, at Init: which proxy reports go through,
// and what to say where the environment names one that they do not use.

import (
	"fmt"

	"headcount.example/internal/gate"
)

// proxyVariable is the variable by which an administrator names the proxy of
// this product.
func (c Config) proxyVariable() string { return c.Catalog.Variable() + "_PROXY" }

// setProxy has reports go through the proxy that the administrator names, else
// through Config.Proxy. An error never holds the proxy's password.
func (c Config) setProxy(sender *gate.Gate) error {
	if sender == nil {
		return nil // that has a fault of its own
	}
	name, proxy := "Config.Proxy", c.Proxy
	value, err := c.lookup(c.proxyVariable())
	if value != "" {
		name, proxy = c.proxyVariable(), value
	}
	if proxy != "" && err == nil {
		err = sender.Through(proxy)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// proxyHint is what to say where the receiver cannot be reached; empty where the
// environment names no proxy, or reports go through one.
func (c Config) proxyHint(sender *gate.Gate) string {
	if sender == nil || !sender.Direct() {
		return ""
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"} {
		if value, _ := c.lookup(name); value != "" {
			return fmt.Sprintf("%s is set, and reports do not use it: set %s to the URL of a proxy that they may use", name, c.proxyVariable())
		}
	}
	return ""
}

// lookup asks Config.Env, which is the application's and may panic.
func (c Config) lookup(name string) (value string, err error) {
	defer func() {
		if p := recover(); p != nil {
			value, err = "", fmt.Errorf("Config.Env ended in a panic when asked for %s", name)
		}
	}()
	if value, set := c.Env(name); set {
		return value, nil
	}
	return "", nil
}
