// layout() lists what is wrong with how the page is laid out at its present width:
// something has to be scrolled sideways, a text is cut off, lies over another one or
// over a control, or is broken inside a word.
(() => {
  const faults = [], lines = [], range = document.createRange();
  const say = (what, text) => faults.push(`${what}: ${text.trim().replace(/\s+/g, " ").slice(0, 60)}`);
  const seen = e => e.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true}) && !e.closest(".skip") && getComputedStyle(e.closest("thead") || e).position !== "absolute";
  const scroller = e => e.closest("pre, .hc-scroll");
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`${document.documentElement.scrollWidth} pixels wide on a screen of ${innerWidth}`);
  for (const e of document.querySelectorAll(".hc-scroll"))
    if (seen(e) && e.scrollWidth > e.clientWidth + 1) say(`a table has to be scrolled by ${e.scrollWidth - e.clientWidth}`, e.textContent);
  for (const e of document.querySelectorAll("body *")) {
    const hidden = getComputedStyle(e).overflowX;
    if ((hidden === "hidden" || hidden === "clip" || e.matches("button")) && seen(e) && e.scrollWidth > e.clientWidth + 1) say("cut off", e.textContent);
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walker.nextNode());) {
    const e = n.parentElement;
    if (!n.data.trim() || !seen(e)) continue;
    const addresses = n.data.replace(/https?:\S+|\S+@\S+/g, a => " ".repeat(a.length)); // these end a line anywhere
    for (const m of addresses.matchAll(/[\p{Script=Latin}\p{Script=Arabic}\p{M}\p{N}]+/gu)) {
      range.setStart(n, m.index);
      range.setEnd(n, m.index + m[0].length);
      const rects = [...range.getClientRects()].filter(r => r.width > 0);
      if (rects.some(r => Math.abs(r.top - rects[0].top) > r.height / 2)) say(`broken inside ${m[0]}`, n.data);
      if (!scroller(e) && rects.some(r => r.left < -1 || r.right > innerWidth + 1)) say("cut off at the edge", n.data);
    }
    range.selectNodeContents(n);
    const within = scroller(e)?.getBoundingClientRect();
    for (const r of range.getClientRects()) if (r.width > 1 && (!within || r.bottom < within.bottom && r.top > within.top)) lines.push({r, n});
  }
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > Math.min(a.height, b.height) / 2.5;
  lines.sort((a, b) => a.r.top - b.r.top);
  lines.forEach((a, i) => {
    for (let j = i + 1; j < lines.length && lines[j].r.top < a.r.bottom; j++)
      if (a.n !== lines[j].n && meet(a.r, lines[j].r) && scroller(a.n.parentElement) === scroller(lines[j].n.parentElement)) say("overlaps", a.n.data + " / " + lines[j].n.data);
  });
  const controls = [...document.querySelectorAll("button, input:not([type=hidden]), textarea")].filter(seen);
  for (const e of controls) {
    const r = e.getBoundingClientRect();
    if (r.width < 20 || r.height < 20) say("too small to be pressed", e.outerHTML);
    for (const l of lines) if (!e.contains(l.n) && meet(r, l.r)) say("a control lies over", l.n.data);
    for (const o of controls) if (o !== e && meet(r, o.getBoundingClientRect())) say("controls overlap", e.outerHTML);
  }
  return [...new Set(faults)];
})()
