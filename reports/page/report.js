// The page: head, contents, a section for each part of the document, the answers.

/** What the state of a run means for its figures. */
const STATES = {
  queued: "The run waits for a worker: there is little to see yet.",
  running: "The run has not finished: the figures are of what it has so far.",
  paused: "The run is paused: the figures are of what it has so far.",
  failed: "Some jobs of the run failed: see “Left out, and why”.",
  cancelled: "The run was cancelled: the figures are of what it had by then.",
};

function headOf(data) {
  const run = data.run;
  const synthetic = data.models.filter((row) => row.synthetic).map((row) => row.model);
  const when = (time) => (time ? time.replace("T", " ").slice(0, 16) + " UTC" : "");
  return make("header", { class: "head" },
    make("p", { class: "brand" }, "evalctl report"),
    make("h1", {}, run.name),
    make("p", { class: "facts" }, [
      `problems ${run.problem_set ?? "–"}`, `${run.mode} mode`, `language ${run.language}`,
      `submitted ${when(run.created_at)}`, `written ${when(run.written_at)}`,
    ].join(" · ")),
    STATES[run.state] ? make("p", { class: "warning" }, STATES[run.state]) : null,
    synthetic.length ? make("p", { class: "warning" },
      `Simulated: text and numbers of ${synthetic.join(", ")} come from a synthetic engine.`) : null);
}

function summarySection(data) {
  const answers = data.answers;
  const links = [
    [answers.filter((answer) => answer.guess_suspected).length, "suspected guess", "suspected guesses", "#guess=1"],
    [answers.filter((answer) => answer.steps_undetermined > 0).length, "answer with undetermined steps", "answers with undetermined steps", "#undetermined=1"],
    [answers.filter((answer) => answer.answer_correct === false).length, "wrong final answer", "wrong final answers", "#answer=wrong"],
    [answers.filter((answer) => answer.flags.length).length, "flagged answer", "flagged answers", "#flagged=1"],
  ].filter(([number]) => number);
  const weakest = distinct(data.models.map((row) => row.model))
    .map((model) => data.weakest.find((row) => row.model === model)).filter(Boolean);
  return section("summary", "Summary",
    make("ul", { class: "summary" }, data.summary.map((sentence) => make("li", {}, sentence))),
    links.length ? make("ul", { class: "chips", "aria-label": "Answers worth reading" },
      links.map(([number, one, many, to]) => make("li", {},
        make("a", { href: to }, `${figure(number)} ${number === 1 ? one : many}`))),
      weakest.map((row) => make("li", {}, make("a", { href: stepAddress(row) },
        `weakest step of ${row.model}: ${row.problem} ${row.step}, shown in ${shownIn(row)}`)))) : null);
}

function scoresSection(data, models) {
  if (!data.scores.length) return null;
  const prompts = distinct(data.scores.map((row) => row.prompt));
  const charts = prompts.map((prompt) => scoreChart(
    data.scores.filter((row) => row.prompt === prompt), models,
    (data.intervals || []).filter((row) => row.prompt === prompt),
    prompts.length > 1 ? `Prompt ${prompt}` : "Mean over problems of the median over repetitions"));
  const undetermined = data.scores.some((row) => row.score7_high > row.score7 + 0.005);
  const numbers = table("Scores by category", [
    { title: "category", of: (row) => row.category, kind: "left" },
    { title: "model", of: (row) => row.model, kind: "left" },
    { title: "prompt", of: (row) => row.prompt, kind: "left" },
    { title: "score of 7", of: (row) => figure(row.score7, 2) },
    { title: "at most", of: (row) => figure(row.score7_high, 2) },
    { title: "worst problem", of: (row) => figure(row.score7_min, 1) },
    { title: "best problem", of: (row) => figure(row.score7_max, 1) },
    { title: "answers right", of: (row) => share(row.answer_accuracy) },
    { title: "guesses", of: (row) => share(row.guess_rate) },
    { title: "coverage", of: (row) => share(row.coverage) },
    { title: "problems", of: (row) => figure(row.problems) },
  ], data.scores);
  const words = meanings("score", "high", "undetermined", "coverage", "guess", "path");
  return section("scores", "Step completeness by category",
    undetermined ? make("p", { class: "note" },
      "The pale end of a bar is where the score would end if every undetermined step were done.") : null,
    make("p", { class: "note" },
      "The line across the end of a bar is the 95 % interval of the mean over problems."),
    make("div", { class: "charts" }, charts), numbers, words);
}

