// Charts as SVG, drawn again when their width changes. Every figure comes from the document: a
// chart computes nothing but places.

const MODEL_COLOURS = ["#3f7fce", "#d9822b", "#4f9d69", "#b05cc6", "#c2505a", "#7a8794"];
/** Dashes of the lines of one model, the first without. */
const DASHES = ["none", "7 4", "2 3", "10 3 2 3"];
/** Terms of memory; what is reserved is pale, what is used is strong. */
const TERM_COLOURS = {
  "context": "#7a8794", "weights": "#3f7fce", "buffers": "#86b8e6", "activation, profiled": "#4f9d69",
  "activation of the run": "#86c29b", "graphs": "#b05cc6", "KV cache used": "#c2505a",
  "in use before the start": "#a9afb8", "context, weights, buffers, graphs": "#2f5f9e",
  "KV cache reserved": "#e6b3b0", "rest": "#5f8f6e", "resident": "#3f7fce",
};
const CATEGORIES = ["secondary", "university", "modelling"];
const FONT = "13px system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif";

const redraws = new Set();
let width = 0;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  for (const redraw of redraws) redraw();
});

/**
 * Return a figure with a chart and its numbers as a table. `draw` takes a width in pixels and
 * returns the SVG; `label` is what a screen reader says of it.
 */
function chart(title, label, draw, numbers, legend = null) {
  const canvas = make("div", { class: "canvas" });
  const redraw = () => {
    const drawn = draw(Math.max(260, Math.min(canvas.clientWidth || 720, 860)));
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", label);
    drawn.setAttribute("font-family", "inherit");
    canvas.replaceChildren(drawn);
  };
  redraws.add(redraw);
  requestAnimationFrame(redraw);
  return make("figure", {},
    make("figcaption", {}, title), legend, canvas,
    numbers ? folded("The numbers", () => numbers()) : null);
}

/** Return a legend: names with their colours, in an order that a screen reader can follow. */
function legendOf(entries) {
  return make("ul", { class: "legend", "aria-label": "Legend" }, entries.map(({ name, colour, dash }) => {
    const swatch = make("span", { class: dash && dash !== "none" ? "swatch dashed" : "swatch", "aria-hidden": "true" });
    swatch.style.setProperty("--colour", colour);
    return make("li", {}, swatch, name);
  }));
}

/** Return the names of models with their colours, which are the same in every chart. */
function modelEntries(models) {
  return models.map((name, at) => ({ name, colour: MODEL_COLOURS[at % MODEL_COLOURS.length] }));
}

/**
 * Name the lines of rows that a model may have several of: its name, and what distinguishes them.
 * A model keeps its colour; its further lines are dashed.
 */
function lineEntries(rows, models) {
  const names = rows.map((row) => row.model);
  const more = [(row) => row.prompt, (row) => row.mode,
    (row) => (row.config_hash || "").slice(0, 6), (row) => (row.environment_hash || "").slice(0, 6)];
  for (const of of more) {
    const before = [...names];
    rows.forEach((row, at) => {
      const alike = rows.filter((_, other) => before[other] === before[at]);
      if (distinct(alike.map(of)).length > 1) names[at] += `, ${of(row)}`;
    });
  }
  const used = new Map();
  return rows.map((row, at) => {
    const nth = used.get(row.model) || 0;
    used.set(row.model, nth + 1);
    const colour = MODEL_COLOURS[Math.max(0, models.indexOf(row.model)) % MODEL_COLOURS.length];
    return { name: names[at], colour, dash: DASHES[nth % DASHES.length] };
  });
}

function modelColours(models) {
  return { type: "ordinal", domain: models, range: modelEntries(models).map((one) => one.colour) };
}

