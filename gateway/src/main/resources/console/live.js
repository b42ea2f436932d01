import { bytes, clock, colour, duration, gear, h, keyed, number, percent, rank, text, when } from "./dom.js";

let app;
let parts;
let rates = new Map();

export function enter(main, shared) {
  app = shared;
  parts = {
    loading: h("section", { class: "loading-weights", "aria-label": "Weights on their way", hidden: true }),
    fallback: h("p", { class: "fallback", role: "status", hidden: true }),
    strips: h("div", { class: "strips" }),
    classes: h("div", { class: "classes" }),
    lanes: h("ul", { class: "requests" }),
    axis: h("div", { class: "axis", "aria-hidden": "true" }),
    laneNote: h("span", { class: "note" }),
    pools: h("div", { class: "pools" }),
    shifts: h("ol", { class: "log" }),
  };
  main.append(
    h("h1", { class: "hidden" }, "Live"),
    parts.loading,
    parts.fallback,
    h("div", { class: "columns" },
      h("div", { class: "wide" },
        panel("Gears", h("span", { class: "note" }, "where the last minute's decisions went"), parts.strips),
        panel("Classes", h("span", { class: "note" }, "least budget first"), parts.classes),
        panel("Lanes", parts.laneNote, parts.axis, parts.lanes),
        panel("Engines", null, parts.pools),
      ),
      panel("Shifts", h("span", { class: "note" }, "every change of gear, and why"), h("div", { role: "log", "aria-label": "Shifts of gear and events" }, parts.shifts)),
    ),
  );
}

function panel(title, note, ...content) {
  const id = `h-${title.toLowerCase()}`;
  return h("section", { class: `panel ${title.toLowerCase()}`, "aria-labelledby": id }, h("div", { class: "head" }, h("h2", { id }, title), note), ...content);
}

export function update(snapshot) {
  loading(snapshot);
  fallback(snapshot);
  strips(snapshot);
  classes(snapshot);
  lanes(snapshot);
  pools(snapshot);
  shifts(snapshot);
}

/** Tokens or bytes a second, of a number that grows, over some seconds. */
function rate(id, value, time) {
  const seen = rates.get(id) ?? [];
  if (seen.length && value < seen[seen.length - 1].value) seen.length = 0;
  seen.push({ value, time });
  while (seen.length > 2 && time - seen[0].time > 6000) seen.shift();
  rates.set(id, seen);
  const first = seen[0];
  return time > first.time ? ((value - first.value) * 1000) / (time - first.time) : 0;
}

function loading(snapshot) {
  const coming = snapshot.pools.filter((engine) => engine.state === "loading" || engine.state === "warming");
  const failed = snapshot.pools.filter((engine) => engine.state === "failed");
  parts.loading.hidden = coming.length + failed.length === 0;
  if (parts.loading.hidden) return parts.loading.replaceChildren();
  const ready = snapshot.pools.some((engine) => engine.state === "ready");
  if (!parts.loading.firstChild) parts.loading.append(h("h2"), h("ul"));
  const [title, list] = parts.loading.children;
  text(title, coming.length ? (ready ? "More gears are on their way" : "The first model is on its way") : "A model could not be loaded");
  keyed(list, [...coming, ...failed], (engine) => engine.engine,
    (engine) => h("li", null, gear(engine.variant), h("progress", { max: "1", "aria-label": `${engine.variant}, weights` }), h("span", { class: "num" })),
    (item, engine) => {
      const [, bar, said] = item.children;
      const time = Date.parse(snapshot.time);
      const speed = rate(`w:${engine.engine}`, engine.progress * engine.bytes, time);
      const left = speed > 0 ? ((1 - engine.progress) * engine.bytes) / speed : null;
      item.classList.toggle("failed", engine.state === "failed");
      bar.value = engine.progress;
      text(said,
        engine.state === "failed" ? engine.reason ?? "failed"
        : engine.state === "warming" ? "warming up"
        : engine.progress === 0 ? `waits, ${bytes(engine.bytes)}`
        : `${percent(engine.progress, 0)} of ${bytes(engine.bytes)}${speed > 1e4 ? `, ${(speed / 1e6).toFixed(1)} MB/s, ${duration(left)} left` : ""}`);
    });
}

