import { h, table, text } from "./dom.js";

let app;
let page;

export function enter(main, shared) {
  app = shared;
  page = main;
  page.append(h("h1", null, "Config"),
    h("p", { class: "lead" }, "What holds, and where each value comes from: the default, a file and its line, an environment variable or the command line. Targets in a request's own headers come before those of its class; its record shows them."));
}

/** It does not change while the platform runs: asked for once, when the first snapshot tells whose page this is. */
export function update(snapshot) {
  if (page.children.length > 2) return;
  page.append(snapshot.admin ? list() : h("p", { class: "note" }, "The configuration is shown on the admin port."));
}

function list() {
  const find = h("input", { id: "config-find", type: "search", autocomplete: "off", spellcheck: "false" });
  const set = h("input", { id: "config-set", type: "checkbox", checked: true });
  const said = h("p", { class: "note", role: "status" });
  const rows = h("div");
  const panel = h("section", { class: "panel", "aria-labelledby": "h-settings" },
    h("div", { class: "head" }, h("h2", { id: "h-settings" }, "Settings"), said),
    h("div", { class: "search" },
      h("div", { class: "field" }, h("label", { for: "config-find" }, "Find"), find)),
    h("div", { class: "actions" }, h("label", { for: "config-set" }, set, " only what somebody wrote")),
    rows);
  app.ask("admin/config").then((answer) => answer.json()).then(({ settings }) => {
    const show = () => {
      const words = find.value.toLowerCase();
      const fitting = settings.filter((one) => (!set.checked || one.origin !== "default") && `${one.path} ${one.value} ${one.origin}`.toLowerCase().includes(words));
      const shown = fitting.slice(0, 500);
      text(said, `${fitting.length} of ${settings.length}${shown.length < fitting.length ? `, the first ${shown.length} below` : ""}`);
      rows.replaceChildren(shown.length === 0 ? h("p", { class: "empty" }, "No setting fits.")
        : table("Settings", ["Key", "Value", "From"], shown.map((one) =>
          h("tr", null, h("th", { scope: "row" }, h("code", null, one.path)), h("td", { class: "whycell" }, h("code", null, one.value)), h("td", { class: "note" }, one.origin)))));
    };
    find.addEventListener("input", show);
    set.addEventListener("change", show);
    show();
  }).catch((error) => rows.replaceChildren(h("p", { class: "bad" }, error.message)));
  return panel;
}

export function leave() {
  page = null;
}
