// Formulas through KaTeX: capped in length, number and time; what it refuses stays source.

/** Characters of one formula. */
const FORMULA_AT_MOST = 2000;
/** Characters and number of the formulas of one text. */
const FORMULAS_CHARACTERS = 60000;
const FORMULAS_AT_MOST = 800;
/** Milliseconds in which a text sets formulas before the page is free again. */
const SLICE_MS = 40;
/** Milliseconds that all formulas of one text may take. */
const TOTAL_MS = 4000;

/** Elements inside one another in a set formula: browsers crash where there are many more. */
const DEPTH_AT_MOST = 400;
/** Commands that define others: two thousand characters of them make millions. */
const DEFINITION = /\\(?:def|gdef|edef|xdef|let|futurelet|global|long|(?:re)?newcommand|providecommand)(?![A-Za-z])/;

const KATEX_OPTIONS = {
  trust: false, strict: false, throwOnError: true, maxExpand: 200, maxSize: 20,
};

/** Set one formula into an element that holds its source; return why it stays source, or null. */
function setFormula(element, tex, display) {
  if (DEFINITION.test(tex)) return "it defines commands";
  const made = document.createElement("span");
  try {
    katex.render(tex, made, { ...KATEX_OPTIONS, displayMode: display });
  } catch (error) {
    return error instanceof RangeError ? "it is nested too deeply" : "KaTeX cannot read it";
  }
  if (depthOf(made) > DEPTH_AT_MOST) return "it is nested too deeply";
  element.replaceChildren(...made.childNodes);
  element.classList.remove("source");
  return null;
}

/** Return how many elements stand inside one another, at most. */
function depthOf(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT);
  let depth = 0;
  let deepest = 0;
  for (;;) {
    if (walker.firstChild()) {
      depth += 1;
      deepest = Math.max(deepest, depth);
      continue;
    }
    while (!walker.nextSibling()) {
      if (!walker.parentNode()) return deepest;
      depth -= 1;
      if (walker.currentNode === root) return deepest;
    }
  }
}

/** Sets the formulas of one text: the first at once, the rest in slices that leave the page free. */
class FormulaQueue {
  constructor(note) {
    this.waiting = [];
    this.note = note;
    this.spentMs = 0;
    this.refused = new Map();
    /** Characters at the end of the text whose formulas stay source. */
    this.rest = 0;
  }

  /** Return the element of a formula, which shows its source until it is set. */
  add(tex, source, display) {
    const element = make("span", { class: display ? "formula source display" : "formula source" });
    put(element, readable(source).text);
    if (tex.length > FORMULA_AT_MOST) {
      this.refuse(element, `longer than ${figure(FORMULA_AT_MOST)} characters`);
    } else {
      this.waiting.push({ element, tex, display });
    }
    return element;
  }

  /** Set formulas for one slice; more follow when the page is idle. */
  run() {
    const started = performance.now();
    while (this.waiting.length && performance.now() - started < SLICE_MS) {
      const { element, tex, display } = this.waiting.shift();
      if (this.spentMs + performance.now() - started > TOTAL_MS) {
        this.refuse(element, "the text takes too long to set");
        continue;
      }
      const why = setFormula(element, tex, display);
      if (why) this.refuse(element, why);
    }
    this.spentMs += performance.now() - started;
    if (this.waiting.length) setTimeout(() => this.run(), 0);
    else this.report();
  }

  refuse(element, why) {
    element.title = `Shown as source: ${why}`;
    element.classList.add("refused");
    this.refused.set(why, (this.refused.get(why) || 0) + 1);
  }

  report() {
    const parts = [...this.refused].map(([why, number]) => `${counted(number, "formula")} (${why})`);
    if (this.rest) parts.push(`all formulas of the last ${counted(this.rest, "character")} (too many for one text)`);
    if (!parts.length) return;
    put(this.note, `Shown as source: ${parts.join("; ")}.`);
    this.note.hidden = false;
  }
}