/** Bars of the mean score by category; `scores` are of one prompt. */
function scoreChart(scores, models, intervals, title) {
  const rows = scores.map((row) => ({
    ...row,
    ...intervals.find((one) => one.model === row.model && one.category === row.category),
  }));
  const categories = CATEGORIES.filter((one) => rows.some((row) => row.category === one));
  const draw = (room) => Plot.plot({
    width: room, marginLeft: 8, marginRight: 96, marginBottom: 38, marginTop: 26,
    height: 74 + categories.length * (24 + 26 * models.length),
    style: { font: FONT, background: "none", overflow: "visible" },
    x: { domain: [0, 7], ticks: 8, label: "steps shown, out of 7", grid: true },
    y: { domain: models, axis: null, padding: 0.18 },
    fy: { domain: categories, label: null, axis: null, padding: 0.22 },
    color: modelColours(models),
    marks: [
      Plot.text(categories, {
        fy: (name) => name, text: (name) => name, frameAnchor: "top-left", dy: -17,
        fontWeight: 600, fill: "currentColor",
      }),
      Plot.barX(rows, { fy: "category", y: "model", x1: 0, x2: "score7", fill: "model", inset: 1 }),
      Plot.barX(rows, {
        fy: "category", y: "model", x1: "score7", x2: "score7_high", fill: "model",
        fillOpacity: 0.28, inset: 1,
      }),
      Plot.ruleY(rows.filter((row) => row.ci_low !== undefined), {
        fy: "category", y: "model", x1: "ci_low", x2: "ci_high", stroke: "currentColor",
        strokeWidth: 1.6, marker: "tick",
      }),
      Plot.text(rows, {
        fy: "category", y: "model", x: (row) => Math.max(row.score7_high, row.ci_high || 0),
        text: rangeOf, textAnchor: "start", dx: 6, fill: "currentColor",
      }),
      Plot.ruleX([0]),
    ],
  });
  const label = rows.map((row) => `${row.category}: ${row.model} ${rangeOf(row)} of 7`);
  return chart(title, `${title}. ${label.join("; ")}.`, draw, null,
    legendOf(modelEntries(models)));
}

/** Format a score with where it would end if every undetermined step were done. */
function rangeOf(row) {
  const high = row.score7_high > row.score7 + 0.005 ? ` to ${figure(row.score7_high, 2)}` : "";
  return `${figure(row.score7, 2)}${high}`;
}

/** Lines of a cumulative distribution, one for each line of the resources. */
function distributionChart(rows, lines, title, unit, digits) {
  const names = lines.map((line) => line.name);
  const points = rows.flatMap((row, line) => row.cuts.map((value, at) => ({
    line: names[line], value, share: (100 * at) / (row.cuts.length - 1),
  })));
  const middles = rows.map((row, line) => ({
    line: names[line], value: row.cuts[(row.cuts.length - 1) / 2],
  }));
  const draw = (room) => Plot.plot({
    width: room, height: 240, marginLeft: 44, marginBottom: 40, marginRight: 24, marginTop: 26,
    style: { font: FONT, background: "none", overflow: "visible" },
    x: { label: unit, grid: true, ticks: Math.max(3, Math.round(room / 110)), nice: true, zero: true },
    y: { label: "% of the answers", domain: [0, 100], ticks: 5, grid: true },
    color: lineColours(lines),
    marks: [
      Plot.ruleY([0]),
      Plot.ruleY([50], { stroke: "currentColor", strokeOpacity: 0.45, strokeDasharray: "4 3" }),
      lines.map((line) => Plot.line(points.filter((point) => point.line === line.name), {
        x: "value", y: "share", stroke: line.colour, strokeWidth: 2, strokeDasharray: line.dash,
      })),
      Plot.dot(middles, { x: "value", y: 50, fill: "line", r: 4.5, stroke: "var(--ground)" }),
    ],
  });
  const label = middles.map((row) => `median of ${row.line} ${figure(row.value, digits)} ${unit}`);
  const numbers = () => table(`${title}, ${unit}`, [
    { title: "line", of: (row) => row.name, kind: "left" },
    { title: "n", of: (row) => figure(row.n) },
    ...[[0, "min"], [4, "10 %"], [20, "median"], [36, "90 %"], [40, "max"]].map(([at, name]) => ({
      title: name, of: (row) => figure(row.cuts[at], digits),
    })),
  ], rows.map((row, line) => ({ ...row, name: names[line] })));
  return chart(title, `${title}: ${label.join("; ")}.`, draw, numbers,
    legendOf(lines));
}

/** The colours of lines, for marks that stand on them. */
function lineColours(lines) {
  return { type: "ordinal", domain: lines.map((line) => line.name), range: lines.map((line) => line.colour) };
}

