// The list of answers: filters, an answer with its marked passages, two models side by side.

const VERDICTS = {
  done: ["✓", "done", "shown in the answer"],
  present_invalid: ["≈", "present, invalid", "right in itself, but built on an earlier error"],
  wrong: ["✗", "wrong", "tried, with a false result"],
  missing: ["○", "missing", "not found in the answer"],
  undetermined: ["?", "undetermined", "the rules cannot decide"],
};
/** Rows of the list that are made before the page is free again. */
const ROWS_AT_ONCE = 120;
const FILTERS = ["model", "category", "problem", "prompt", "verdict", "answer"];
const SWITCHES = ["guess", "undetermined", "flagged"];

/** The list, its filters and the state that the address holds. */
class AnswerList {
  constructor(data) {
    this.data = data;
    this.answers = data.answers;
    this.byJob = new Map(this.answers.map((answer) => [String(answer.job), answer]));
    this.models = distinct(data.models.map((row) => row.model));
    this.state = {};
    this.rows = [];
    this.list = make("div", { class: "answers", id: "answer-list" });
    this.count = make("output", { class: "count", "aria-live": "polite" });
    this.tip = make("div", { id: "tip", role: "tooltip", hidden: true });
    this.controls = {};
  }

  /** Return the section with the filters and the list. */
  section() {
    const heads = ["of 7", "problem", "model", "prompt, repetition", "answer and marks"];
    const element = section("answers", "Answers", this.filterForm(), this.count,
      make("div", { class: "heads", "aria-hidden": "true" }, heads), this.list, this.tip);
    addEventListener("hashchange", () => this.followAddress());
    addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.tip.hidden = true;
    });
    addEventListener("scroll", () => {
      if (!this.tip.hidden) place(this.tip, this.pointedAt);
    }, { passive: true });
    this.makeRows(ROWS_AT_ONCE);
    this.followAddress();
    return element;
  }

  /** Make the next rows of the list; the rest follows when the page is idle. */
  makeRows(number) {
    const until = Math.min(this.answers.length, this.rows.length + number);
    const added = [];
    while (this.rows.length < until) {
      const answer = this.answers[this.rows.length];
      const row = answerRow(answer, this);
      row.hidden = !this.matches(answer);
      this.rows.push(row);
      added.push(row);
    }
    this.list.append(...added);
    if (this.rows.length < this.answers.length) setTimeout(() => this.makeRows(ROWS_AT_ONCE), 0);
    else performance.mark("listed");
  }

  filterForm() {
    const answers = this.answers;
    const options = {
      model: this.models,
      category: CATEGORIES.filter((name) =>
        answers.some((answer) => this.problem(answer).category === name)),
      problem: distinct(answers.map((answer) => answer.problem)).sort(),
      prompt: distinct(answers.map((answer) => answer.prompt)),
      verdict: Object.keys(VERDICTS),
      answer: ["right", "wrong", "undecided"],
    };
    const titles = {
      model: "Model", category: "Category", problem: "Problem", prompt: "Prompt",
      verdict: "Has a step that is", answer: "Final answer",
    };
    const words = (name, value) => (name === "verdict" ? VERDICTS[value][1] : value);
    const selects = FILTERS.filter((name) => options[name].length > 1).map((name) => {
      const select = make("select", { name, on: { change: () => this.change() } },
        make("option", { value: "" }, "any"),
        options[name].map((value) => make("option", { value }, words(name, value))));
      this.controls[name] = select;
      return make("label", {}, titles[name], select);
    });
    const switches = {
      guess: "suspected guess", undetermined: "undetermined steps", flagged: "flagged",
    };
    const boxes = SWITCHES.map((name) => {
      const box = make("input", { type: "checkbox", name, on: { change: () => this.change() } });
      this.controls[name] = box;
      return make("label", { class: "switch" }, box, switches[name]);
    });
    const beside = this.models.length > 1 ? this.besideSelect() : null;
    const reset = make("button", { type: "button", on: { click: () => this.show({}) } }, "Clear");
    return make("form", { class: "filters", "aria-label": "Filter the answers", on: {
      submit: (event) => event.preventDefault(),
    } }, selects, beside, make("div", { class: "switches" }, boxes, reset));
  }

  besideSelect() {
    const select = make("select", { name: "beside", on: { change: () => this.change() } },
      make("option", { value: "" }, "–"),
      this.models.map((model) => make("option", { value: model }, model)));
    this.controls.beside = select;
    return make("label", {}, "Side by side with", select);
  }

  /** Take the state from the controls and keep it in the address. */
  change() {
    const state = {};
    for (const [name, control] of Object.entries(this.controls)) {
      const value = control.type === "checkbox" ? (control.checked ? "1" : "") : control.value;
      if (value) state[name] = value;
    }
    this.show(state);
  }

  /** Show the answers of a state. */
  show(state) {
    const besideBefore = this.state.beside;
    this.state = state;
    for (const [name, control] of Object.entries(this.controls)) {
      if (control.type === "checkbox") control.checked = Boolean(state[name]);
      else control.value = state[name] || "";
    }
    if (besideBefore !== state.beside) this.emptyAll();
    this.rows.forEach((row, at) => { row.hidden = !this.matches(this.answers[at]); });
    const found = this.answers.filter((answer) => this.matches(answer)).length;
    const all = this.answers.length;
    put(this.count, found === all ? counted(all, "answer") : `${figure(found)} of ${counted(all, "answer")}`);
    this.keepAddress(new URLSearchParams(state).toString());
  }

  keepAddress(hash) {
    if (location.hash.slice(1) === hash) return;
    try {
      history.replaceState(null, "", `#${hash}`);
    } catch {
      // Some browsers refuse this for a page from a file: the address then keeps what it had.
    }
  }

  /** Do what the address says: show one answer, or the answers of its filters. */
  followAddress() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const job = wanted.get("a");
    if (job !== null) {
      this.showOne(job, wanted.get("step"));
      return;
    }
    const state = {};
    for (const name of [...FILTERS, ...SWITCHES, "beside"]) {
      const value = wanted.get(name);
      if (value && this.controls[name]) state[name] = value;
    }
    this.show(state);
    if (Object.keys(state).length) {
      document.getElementById("answers")?.scrollIntoView();
    }
  }

  /** Open one answer and go to it, or to one of its steps. */
  showOne(job, step = null) {
    const answer = this.byJob.get(job);
    if (!answer) {
      this.show({});
      put(this.count, `This page holds no answer of job ${job}.`);
      return;
    }
    const at = this.answers.indexOf(answer);
    if (!this.matches(answer) || !this.count.textContent) this.show({});
    if (at >= this.rows.length) this.makeRows(at + 1 - this.rows.length);
    const row = this.rows[at];
    this.fill(row, answer);
    row.open = true;
    this.keepAddress(step === null ? `a=${job}` : `a=${job}&step=${step}`);
    requestAnimationFrame(() => {
      row.scrollIntoView({ block: "start" });
      row.querySelector("summary").focus({ preventScroll: true });
      for (const entry of row.querySelectorAll(".steps li")) {
        const sought = entry.dataset.steps === step;
        entry.classList.toggle("sought", sought);
        if (sought) entry.scrollIntoView({ block: "center" });
      }
    });
  }

  matches(answer) {
    const state = this.state;
    const rightness = { right: true, wrong: false, undecided: null };
    return (!state.model || answer.model === state.model)
      && (!state.beside || answer.model !== state.beside)
      && (!state.category || this.problem(answer).category === state.category)
      && (!state.problem || answer.problem === state.problem)
      && (!state.prompt || answer.prompt === state.prompt)
      && (!state.verdict || answer.steps.some((step) => step.verdict === state.verdict))
      && (!state.answer || answer.answer_correct === rightness[state.answer])
      && (!state.guess || answer.guess_suspected)
      && (!state.undetermined || answer.steps_undetermined > 0)
      && (!state.flagged || answer.flags.length > 0);
  }

  problem(answer) {
    return this.data.problems[answer.problem] || { paths: {}, answer: [], statement: "" };
  }

  /** Return the answer of another model to the same problem, prompt and repetition. */
  partner(answer, model) {
    return this.answers.find((other) => other.model === model && other.problem === answer.problem
      && other.prompt === answer.prompt && other.repetition === answer.repetition);
  }

  /** Fill a row when it is opened; what it shows depends on the state. */
  fill(row, answer) {
    if (row.dataset.filled) return;
    row.dataset.filled = "yes";
    row.append(answerBody(answer, this));
  }

  emptyAll() {
    this.rows.forEach((row, at) => {
      if (!row.dataset.filled) return;
      row.lastElementChild.remove();
      delete row.dataset.filled;
      if (row.open) this.fill(row, this.answers[at]);
    });
  }
}

