// The place where photos are gathered, named and sent.

import { json } from "./api.js";
import { stagedList } from "./classes.js";
import { commands, curl, inForm, quoted } from "./curl.js";
import { dropZone } from "./drop.js";
import { bar, button, h, say } from "./dom.js";
import { remember } from "./originals.js";
import * as staging from "./staging.js";
import { choice, strengthPanel } from "./strength.js";
import { batches, jobParameters, send } from "./transfer.js";
import { bytes, duration, t } from "./words.js";

/** The command that sends what is staged; a long list is cut, since nobody pastes it. */
function sendCommand() {
  const path = `/v1/jobs?${jobParameters(choice)}`;
  return batches(staging.items).slice(0, 3).map((batch) => {
    const [first] = batch;
    if (first.kind === "archive") {
      return [t("curl.send"), curl(path, "-H 'Content-Type: application/zip'", "--data-binary",
        quoted(`@${first.file.name}`))];
    }
    const parts = [];
    let label;
    for (const item of batch.slice(0, 20)) {
      if (item.label !== label) parts.push("--form-string", quoted(`class=${label = item.label}`));
      parts.push("-F", quoted(`file=@${inForm(item.file.name)}`));
    }
    const rest = batch.length > 20 ? ` # … ${t("pictures", { n: batch.length - 20 })}` : "";
    return [t("curl.send"), curl(path, ...parts) + rest];
  });
}

/** Follows the transfer of all batches in words and a bar. */
function meter(sent, total) {
  const start = performance.now();
  let before = 0;
  return {
    next(size) { before += size; },
    show(loaded, all, size) {
      // What a form adds to the files does not count.
      const done = before + (all ? loaded / all * size : 0);
      const seconds = (performance.now() - start) / 1000;
      const left = done > 0 && seconds > 1 ? (total - done) * seconds / done : null;
      sent.set(done / total, [
        t("sent.words", { done: bytes(done), total: bytes(total) }),
        left !== null && done < total && t("left", { time: duration(left) }),
      ].filter(Boolean).join(" · "));
    },
  };
}

const sizeOf = (batch) => batch.reduce((sum, item) => sum + item.file.size, 0);

/** Shows the place; `go` opens another one. */
export function protectPlace(main, { go, signal }) {
  const panel = strengthPanel(signal);
  const list = h("div.staging", {});
  const submit = button("", () => transfer(), "button.primary.large", { id: "send" });
  const below = h("div.sending", {});
  const aside = h(
    "aside.limits", { "aria-labelledby": "limits-title" },
    h("h2", { id: "limits-title" }, t("limits.title")),
    h("ol", {}, t("limits").map((sentence) => h("li", {}, sentence))),
    h("p.hint", {}, t("limits.more")),
  );
  const tools = h("div.tools", { hidden: true });
  const finish = h(
    "section.finish", { "aria-label": t("send.title") },
    h("div.go", {}, submit, h("p.hint", {}, t("privacy")), below), aside,
  );
  tools.append(panel.element);

  function show() {
    const focused = document.activeElement?.getAttribute("aria-label");
    list.replaceChildren(...stagedList((item) => {
      panel.preview(item);
      panel.element.scrollIntoView({ block: "nearest" });
    }));
    if (focused && !document.activeElement?.matches("input, button")) {
      [...list.querySelectorAll("[aria-label]")]
        .find((element) => element.getAttribute("aria-label") === focused)?.focus();
    }
    const count = staging.items.length;
    tools.hidden = count === 0;
    submit.disabled = !staging.isReady();
    submit.textContent = count === 0 ? t("send.none")
      : staging.archives().length === count ? t("send.archives", { n: count })
        : t("send", { n: count });
    panel.refresh();
  }

  async function transfer() {
    const items = [...staging.items];
    const all = batches(items);
    const stop = new AbortController();
    const sent = bar(t("bar.sent"));
    const protectedBar = bar(t("bar.protected"));
    const note = h("p.note", { role: "status" }, t("keep.open"));
    const hurry = h("span", {});
    const guard = (event) => event.preventDefault();
    window.addEventListener("beforeunload", guard);
    protectedBar.set(0, t("protected.later"));
    below.replaceChildren(
      sent.element, protectedBar.element, note,
      h("div.actions", {}, button(t("stop"), () => stop.abort()), hurry),
    );
    submit.disabled = true;
    const made = [];
    const query = jobParameters(choice);
    const progress = meter(sent, Math.max(sizeOf(items), 1));
    try {
      // A key that is refused in the midst of a large transfer may look like a broken line.
      await json("/v1/jobs?limit=1", { signal: stop.signal }).catch((fault) => {
        if (fault.status === 401) throw fault;
      });
      for (const batch of all) {
        const size = sizeOf(batch);
        progress.show(0, 1, size);
        const job = await send(batch, query, {
          signal: stop.signal,
          onprogress(loaded, total) {
            note.textContent = t("keep.open");
            hurry.replaceChildren();
            progress.show(loaded, total, size);
          },
          onwait(seconds, now) {
            note.textContent = t("broken", { time: duration(seconds) });
            hurry.replaceChildren(button(t("try.now"), now));
          },
        });
        progress.next(size);
        if (batch[0].kind === "picture") remember(job.id, batch.map((item) => item.file));
        made.push(job);
        staging.remove(batch);
      }
      say(t("may.close"));
      go(made.length === 1 ? `#/jobs/${made[0].id}` : "#/jobs");
    } catch (fault) {
      if (fault.name === "AbortError") below.replaceChildren(h("p.note", {}, t("stopped")));
      else below.replaceChildren(refusal(fault));
      show();
    } finally {
      window.removeEventListener("beforeunload", guard);
    }
  }

  function refusal(fault) {
    return h(
      "div.fault", { role: "alert" }, h("p", {}, fault.message),
      fault.faults?.length > 0 && h("ul", {}, fault.faults.map(({ source, detail }) =>
        h("li", {}, source && h("b", {}, source), source && " – ", detail))) || null,
    );
  }

  staging.staged.addEventListener("change", show, { signal });
  main.replaceChildren(
    h("h1", { tabindex: "-1" }, t("protect.title")), h("p.lead", {}, t("protect.lead")),
    dropZone(signal), list, tools, finish, commands(sendCommand),
  );
  show();
}