/** The rules that are loaded could not decide lately, so the built-in ones did. */
function fallback(snapshot) {
  const last = snapshot.policy.fallback;
  parts.fallback.hidden = !last || Date.parse(snapshot.time) - Date.parse(last.time) > 60_000;
  if (!parts.fallback.hidden) text(parts.fallback, `The built-in rules decided, last at ${clock(last.time)}: ${last.why}`);
}

/** For each model the share of its decisions that each gear got. */
function strips(snapshot) {
  const busy = snapshot.models.filter((model) => Object.keys(model.shares).length > 0);
  keyed(parts.strips, busy.length ? busy : [{ name: "", none: true }], (model) => model.name,
    (model) => model.none ? h("p", { class: "empty" }, "No decision in the last minute.")
      : h("div", { class: "strip" }, h("h3", null, model.name), h("div", { class: "shares", "aria-hidden": "true" }), h("div", { class: "said" })),
    (item, model) => {
      if (model.none) return;
      const shares = Object.entries(model.shares).sort((a, b) => rank(b[0]) - rank(a[0]));
      const all = shares.reduce((sum, [, count]) => sum + count, 0);
      const stamp = shares.map(([variant, count]) => `${variant}${rank(variant)} ${Math.round((100 * count) / all)}`).join();
      if (item.dataset.stamp === stamp) return;
      item.dataset.stamp = stamp;
      item.children[1].replaceChildren(...shares.map(([variant, count]) => h("i", { class: variant ? colour(variant) : "none", style: { "flex-grow": count } })));
      item.children[2].replaceChildren(...shares.map(([variant, count]) => h("span", null, gear(variant), " ", h("span", { class: "num" }, percent(count / all, 0)))));
    });
}

function classes(snapshot) {
  const sorted = [...snapshot.classes].sort((a, b) => a.budget - b.budget || b.priority - a.priority);
  keyed(parts.classes, sorted, (one) => one.name,
    (one) => h("article", { class: "class" },
      h("div", null, h("h3", null, one.name), h("p", { class: "asks" }, asks(one))),
      h("div", { class: "standing" },
        h("div", { class: "three" }, big("objective"), big("attained"), big("budget left")),
        h("div", { class: "burn" }, h("span", { class: "num" }), h("svg", { class: "ends", preserveAspectRatio: "none", role: "img" }))),
      h("div", { class: "gears" })),
    (item, one) => {
      const [, standing, gears] = item.children;
      const [three, burn] = standing.children;
      const none = one.requests_1h === 0 && one.budget === 1;
      set(three.children[0], percent(one.objective, one.objective > 0.99 ? 2 : 1));
      set(three.children[1], none ? "no data" : percent(one.attained, 1), one.attained < one.objective && !none);
      set(three.children[2], none ? "–" : percent(one.budget, 0), one.budget < 0.25 && !none, none ? 0 : one.budget);
      text(burn.firstChild, one.requests_1h === 0 ? "no requests in the last hour"
        : `burn ${one.burn_5m.toFixed(1)} in 5 min, ${one.burn_1h.toFixed(1)} in 1 h, ${one.burn_6h.toFixed(1)} in 6 h`);
      burn.firstChild.title = "shares of the budget that go per share of time: 1 spends it exactly";
      ends(burn.lastChild, one, snapshot);
      burn.classList.toggle("hot", one.burn_5m > 6 && one.burn_1h > 6);
      keyed(gears, one.gears, (each) => each.model, classGear, updateGear);
    });
}