function badge(kind, symbol, words) {
  return make("span", { class: `badge ${kind}`, title: words },
    make("span", { "aria-hidden": "true" }, symbol), make("span", { class: "word" }, words));
}

function answerRow(answer, list) {
  const right = answer.answer_correct;
  const badges = [];
  if (answer.path === null || answer.path === undefined) badges.push(badge("plain", "–", "no score"));
  else if (right === true) badges.push(badge("done", "✓", "answer right"));
  else if (right === false) badges.push(badge("wrong", "✗", "answer wrong"));
  else badges.push(badge("undetermined", "?", "answer undecided"));
  if (answer.guess_suspected) badges.push(badge("guess", "!", "suspected guess"));
  if (answer.steps_undetermined) {
    badges.push(badge("undetermined", "?", `${figure(answer.steps_undetermined)} undetermined`));
  }
  for (const flag of answer.flags) badges.push(badge("flag", "⚑", flag));
  if (answer.finish_reason === "length") badges.push(badge("flag", "…", "cut at the token limit"));
  const range = answer.score7_high > answer.score7 + 0.005 ? `–${figure(answer.score7_high, 1)}` : "";
  const score = answer.score7 === null ? "–" : `${figure(answer.score7, 1)}${range}`;
  const row = make("details", { class: "answer", id: `job-${answer.job}` },
    make("summary", {},
      make("span", { class: "score", title: "steps shown, out of 7" }, score),
      make("span", { class: "problem" }, answer.problem),
      make("span", { class: "model" }, answer.model),
      make("span", { class: "kind" }, `${answer.prompt}, repetition ${answer.repetition}`),
      make("span", { class: "badges" }, badges)));
  row.addEventListener("toggle", () => { if (row.open) list.fill(row, answer); });
  return row;
}

