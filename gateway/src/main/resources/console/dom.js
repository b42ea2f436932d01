// Elements from data. Text is always text: nothing here reads HTML, so a name that looks like it stays a name.

/** h("p", {class: "x", onclick: f}, "text", child): an element. Styles are set as properties, which the page's policy allows. */
export function h(tag, props, ...children) {
  const svg = tag === "svg" || tag === "path" || tag === "rect" || tag === "line";
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** Writes text where it is another: what has not changed is not said again, nor its selection lost. */
export function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

/** Keeps one child of parent per item, by key, in the order of items; make(item) once, update(element, item) each time. */
export function keyed(parent, items, key, make, update) {
  const before = (parent.byKey ??= new Map());
  const after = new Map();
  let place = parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    let element = before.get(id);
    if (!element) element = make(item);
    after.set(id, element);
    update?.(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const [id, element] of before) if (!after.has(id)) element.remove();
  parent.byKey = after;
}

export function duration(seconds) {
  if (seconds === undefined || seconds === null) return "–";
  if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.round(seconds / 86400)} d`;
}

export function bytes(size) {
  return size >= 1e9 ? `${(size / 1e9).toFixed(2)} GB` : `${Math.round(size / 1e6)} MB`;
}

export function percent(share, digits = 1) {
  return share === undefined || share === null ? "–" : `${(100 * share).toFixed(digits)} %`;
}

/** Four digits that matter. */
export function number(value) {
  if (value === undefined || value === null) return "–";
  if (value !== 0 && Math.abs(value) < 0.0001) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

export function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour12: false });
}

/** "14:02:11" with the date for machines. */
export function when(time) {
  return h("time", { datetime: time, title: time }, clock(time));
}

let ranks = new Map();
/** First gear is the variant of the least quality. */
export function learnGears(variants) {
  ranks = new Map(variants.map((variant, i) => [variant.name, i + 1]));
}

export function rank(variant) {
  return ranks.get(variant) ?? 0;
}

/** The class that colours a gear. */
export function colour(variant) {
  const n = rank(variant);
  return `g${n ? ((n - 1) % 6) + 1 : 0}`;
}

/** The badge of a gear: its number and its name. */
export function gear(variant, big) {
  if (!variant) return h("span", { class: `gear none${big ? " big" : ""}` }, h("b", null, "–"), "refused");
  const n = rank(variant);
  return h(
    "span",
    { class: `gear ${colour(variant)}${big ? " big" : ""}`, title: variant },
    h("b", { "aria-label": n ? `gear ${n}` : "gear" }, n ? String(n) : "·"),
    h("span", null, variant),
  );
}

/** A table with a head; cells are nodes or texts. */
export function table(caption, heads, rows, className) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": `${caption}, scrolls sideways` },
    h(
      "table",
      { class: className },
      h("caption", { class: "hidden" }, caption),
      h("thead", null, h("tr", null, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", null, rows),
    ),
  );
}