/** What became of the class's requests in the last minutes, a bar for each slot, and over them a line for each shift of the class and each event. */
function ends(svg, one, snapshot) {
  const { slot, slots, met = [], missed = [], refused = [] } = one.history;
  const last = Math.floor(Date.parse(snapshot.time) / 1000 / slot);
  const x = (time) => Date.parse(time) / 1000 / slot - last + slots - 1;
  const shifts = one.gears.flatMap((each) => each.shift ?? []).filter((each) => x(each.time) >= 0);
  const events = snapshot.events.filter((each) => x(each.time) >= 0);
  const stamp = JSON.stringify([last, met, missed, refused, shifts.map((each) => each.time), events.length]);
  if (svg.dataset.stamp === stamp) return;
  svg.dataset.stamp = stamp;
  const of = (kind, at) => kind[at] ?? 0;
  const places = Array.from({ length: slots }, (_, at) => at);
  const top = Math.max(1, ...places.map((at) => of(met, at) + of(missed, at) + of(refused, at)));
  const bar = (name, at, from, count) => count ? h("rect", { class: name, x: at + 0.1, width: 0.8, y: 20 - (20 * (from + count)) / top, height: (20 * count) / top }) : null;
  const mark = (name) => (each) => h("line", { class: name, x1: x(each.time), x2: x(each.time), y1: 0, y2: 20 });
  svg.setAttribute("viewBox", `0 0 ${slots} 20`);
  svg.replaceChildren(
    ...places.flatMap((at) => [
      bar("missed", at, 0, of(missed, at)),
      bar("met", at, of(missed, at), of(met, at)),
      bar("refused", at, of(missed, at) + of(met, at), of(refused, at)),
    ]).filter(Boolean),
    ...events.map(mark("event")), ...shifts.map(mark("shifted")));
  const sum = (kind) => kind.reduce((all, count) => all + count, 0);
  const said = `last ${duration(slot * slots)}: ${sum(met)} met, ${sum(missed)} missed, ${sum(refused)} refused${[...shifts.map((each) => `; ${clock(each.time)} to ${each.to || "refusing"}`), ...events.slice(0, 5).map((each) => `; ${clock(each.time)} ${each.what}`)].join("")}`;
  svg.setAttribute("aria-label", said);
  svg.parentNode.title = said;
}

function asks(one) {
  const t = one.targets;
  const said = [];
  if (t.ttft) said.push(`TTFT ≤ ${duration(t.ttft)}`);
  if (t.tpot) said.push(`TPOT ≤ ${duration(t.tpot)}`);
  if (t.deadline) said.push(`deadline ${duration(t.deadline)}`);
  if (t.quality) said.push(`quality ≥ ${t.quality}`);
  return `${said.join(" · ") || "best quality the machine allows"} · ${one.lane} lane`;
}

function big(label) {
  return h("div", { class: "figure" }, h("strong", { class: "num" }, "–"), h("span", null, label), h("i", null));
}

function set(element, value, bad, fill) {
  text(element.firstChild, value);
  element.classList.toggle("bad", Boolean(bad));
  if (fill !== undefined) element.lastChild.style.setProperty("--fill", Math.max(0, Math.min(1, fill)));
}

function classGear(each) {
  return h("div", { class: "classgear" }, h("div", { class: "now" }, h("span", { class: "slot" }), h("span", { class: "note" })),
    h("div", { class: "ribbon", role: "img" }), h("p", { class: "why" }));
}

function updateGear(item, each) {
  const [now, ribbon, why] = item.children;
  if (item.dataset.gear !== each.gear + rank(each.gear)) {
    item.dataset.gear = each.gear + rank(each.gear);
    now.firstChild.replaceChildren(gear(each.gear, true));
  }
  const last = each.ribbon.slice(-48);
  const shares = new Map();
  for (const variant of last) shares.set(variant, (shares.get(variant) ?? 0) + 1);
  const said = [...shares].sort((a, b) => b[1] - a[1]).map(([variant, n]) => `${variant || "refused"} ${percent(n / last.length, 0)}`).join(", ");
  text(now.lastChild, `${each.model} · since ${clock(each.since)}`);
  const stamp = last.join("|");
  if (ribbon.dataset.stamp !== stamp) {
    ribbon.dataset.stamp = stamp;
    ribbon.replaceChildren(...last.map((variant) => h("i", { class: variant ? colour(variant) : "none" })));
    ribbon.setAttribute("aria-label", `latest ${last.length} decisions: ${said}`);
    ribbon.title = said;
  }
  const shift = each.shift;
  const key = shift ? shift.time + shift.why : "";
  if (why.dataset.key !== key) {
    why.dataset.key = key;
    why.replaceChildren(...(shift ? sentence(shift, true) : ["no shift yet"]));
  }
}

