// Ranges such as 1000001+ and 11-50 that are shown in another order than they are
// written in, and how many there are. After an Arabic word what follows in brackets
// is further to the left.
(() => {
  const wrong = [], range = document.createRange();
  let n = 0;
  const place = (node, i) => { range.setStart(node, i); range.setEnd(node, i + 1); return range.getBoundingClientRect(); };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    if (!node.parentElement.checkVisibility({contentVisibilityAuto: true})) continue;
    for (const m of node.data.matchAll(/[\d٠-٩][\d٠-٩.,٬]*(\+|-[\d٠-٩]+)/g)) {
      n++;
      const at = [...m[0]].map((_, i) => place(node, m.index + i));
      if (at.some((r, i) => i > 0 && r.top === at[i - 1].top && r.left <= at[i - 1].left)) wrong.push(m[0] + " in " + node.data.trim().slice(0, 60));
    }
  }
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = all.nextNode());) {
    if (!node.parentElement.checkVisibility({contentVisibilityAuto: true})) continue;
    for (const m of node.data.matchAll(/\p{Script=Arabic}[\u2066-\u2069 ]+\(/gu)) {
      const word = place(node, m.index), bracket = place(node, m.index + m[0].length - 1);
      if (word.top === bracket.top && bracket.left >= word.left) wrong.push("( in " + node.data.trim().slice(0, 60));
    }
  }
  return {N: n, Wrong: wrong};
})()
