import { clock, duration, h, learnGears, text } from "./dom.js";
import * as live from "./live.js";
import * as decisions from "./decisions.js";
import * as playground from "./playground.js";
import * as policy from "./policy.js";
import * as connect from "./connect.js";
import * as config from "./config.js";

const views = { live, decisions, decision: decisions, playground, policy, connect, config };
const main = document.getElementById("main");
const banner = document.getElementById("banner");
const open = document.getElementById("open");
const status = document.getElementById("status");

/** What every view gets: the latest snapshot, and how to ask. The key stays in this tab. */
export const app = { snapshot: null, key: sessionStorage.getItem("key") ?? "", apiBase: "", ask };

let view = null;
let heard = 0;
let refused = "";

/** fetch with the key; path begins with "console/" for this port or is a whole URL. Throws what the server said. */
async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (app.key) headers.authorization = `Bearer ${app.key}`;
  const answer = await fetch(path, { ...options, headers });
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => null);
  const error = new Error(said?.error?.message ?? `${answer.status} ${answer.statusText}`);
  error.status = answer.status;
  error.detail = said?.error;
  throw error;
}

function route() {
  const [name, ...rest] = decodeURIComponent(location.hash.slice(1) || "live").split("/");
  if (name === "main" && view) return;
  const next = views[name] ? name : "live";
  view?.leave?.();
  main.replaceChildren();
  main.className = `view-${next}`;
  view = views[next];
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.hash === `#${next === "decision" ? "decisions" : next}`;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${next[0].toUpperCase()}${next.slice(1)} · Gearbox`;
  view.enter(main, app, rest.join("/"));
  if (app.snapshot) view.update?.(app.snapshot);
}

/** One stream for everything, read with fetch because EventSource sends no key. */
async function listen() {
  for (let pause = 500; ; pause = Math.min(5000, pause * 2)) {
    try {
      const answer = await ask("console/events");
      refused = "";
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const parts = (rest + value).split("\n\n");
        rest = parts.pop();
        // Of several that came together the last says it all.
        const last = parts.filter((part) => part.startsWith("data: ")).pop();
        if (last) show(JSON.parse(last.slice(6)));
        pause = 500;
      }
    } catch (error) {
      refused = error.status ? error.message : "";
      if (error.status === 401 || error.status === 403) askForKey(error);
    }
    state();
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function show(snapshot) {
  const first = !app.snapshot;
  app.snapshot = snapshot;
  heard = performance.now();
  learnGears(snapshot.variants);
  app.apiBase = snapshot.admin && snapshot.api_port ? `${location.protocol}//${location.hostname}:${snapshot.api_port}/` : "";
  if (first) {
    banner.replaceChildren();
    document.body.classList.toggle("operator", snapshot.admin);
  }
  exposed(snapshot.open ?? []);
  state();
  view?.update?.(snapshot);
}

/** Says which doors others get through without a key, until this tab was told that it is known. */
function exposed(doors) {
  const said = doors.join("\n");
  if (open.dataset.said === said) return;
  open.dataset.said = said;
  const hide = () => {
    sessionStorage.setItem("open", said);
    open.hidden = true;
  };
  open.hidden = !said || sessionStorage.getItem("open") === said;
  open.replaceChildren(
    h("b", null, "Open without a key"),
    h("ul", { class: "plain" }, doors.map((door) => h("li", null, door))),
    h("button", { class: "quiet", onclick: hide }, "Hide"),
  );
}

const lamp = h("span", { class: "lamp" });
const word = h("span", { class: "word" });
const version = h("a", { href: "#policy", class: "version", title: "version of the rules that decide" });
status.append(lamp, word, version);

function state() {
  const snapshot = app.snapshot;
  const age = (performance.now() - heard) / 1000;
  const stale = !snapshot || age > 3;
  document.body.classList.toggle("stale", stale && Boolean(snapshot));
  const now = stale ? "unknown" : snapshot.state;
  lamp.className = `lamp ${now}`;
  text(word, !snapshot ? refused || "connecting" : stale ? `no word since ${clock(snapshot.time)}` : `${now} · ${snapshot.admission.in_flight} in flight${snapshot.admission.queued ? ` · ${snapshot.admission.queued} queued${snapshot.admission.wait ? `, ≈ ${duration(snapshot.admission.wait)}` : ""}` : ""}`);
  if (snapshot) text(version, `rules ${snapshot.policy.version}`);
}

function askForKey(error) {
  if (banner.querySelector("form")) return;
  const input = h("input", { type: "password", name: "key", autocomplete: "off", id: "key", required: true });
  banner.replaceChildren(
    h(
      "form",
      {
        class: "key",
        onsubmit: (event) => {
          event.preventDefault();
          app.key = input.value;
          sessionStorage.setItem("key", app.key);
          banner.replaceChildren();
        },
      },
      h("p", null, error.message),
      h("label", { for: "key" }, "API key"),
      input,
      h("button", null, "Look"),
    ),
  );
}

addEventListener("hashchange", () => {
  route();
  if (location.hash !== "#main") main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
setInterval(state, 1000);
route();
listen();
