// Texts of models: formulas, a little Markdown, passages of steps, and characters that hide.

/** Characters that turn or hide text; they are shown by their numbers. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
/** Marks upon one letter: thousands of them take a browser seconds. */
const HEAPED = /(\p{M}{16})(\p{M}{16,})/gu;
/** Delimiters of formulas: opening, closing, whether set on a line by itself. */
const DELIMITERS = [
  ["$$", "$$", true], ["\\[", "\\]", true], ["\\(", "\\)", false], ["$", "$", false],
];
const ENVIRONMENT = /\\begin\{(equation|align|aligned|gather|gathered|cases|eqnarray|multline|split|array|matrix|pmatrix|bmatrix|vmatrix)(\*?)\}/y;

/** Return a text with its hidden characters written out and heaps of marks cut, and their number. */
function readable(text) {
  let hidden = 0;
  const cut = text.replace(HEAPED, (_, kept, rest) => {
    hidden += rest.length;
    return `${kept} ⟨${counted(rest.length, "more mark")}⟩`;
  });
  HIDDEN.lastIndex = 0;
  if (!HIDDEN.test(cut)) return { text: cut, hidden };
  const shown = cut.replace(HIDDEN, (letter) => {
    if (letter === "\r") return "";
    hidden += 1;
    return `⟨U+${letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
  return { text: shown, hidden };
}

/** Finds closing delimiters so that all searches through one text read it once. */
class Closers {
  constructor(text) {
    this.text = text;
    this.next = new Map();
  }

  /** Return the first place of `closing` at or after `from`, or -1. */
  after(closing, from) {
    let known = this.next.get(closing);
    if (known === undefined || (known !== -1 && known < from)) {
      known = this.text.indexOf(closing, from);
      this.next.set(closing, known);
    }
    return known;
  }
}

/**
 * Cut a text into formulas and what stands between them: {start, end, tex, display}, or without
 * `tex` for plain text. Every character belongs to exactly one piece. After the most formulas that
 * one text may have, the rest is plain; `rest` says how long it is.
 */
function pieces(text) {
  const found = [];
  const closers = new Closers(text);
  let plain = 0;
  let at = 0;
  let number = 0;
  let characters = 0;
  while (at < text.length && number < FORMULAS_AT_MOST && characters < FORMULAS_CHARACTERS) {
    const letter = text[at];
    const formula = letter === "$" || letter === "\\" ? formulaAt(text, at, closers) : null;
    if (formula) {
      if (plain < at) found.push({ start: plain, end: at });
      found.push(formula);
      number += 1;
      if (formula.tex.length <= FORMULA_AT_MOST) characters += formula.tex.length;
      at = plain = formula.end;
    } else {
      at += letter === "\\" ? 2 : 1;
    }
  }
  if (plain < text.length) found.push({ start: plain, end: text.length });
  return { all: found, rest: Math.max(0, text.length - at) };
}

/** Return the formula that begins at a place, or null. */
function formulaAt(text, at, closers) {
  for (const [opening, closing, display] of DELIMITERS) {
    if (!text.startsWith(opening, at)) continue;
    const from = at + opening.length;
    const close = closers.after(closing, from);
    if (close === -1 || close === from) continue;
    const tex = text.slice(from, close);
    if (!tex.trim()) continue;
    if (opening === "$" && !isInline(tex, text[close + 1])) continue;
    return { start: at, end: close + closing.length, tex, display };
  }
  return environmentAt(text, at, closers);
}

/** Return whether what stands between two dollar signs is a formula and not amounts of money. */
function isInline(tex, next) {
  if (tex.includes("\n\n") || (next !== undefined && /\d/.test(next))) return false;
  return !/^\d[\d.,]*\s+[A-Za-z]{2,}/.test(tex);
}

function environmentAt(text, at, closers) {
  ENVIRONMENT.lastIndex = at;
  const begun = ENVIRONMENT.exec(text);
  if (!begun) return null;
  const closing = `\\end{${begun[1]}${begun[2]}}`;
  const close = closers.after(closing, ENVIRONMENT.lastIndex);
  if (close === -1) return null;
  const end = close + closing.length;
  return { start: at, end, tex: text.slice(at, end), display: true };
}

/** Characters of a text that get Markdown; a longer one is shown as it is. */
const MARKDOWN_AT_MOST = 30000;
const INLINE = /\*\*|`|^#{1,6} +|^ {0,3}(?:-{3,}|\*{3,}) *$/gm;

/**
 * Cut plain text at Markdown's marks: {start, end, strong, code}. The marks themselves are left out.
 * `state` carries bold text over a formula that stands inside it.
 */
function styled(text, start, end, state) {
  if (end - start > MARKDOWN_AT_MOST) return [{ start, end }];
  const found = [];
  let from = start;
  const push = (to) => {
    if (to > from) {
      found.push({ start: from, end: to, strong: state.strong || state.heading, code: state.code });
    }
  };
  const pattern = new RegExp(`${INLINE.source}|\\n`, "gm");
  const part = text.slice(start, end);
  const closers = new Closers(part);
  let mark;
  while ((mark = pattern.exec(part))) {
    const at = start + mark.index;
    const held = mark[0];
    if (held === "\n") {
      if (state.heading || state.strong || state.code) {
        push(at);
        from = at;
        state.heading = state.strong = state.code = false;
      }
      continue;
    }
    if (held === "`") {
      const close = closers.after("`", mark.index + 1);
      const line = closers.after("\n", mark.index + 1);
      if (!state.code && (close === -1 || (line !== -1 && line < close))) continue;
    } else if (state.code) continue;
    push(at);
    from = at + held.length;
    if (held === "`") state.code = !state.code;
    else if (held === "**") state.strong = !state.strong;
    else if (held.startsWith("#")) state.heading = true;
  }
  push(end);
  return found;
}

/**
 * Return where the plain text of a piece begins and ends without the blank lines at the ends of
 * the whole text and beside a formula that stands on a line by itself.
 */
function between(text, piece, before, after) {
  let { start, end } = piece;
  if (!before || before.display) while (start < end && /\s/.test(text[start])) start += 1;
  if (!after || after.display) while (start < end && /\s/.test(text[end - 1])) end -= 1;
  return [start, end];
}

/**
 * Show a text: formulas set, hidden characters written out, passages marked.
 *
 * `passages` are {start, end, step}: places of the text that belong to a step. A formula that a
 * passage touches belongs to it as a whole. `marked` makes the element of a passage from its steps.
 */
function showText(text, passages = [], marked = null) {
  const box = make("div", { class: "text", dir: "auto" });
  const note = make("p", { class: "note", hidden: true });
  const formulas = new FormulaQueue(note);
  const edges = distinct(passages.flatMap((passage) => [passage.start, passage.end]))
    .sort((a, b) => a - b);
  const state = {};
  let current = null;
  let steps = "";
  let hidden = 0;
  const into = (start, end, block) => {
    const touching = passages.filter((one) => one.start < end && one.end > start);
    const ids = distinct(touching.map((one) => one.step));
    const key = ids.length && block ? `${ids.join(" ")} ${start}` : ids.join(" ");
    if (key !== steps || current === null) {
      steps = key;
      current = key ? marked(ids) : box;
      if (key) box.append(current);
      if (key && block) current.classList.add("block");
    }
    return current;
  };
  const write = (start, end, style) => {
    const shown = readable(text.slice(start, end));
    hidden += shown.hidden;
    const tag = style.code ? "code" : style.strong ? "strong" : "span";
    into(start, end).append(put(document.createElement(tag), shown.text));
  };
  const { all, rest } = pieces(text);
  formulas.rest = /\$|\\[([]/.test(text.slice(text.length - rest)) ? rest : 0;
  for (const [at, piece] of all.entries()) {
    if (piece.tex !== undefined) {
      const source = text.slice(piece.start, piece.end);
      into(piece.start, piece.end, piece.display)
        .append(formulas.add(piece.tex, source, piece.display));
      continue;
    }
    const [start, end] = between(text, piece, all[at - 1], all[at + 1]);
    for (const run of styled(text, start, end, state)) {
      let from = run.start;
      for (const edge of edges) {
        if (edge > from && edge < run.end) {
          write(from, edge, run);
          from = edge;
        }
      }
      write(from, run.end, run);
    }
  }
  formulas.run();
  const both = make("div", {}, box, note);
  if (hidden) {
    both.append(make("p", { class: "note" },
      `${counted(hidden, "character")} that hide, turn or cover text written out in ⟨ ⟩.`));
  }
  return both;
}
