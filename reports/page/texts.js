// Texts of models: formulas, a little Markdown with tables, passages of steps, and characters that hide.

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
  // Amounts in two cells of a table.
  if (tex.includes("|") && /^\S/.test(tex) && /\s$/.test(tex)) return false;
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
/** Lines that a passage may run through within a line; more are marked as a block. */
const LINES_INLINE = 200;
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
 * Show a text: formulas and tables set, hidden characters written out, passages marked.
 *
 * `passages` are {start, end, step}: places of the text that belong to a step. A formula that a
 * passage touches belongs to it as a whole. `marked` makes the element of a passage from its steps.
 */
function showText(text, passages = [], marked = null) {
  return new TextPage(text, passages, marked).show();
}

/** Writes one text into elements. */
class TextPage {
  constructor(text, passages, marked) {
    this.text = text;
    this.passages = passages;
    this.marked = marked;
    this.note = make("p", { class: "note", hidden: true });
    this.formulas = new FormulaQueue(this.note);
    this.edges = distinct(passages.flatMap((passage) => [passage.start, passage.end]))
      .sort((a, b) => a - b);
    this.hidden = 0;
  }

  show() {
    const { text } = this;
    const box = make("div", { class: "text", dir: "auto" });
    const { all, rest } = pieces(text);
    const { found, kept } = tablesIn(text, all);
    this.parts = all;
    this.part = 0;
    this.formulas.rest = /\$|\\[([]/.test(text.slice(text.length - rest)) ? rest : 0;
    let from = 0;
    for (const table of found) {
      this.flow(from, table.start, box);
      box.append(this.table(table));
      from = table.end;
    }
    this.flow(from, text.length, box);
    this.formulas.run();
    const notes = [this.note];
    if (this.hidden) {
      notes.push(make("p", { class: "note" },
        `${counted(this.hidden, "character")} that hide, turn or cover text written out in ⟨ ⟩.`));
    }
    if (kept) {
      notes.push(make("p", { class: "note" },
        `${counted(kept, "table")} shown as written: more than ${COLUMNS_AT_MOST} columns or ${figure(CELLS_AT_MOST)} cells.`));
    }
    return make("div", {}, box, notes);
  }

  /** Return the element of a table, its cells written as text is. */
  table({ aligned, rows }) {
    const [head, ...body] = rows.map((cells, at) => make("tr", {}, aligned.map((side, column) => {
      const held = make(at === 0 ? "th" : "td", { class: side, scope: at === 0 ? "col" : null });
      const cell = cells[column];
      if (cell) this.flow(cell.start, cell.end, held, true);
      return held;
    })));
    return make("div", { class: "wide drawn", tabindex: "0", role: "region", "aria-label": "Table of the answer" },
      make("table", {}, make("thead", {}, head), make("tbody", {}, body)));
  }

  /** Write what stands from one place to another into a box, or into a `cell` of a table. */
  flow(start, end, box, cell = false) {
    const { text, parts } = this;
    let state = {};
    this.place = { box, cell, current: null, steps: "" };
    while (this.part > 0 && parts[this.part - 1].end > start) this.part -= 1;
    while (this.part < parts.length && parts[this.part].end <= start) this.part += 1;
    for (; this.part < parts.length && parts[this.part].start < end; this.part += 1) {
      const piece = parts[this.part];
      if (piece.tex !== undefined) {
        if (piece.display) state = {};
        this.into(piece.start, piece.end, piece.display).append(
          this.formulas.add(piece.tex, text.slice(piece.start, piece.end), piece.display));
        continue;
      }
      const shown = { start: Math.max(piece.start, start), end: Math.min(piece.end, end) };
      const before = shown.start > start ? parts[this.part - 1] : null;
      const after = shown.end < end ? parts[this.part + 1] : null;
      const [from, to] = between(text, shown, before, after);
      for (const run of styled(text, from, to, state)) this.run(run);
    }
  }

  /** Write one run of plain text, cut where passages begin and end. */
  run(run) {
    let from = run.start;
    for (const edge of this.edges) {
      if (edge > from && edge < run.end) {
        this.write(from, edge, run);
        from = edge;
      }
    }
    this.write(from, run.end, run);
  }

  write(start, end, style) {
    const source = this.text.slice(start, end);
    const shown = readable(this.place.cell ? source.replaceAll("\\|", "|") : source);
    this.hidden += shown.hidden;
    const tag = style.code ? "code" : style.strong ? "strong" : "span";
    const long = source.length > LINES_INLINE && source.split("\n", LINES_INLINE + 1).length > LINES_INLINE;
    this.into(start, end, long).append(put(document.createElement(tag), shown.text));
  }

  /** Return the element that a stretch belongs to: that of its passage, or the box. */
  into(start, end, block) {
    const { place } = this;
    const touching = this.passages.filter((one) => one.start < end && one.end > start);
    const ids = distinct(touching.map((one) => one.step));
    const key = ids.length && block ? `${ids.join(" ")} ${start}` : ids.join(" ");
    if (key !== place.steps || place.current === null) {
      place.steps = key;
      place.current = key ? this.marked(ids) : place.box;
      if (key) place.box.append(place.current);
      if (key && block) place.current.classList.add("block");
    }
    return place.current;
  }
}
