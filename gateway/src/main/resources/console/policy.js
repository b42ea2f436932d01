import { clock, h, keyed, number, table, text } from "./dom.js";

const TEMPLATE = `package house

import dev.gearbox.policy.fact.*
import dev.gearbox.policy.rule.Reason
global dev.gearbox.policy.rule.Ruling ruling

rule "short answers for batch"
  @Description("Batch answers are cut at 200 tokens")
when
  ServiceClass( name == "batch" )
then
  ruling.capTokens(200);
end
`;

let app;
let ui;

export async function enter(main, shared) {
  app = shared;
  ui = { fired: h("div"), shadows: h("div", { "aria-live": "polite" }), version: null, rules: [], editor: h("div") };
  main.append(h("h1", null, "Policy"),
    h("p", { class: "lead" }, "Rules say what is allowed; the score chooses among that. ", h("span", { class: "rulesnow" })),
    ui.editor,
    h("section", { class: "panel", "aria-labelledby": "h-shadows" }, h("h2", { id: "h-shadows" }, "Shadows"), ui.shadows),
    h("section", { class: "panel", "aria-labelledby": "h-rules" }, h("h2", { id: "h-rules" }, "Rules that decide"), ui.fired));
  ui.now = main.querySelector(".rulesnow");
  if (app.snapshot) update(app.snapshot);
}

export async function update(snapshot) {
  if (!ui) return;
  if (!ui.editor.firstChild) ui.editor.append(snapshot.admin ? editor() : elsewhere(snapshot));
  const change = snapshot.policy.last_change;
  const said = `Version ${snapshot.policy.version}${change ? `, ${change.succeeded ? "taken" : "kept: a change was refused"} ${clock(change.time)}` : ""}.`;
  text(ui.now, said);
  if (ui.version !== snapshot.policy.version) {
    ui.version = snapshot.policy.version;
    const mine = ui;
    const answer = await app.ask("console/rules").catch(() => null);
    if (!answer || ui !== mine) return;
    ui.rules = (await answer.json()).rules;
    ui.fired.replaceChildren(table("Rules that decide", ["Rule", "What it does", "Decisions it fired in", "Last"],
      ui.rules.map((rule) => h("tr", { "data-rule": rule.name }, h("th", { scope: "row" }, rule.name), h("td", { class: "whycell" }, rule.description), h("td", { class: "num" }), h("td", { class: "num" })))));
  }
  for (const row of ui.fired.querySelectorAll("[data-rule]")) {
    const fired = snapshot.policy.fired[row.dataset.rule];
    text(row.children[2], fired ? String(fired.count) : "never");
    row.classList.toggle("never", !fired);
    text(row.children[3], fired ? clock(fired.last) : "–");
  }
  shadows(snapshot);
}

function elsewhere() {
  return h("p", { class: "note" }, "Rules are changed on the admin port, which answers this machine alone: open its page (http://127.0.0.1:9090/ unless configured otherwise) there.");
}

function shadows(snapshot) {
  const all = snapshot.policy.shadows;
  keyed(ui.shadows, all.length ? all : [{ name: "", none: true }], (one) => one.name + (one.version ?? ""),
    (one) => one.none ? h("p", { class: "empty" }, "No other policy is being tried.")
      : h("div", { class: "shadow" }, h("h3", null, one.name, h("span", { class: "note" })),
        h("dl", null, Object.keys(one.delta).map((name) => h("div", null, h("dt", null, LABELS[name] ?? name), h("dd", { class: "num" }))))),
    (item, one) => {
      if (one.none) return;
      text(item.querySelector(".note"), ` rules ${one.version}, looked at ${one.decisions} decisions`);
      [...item.querySelectorAll("dd")].forEach((cell, i) => {
        const delta = Object.values(one.delta)[i];
        text(cell, one.decisions === 0 ? "–" : `${delta.mean > 0 ? "+" : ""}${number(delta.mean)}${delta.low === null ? "" : ` [${number(delta.low)}, ${number(delta.high)}]`}`);
      });
    });
}

const LABELS = { chosen: "chooses otherwise", refused: "refusals", meets: "chance of targets", quality: "quality", cost: "cost", work: "device-seconds", fallback: "falls back" };

