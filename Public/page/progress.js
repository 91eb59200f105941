// How far the photos are that are being sent, and how that ended.

import { bar, button, h } from "./dom.js";
import * as upload from "./sending.js";
import { bytes, duration, t } from "./words.js";

/** How much is sent, and how long the rest takes. */
export const sentWords = ({ done, total, left }) => [
  t("sent.words", { done: bytes(done), total: bytes(total) }),
  left !== null && done < total && t("left", { time: duration(left) }),
].filter(Boolean).join(" · ");

/** How many files are under way. */
export const sentCount = ({ count, hasArchives }) =>
  t(hasArchives ? "files" : "pictures", { n: count });

function refusal(fault) {
  return h(
    "div.fault", { role: "alert" }, h("p", {}, fault.message),
    fault.faults?.length > 0 && h("ul", {}, fault.faults.map(({ source, detail }) =>
      h("li", {}, source && h("b", {}, source), source && " – ", detail))) || null,
  );
}

function ending({ fault, isStopped, made }) {
  if (fault) return refusal(fault);
  if (isStopped) return h("p.note", {}, t("stopped"));
  const href = made.length === 1 ? `#/jobs/${made[0].id}` : "#/jobs";
  return h("p.note", {}, h("a", { href }, t("sent.all")));
}

/** When the photos go out again; only the beginning is told to a screen reader, not each second. */
function waiting(timer) {
  const [before, after] = t("broken", { time: "\n" }).split("\n");
  return [before, timer, after];
}

/** The bars with their words, and Stop; `signal` ends the drawing. */
export function sendingPanel(signal) {
  const element = h("div.sending", {});
  let drawn = null;
  let parts = {};

  function build(state) {
    drawn = state;
    const sent = bar(t("bar.sent"));
    const made = bar(t("bar.protected"));
    made.set(0, t("protected.later"));
    parts = {
      sent, wait: undefined, note: h("p.note", { role: "status" }), hurry: h("span", {}),
      timer: h("span", { role: "timer" }),
    };
    element.replaceChildren(
      sent.element, made.element, parts.note,
      h("div.actions", {}, button(t("stop"), state.stop), parts.hurry),
    );
  }

  function draw() {
    const state = upload.current;
    if (!state) {
      drawn = null;
      element.replaceChildren(...upload.outcome ? [ending(upload.outcome)] : []);
      return;
    }
    if (state !== drawn) build(state);
    parts.sent.set(state.done / state.total, sentWords(state));
    const { wait } = state;
    if (wait) parts.timer.textContent = duration((wait.until - Date.now()) / 1000);
    if (wait === parts.wait) return;
    parts.wait = wait;
    parts.note.replaceChildren(...wait ? waiting(parts.timer) : [t("keep.open")]);
    parts.hurry.replaceChildren(...wait ? [button(t("try.now"), wait.hurry)] : []);
  }

  upload.sending.addEventListener("change", draw, { signal });
  const clock = setInterval(() => { if (upload.current?.wait) draw(); }, 1000);
  signal.addEventListener("abort", () => {
    clearInterval(clock);
    upload.dismiss();
  }, { once: true });
  draw();
  return element;
}
