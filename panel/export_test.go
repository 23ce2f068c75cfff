package panel

import "time"

// MaxCalls is how many calls of one function of the application are made at a time.
const MaxCalls = maxCalls

// SetTimeout says how long one call of the application may take.
func (p *Panel) SetTimeout(d time.Duration) { p.timeout = d }