/** Return what an opened row shows: the statement, the answer, and another model's beside it. */
function answerBody(answer, list) {
  const problem = list.problem(answer);
  const beside = list.state.beside && list.partner(answer, list.state.beside);
  const articles = [answerArticle(answer, list)];
  if (beside) articles.push(answerArticle(beside, list));
  else if (list.state.beside) {
    articles.push(make("p", { class: "note" }, `${list.state.beside} has no answer here.`));
  }
  const reference = problem.answer.length
    ? make("div", { class: "reference" }, make("h4", {}, "Reference answer"),
        showText(problem.answer.map(asFormula).join(", ")))
    : null;
  return make("div", { class: "opened" },
    make("div", { class: "statement" }, make("h4", {}, "Statement"), showText(problem.statement)),
    reference,
    make("div", { class: beside ? "pair" : "single" }, articles));
}

/** Return a reference answer as a formula, unless it is words. */
function asFormula(writing) {
  return /(^|[^\\A-Za-z])[A-Za-z]{2,}\s+[A-Za-z]{2,}/.test(writing) ? writing : `$${writing}$`;
}

/** Return one answer: its figures, its steps, and its text with the passages of the steps. */
function answerArticle(answer, list) {
  const paths = list.problem(answer).paths;
  const known = paths[answer.path] || {};
  const text = answer.text.slice(answer.answer_start, answer.answer_end);
  const steps = answer.steps.map((step) => ({ ...step, ...known[step.id] }));
  const byId = new Map(steps.map((step) => [step.id, step]));
  const passages = steps.filter((step) => step.start !== undefined && step.end > answer.answer_start)
    .map((step) => ({
      start: step.start - answer.answer_start, end: step.end - answer.answer_start, step: step.id,
    }));
  const article = make("article", { class: "one", "aria-label": `${answer.model}, job ${answer.job}` });
  const marked = (ids) => passageMark(ids.map((id) => byId.get(id)), list, article);
  article.append(
    make("header", {},
      make("h4", {}, `${answer.model}: `, score7(answer)),
      make("p", { class: "facts" }, facts(answer), " ",
        make("a", { href: `#a=${answer.job}` }, `link to job ${answer.job}`)),
      answer.guess_suspected ? make("p", { class: "note" }, `${list.data.guess}.`) : null),
    make("div", { class: "columns" },
      make("div", { class: "answer-text" }, ...thinking(answer),
        text.trim() ? showText(text, passages, marked)
          : make("p", { class: "note" }, "The answer is empty."),
        cutNote(answer)),
      stepList(steps, article, answer)));
  return article;
}

function score7(answer) {
  if (answer.score7 === null) return "no score";
  const high = answer.score7_high > answer.score7 + 0.005 ? ` to ${figure(answer.score7_high, 1)}` : "";
  return `${figure(answer.score7, 1)}${high} of 7, ${answer.steps_done} of ${answer.steps_total} steps`;
}

function facts(answer) {
  const memory = answer.need_mib ?? answer.host_peak_mib;
  return [
    answer.path === null ? null : `path ${answer.path}`,
    answer.output_tokens === null ? null : counted(answer.output_tokens, "token"),
    answer.ttft_ms === null ? null : `first after ${figure(answer.ttft_ms)} ms`,
    answer.e2e_s === null ? null : `${figure(answer.e2e_s, 2)} s in all`,
    memory === null ? null : `${figure(memory)} MiB`,
  ].filter(Boolean).join(" · ");
}