function timesSection(data, models) {
  if (!data.distributions.length) return null;
  const titles = [["ttft_ms", "Time to first token", "ms", 0], ["e2e_s", "Time to the last token", "s", 2],
    ["tpot_ms", "Time per output token", "ms", 1]];
  const charts = titles.map(([key, title, unit, digits]) => {
    const rows = data.distributions.filter((row) => row.figure === key);
    return rows.length ? distributionChart(rows, lineEntries(rows, models), title, unit, digits) : null;
  });
  return section("times", "Latency",
    make("p", { class: "note" }, "The share of answers that took at most so long; the dot is the median. Flagged results are left out."),
    make("div", { class: "charts three" }, charts), resourceTable(data, models));
}

function resourceTable(data, models) {
  const names = lineEntries(data.resources, models).map((line) => line.name);
  return table("Medians over problems of the medians over repetitions", [
    { title: "line", of: (row) => names[data.resources.indexOf(row)], kind: "left" },
    { title: "need MiB", of: (row) => figure(row.need_mib) },
    { title: "peak MiB", of: (row) => figure(row.nvml_peak_mib ?? row.host_peak_mib) },
    { title: "TTFT ms", of: (row) => figure(row.ttft_ms, 1) },
    { title: "E2E s", of: (row) => figure(row.e2e_s, 2) },
    { title: "TPOT ms", of: (row) => figure(row.tpot_ms, 2) },
    { title: "tokens/s", of: (row) => figure(row.tokens_per_s, 1) },
    { title: "results", of: (row) => figure(row.jobs) },
    { title: "flagged", of: (row) => figure(row.flagged) },
    { title: "device", of: (row) => row.engine === "openai" ? "server, as the client saw it" : row.gpu_name || "CPU", kind: "left" },
  ], data.resources);
}

function memorySection(data, models) {
  const parts = [];
  const bars = data.memory.length ? memoryChart(data.memory, lineEntries(data.memory, models).map((line) => line.name)) : null;
  if (bars) parts.push(bars);
  if (data.memory.some((line) => line.nvml_peak_mib !== null)) {
    parts.push(make("p", { class: "note" }, data.reservation));
  }
  if (data.traces.length) parts.push(traceChart(data.traces, lineEntries(data.traces, models)));
  return parts.length ? section("memory", "Memory", parts) : null;
}

function ladderSection(data) {
  if (!data.ladder.length) return null;
  const words = { sequences: "Sequences at once in one engine", instances: "Engines side by side on one GPU", context: "Length of one prompt" };
  const groups = distinct(data.ladder.map((row) => [row.kind, row.memory_limit_mib, row.gpu].join("|")));
  const charts = groups.map((group) => {
    const rows = data.ladder.filter((row) => [row.kind, row.memory_limit_mib, row.gpu].join("|") === group);
    const { kind, unit, gpu, memory_limit_mib: size, emulated } = rows[0];
    const where = size === null ? gpu || "CPU"
      : `${figure(size / 1024)} GiB${emulated ? ` emulated on ${gpu || "CPU"}` : ` of ${gpu || "CPU"}`}`;
    return ladderChart(rows, `${words[kind] || kind}, ${where}`, unit);
  });
  const others = distinct(data.limits.filter((row) => !row.own).map((row) => row.run));
  return section("limits", "Concurrency",
    others.length ? make("p", { class: "note" }, `Found by other runs: ${others.join(", ")}.`) : null,
    make("div", { class: "charts" }, charts));
}

const VERDICT_BADGES = {
  pass: ["done", "✓"], warn: ["present_invalid", "!"], block: ["wrong", "✗"],
  inconclusive: ["undetermined", "?"],
};

function verdictBadge(verdict) {
  const [kind, symbol] = VERDICT_BADGES[verdict] || ["plain", "·"];
  return badge(kind, symbol, verdict);
}

/** Format a difference with its sign. */
function signed(value, digits = 2) {
  return value === null || value === undefined ? "–" : `${value > 0 ? "+" : ""}${figure(value, digits)}`;
}

function comparisonSection(data) {
  const found = data.comparison;
  if (!found) return null;
  const held = new Set(data.answers.map((answer) => answer.job));
  const parts = found.comparisons.map((head) => {
    const same = head.a.run === head.b.run;
    const name = (side) => (same ? side.model : `${side.model} in ${side.name}`);
    const of = (row) => row.model_a === head.a.model && row.model_b === head.b.model;
    const metrics = found.metrics.filter(of);
    const rows = metrics.filter((row) => row.category === null);
    const scores = metrics.filter((row) => row.metric === "score7" && row.ci_low !== null);
    const rules = found.rules.filter(of);
    const score = rows.find((row) => row.metric === "score7") || {};
    const said = verdictSentence(head.verdict, name(head.a), name(head.b), score.finding,
      rules.some((rule) => rule.why.includes("undetermined")));
    return make("div", {},
      make("h3", {}, `${name(head.b)}, compared with ${name(head.a)} `, verdictBadge(head.verdict)),
      said ? make("p", {}, said) : null,
      rules.length ? make("ul", { class: "rules" }, rules.map((rule) => make("li", {}, ruleSentence(data, rule)))) : null,
      scores.length ? differenceChart(scores, `${name(head.b)} − ${name(head.a)}`) : null,
      comparisonTable(data, rows, name(head.a), name(head.b)),
      flipsOf(found.flips.filter(of), held));
  });
  return section("comparison", "Comparison",
    make("p", { class: "note" }, "Problem by problem, repetitions averaged first; intervals of 95 %. The verdict asks whether the second may replace the first."),
    meanings("interval", "finding", "none", "allowance", "verdict"),
    found.why_not.length ? make("ul", { class: "warning" }, found.why_not.map((why) => make("li", {}, readable(why).text))) : null,
    parts);
}