function editor() {
  const area = h("textarea", { id: "rules-text", rows: "18", spellcheck: "false", autocapitalize: "off", "aria-describedby": "rules-problems" });
  area.value = TEMPLATE;
  const gutter = h("pre", { class: "gutter", "aria-hidden": "true" });
  const problems = h("div", { id: "rules-problems", role: "status", class: "problems" });
  const beside = h("input", { type: "checkbox", id: "beside", checked: true });
  const texts = h("select", { id: "rules-from" }, h("option", { value: "" }, "a template"));
  const wrong = new Set();
  const mark = () => {
    const lines = area.value.split("\n").length;
    gutter.replaceChildren(...Array.from({ length: lines }, (_, i) => h("span", { class: wrong.has(i + 1) ? "wrong" : null }, String(i + 1))));
    gutter.scrollTop = area.scrollTop;
  };
  const put = async (path, method, done) => {
    problems.replaceChildren(h("p", { class: "note" }, "Compiling…"));
    wrong.clear();
    try {
      const csv = !/^\s*(package|import|global|rule|\/\/|\/\*)/.test(area.value) && area.value.includes(",");
      await app.ask(`${path}${beside.checked ? "?beside=default" : ""}`, { method, headers: { "content-type": csv ? "text/csv" : "text/plain" }, body: area.value });
      problems.replaceChildren(h("p", { class: "good" }, done));
    } catch (error) {
      const all = error.detail?.problems ?? [];
      for (const one of all) wrong.add(one.line);
      problems.replaceChildren(all.length
        ? h("ul", { class: "plain" }, all.map((one) => h("li", { class: "bad" },
          one.line ? h("button", { type: "button", class: "quiet", onclick: () => go(area, one.line) }, `line ${one.line}`) : "", " ", one.message)))
        : h("p", { class: "bad" }, error.message));
    }
    mark();
  };
  area.addEventListener("input", () => { wrong.clear(); mark(); });
  area.addEventListener("scroll", () => { gutter.scrollTop = area.scrollTop; });
  app.ask("admin/policy").then((answer) => answer.json()).then((policy) => {
    for (const each of policy.texts ?? []) texts.append(h("option", { value: each.text }, `what decides: ${each.file}`));
  }).catch(() => {});
  texts.addEventListener("change", () => { area.value = texts.value || TEMPLATE; beside.checked = texts.value === ""; wrong.clear(); mark(); });
  mark();
  return h("section", { class: "panel editor", "aria-labelledby": "h-editor" },
    h("div", { class: "head" }, h("h2", { id: "h-editor" }, "Editor"),
      h("label", { for: "rules-from" }, "Start from ", texts)),
    h("label", { for: "rules-text", class: "hidden" }, "Rules, as DRL or a decision table in CSV"),
    h("div", { class: "code" }, gutter, area),
    h("div", { class: "actions" },
      h("button", { class: "primary", onclick: () => put("admin/policy/check", "POST", "They compile, and come back when rehearsed. Nothing has changed.") }, "Check"),
      h("button", { onclick: () => put("admin/policy/shadow", "PUT", "They decide in the shadow from here on, serving nobody. See below what they would change.") }, "Try in the shadow"),
      h("button", { onclick: () => put("admin/policy", "PUT", "They decide from here on.") }, "Let them decide"),
      h("button", { class: "quiet", onclick: () => simple("admin/policy/shadow/promote", "POST", "The shadow's rules decide from here on.", problems) }, "Promote the shadow"),
      h("button", { class: "quiet", onclick: () => simple("admin/policy/shadow", "DELETE", "The shadow is gone.", problems) }, "Stop the shadow"),
      h("label", { for: "beside" }, beside, " beside the rules that come with Gearbox")),
    problems);
}

async function simple(path, method, done, into) {
  try {
    await app.ask(path, { method });
    into.replaceChildren(h("p", { class: "good" }, done));
  } catch (error) {
    into.replaceChildren(h("p", { class: "bad" }, error.message));
  }
}

function go(area, line) {
  const at = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(at, at + (area.value.slice(at).split("\n")[0] ?? "").length);
}

export function leave() {
  ui = null;
}
