// How strong, and what that looks like on one's own photo before anything is sent.

import { send } from "./api.js";
import { command, curl, quoted } from "./curl.js";
import { button, field, h } from "./dom.js";
import { items } from "./staging.js";
import { parameters, pause } from "./transfer.js";
import { viewer } from "./viewer.js";
import { number, t } from "./words.js";

/** What the reader has chosen; it outlives a change of the view. */
export const choice = {
  strength: 8, mask: "auto", mode: "sample-wise", metadata: "strip", format: "png", side: "",
};

/** Tells "change" when the reader has chosen something else. */
export const chosen = new EventTarget();

/** Reads the figures that come with a preview, `linf=8, psnr=44.1, ssim=0.991`. */
export const figures = (header) => Object.fromEntries(
  (header ?? "").split(",").map((part) => part.trim().split("=")).filter(([, value]) => value)
    .map(([name, value]) => [name, Number(value)]),
);

/** A change of a sample in 255ths: reports of 16 bits count in 65535ths. */
export const levels = (change) => change > 255 ? Math.round(change / 257) : change;

/** The largest change, PSNR and SSIM of a report in words. */
export const figureWords = ({ linf, psnr, ssim }) => [
  t("figure.change", { n: levels(linf) }),
  Number.isFinite(psnr) && `PSNR ${number(psnr, 1)} dB`,
  `SSIM ${number(ssim, 3)}`,
].filter(Boolean).join(" · ");

function select(name, values) {
  return h("select", { onchange: (event) => set(name, event.target.value) }, values.map((value) =>
    h("option", { value, selected: choice[name] === value }, t(`${name}.${value}`))));
}

/** A choice about the file alone, which the preview does not show. */
function fileSelect(name, values) {
  const take = ({ target }) => {
    choice[name] = target.value;
    chosen.dispatchEvent(new Event("change"));
  };
  return h("select", { onchange: take },
    values.map((value) => h("option", { value, selected: choice[name] === value },
      t(value ? `${name}.${value}` : `${name}.any`))));
}

let onchange = () => {};

function set(name, value) {
  choice[name] = value;
  chosen.dispatchEvent(new Event("change"));
  onchange();
}

/** The panel; `preview(item)` shows a staged photo, and a change of the choice shows it anew. */
export function strengthPanel(signal) {
  const view = viewer();
  const words = h("p.figures", { role: "status" }, "");
  const strip = h("div.preview", { hidden: true }, view.element, words);
  const value = h("output.value", {}, "");
  const range = h("input", {
    type: "range", min: 1, max: 16, value: choice.strength, list: "strengths",
    oninput: () => set("strength", Number(range.value)),
  });
  const start = button(t("preview.start"), () => preview(first()), "button");
  const shown = h("div.curl-slot");
  let item = null;
  let isRunning = false;
  let isStale = false;

  const first = () => items.find((entry) => entry.kind === "picture");
  const query = () => {
    const wanted = parameters(choice);
    if (item?.label) wanted.set("class", item.label);
    return wanted;
  };

  function label() {
    value.textContent = String(choice.strength);
    range.setAttribute("aria-valuetext", t("strength.value", { n: choice.strength }));
    start.disabled = !first();
  }

  onchange = () => {
    label();
    if (items.includes(item)) preview(item);
  };

  async function preview(next) {
    if (!next) return;
    item = next;
    strip.hidden = false;
    shown.replaceChildren(command(
      curl(`/v1/preview?${query()}`, "--data-binary", quoted(`@${item.file.name}`),
        "-o preview.png"), t("curl.preview"),
    ));
    // One at a time: what changed meanwhile is shown next.
    isStale = true;
    if (isRunning) return;
    isRunning = true;
    try {
      while (isStale && !signal.aborted) {
        isStale = false;
        words.textContent = t("preview.running");
        view.element.setAttribute("aria-busy", "true");
        await pause(0.2, signal);
        if (!isStale) await once();
      }
    } catch (fault) {
      if (fault.name !== "AbortError") words.textContent = fault.message;
    } finally {
      isRunning = false;
      view.element.removeAttribute("aria-busy");
    }
  }

  async function once() {
    const { file } = item;
    const answer = await send(`/v1/preview?${query()}`, {
      method: "POST", body: file, signal, headers: { "Content-Type": "application/octet-stream" },
    });
    const made = figures(answer.headers.get("Palimpsest-Figures"));
    const after = await answer.blob();
    if (isStale) return;
    await view.show(file, after);
    words.textContent = `${file.name}: ${figureWords(made)}`;
  }

  label();
  const element = h(
    "section.panel", { "aria-labelledby": "strength-title" },
    h("h2", { id: "strength-title" }, t("strength.title")),
    h(
      "div.strength", {},
      field(h("span", {}, t("strength.label"), " ", value), range, t("strength.hint")),
      start,
    ),
    h("datalist", { id: "strengths" }, ["1", "4", "8", "12", "16"].map((value) =>
      h("option", { value }))),
    strip,
    h(
      "div.columns.publish", {},
      field(t("format.label"), fileSelect("format", ["png", "jpeg", "webp"]), t("format.hint")),
      field(t("side.label"), fileSelect("side", ["", "2048", "1280"]), t("side.hint")),
    ),
    h(
      "details", {}, h("summary", {}, t("more.title")),
      h(
        "div.columns", {},
        field(t("mask.label"), select("mask", ["auto", "photo", "none"]), t("mask.hint")),
        field(t("mode.label"), select("mode", ["sample-wise", "class-wise"]), t("mode.hint")),
        field(
          t("metadata.label"), select("metadata", ["strip", "copyright", "all"]),
          t("metadata.hint"),
        ),
      ),
      shown,
    ),
  );
  return { element, preview, refresh: label };
}