/** Say which allowance a rule gives, what came of it and why. */
function ruleSentence(data, rule) {
  const metric = data.metric_names[rule.metric] || rule.metric;
  const where = rule.category ? ` in ${rule.category}` : "";
  const allowed = rule.max_drop ? `may become worse by ${figure(rule.max_drop, rule.max_drop % 1 ? 1 : 0)} ${rule.unit}` : "may not become worse";
  return `Allowance: ${metric.trim()}${where} ${allowed}. Verdict ${rule.verdict}: ${rule.why}.`;
}

function comparisonTable(data, rows, a, b) {
  return table("All problems", [
    { title: "metric", of: (row) => data.metric_names[row.metric] || row.metric, kind: "left" },
    { title: a, of: (row) => figure(row.a, 2) },
    { title: b, of: (row) => figure(row.b, 2) },
    { title: "unit", of: (row) => row.unit, kind: "left" },
    { title: "difference", of: (row) => (row.difference === null ? "–" : `${signed(row.difference)}${row.difference_unit === "%" ? " %" : ""}`) },
    { title: "interval", of: (row) => (row.ci_low === null ? "–" : `${signed(row.ci_low)} to ${signed(row.ci_high)}`) },
    { title: "p", of: (row) => (row.p_value === null ? "–" : figure(row.p_value, 3)) },
    { title: "finding", of: (row) => (row.refused.length ? row.refused.join("; ") : row.finding), kind: "prose" },
  ], rows);
}

function flipsOf(flips, held) {
  if (!flips.length) return null;
  const job = (side) => {
    const said = `${side.right} of ${side.of} right`;
    return held.has(side.job) ? make("a", { href: `#a=${side.job}` }, said) : said;
  };
  return folded(`${counted(flips.length, "final answer")} that flipped`, () => table("Final answers that flipped", [
    { title: "problem", of: (flip) => flip.problem, kind: "left" },
    { title: "prompt", of: (flip) => flip.prompt, kind: "left" },
    { title: "change", of: (flip) => flip.change, kind: "left" },
    { title: "first", of: (flip) => job(flip.a) },
    { title: "second", of: (flip) => job(flip.b) },
  ], flips));
}

function recommendationSection(data) {
  const found = data.recommendation;
  if (!found) return null;
  const name = (one) => (one ? `${one.model}, ${one.prompt}` : "–");
  return section("recommendation", "Recommendation",
    table("What to take, by priority", [
      { title: "priority", of: (row) => row.priority, kind: "left" },
      { title: "choice", of: (row) => (row.choice ? [row.choice, ...row.tied].map(name).join("; ") : "–"), kind: "left" },
      { title: "sure", of: (row) => (row.choice === null ? "–" : row.tied.length ? "tie" : row.shown ? "shown" : "not shown"), kind: "left" },
      { title: "next best", of: (row) => (row.rivals.length ? name(row.rivals[0]) : "–"), kind: "left" },
      { title: "lead", of: (row) => (row.rivals.length ? signed(row.rivals[0].lead) : "–") },
      { title: "interval", of: (row) => (row.rivals.length && row.rivals[0].ci_low !== null
        ? `${signed(row.rivals[0].ci_low)} to ${signed(row.rivals[0].ci_high)}` : "–") },
      { title: "left out", of: (row) => row.left_out.join(", ") || "–", kind: "prose" },
    ], found.answers),
    found.warnings.length ? make("ul", { class: "note" }, found.warnings.map((said) => make("li", {}, readable(said).text))) : null);
}

function nightsSection(data) {
  const rows = data.nights.filter((row) => row.z !== null);
  if (!rows.length) return null;
  const key = (row) => [row.model, row.prompt, row.metric].join("|");
  const charts = distinct(rows.map(key)).map((one) => nightChart(
    rows.filter((row) => key(row) === one), data.metric_names));
  const { schedule, baseline, baseline_version: version } = rows[0];
  return section("nights", "Nights",
    make("p", { class: "note" }, `Schedule ${schedule}${baseline ? `, baseline ${baseline} version ${version}` : ""}. Each metric as it stands to the frozen reference, in standard deviations of a night: above 0 is worse, the band is what nights differ by.`),
    make("div", { class: "charts three" }, charts));
}

