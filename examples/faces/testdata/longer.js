// Every text of the page 40 % longer, with accents and in brackets, as a
// translation may be. Technical names and requests stay as they are.
(() => {
  const accents = {a: "á", c: "ç", e: "é", i: "ï", n: "ñ", o: "ö", s: "š", u: "ü", y: "ý", z: "ž", A: "Å", E: "É", N: "Ñ", O: "Ø", S: "Š", T: "Ţ"};
  const longer = text => {
    const words = text.trim().split(/\s+/), more = [];
    let length = 0;
    for (let i = 0; length < text.trim().length * 0.4 - 2; i++) {
      more.push(words[i % words.length]);
      length += more.at(-1).length + 1;
    }
    const accented = words.concat(more).join(" ").replace(/[a-zA-Z]/g, c => accents[c] || c);
    return text.match(/^\s*/)[0] + "[" + accented + "]" + text.match(/\s*$/)[0];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), nodes = [];
  for (let n; (n = walker.nextNode());) if (n.data.trim() && !n.parentElement.closest("code, pre, style, script, :is(p, dd, span)[dir=ltr]")) nodes.push(n);
  for (const n of nodes) n.data = longer(n.data);
  for (const e of document.querySelectorAll("[data-is]")) e.dataset.is = longer(e.dataset.is);
  return nodes.length;
})()
