import { clock, duration, gear, h, number, percent, table, when } from "./dom.js";

let app;
let page;

export function enter(main, shared, id) {
  app = shared;
  page = main;
  return id ? record(id) : search();
}

function search() {
  const results = h("div", { "aria-live": "polite" });
  const form = h("form", { class: "search", role: "search", onsubmit: (event) => { event.preventDefault(); find(form, results); } },
    field("id", "Decision id", h("input", { id: "f-id", name: "id", placeholder: "dec-…", autocomplete: "off", spellcheck: "false" })),
    field("class", "Class", select("class", [])),
    field("variant", "Gear", select("variant", [])),
    field("outcome", "Outcome", select("outcome", ["met", "missed", "refused", "running"])),
    field("rule", "Rule fired", select("rule", [])),
    h("button", null, "Search"));
  page.append(h("h1", null, "Decisions"),
    h("p", { class: "lead" }, "Every request has a record of why it got its gear. Records hold facts and no text of a prompt."), form, results);
  if (app.snapshot) fill(form, app.snapshot);
  find(form, results);
}

function field(name, label, control) {
  return h("div", { class: "field" }, h("label", { for: `f-${name}` }, label), control);
}

function select(name, values) {
  return h("select", { id: `f-${name}`, name }, h("option", { value: "" }, "any"), values.map((value) => h("option", null, value)));
}

export function update(snapshot) {
  const form = page?.querySelector("form.search");
  if (form) fill(form, snapshot);
}

/** Choices that the platform knows; a choice that was made stays. */
function fill(form, snapshot) {
  const known = { class: snapshot.classes.map((one) => one.name), variant: snapshot.variants.map((one) => one.name), rule: Object.keys(snapshot.policy.fired).sort() };
  for (const [name, values] of Object.entries(known)) {
    const list = form.elements[name];
    const have = new Set([...list.options].map((option) => option.value));
    for (const each of values) if (!have.has(each)) list.append(h("option", null, each));
  }
}

async function find(form, results) {
  const asked = new FormData(form);
  const id = String(asked.get("id")).trim();
  if (id) {
    location.hash = `#decision/${id}`;
    return;
  }
  asked.delete("id");
  try {
    const answer = await app.ask(`console/decisions?${new URLSearchParams(asked)}`);
    const { data } = await answer.json();
    results.replaceChildren(data.length === 0
      ? h("p", { class: "empty" }, "No decision in memory fits.")
      : table(`${data.length} decisions, latest first`, ["Time", "Class", "Gear", "Why", "TTFT predicted", "actual", "TPOT", "Met"], data.map(row), "rows"));
  } catch (error) {
    results.replaceChildren(h("p", { class: "bad" }, error.message));
  }
}

function row(one) {
  return h("tr", null,
    h("td", null, h("a", { href: `#decision/${one.id}` }, clock(one.time))),
    h("td", null, one.class),
    h("td", null, gear(one.variant)),
    h("td", { class: "whycell" }, one.why),
    h("td", { class: "num" }, duration(one.predicted_ttft)),
    h("td", { class: "num" }, duration(one.ttft)),
    h("td", { class: "num" }, duration(one.tpot)),
    h("td", null, one.met === undefined || one.met === null ? one.outcome ?? (one.refused ? "refused" : "running") : one.met ? "met" : h("b", { class: "bad" }, "missed")));
}

async function record(id) {
  page.append(h("h1", { class: "hidden" }, "Decision"), h("p", { class: "note" }, "Looking up…"));
  let found;
  try {
    found = await (await app.ask(`console/decisions/${encodeURIComponent(id)}`)).json();
  } catch (error) {
    page.replaceChildren(h("h1", null, "Decision"), h("p", { class: "bad" }, error.message), h("p", null, h("a", { href: "#decisions" }, "All decisions")));
    return;
  }
  const made = found.record;
  const replayed = h("div", { "aria-live": "polite" });
  const link = `${location.origin}${location.pathname}#decision/${made.id}`;
  page.replaceChildren(
    h("p", { class: "crumb" }, h("a", { href: "#decisions" }, "Decisions"), " / ", made.id),
    h("h1", { class: "hidden" }, `Decision ${made.id}`),
    ...explained(found),
    h("div", { class: "actions" },
      h("button", { onclick: () => replay(made.id, replayed) }, "Replay under today's rules"),
      copy("Copy link", link),
      copy("Copy as curl", `curl -s ${location.origin}/${app.snapshot?.admin ? "console" : "v1"}/decisions/${made.id}`),
      copy("Copy JSON", JSON.stringify(made, null, 2))),
    replayed);
}

async function replay(id, into) {
  try {
    const said = await (await app.ask(`console/decisions/${encodeURIComponent(id)}/replay`, { method: "POST" })).json();
    into.replaceChildren(h("section", { class: "panel" }, h("h2", null, said.same ? "The same choice" : "Another choice"),
      said.differences.length
        ? h("ul", { class: "plain" }, said.differences.map((one) => h("li", null, one)))
        : h("p", null, "Rules, terms and answer are equal to the last bit.")));
  } catch (error) {
    into.replaceChildren(h("p", { class: "bad" }, error.message));
  }
}

function copy(label, what) {
  const button = h("button", { class: "quiet", onclick: async () => { await navigator.clipboard.writeText(what); button.textContent = "Copied"; setTimeout(() => (button.textContent = label), 1500); } }, label);
  return button;
}

