import { duration, gear, h, number, text } from "./dom.js";
import { explained } from "./decisions.js";

let app;
let ui;
let timer;
let latest = 0;

/** Positions of the TTFT slider: a logarithmic scale, its end for no target. */
const STEPS = 60;
/** Classes that are tried. */
const CLASSES = 12;
const toTtft = (position) => (position >= STEPS ? null : Math.round(10 * 10 ** ((position / STEPS) * 3)));

export function enter(main, shared) {
  app = shared;
  const controls = {
    prompt: h("textarea", { id: "p-prompt", rows: "4" }, "Explain in two sentences what an automatic gearbox does."),
    model: h("select", { id: "p-model" }),
    serviceClass: h("select", { id: "p-class" }, h("option", { value: "" }, "as the key says")),
    ttft: h("input", { id: "p-ttft", type: "range", min: "0", max: String(STEPS), value: String(STEPS), step: "1" }),
    quality: h("input", { id: "p-quality", type: "range", min: "0", max: "100", value: "0", step: "1" }),
    tokens: h("input", { id: "p-tokens", type: "number", min: "1", max: "4096", value: "120" }),
  };
  ui = {
    ...controls,
    ttftSaid: h("output", { for: "p-ttft" }), qualitySaid: h("output", { for: "p-quality" }),
    decision: h("div", { class: "decision", "aria-live": "polite", "aria-busy": "false" }, h("p", { class: "note" }, "Deciding…")),
    flips: h("div", { class: "flips", "aria-live": "polite" }),
    answer: h("div", { class: "answers" }),
    send: h("button", { class: "primary", onclick: () => send([{}]) }, "Send"),
    compare: h("button", { onclick: () => send(variants().map((variant) => ({ variant }))) }, "Every gear side by side"),
    flip: h("button", { class: "quiet", onclick: flips }, "What would change it?"),
  };
  main.append(h("h1", null, "Playground"),
    h("p", { class: "lead" }, "Say what you need and see which gear it gets. The decision is made anew with every move of a slider; nothing is generated until you send."),
    h("div", { class: "columns play" },
      h("form", { class: "panel", onsubmit: (event) => { event.preventDefault(); send([{}]); } },
        field("p-prompt", "Prompt", ui.prompt),
        h("div", { class: "pairs" }, field("p-model", "Model", ui.model), field("p-class", "Class", ui.serviceClass), field("p-tokens", "Most tokens", ui.tokens)),
        slider("p-ttft", "First token within", ui.ttft, ui.ttftSaid),
        slider("p-quality", "Quality at least", ui.quality, ui.qualitySaid),
        h("div", { class: "actions" }, ui.send, ui.compare, ui.flip),
        ui.flips),
      h("div", null, ui.answer, ui.decision)));
  for (const control of Object.values(controls)) control.addEventListener("input", changed);
  said();
  if (app.snapshot) {
    update(app.snapshot);
  }
}

function field(id, label, control) {
  return h("div", { class: "field" }, h("label", { for: id }, label), control);
}

function slider(id, label, control, output) {
  return h("div", { class: "field slider" }, h("label", { for: id }, label), output, control);
}

export function update(snapshot) {
  if (!ui) return;
  const had = ui.model.options.length;
  const names = [...snapshot.models.map((model) => model.name), ...snapshot.variants.map((variant) => variant.name)];
  options(ui.model, [...new Set(names)]);
  options(ui.serviceClass, snapshot.classes.map((one) => one.name));
  const ready = snapshot.pools.filter((engine) => engine.state === "ready").length;
  if (!had || ui.ready !== ready) {
    ui.ready = ready;
    preview();
  }
}

function options(list, names) {
  const have = new Set([...list.options].map((option) => option.value));
  for (const name of names) if (!have.has(name)) list.append(h("option", null, name));
}

function variants() {
  const model = app.snapshot?.models.find((each) => each.name === ui.model.value);
  return model ? model.variants : [ui.model.value];
}

