// Elements. Text becomes part of the page here alone, and only through `textContent`.

/** Set the text of an element; the one place where foreign text enters the page. */
function put(element, text) {
  element.textContent = text;
  return element;
}

/**
 * Make an element: `attributes` are set as they are, `on` adds listeners, `children` are elements
 * or texts; a text beside other children gets a span.
 */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) {
        element.addEventListener(event, listener);
      }
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  const given = children.flat(Infinity).filter((child) => child !== null && child !== undefined);
  if (given.length === 1 && !(given[0] instanceof Node)) return put(element, String(given[0]));
  for (const child of given) {
    element.append(child instanceof Node ? child : put(document.createElement("span"), String(child)));
  }
  return element;
}

/** Format a number for people; a dash where it is unknown. */
function figure(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  return Number(value).toLocaleString("en", {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
}

/** Format a share from 0 to 1 as a percentage. */
function share(value) {
  return value === null || value === undefined ? "–" : `${figure(100 * value)} %`;
}

/** Format a number of things. */
function counted(number, what) {
  return `${figure(number)} ${what}${number === 1 ? "" : "s"}`;
}

/**
 * Make a table: `columns` are {title, of, kind}, where `of` returns the cell of a row, a text or an
 * element, and `kind` is left or prose; numbers need none. The first column is the header of its row.
 */
function table(caption, columns, rows) {
  const head = columns.map((column) =>
    make("th", { scope: "col", class: column.kind || null }, column.title));
  const body = rows.map((row) => make("tr", {}, columns.map((column, at) => {
    const held = column.of(row);
    const tag = at === 0 ? "th" : "td";
    return make(tag, { scope: at === 0 ? "row" : null, class: column.kind || null },
      held === null || held === undefined ? "–" : held);
  })));
  return make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {},
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, head)),
      make("tbody", {}, body)));
}

/** Make a section with a heading that the contents link to. */
function section(id, title, ...children) {
  return make("section", { id, "aria-labelledby": `${id}-title` },
    make("h2", { id: `${id}-title` }, title), children);
}

/** What fills `details` elements that were never opened. */
const unfilled = new WeakMap();

/** Return a `details` element that is filled when it is opened for the first time. */
function folded(summary, fill, attributes = {}) {
  const details = make("details", attributes, make("summary", {}, summary));
  unfilled.set(details, fill);
  details.addEventListener("toggle", () => {
    if (details.open) fillOnce(details);
  });
  return details;
}

/** Fill a `details` element now, unless it is filled. */
function fillOnce(details) {
  const fill = unfilled.get(details);
  unfilled.delete(details);
  if (fill) details.append(fill());
}

/** Return the distinct values in the order in which they first appear. */
function distinct(values) {
  return [...new Set(values)];
}

/** Read the document that the page is about. */
function readDocument() {
  return JSON.parse(document.getElementById("document").textContent);
}