/** A decision with its sentence, as parts of a page: also for one that was only previewed. */
export function explained({ why, record: made }) {
  const request = made.request;
  const targets = Object.entries(request.targets).filter(([, value]) => value !== null);
  const chosen = made.candidates.find((row) => row.facts.engine === made.chosen);
  return [
    h("section", { class: "verdict", "aria-labelledby": "verdict" },
      gear(chosen?.facts.variant, true),
      h("p", { id: "verdict", class: "why" }, sentence(why)),
      h("p", { class: "note" },
        `${request.serviceClass.name} · model ${request.model} · `,
        targets.length ? targets.map(([name, value]) => `${name} ${name === "quality" ? "≥" : "≤"} ${seconds(name) ? duration(value) : number(value)} (${request.serviceClass.targets[name] === value ? "class" : "asked"})`).join(" · ") : "no targets",
        made.runnerUp && made.margin !== null ? ` · ahead of the next by ${number(made.margin)} points` : "",
        " · ", when(made.time), ` · rules ${made.policyVersion}`),
      made.fallback ? h("p", { class: "bad" }, `The built-in rules decided: ${made.fallback}`) : null),
    chosen && made.actual ? promise(chosen.facts.forecast, made.actual) : null,
    candidates(made),
    rules(made),
  ].filter(Boolean);
}

function sentence(why) {
  return why[0].toUpperCase() + why.slice(1);
}

function seconds(name) {
  return name === "ttft" || name === "tpot" || name === "deadline";
}

/** Predicted against actual, on one scale each. */
function promise(forecast, actual) {
  return h("section", { class: "panel", "aria-labelledby": "promised" }, h("h2", { id: "promised" }, "Predicted against actual"),
    h("div", { class: "against" },
      against("TTFT", forecast.ttftP50, forecast.ttftHigh, actual.ttft),
      against("TPOT", forecast.tpotP50, forecast.tpotHigh, actual.tpot),
      h("p", { class: "note" }, `${actual.outcome.toLowerCase()} after ${duration(actual.total)} · ${actual.tokens.prompt} prompt tokens (${actual.tokens.cached} cached) · ${actual.tokens.generated} generated · `,
        Object.entries(actual.met).map(([name, met]) => `${name} ${met ? "met" : "missed"}`).join(", ") || "held to nothing")));
}

function against(name, median, high, actual) {
  const scale = 1.1 * Math.max(high, actual ?? 0);
  const at = (value) => `${(100 * value) / scale}%`;
  return h("div", { class: "versus", role: "img", "aria-label": `${name}: predicted ${duration(median)}, high ${duration(high)}, actual ${duration(actual)}` },
    h("span", null, name),
    h("span", { class: "scale" },
      h("i", { class: "band", style: { left: at(Math.min(median, high)), width: at(Math.abs(high - median)) } }),
      h("i", { class: "median", style: { left: at(median) } }),
      actual ? h("i", { class: `actual${actual > high ? " out" : ""}`, style: { left: at(actual) } }) : null),
    h("span", { class: "num" }, `${duration(median)} … ${duration(high)}, was ${duration(actual)}`));
}

/** The terms of a score, those that are nothing for everybody left out. */
const TERMS = { value: "Value", damage: "− Damage", congestion: "− Price", cost: "− Cost", opening: "− Opening" };

function candidates(made) {
  const terms = Object.keys(TERMS).filter((term) => term === "value" || made.candidates.some((row) => row.score?.[term]));
  return h("section", { class: "panel", "aria-labelledby": "cands" }, h("h2", { id: "cands" }, "Candidates"),
    table("Candidates and the terms of their score", ["Gear", "Quality", "TTFT p50 … high", "TPOT", "Chance", ...terms.map((term) => TERMS[term]), "= Score", "Verdict"],
      made.candidates.map((row) => {
        const f = row.facts.forecast;
        const s = row.score;
        const out = row.excluded;
        const won = row.facts.engine === made.chosen;
        return h("tr", { class: out ? "out" : won ? "won" : null },
          h("th", { scope: "row" }, gear(row.facts.variant), h("span", { class: "note" }, row.facts.pool)),
          ...[number(row.facts.quality), `${duration(f.ttftP50)} … ${duration(f.ttftHigh)}`, duration(f.tpotP50), percent(s?.meets ?? f.meets, 0), ...terms.map((term) => number(s?.[term]))].map((each) => h("td", { class: "num" }, each)),
          h("td", { class: "num score" }, number(s?.total)),
          h("td", { class: "verdictcell" }, out ? [h("b", null, out.rule), `: ${short(out.value)} ${out.operator} ${short(out.threshold)} does not hold`] : won ? "chosen" : row.facts.engine === made.runnerUp ? "next" : ""));
      }), "cands"),
    h("p", { class: "note" }, "Points. Value is the class's worth of an answer times its quality times the chance of every target; quality that arrives late is worth nothing."));
}

function short(value) {
  const n = Number(value);
  return value !== "" && Number.isFinite(n) ? number(n) : value;
}

function rules(made) {
  if (made.rules.length === 0) return null;
  return h("section", { class: "panel", "aria-labelledby": "fired" }, h("h2", { id: "fired" }, "Rules that fired"),
    h("ul", { class: "rules" }, made.rules.map((one) => h("li", null,
      h("b", null, one.rule), " ", h("code", null, `${one.effect} ${one.candidate ?? "the request"}: ${short(one.value)}${one.operator ? ` ${one.operator} ${short(one.threshold ?? "")}` : ""}`),
      h("span", { class: "note" }, one.description)))));
}

export function leave() {
  page = null;
}