function said() {
  const ttft = toTtft(Number(ui.ttft.value));
  const quality = Number(ui.quality.value) / 100;
  text(ui.ttftSaid, ttft === null ? "no target" : duration(ttft / 1000));
  text(ui.qualitySaid, quality === 0 ? "no floor" : quality.toFixed(2));
  ui.ttft.setAttribute("aria-valuetext", ui.ttftSaid.textContent);
  ui.quality.setAttribute("aria-valuetext", ui.qualitySaid.textContent);
}

function changed() {
  said();
  ui.flips.replaceChildren();
  clearTimeout(timer);
  timer = setTimeout(preview, 150);
}

function asked(over = {}) {
  const ttft = "ttft" in over ? over.ttft : toTtft(Number(ui.ttft.value));
  const quality = "quality" in over ? over.quality : Number(ui.quality.value) / 100;
  const headers = { "content-type": "application/json" };
  if (ttft !== null) headers["x-slo-ttft-ms"] = String(ttft);
  if (quality > 0) headers["x-slo-min-quality"] = String(quality);
  const serviceClass = over.serviceClass ?? ui.serviceClass.value;
  if (serviceClass) headers["x-slo-class"] = serviceClass;
  const body = { model: over.variant ?? ui.model.value, stream: true, timings_per_token: true, max_tokens: Number(ui.tokens.value) || 120, messages: [{ role: "user", content: ui.prompt.value }] };
  return { method: "POST", headers, body: JSON.stringify(body) };
}

async function decide(over) {
  return (await app.ask(`${app.apiBase}console/preview`, asked(over))).json();
}

async function preview() {
  if (!ui || !ui.model.value || !app.snapshot.pools.some((engine) => engine.state === "ready")) {
    ui?.decision.replaceChildren(h("p", { class: "note" }, "No gear is ready yet: the weights are on their way."));
    return;
  }
  const mine = ++latest;
  ui.decision.setAttribute("aria-busy", "true");
  try {
    const made = await decide();
    if (mine === latest && ui) ui.decision.replaceChildren(...explained(made));
  } catch (error) {
    if (mine === latest && ui) ui.decision.replaceChildren(h("p", { class: "bad" }, error.message));
  }
  ui?.decision.setAttribute("aria-busy", "false");
}

/** The variant that a decision chose; null where it was refused. */
function chosen({ record: made }) {
  return made.candidates.find((row) => row.facts.engine === made.chosen)?.facts.variant ?? null;
}

/** The nearest setting of each slider that gets another gear, by halves between where it stands and its ends, and the classes that do. */
async function flips() {
  const mine = ui;
  mine.flip.disabled = true;
  mine.flips.replaceChildren(h("p", { class: "note" }, "Trying…"));
  try {
    const now = await decide();
    const here = chosen(now);
    const found = [];
    const tell = (label, setting, variant, set) =>
      found.push(h("li", null, `${label} `, h("button", { type: "button", class: "quiet", onclick: () => { set(); changed(); } }, setting), ": ", gear(variant)));
    const p = Number(mine.ttft.value);
    const q = Number(mine.quality.value);
    const probes = [
      ["First token within", p, 0, (at) => ({ ttft: toTtft(at) }), (at) => (toTtft(at) === null ? "no target" : duration(toTtft(at) / 1000)), "p-ttft"],
      ["First token within", p, STEPS, (at) => ({ ttft: toTtft(at) }), (at) => (toTtft(at) === null ? "no target" : duration(toTtft(at) / 1000)), "p-ttft"],
      ["Quality at least", q, 100, (at) => ({ quality: at / 100 }), (at) => (at / 100).toFixed(2), "p-quality"],
      ["Quality at least", q, 0, (at) => ({ quality: at / 100 }), (at) => (at ? (at / 100).toFixed(2) : "no floor"), "p-quality"],
    ];
    for (const [label, from, to, over, say, id] of probes) {
      if (from === to) continue;
      if (ui !== mine) return;
      const end = await decide(over(to));
      if (chosen(end) === here) continue;
      let same = from;
      let other = to;
      let made = end;
      while (Math.abs(other - same) > 1) {
        if (ui !== mine) return;
        const middle = Math.round((same + other) / 2);
        const tried = await decide(over(middle));
        if (chosen(tried) === here) same = middle;
        else [other, made] = [middle, tried];
      }
      tell(label, say(other), chosen(made), () => { document.getElementById(id).value = String(other); });
    }
    for (const { name } of app.snapshot.classes.slice(0, CLASSES)) {
      if (ui !== mine) return;
      if (name === now.record.request.serviceClass.name) continue;
      const other = chosen(await decide({ serviceClass: name }));
      if (other !== here) tell("Class", name, other, () => { mine.serviceClass.value = name; });
    }
    mine.flips.replaceChildren(found.length ? h("ul", { class: "plain" }, found) : h("p", { class: "note" }, "No setting of either slider and no class gets another gear now."));
  } catch (error) {
    mine.flips.replaceChildren(h("p", { class: "bad" }, error.message));
  }
  mine.flip.disabled = false;
}

