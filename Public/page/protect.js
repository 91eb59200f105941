// The place where photos are gathered, named and sent.

import { isTyped, stagedList, successor } from "./classes.js";
import { commands, curl, inForm, quoted } from "./curl.js";
import { dropZone } from "./drop.js";
import { button, h } from "./dom.js";
import { sendingPanel } from "./progress.js";
import * as upload from "./sending.js";
import * as staging from "./staging.js";
import { choice, chosen, strengthPanel } from "./strength.js";
import { batches, jobParameters } from "./transfer.js";
import { t } from "./words.js";

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

/** What is missing before anything can be sent; empty where nothing is. */
function missing() {
  if (upload.current) return t("why.sending");
  if (!staging.items.length) return t("why.none");
  const { unnamed, misnamed } = staging.unready();
  if (unnamed.length) return t("why.class", { n: unnamed.length });
  return misnamed.length ? t("why.invalid", { n: misnamed.length }) : "";
}

/** What was chosen, also last time, as it is about to be sent. */
const chosenWords = () => [
  `${t("format.label")}: ${t(`format.${choice.format}`)}`,
  `${t("side.label")}: ${t(`side.${choice.side || "any"}`)}`,
  `${t("strength.label")}: ${choice.strength}`,
].join(" · ");

/** Shows the place; `go` opens another one. */
export function protectPlace(main, { go, signal }) {
  staging.forgetRemoved();
  const panel = strengthPanel(signal);
  const list = h("div.staging", {});
  const submit = button("", () => upload.start(choice), "button.primary.large", {
    id: "send", "aria-describedby": "send-why send-how",
  });
  const why = h("p.why", { id: "send-why" });
  const how = h("p.hint", { id: "send-how" });
  const aside = h(
    "aside.limits", { "aria-labelledby": "limits-title" },
    h("h2", { id: "limits-title" }, t("limits.title")),
    h("ol", {}, t("limits").map((sentence) => h("li", {}, sentence))),
    h("p.hint", {}, t("limits.more")),
  );
  const tools = h("div.tools", { hidden: true });
  const finish = h(
    "section.finish", { "aria-label": t("send.title") },
    h("div.go", {}, submit, why, how, h("p.hint", {}, t("privacy")), sendingPanel(signal)), aside,
  );
  tools.append(panel.element);

  function showList() {
    const { activeElement: active } = document;
    const key = list.contains(active) && active.dataset.key;
    const { value, selectionStart, selectionEnd } = active;
    list.replaceChildren(...stagedList((item) => {
      panel.preview(item);
      panel.element.scrollIntoView({ block: "nearest" });
    }));
    const next = key && successor(list, key);
    if (!next) return;
    next.focus();
    // Who goes on typing does so where the caret was, or over what was selected; a class that has
    // come into the field meanwhile is replaced.
    if (next.value === value) next.setSelectionRange?.(selectionStart, selectionEnd);
    else next.select?.();
  }

  // The list is drawn anew once Tab or a click has reached its control, which may be in the list.
  let isDue = false;
  let isPressed = false;
  const drawDue = () => setTimeout(() => {
    const { activeElement: active } = document;
    if (isDue && isTyped(active)) {
      active.addEventListener("blur", drawDue, { once: true });
    } else if (isDue) {
      isDue = false;
      showList();
    }
  });
  function showListSoon() {
    if (isDue) return;
    isDue = true;
    // Not every press tells of its end: one that opens a menu does not.
    if (isPressed) setTimeout(drawDue, 1000);
    else drawDue();
  }
  for (const name of ["pointerdown", "pointerup", "pointercancel"]) {
    document.addEventListener(name, () => {
      isPressed = name === "pointerdown";
      if (!isPressed && isDue) drawDue();
    }, { capture: true, signal });
  }

  function show() {
    const { items } = staging;
    const count = items.length;
    tools.hidden = count === 0;
    why.textContent = missing();
    submit.disabled = why.textContent !== "";
    submit.textContent = count === 0 ? t("send.none")
      : items.every((item) => item.kind === "archive") ? t("send.archives", { n: count })
        : t("send", { n: count });
    how.textContent = count ? chosenWords() : "";
    panel.refresh();
  }

  staging.staged.addEventListener("change", () => {
    show();
    showListSoon();
  }, { signal });
  upload.sending.addEventListener("change", show, { signal });
  upload.sending.addEventListener("end", ({ detail: made }) => {
    // Who has gathered more photos meanwhile stays with them.
    if (!staging.items.length) go(made.length === 1 ? `#/jobs/${made[0].id}` : "#/jobs");
  }, { signal });
  chosen.addEventListener("change", show, { signal });
  main.replaceChildren(
    h("h1", { tabindex: "-1" }, t("protect.title")), h("p.lead", {}, t("protect.lead")),
    dropZone(signal), list, tools, finish, commands(sendCommand),
  );
  show();
  showList();
}