/** One shift: when, from, to, why, and the decision that tells. */
function sentence(shift, brief) {
  const to = h("span", { class: "to" }, gear(shift.from), h("span", { "aria-label": "to" }, " → "), gear(shift.to));
  const link = shift.id ? h("a", { href: `#decision/${shift.id}` }, "record") : "";
  return brief ? [when(shift.time), " left ", shift.from || "refusing", ": ", shift.why, " ", link] : [to, h("span", { class: "reason" }, shift.why, " ", link)];
}

function lanes(snapshot) {
  const running = snapshot.lanes;
  const gone = snapshot.ended.filter((one) => Date.parse(snapshot.time) - Date.parse(one.time) - 1000 * (one.total ?? 0) < 8000).slice(0, 8);
  const rows = [...running.map((one) => ({ ...one, key: one.request })), ...gone.map((one) => ({ ...one, key: one.id, over: true, age: one.total ?? 0, first_token_at: one.ttft, decided_at: 0 }))].slice(0, 24);
  const longest = Math.max(1, ...rows.map((one) => Math.max(one.age, (one.targets.ttft ?? 0) * 1.15, (one.high_ttft ?? 0) * 1.1)));
  const scale = nice(longest);
  const p = snapshot.phases;
  text(parts.laneNote, running.length === 0 ? (gone.length ? "just ended" : "idle")
    : `${p.decode} decoding · ${p.prefill} in prefill · ${p.queued} queued${p.loading ? ` · ${p.loading} waiting for weights` : ""}${snapshot.lanes_more ? ` · ${snapshot.lanes_more} more` : ""}`);
  if (parts.axis.dataset.scale !== String(scale)) {
    parts.axis.dataset.scale = String(scale);
    parts.axis.replaceChildren(h("span"), h("div", null, [0, 0.25, 0.5, 0.75, 1].map((at) => h("span", null, at === 0 ? "0" : duration(at * scale)))), h("span"));
  }
  parts.axis.hidden = rows.length === 0;
  keyed(parts.lanes, rows.length ? rows : [{ key: "none", none: true }], (one) => one.key, lane, (item, one) => one.none || updateLane(item, one, scale));
}

function nice(seconds) {
  const power = 10 ** Math.floor(Math.log10(seconds));
  return [1, 2, 4, 5, 10].map((factor) => factor * power).find((each) => each >= seconds);
}

function lane(one) {
  if (one.none) return h("li", { class: "empty" }, "No request is on its way. ", h("a", { href: "#playground" }, "Send one"), ".");
  return h("li", { class: "lane" },
    h("span", { class: "who" }, h("span", { class: "slot" }), h("span", { class: "cls" })),
    h("span", { class: "track", role: "img" },
      h("i", { class: "q" }), h("i", { class: "p" }), h("i", { class: "d" }), h("i", { class: "mark predicted", hidden: true }), h("i", { class: "mark target", hidden: true })),
    h("span", { class: "num at" }, h("span"), h("span", { class: "slack" })),
    app.snapshot.admin && !one.over ? endButton(one) : null);
}

/** Asks once more before it ends somebody's request. */
function endButton(one) {
  const button = h("button", { class: "quiet end", type: "button", "aria-label": `End this request of ${one.class}`, onclick: async () => {
    if (button.textContent === "End") {
      button.textContent = "Sure?";
      setTimeout(() => (button.textContent = "End"), 3000);
      return;
    }
    button.disabled = true;
    await app.ask(`admin/requests/${one.request}/end`, { method: "POST" }).catch(() => {}); // it was over already
  } }, "End");
  return button;
}