/** Return the thinking before the answer, and thinking that never ended, folded. */
function thinking(answer) {
  const before = answer.text.slice(0, answer.answer_start);
  const after = answer.text.slice(answer.answer_end);
  const fold = (text, words) => (text.trim()
    ? [folded(`${words}, ${counted(text.length, "character")}`, () => showText(text), { class: "thinking" })]
    : []);
  return [...fold(before, "Thinking"), ...fold(after, "Thinking that does not end")];
}

function cutNote(answer) {
  return answer.characters_cut
    ? make("p", { class: "note" },
        `${counted(answer.characters_cut, "character")} more are left out of this page; the verdicts count all of the text.`)
    : null;
}

/** Return the element of a passage: focusable, its verdicts and evidence in the tip. */
function passageMark(steps, list, article) {
  const worst = steps.find((step) => step.verdict !== "done") || steps[0];
  const mark = make("mark", {
    tabindex: "0", "aria-describedby": "tip", "data-verdict": worst.verdict,
    "data-label": steps.map((step) => step.id).join(" "),
    "data-steps": steps.map((step) => step.id).join(" "),
  });
  const shown = () => {
    fillTip(list.tip, steps);
    list.pointedAt = mark;
    place(list.tip, mark);
    light(article, steps.map((step) => step.id));
  };
  const hidden = () => {
    list.tip.hidden = true;
    light(article, []);
  };
  mark.addEventListener("pointerenter", shown);
  mark.addEventListener("pointerleave", hidden);
  mark.addEventListener("focus", shown);
  mark.addEventListener("blur", hidden);
  return mark;
}

function fillTip(tip, steps) {
  tip.replaceChildren(...steps.map((step) => make("div", {},
    make("strong", {}, `${step.id}: ${VERDICTS[step.verdict]?.[1] || step.verdict}`),
    step.describe ? showText(step.describe) : null,
    step.reason ? make("p", {}, step.reason) : null)));
}

/** Put the tip under an element, or above it where there is no room. */
function place(tip, element) {
  tip.hidden = false;
  const lines = element.getClientRects();
  const [first, last] = [lines[0], lines[lines.length - 1]];
  if (!first) return;
  const size = tip.getBoundingClientRect();
  const below = last.bottom + 8 + size.height < innerHeight;
  const left = below ? last.left : first.left;
  tip.style.left = `${Math.max(8, Math.min(left, innerWidth - size.width - 8))}px`;
  tip.style.top = `${below ? last.bottom + 8 : Math.max(8, first.top - size.height - 8)}px`;
}

/** Set off the passages and list entries of these steps. */
function light(article, ids) {
  for (const element of article.querySelectorAll("[data-steps]")) {
    const own = element.dataset.steps.split(" ");
    element.classList.toggle("lit", ids.some((id) => own.includes(id)));
  }
}

function stepList(steps, article, answer) {
  if (!steps.length) {
    return make("p", { class: "note" }, answer.score7 === null ? "No verdicts: speed alone was measured." : "");
  }
  return make("ol", { class: "steps", "aria-label": "Steps of the reference path" },
    steps.map((step) => stepEntry(step, article)));
}

function stepEntry(step, article) {
  const [symbol, words, meaning] = VERDICTS[step.verdict] || ["·", step.verdict, ""];
  const go = step.start === undefined ? null : make("button", { type: "button", on: {
    click: () => goTo(article, step.id),
  } }, "passage");
  const entry = make("li", { "data-steps": step.id, "data-verdict": step.verdict },
    make("div", { class: "verdict" },
      make("span", { class: `badge ${step.verdict}`, title: meaning },
        make("span", { "aria-hidden": "true" }, symbol), make("span", { class: "word" }, words)),
      make("span", { class: "id" }, step.necessary === false ? `${step.id}, not counted` : step.id),
      go),
    step.describe ? showText(step.describe) : null,
    step.reason ? make("p", { class: "reason" }, step.reason) : null,
    step.evidence ? make("blockquote", {}, readable(step.evidence).text) : null,
    (step.said || []).map((one) => make("p", { class: "said" },
      `${one.kind === "judge" ? "judge" : "reviewer"} ${one.who}: ${one.verdict}`
      + (one.text ? ` (${readable(one.text).text})` : ""))));
  entry.addEventListener("pointerenter", () => light(article, [step.id]));
  entry.addEventListener("pointerleave", () => light(article, []));
  return entry;
}

function goTo(article, id) {
  for (const mark of article.querySelectorAll("mark")) {
    if (mark.dataset.steps.split(" ").includes(id)) {
      mark.scrollIntoView({ block: "center" });
      mark.focus({ preventScroll: true });
      return;
    }
  }
}
