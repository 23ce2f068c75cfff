// What answers the five questions, the state and the buttons: which of them cannot
// be seen in whole without scrolling, or is covered by something else.
(recipient => {
  const missing = [], term = n => document.querySelector(`.hc-offer > div:nth-child(${n}) dd`);
  const lead = document.querySelector(".hc-lead"), at = lead.textContent.indexOf(recipient), who = document.createRange();
  if (at < 0) return ["who: not named"];
  who.setStart(lead.firstChild, at);
  who.setEnd(lead.firstChild, at + recipient.length);
  const parts = {who, what: lead, why: term(1), "how long": term(2), "how to undo it": term(3), state: document.querySelector("#hc-status")};
  document.querySelectorAll(".hc-card button").forEach((e, i) => parts["button " + (i + 1)] = e);
  for (const [name, part] of Object.entries(parts)) {
    if (!part) { missing.push(name + ": not there"); continue; }
    const owner = part.commonAncestorContainer?.parentElement ?? part, text = document.createRange();
    if (owner === part) text.selectNodeContents(part);
    for (const r of (owner === part ? text : part).getClientRects()) {
      if (r.width < 1) continue;
      if (r.left < 0 || r.top < 0 || r.right > innerWidth || r.bottom > innerHeight) {
        missing.push(`${name}: it ends at ${Math.round(r.bottom)} of ${innerHeight}`);
        break;
      }
      for (const x of [r.left + 2, (r.left + r.right) / 2, r.right - 2]) {
        const top = document.elementFromPoint(x, (r.top + r.bottom) / 2);
        if (!top || !(owner.contains(top) || top.contains(owner) && !top.matches("body, html"))) {
          missing.push(`${name}: covered by ${top?.outerHTML.slice(0, 60)}`);
          break;
        }
      }
    }
  }
  return missing;
})