function updateLane(item, one, scale) {
  const [who, track, at] = item.children;
  const variant = one.variant ?? "";
  if (item.dataset.gear !== variant + rank(variant)) {
    item.dataset.gear = variant + rank(variant);
    who.firstChild.replaceChildren(variant ? gear(variant) : h("span", { class: "gear wait" }, h("b", null, "…"), one.over ? "refused" : one.phase ?? ""));
  }
  text(who.lastChild, one.tenant && one.tenant !== "local" ? `${one.class} · ${one.tenant}` : one.class);
  item.classList.toggle("over", Boolean(one.over));
  item.classList.toggle("missed", one.met === false);
  const decided = one.decided_at ?? one.age;
  const first = one.first_token_at ?? one.age;
  const [q, p, d, predicted, target] = track.children;
  span(q, 0, Math.min(decided, one.age), scale);
  span(p, Math.min(decided, one.age), Math.min(first, one.age), scale);
  span(d, first, one.age, scale);
  d.className = `d ${colour(variant)}`;
  mark(predicted, one.predicted_ttft, scale);
  mark(target, one.targets.ttft ?? one.targets.deadline, scale);
  const tokens = one.tokens ?? 0;
  const speed = one.first_token_at && one.age > one.first_token_at && tokens > 1 ? (tokens - 1) / (one.age - one.first_token_at) : 0;
  const phase = one.over ? (one.met === false ? "missed" : one.met ? "met" : one.outcome ?? "") : one.prompt_tokens ? `prefill ${one.prefilled}/${one.prompt_tokens}` : one.phase;
  const left = one.over ? null : slack(one, tokens);
  text(at.firstChild, `${phase} ${duration(one.age)}${speed ? ` · ${speed < 100 ? speed.toFixed(1) : Math.round(speed)} tok/s` : ""}`);
  const leeway = left === null ? "" : ` · ${duration(Math.abs(left))} ${left < 0 ? "late" : "left"}`;
  text(at.lastChild, leeway);
  at.lastChild.classList.toggle("late", left !== null && left < 0);
  track.setAttribute("aria-label",
    `${phase}, ${duration(one.age)}${one.first_token_at ? `, first token after ${duration(one.first_token_at)}` : ""}${one.predicted_ttft ? `, predicted ${duration(one.predicted_ttft)}` : ""}${one.targets.ttft ? `, target ${duration(one.targets.ttft)}` : ""}${leeway}`);
}

/** Seconds until it is late for the target that is due next; null where nothing is. */
function slack(one, tokens) {
  const { ttft, tpot, deadline } = one.targets;
  if (!one.first_token_at && ttft) return ttft - one.age;
  if (deadline) return deadline - one.age;
  return one.first_token_at && tpot && tokens > 1 ? tpot * (tokens - 1) - (one.age - one.first_token_at) : null;
}

function span(element, from, to, scale) {
  element.style.left = `${(100 * from) / scale}%`;
  element.style.width = `${(100 * Math.max(0, to - from)) / scale}%`;
}

function mark(element, at, scale) {
  element.hidden = !at || at > scale;
  if (!element.hidden) element.style.left = `${(100 * at) / scale}%`;
}