async function send(runs) {
  ui.answer.replaceChildren();
  ui.send.disabled = ui.compare.disabled = true;
  await Promise.all(runs.map(run));
  if (ui) ui.send.disabled = ui.compare.disabled = false;
}

async function run(over) {
  const badge = h("span", { class: "slot" }, over.variant ? gear(over.variant) : "");
  const said = h("p", { class: "answer", "aria-live": "off" });
  const numbers = h("p", { class: "note num", role: "status" }, "waiting");
  ui.answer.append(h("article", { class: "panel reply", "aria-label": "Answer" }, h("div", { class: "head" }, badge, numbers), said));
  const began = performance.now();
  let first = 0;
  let tokens = 0;
  let timings = null;
  try {
    const answer = await app.ask(`${app.apiBase}v1/chat/completions`, asked(over));
    const id = answer.headers.get("x-gearbox-decision-id");
    badge.replaceChildren(gear(answer.headers.get("x-gearbox-variant") ?? over.variant, true));
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        if (!line.startsWith("data: {")) continue;
        const event = JSON.parse(line.slice(6));
        if (event.error) throw new Error(event.error.message);
        timings = event.timings ?? timings;
        const piece = event.choices[0]?.delta?.content;
        if (!piece) continue;
        first ||= performance.now();
        tokens++;
        said.append(piece);
      }
      text(numbers, measure(began, first, tokens));
    }
    if (timings) text(numbers, exact(began, first, timings));
    numbers.append(" · ", id ? h("a", { href: `#decision/${id}` }, "why") : "");
  } catch (error) {
    numbers.replaceChildren(h("span", { class: "bad" }, error.message));
    if (error.detail?.offers?.length) {
      said.append(h("span", { class: "note" }, "It could promise: "), ...error.detail.offers.map((offer) => h("span", { class: "offer" }, gear(offer.variant), ` first token ${duration(offer.ttft)}, chance ${number(offer.meets)} `)));
    }
  }
}

function measure(began, first, tokens) {
  const now = performance.now();
  const speed = tokens > 1 ? ((tokens - 1) * 1000) / (now - first) : 0;
  return `first token ${first ? duration((first - began) / 1000) : "–"} · ${tokens} tokens${speed ? ` · ${number(speed)}/s` : ""}`;
}

/** The engine's own measure: its part alone, without the way here. */
function exact(began, first, timings) {
  const speed = (what) => `${timings[`${what}_n`]} tokens${timings[`${what}_per_second`] ? ` at ${number(timings[`${what}_per_second`])}/s` : ""}`;
  return `first token ${first ? duration((first - began) / 1000) : "–"} · prefill ${speed("prompt")}${timings.cache_n ? `, ${timings.cache_n} cached` : ""} · decode ${speed("predicted")}`;
}

export function leave() {
  clearTimeout(timer);
  latest++;
  ui = null;
}