/** Stacked bars: what a result needed, beside what its device held. */
function memoryChart(lines, names) {
  const bars = lines.flatMap((line, at) => memoryBars(line, names[at]));
  if (!bars.length) return null;
  const terms = distinct(bars.map((bar) => bar.term));
  const rows = distinct(bars.map((bar) => bar.row));
  const totals = rows.map((row) => ({
    row, mib: Math.max(...bars.filter((bar) => bar.row === row).map((bar) => bar.to)),
  }));
  const draw = (room) => Plot.plot({
    width: room, marginLeft: 8, marginRight: 90, marginBottom: 38, marginTop: 14,
    height: 60 + 58 * rows.length,
    style: { font: FONT, background: "none", overflow: "visible" },
    x: { label: "MiB", grid: true, ticks: Math.max(3, Math.round(room / 120)) },
    y: { domain: rows, axis: null, padding: 0.5 },
    color: { type: "ordinal", domain: terms, range: terms.map(termColour) },
    marks: [
      Plot.barX(bars, { y: "row", x1: "from", x2: "to", fill: "term", title: "title", insetRight: 0.6 }),
      Plot.text(rows, {
        y: (row) => row, x: 0, text: (row) => row, textAnchor: "start", dy: -25,
        fill: "currentColor",
      }),
      Plot.text(totals, {
        y: "row", x: "mib", text: (bar) => `${figure(bar.mib)} MiB`, textAnchor: "start", dx: 6,
        fill: "currentColor", fontWeight: 600,
      }),
    ],
  });
  const label = totals.map((bar) => `${bar.row} ${figure(bar.mib)} MiB`).join("; ");
  const numbers = () => table("Memory of one result of each line", [
    { title: "what", of: (bar) => bar.row, kind: "prose" },
    { title: "term", of: (bar) => bar.term, kind: "left" },
    { title: "MiB", of: (bar) => figure(bar.to - bar.from, 1) },
    { title: "where from", of: (bar) => bar.source, kind: "prose" },
  ], bars);
  const host = lines.every((line) => line.memory_kind === "host");
  return chart(host ? "Memory resident on the host at the peak"
    : "Memory that one result needed, beside what the device held",
    `Memory: ${label}.`, draw, numbers, legendOf(terms.map((name) => ({ name, colour: termColour(name) }))));
}

function termColour(term) {
  return TERM_COLOURS[term] || "#7a8794";
}

/** Return the bars of one line of the resources: its need, and the peak with the reservation. */
function memoryBars(line, name) {
  const stacks = [];
  if (line.example.need.length) {
    const counted = line.example.need.filter((term) => term.counts);
    stacks.push([`${name}: needed`, counted]);
  }
  if (line.example.peak.length) {
    stacks.push([`${name}: peak, reservation included`, line.example.peak]);
  }
  if (line.memory_kind === "host" && line.host_peak_mib !== null) {
    stacks.push([`${name}: resident on the host`,
      [{ term: "resident", mib: line.host_peak_mib, source: "median over problems" }]]);
  }
  return stacks.flatMap(([row, terms]) => {
    let from = 0;
    return terms.filter((term) => term.mib !== null).map((term) => {
      const bar = { row, term: term.term, from, to: from + term.mib, source: term.source };
      bar.title = `${term.term}: ${figure(term.mib, 1)} MiB (${term.source})`;
      from = bar.to;
      return bar;
    });
  });
}

/** Memory over the time of one result of each line. */
function traceChart(traces, lines) {
  const names = lines.map((line) => line.name);
  const points = traces.flatMap((trace, at) => trace.samples.map(([ms, mib]) => ({
    line: names[at], second: ms / 1000, mib,
  })));
  const draw = (room) => Plot.plot({
    width: room, height: 230, marginLeft: 62, marginBottom: 40, marginRight: 24, marginTop: 26,
    style: { font: FONT, background: "none", overflow: "visible" },
    x: { label: "seconds since the request was sent", grid: true, ticks: Math.max(3, Math.round(room / 110)) },
    y: { label: "MiB", grid: true, ticks: 5, zero: false, nice: true },
    marks: [
      Plot.ruleX([0], { strokeOpacity: 0.5 }),
      lines.map((line) => Plot.line(points.filter((point) => point.line === line.name), {
        x: "second", y: "mib", stroke: line.colour, strokeWidth: 1.6, strokeDasharray: line.dash,
      })),
    ],
  });
  const label = traces.map((trace, at) => {
    const most = Math.max(...trace.samples.map((sample) => sample[1]));
    return `${names[at]} at most ${figure(most)} MiB`;
  });
  const kind = traces[0].memory_kind === "host" ? "resident on the host" : "of the whole GPU";
  return chart(`Memory over time, ${kind}: the result in the middle by its need`,
    `Memory over time: ${label.join("; ")}.`, draw, null, legendOf(lines));
}