function pools(snapshot) {
  keyed(parts.pools, snapshot.pools, (engine) => engine.engine,
    (engine) => h("article", { class: "engine" },
      h("h3", null, h("span", { class: "slot" }), h("span", { class: "state" })),
      h("p", { class: "note where" }),
      h("dl", null,
        pair("batch"), pair("queue"), pair("KV"), pair("device"), pair("prefill, decode"), pair("cache hits"), pair("TTFT now"), pair("promises held"), pair("device price"))),
    (item, engine) => {
      const [title, where, list] = item.children;
      const stamp = engine.variant + rank(engine.variant);
      if (item.dataset.stamp !== stamp) {
        item.dataset.stamp = stamp;
        title.firstChild.replaceChildren(gear(engine.variant));
      }
      const old = engine.age > 2;
      item.className = `engine ${engine.state}${old ? " unknown" : ""}`;
      const time = Date.parse(snapshot.time);
      const spent = engine.states.map((each, i) => `${each.state} ${duration((Date.parse(engine.states[i + 1]?.since ?? snapshot.time) - Date.parse(each.since)) / 1000)}`);
      text(title.lastChild, old ? `unknown, silent for ${duration(engine.age)}` : spent.at(-1) ?? engine.state);
      text(where, `${engine.pool} on ${engine.device} · ${bytes(engine.bytes)}${spent.length > 1 ? ` · before: ${spent.slice(0, -1).join(", ")}` : ""}`);
      const values = [...list.children];
      const ready = engine.running !== undefined;
      list.hidden = !ready;
      value(values[0], ready ? `${engine.running} / ${engine.max_sequences}` : "–", ready ? engine.running / engine.max_sequences : 0);
      value(values[1], ready ? `${engine.waiting}${engine.pending_prefill_tokens ? `, ${engine.pending_prefill_tokens} tok to prefill` : ""}` : "–");
      value(values[2], ready && engine.kv_blocks ? percent(engine.kv, 0) : "–", engine.kv);
      value(values[3], percent(engine.busy, 0), engine.busy ?? 0);
      values[3].title = "share of the last ten seconds that its steps took of the device";
      const speed = (id, tokens) => number(Math.round(rate(`${id}:${engine.engine}`, tokens, time)));
      value(values[4], `${speed("p", engine.prompt_tokens)}, ${speed("g", engine.generated_tokens)} tok/s`);
      value(values[5], engine.prefix_tokens ? percent(engine.hit_tokens / engine.prefix_tokens, 0) : "–");
      const promise = engine.promise;
      value(values[6], promise ? `≈ ${duration(promise.ttft)}${promise.age > 10 ? `, ${duration(promise.age)} ago` : ""}` : "–");
      values[6].title = promise ? `median as last predicted, ${duration(promise.age)} ago; high ${duration(promise.high_ttft)}` : "";
      value(values[7], promise?.of ? `${percent(promise.inside / promise.of, 0)} of ${promise.of}` : "–");
      values[7].title = promise ? `answers whose TTFT was within the band, which promises ${percent(promise.objective, 0)}${promise.conservative ? "; it does not hold, so it is taken wider" : ""}` : "";
      values[7].classList.toggle("bad", Boolean(promise?.conservative));
      value(values[8], engine.price ? `${number(engine.price)} pt/s` : "free");
    });
}

function pair(name) {
  return h("div", null, h("dt", null, name), h("dd", { class: "num" }, h("span"), h("i", { class: "bar", hidden: true })));
}

function value(pair, said, share) {
  const [label, bar] = pair.lastChild.children;
  text(label, said);
  if (share !== undefined) {
    bar.hidden = false;
    bar.style.setProperty("--fill", Math.max(0, Math.min(1, share)));
    bar.classList.toggle("warn", share > 0.85);
  }
}

function shifts(snapshot) {
  const all = [
    ...snapshot.shifts.map((shift) => ({ ...shift, key: `s${shift.time}${shift.class}${shift.model}` })),
    ...snapshot.events.map((event) => ({ ...event, key: `e${event.time}${event.what}` })),
  ];
  const change = snapshot.policy.last_change;
  if (change) all.push({ time: change.time, key: `p${change.time}`, what: change.succeeded ? `rules ${snapshot.policy.version} decide (${change.origin})` : `rules refused (${change.origin}), ${snapshot.policy.version} stay${change.problem ? `: ${change.problem}` : ""}`, bad: !change.succeeded });
  all.sort((a, b) => Date.parse(b.time) - Date.parse(a.time));
  keyed(parts.shifts, all.length ? all.slice(0, 40) : [{ key: "none", none: true }], (one) => one.key + rank(one.to), (one) =>
    one.none ? h("li", { class: "empty" }, "Nothing has changed gear yet.")
    : one.what ? h("li", { class: `event${one.bad ? " bad" : ""}` }, when(one.time), h("span", { class: "reason" }, one.what))
    : h("li", { class: "shift" }, when(one.time), h("span", { class: "cls" }, one.class), ...sentence(one)));
}

export function leave() {
  parts = null;
}
