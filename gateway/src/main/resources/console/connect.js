import { h } from "./dom.js";

let app;
let page;
let shown;

export function enter(main, shared) {
  app = shared;
  page = main;
  shown = undefined;
  render();
}

/** On the operator's page the address is known with the first snapshot. */
export function update() {
  if (shown !== stamp()) render();
}

function stamp() {
  return app.snapshot && [app.apiBase, app.snapshot.models[0]?.name, app.key, app.snapshot.keyed].join(" ");
}

/** Stands for a key in what is shown; what is copied has the key of this tab, if it is a tenant's and not the operator's. */
const SECRET = "••••••••";

function render() {
  shown = stamp();
  page.replaceChildren();
  const main = page;
  const base = `${app.apiBase || `${location.origin}/`}v1`;
  const model = app.snapshot?.models[0]?.name ?? "auto";
  const mine = app.key && !app.snapshot?.admin;
  const key = mine ? SECRET : app.snapshot?.keyed ? "YOUR-KEY" : "none";
  const auth = key !== "none" ? ` \\\n  -H "authorization: Bearer ${key}"` : "";
  main.append(h("h1", null, "Connect"),
    h("p", { class: "lead" }, "Any OpenAI client works with this address. Targets go in headers; without any, the class's hold."),
    ...Object.entries({
      curl: `curl ${base}/chat/completions${auth} \\\n  -H 'content-type: application/json' \\\n  -H 'x-slo-ttft-ms: 300' -H 'x-slo-min-quality: 0.8' \\\n  -d '{"model":"${model}","stream":true,"messages":[{"role":"user","content":"Hello"}]}'`,
      Python: `from openai import OpenAI\n\nclient = OpenAI(base_url="${base}", api_key="${key}")\nanswer = client.chat.completions.with_raw_response.create(\n    model="${model}",\n    messages=[{"role": "user", "content": "Hello"}],\n    extra_headers={"x-slo-ttft-ms": "300"},\n)\nprint(answer.headers["x-gearbox-variant"], answer.parse().choices[0].message.content)`,
      Java: `OpenAIClient client = OpenAIOkHttpClient.builder().baseUrl("${base}").apiKey("${key}").build();\nvar answer = client.chat().completions().create(\n    ChatCompletionCreateParams.builder()\n        .model("${model}").addUserMessage("Hello")\n        .putAdditionalHeader("x-slo-ttft-ms", "300").build());`,
      "JavaScript, AI SDK": `import { createOpenAICompatible } from "@ai-sdk/openai-compatible";\nimport { generateText } from "ai";\n\nconst gearbox = createOpenAICompatible({ name: "gearbox", baseURL: "${base}", apiKey: "${key}" });\nconst { text } = await generateText({ model: gearbox("${model}"), prompt: "Hello", headers: { "x-slo-ttft-ms": "300" } });`,
      "Open WebUI": `OPENAI_API_BASE_URL=${base}\nOPENAI_API_KEY=${key}`,
      aider: `OPENAI_API_BASE=${base} OPENAI_API_KEY=${key} aider --model openai/${model}`,
      Continue: `models:\n  - name: Gearbox\n    provider: openai\n    model: ${model}\n    apiBase: ${base}\n    apiKey: ${key}`,
      "Ask first what could be promised": `curl ${base}/slo/quote${auth} \\\n  -H 'content-type: application/json' \\\n  -d '{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}'`,
    }).map(([name, snippet]) => {
      const button = h("button", { class: "quiet", "aria-label": `Copy ${name}`, onclick: async () => { await navigator.clipboard.writeText(snippet.replaceAll(SECRET, app.key)); button.textContent = "Copied"; setTimeout(() => (button.textContent = "Copy"), 1500); } }, "Copy");
      return h("section", { class: "panel snippet" }, h("div", { class: "head" }, h("h2", null, name), button), h("pre", { tabindex: "0" }, h("code", null, snippet)));
    }));
}

export function leave() {
  page = null;
}
