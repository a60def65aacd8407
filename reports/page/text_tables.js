// Tables that a text writes in Markdown: where their cells are. A bar inside a formula divides nothing.

/** Columns of one table, and cells of all tables of one text; what has more is shown as it is. */
const COLUMNS_AT_MOST = 40;
const CELLS_AT_MOST = 3000;

/**
 * Find the tables among a text's `parts`, which `pieces` cut: {start, end, aligned, rows}, each row a
 * list of cells {start, end}. `kept` says how many tables are too large and stay as they are.
 */
function tablesIn(text, parts) {
  const found = [];
  let kept = 0;
  if (!text.includes("|")) return { found, kept };
  const lines = new TableLines(text, parts);
  let cells = 0;
  let before = null;
  for (let line = lines.next(); line; line = lines.next()) {
    const aligned = before && alignments(text, line);
    if (!aligned || aligned.length !== before.cells.length) {
      before = line.cells ? line : null;
      continue;
    }
    const table = { start: before.start, end: line.end, aligned, rows: [before.cells] };
    for (line = lines.next(); line && line.cells; line = lines.next()) {
      table.rows.push(line.cells.slice(0, aligned.length));
      table.end = line.end;
    }
    before = null;
    cells += table.rows.length * aligned.length;
    if (aligned.length > COLUMNS_AT_MOST || cells > CELLS_AT_MOST) kept += 1;
    else found.push(table);
    if (!line) break;
  }
  return { found, kept };
}

/** Return how the line below a head aligns each column, or null where it is another line. */
function alignments(text, line) {
  if (!line.cells) return null;
  const aligned = [];
  for (const cell of line.cells) {
    const rule = text.slice(cell.start, Math.min(cell.end, cell.start + 200));
    if (!/^:?-+:?$/.test(rule)) return null;
    const right = rule.endsWith(":");
    aligned.push(right && rule.startsWith(":") ? "center" : right ? "right" : "left");
  }
  return aligned;
}

/** Reads a text line by line, each with its cells; a line that a formula leaves has none. */
class TableLines {
  constructor(text, parts) {
    this.text = text;
    this.formulas = parts.filter((part) => part.tex !== undefined);
    this.formula = 0;
    this.at = 0;
  }

  /** Return {start, end, cells}: cells is null without a bar; null after the last line. */
  next() {
    if (this.at >= this.text.length) return null;
    const start = this.at;
    const bars = [];
    let whole = true;
    let at = start;
    for (; at < this.text.length && this.text[at] !== "\n"; at += 1) {
      const formula = this.formulas[this.formula];
      if (formula && formula.start === at) {
        this.formula += 1;
        if (this.text.slice(formula.start, formula.end).includes("\n")) whole = false;
        at = formula.end - 1;
      } else if (this.text[at] === "\\") at += this.text[at + 1] === "|" ? 1 : 0;
      else if (this.text[at] === "|") bars.push(at);
    }
    this.at = at + 1;
    return { start, end: at, cells: whole && bars.length ? this.cells(start, at, bars) : null };
  }

  /** Return the cells between bars, trimmed; a bar at either end of the line is its frame. */
  cells(start, end, bars) {
    const cells = [];
    let from = start;
    for (const bar of [...bars, end]) {
      cells.push(this.trimmed(from, bar));
      from = bar + 1;
    }
    if (cells.length > 1 && cells[0].start === cells[0].end) cells.shift();
    const last = cells[cells.length - 1];
    if (cells.length > 1 && last.start === last.end) cells.pop();
    return cells;
  }

  trimmed(start, end) {
    while (start < end && /\s/.test(this.text[start])) start += 1;
    while (start < end && /\s/.test(this.text[end - 1])) end -= 1;
    return { start, end };
  }
}