/** Levels that a probe tried: stable ones, and where it failed. */
function ladderChart(points, title, unit) {
  const rows = points.map((point) => ({ ...point, failed: point.stable < point.trials }));
  const models = distinct(rows.map((row) => row.model));
  const levels = distinct(rows.map((row) => row.level)).sort((a, b) => a - b);
  const first = models.map((model) => rows.find((row) => row.model === model && row.failed))
    .filter(Boolean);
  const draw = (room) => Plot.plot({
    width: room, marginLeft: 8, marginRight: 40, marginBottom: 42, marginTop: 18,
    height: 66 + 66 * models.length,
    style: { font: FONT, background: "none", overflow: "visible" },
    x: {
      type: levels[levels.length - 1] > 40 ? "log" : "linear", label: unit, grid: true,
      ticks: levels.length <= 12 ? levels : undefined, tickFormat: (level) => figure(level),
    },
    y: { domain: models, axis: null, padding: 0.4 },
    marks: [
      Plot.ruleY(models, { y: (model) => model, strokeOpacity: 0.25 }),
      Plot.text(models, {
        y: (model) => model, text: (model) => model, frameAnchor: "left", dy: -24, dx: 0,
        fill: "currentColor", fontWeight: 600,
      }),
      Plot.dot(rows.filter((row) => !row.failed), {
        x: "level", y: "model", r: 7, fill: "var(--done)", title: ladderTitle,
      }),
      Plot.dot(rows.filter((row) => row.failed), {
        x: "level", y: "model", r: 7, symbol: "times", stroke: "var(--wrong)", strokeWidth: 2.6,
        title: ladderTitle,
      }),
      Plot.text(first, {
        x: "level", y: "model", dy: 20, text: (row) => row.reason || "not stable",
        fill: "var(--wrong)", textAnchor: "middle", fontSize: 11,
      }),
    ],
  });
  const label = models.map((model) => {
    const failed = first.find((row) => row.model === model);
    return failed ? `${model} first failed at ${failed.level}` : `${model} never failed`;
  });
  const numbers = () => table(title, [
    { title: "model", of: (row) => row.model, kind: "left" },
    { title: unit, of: (row) => figure(row.level) },
    { title: "stable trials", of: (row) => `${row.stable} of ${row.trials}` },
    { title: "reason", of: (row) => row.reason, kind: "prose" },
    { title: "need MiB", of: (row) => figure(row.need_mib) },
    { title: "peak MiB", of: (row) => figure(row.peak_mib) },
    { title: "tokens/s", of: (row) => figure(row.tokens_per_s, 1) },
  ], rows);
  const legend = make("ul", { class: "legend" },
    make("li", {}, make("span", { class: "dot", "aria-hidden": "true" }, "●"), "every trial stable"),
    make("li", {}, make("span", { class: "cross", "aria-hidden": "true" }, "×"), "a trial failed"));
  return chart(title, `${title}: ${label.join("; ")}.`, draw, numbers, legend);
}

function ladderTitle(row) {
  return `${row.model} at ${figure(row.level)}: ${row.stable} of ${row.trials} trials stable`
    + (row.sentence ? `. ${row.sentence}` : row.reason ? `. ${row.reason}` : "");
}

/** From the plain prompt's score to the stepwise prompt's, an arrow for each model and category. */
function upliftChart(rows, models) {
  const categories = CATEGORIES.filter((one) => rows.some((row) => row.category === one));
  const named = rows.map((row) => ({
    ...row, uplift: row.uplift_pct === null ? "" : `${row.uplift_pct > 0 ? "+" : ""}${figure(row.uplift_pct, 1)} %`,
  }));
  const draw = (room) => Plot.plot({
    width: room, marginLeft: 8, marginRight: 60, marginBottom: 38, marginTop: 26,
    height: 74 + categories.length * (24 + 26 * models.length),
    style: { font: FONT, background: "none", overflow: "visible" },
    x: { domain: [0, 7], ticks: 8, label: "steps shown, out of 7", grid: true },
    y: { domain: models, axis: null, padding: 0.2 },
    fy: { domain: categories, axis: null, label: null, padding: 0.22 },
    color: modelColours(models),
    marks: [
      Plot.text(categories, {
        fy: (name) => name, text: (name) => name, frameAnchor: "top-left", dy: -17,
        fontWeight: 600, fill: "currentColor",
      }),
      Plot.ruleY(named, {
        fy: "category", y: "model", x1: "plain", x2: "stepwise", stroke: "model", strokeWidth: 3,
      }),
      Plot.dot(named, {
        fy: "category", y: "model", x: "plain", stroke: "model", fill: "var(--ground)", r: 5,
        strokeWidth: 2,
      }),
      Plot.dot(named, { fy: "category", y: "model", x: "stepwise", fill: "model", r: 5.5 }),
      Plot.text(named, {
        fy: "category", y: "model", x: (row) => Math.max(row.plain, row.stepwise), text: "uplift",
        textAnchor: "start", dx: 10, fill: "currentColor",
      }),
    ],
  });
  const label = named.map((row) => `${row.category}, ${row.model}: ${figure(row.plain, 2)} to `
    + `${figure(row.stepwise, 2)}`);
  return chart("Plain prompt (ring) to stepwise prompt (dot)",
    `Effect of the stepwise prompt. ${label.join("; ")}.`, draw, null,
    legendOf(modelEntries(models)));
}