function promptSection(data, models) {
  if (!data.prompts.length) return null;
  const steps = data.prompt_steps.length ? table("Steps gained and lost by the stepwise prompt", [
    { title: "model", of: (row) => row.model, kind: "left" },
    { title: "category", of: (row) => row.category, kind: "left" },
    { title: "pairs of answers", of: (row) => figure(row.pairs) },
    { title: "of another path", of: (row) => figure(row.other_path) },
    { title: "steps", of: (row) => figure(row.steps) },
    { title: "gained", of: (row) => figure(row.gained) },
    { title: "lost", of: (row) => figure(row.lost) },
  ], data.prompt_steps) : null;
  return section("prompts", "Effect of the stepwise prompt", upliftChart(data.prompts, models), steps,
    steps ? make("p", { class: "note" },
      "Steps are compared between answers of one repetition to both prompts; pairs that follow different paths are counted and left out.") : null);
}

/** Return the address of an answer that lacks a step, at this step. */
function stepAddress(row) {
  return `#a=${row.example}&step=${row.step}`;
}

function shownIn(row) {
  return `${figure(row.done)} of ${figure(row.answers)}`;
}

function weakestSection(data, models) {
  if (!data.weakest.length) return null;
  const tables = models.map((model) => {
    const rows = data.weakest.filter((row) => row.model === model);
    const never = data.never_shown[model] || 0;
    const more = never ? `; ${counted(never, "step")} shown by none of its answers` : "";
    return rows.length ? table(`Weakest steps of ${model}${more}`, [
      { title: "step", of: (row) => make("a", { href: stepAddress(row) }, `${row.problem} ${row.step}`), kind: "left" },
      { title: "shown", of: shownIn },
      { title: "wrong", of: (row) => figure(row.wrong) },
      { title: "what it is", of: (row) => showText(row.describe || ""), kind: "prose" },
    ], rows) : null;
  });
  return section("steps", "Weakest steps",
    make("p", { class: "note" }, "Necessary steps by the share of a model's answers that show them, the lowest first, of equal shares those with more answers; only answers that follow the step's path count. A link opens an answer that lacks the step."),
    make("div", { class: "tables" }, tables));
}

function leftOutSection(data) {
  const rows = data.left_out;
  return section("left-out", "Left out, and why", rows.length ? table("What figures and page leave out", [
    { title: "number", of: (row) => figure(row.number) },
    { title: "what", of: (row) => readable(row.what).text, kind: "prose" },
    { title: "left out of", of: (row) => row.where, kind: "left" },
  ], rows) : make("p", {}, "Nothing: every job has a result, and every result counts."));
}

function contents(sections) {
  return make("nav", { class: "contents", "aria-label": "Contents" }, make("ul", {},
    sections.map((element) => make("li", {},
      make("a", { href: `#${element.id}`, on: { click: (event) => {
        event.preventDefault();
        element.scrollIntoView();
        const heading = element.querySelector("h2");
        heading.tabIndex = -1;
        heading.focus({ preventScroll: true });
      } } }, element.querySelector("h2").textContent)))));
}

/** Unfold what stands above the answers while the page is printed: paper cannot be clicked. */
function unfoldInPrint() {
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll(
      "section:not(#answers) details:not([open], figure details)")];
    for (const details of unfolded) {
      details.open = true;
      fillOnce(details);
    }
  });
  addEventListener("afterprint", () => unfolded.forEach((details) => { details.open = false; }));
}

function start() {
  const data = readDocument();
  const models = distinct(data.models.map((row) => row.model));
  const main = make("main", { id: "main" });
  const sections = [
    summarySection(data), comparisonSection(data), recommendationSection(data),
    scoresSection(data, models), weakestSection(data, models),
    promptSection(data, models), timesSection(data, models), memorySection(data, models), ladderSection(data),
    nightsSection(data), leftOutSection(data),
  ].filter(Boolean);
  const skip = make("a", { class: "skip", href: "#answers" }, "Skip to the answers");
  main.append(headOf(data));
  document.body.append(skip, main);
  const answers = data.answers.length ? new AnswerList(data) : null;
  const list = answers && answers.section();
  const all = list ? [...sections, list] : sections;
  main.append(contents(all), ...all);
  if (answers) answers.followAddress();
  unfoldInPrint();
  performance.mark("ready");
  document.body.dataset.ready = "yes";
}

start();