/** Differences of the score with their intervals, over all problems and by category. */
function differenceChart(rows, name) {
  const named = rows.map((row) => ({ ...row, where: row.category || "all problems" }));
  const order = ["all problems", ...CATEGORIES].filter((one) => named.some((row) => row.where === one));
  const draw = (room) => Plot.plot({
    width: room, height: 62 + 30 * order.length, marginLeft: 100, marginRight: 30, marginBottom: 40,
    marginTop: 6, style: { font: FONT, background: "none", overflow: "visible" },
    x: { label: `points of 7, ${name}`, grid: true, nice: true },
    y: { domain: order, label: null, tickSize: 0 },
    marks: [
      Plot.ruleX([0], { strokeOpacity: 0.7 }),
      Plot.ruleY(named, { y: "where", x1: "ci_low", x2: "ci_high", stroke: "currentColor", strokeWidth: 2, marker: "tick" }),
      Plot.dot(named, {
        y: "where", x: "difference", r: 5,
        fill: (row) => ({ worse: "var(--wrong)", better: "var(--done)" }[row.finding] || "var(--quiet)"),
      }),
    ],
  });
  const label = named.map((row) => `${row.where} ${figure(row.difference, 2)}, ${figure(row.ci_low, 2)} to ${figure(row.ci_high, 2)}`);
  const numbers = () => table("Difference of the score", [
    { title: "problems", of: (row) => row.where, kind: "left" },
    { title: "n", of: (row) => figure(row.n) },
    { title: "difference", of: (row) => figure(row.difference, 2) },
    { title: "from", of: (row) => figure(row.ci_low, 2) },
    { title: "to", of: (row) => figure(row.ci_high, 2) },
  ], named);
  return chart("Difference of the score, with its interval", `${name}: ${label.join("; ")}.`, draw, numbers);
}

/** One metric over the nights: its distance from the frozen reference, and the band. */
function nightChart(nights, names) {
  const { model, prompt, metric } = nights[0];
  const points = nights.map((night) => ({ ...night, date: new Date(night.slot) }));
  const alarms = points.filter((night) => night.course === "jump" || night.course === "drift");
  const title = `${names[metric] || metric}: ${model}, ${prompt}`;
  const limit = points[points.length - 1].z_limit;
  const draw = (room) => Plot.plot({
    width: room, height: 190, marginLeft: 40, marginBottom: 34, marginRight: 18, marginTop: 22,
    style: { font: FONT, background: "none", overflow: "visible" },
    x: { label: null, ticks: Math.max(2, Math.round(room / 110)) },
    y: { label: "worse, in standard deviations", grid: true, ticks: 5 },
    marks: [
      limit === null ? null : Plot.areaY(points, { x: "date", y1: -limit, y2: limit, fill: "currentColor", fillOpacity: 0.1 }),
      Plot.ruleY([0], { strokeOpacity: 0.6 }),
      Plot.line(points, { x: "date", y: "z", stroke: "#3f7fce", strokeWidth: 1.8 }),
      Plot.dot(points.filter((night) => night.own), { x: "date", y: "z", fill: "#3f7fce", r: 5 }),
      Plot.dot(alarms, { x: "date", y: "z", symbol: "times", stroke: "var(--wrong)", strokeWidth: 2.4, r: 7 }),
    ],
  });
  const last = points[points.length - 1];
  const label = `${title}: last night ${figure(last.z, 1)} of ${figure(limit, 1)} standard deviations, ${last.course || "learning"}`;
  const numbers = () => table(title, [
    { title: "night", of: (row) => row.slot.slice(0, 10), kind: "left" },
    { title: "value", of: (row) => figure(row.value, 2) },
    { title: "reference", of: (row) => figure(row.reference, 2) },
    { title: "z", of: (row) => figure(row.z, 2) },
    { title: "course", of: (row) => row.course, kind: "left" },
  ], nights);
  return chart(title, `${label}.`, draw, numbers);
}
