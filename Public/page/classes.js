// The staged pictures by class, whose names can still be changed.

import { isClass } from "./check.js";
import { button, h } from "./dom.js";
import * as staging from "./staging.js";
import { thumbnail } from "./thumbs.js";
import { bytes, t } from "./words.js";

/** So many pictures of a class are shown before the reader asks for all. */
const SHOWN = 12;

const unfolded = new Set();

/** What is left of a removed row or class is as high as that was, so that nothing slides. */
const heights = new WeakMap();

function labelInput(chosen, name, key, spec) {
  const input = h(spec, {
    value: chosen[0].label, "aria-label": name, list: "classes", maxlength: 64, spellcheck: "false",
    autocomplete: "off", placeholder: t("class.placeholder"), "data-key": key,
    disabled: chosen.every((item) => item.removed),
    // What nobody has named yet is no mistake.
    "aria-invalid": chosen[0].label && !isClass(chosen[0].label) ? "true" : null,
    onchange() {
      input.defaultValue = input.value;
      staging.label(chosen, input.value);
    },
  });
  // `value` as an attribute is only the default; what is typed later must not come back.
  input.value = chosen[0].label;
  return input;
}

/** A button that removes, and one that brings back; both are of the first item. */
function removal(label, items, by, name) {
  return button(label, ({ currentTarget }) => {
    heights.set(items[0], currentTarget.closest("li, .class-head").offsetHeight);
    staging.remove(items, by);
  }, "small.quiet", {
    "aria-label": `${t("remove")}: ${name}`, "data-key": `${items[0].id}-${by}-remove`,
  });
}

function undo(items, by, name) {
  const removed = items.filter((item) => item.removed === by);
  return button(t("undo"), () => staging.restore(removed), "small", {
    "aria-label": `${t("undo")}: ${name}`, "data-key": `${items[0].id}-${by}-undo`,
  });
}

function remnant(item, ...spec) {
  const element = h(...spec);
  element.style.minHeight = `${heights.get(item) ?? 0}px`;
  return element;
}

function row(item, preview) {
  const { name, size } = item.file;
  if (item.removed) {
    return remnant(
      item, "li.staged.removed", {}, h("span"),
      h("span.name", {}, t("removed", { what: name })), undo([item], "row", name),
    );
  }
  return h(
    "li.staged", {},
    thumbnail(async () => item.file),
    h("span.name", {}, name, h("small", {}, bytes(size))),
    item.kind === "picture" && labelInput(
      [item], t("class.of", { name }), `${item.id}-row-class`, "input.label",
    ) || h("small.hint", {}, t("archive.hint")),
    h(
      "span.row-actions", {},
      item.kind === "picture" && button(t("preview"), () => preview(item), "small", {
        "aria-label": `${t("preview")}: ${name}`, "data-key": `${item.id}-row-preview`,
      }) || null,
      removal("×", [item], "row", name),
    ),
  );
}

function group(label, items, preview) {
  const name = label || t("class.none");
  const there = items.filter((item) => !item.removed);
  const gone = items.filter((item) => item.removed === "class");
  if (!there.length && gone.length) {
    const what = `${name} (${t("pictures", { n: gone.length })})`;
    return h("section.class", { "aria-label": name }, remnant(
      items[0], "div.removed", {}, h("span", {}, t("removed", { what })),
      undo(items, "class", name),
    ));
  }
  const shown = unfolded.has(label) ? items : items.slice(0, SHOWN);
  return h(
    "section.class", { "aria-label": name },
    h(
      "div.class-head", {},
      h("label.class-label", {}, t("class.label"),
        labelInput(items, t("class.label"), `${items[0].id}-class-class`, "input.class-name")),
      h("span.count", {}, t("pictures", { n: there.length })),
      there.length > 0 && removal(t("remove"), items, "class", name) || null,
    ),
    label ? !isClass(label) && h("p.fault", {}, t("class.invalid")) || null
      : h("p.hint", {}, t("class.needed")),
    h("ul.list", {}, shown.map((item) => row(item, preview))),
    shown.length < items.length && button(t("show.all", { n: items.length }), () => {
      unfolded.add(label);
      staging.staged.dispatchEvent(new Event("change"));
    }, "link") || null,
  );
}

/** Everything that is staged, and what was refused with the reason. */
export function stagedList(preview) {
  const labels = [...staging.groups().keys()].filter(Boolean);
  const archives = staging.archives();
  return [
    staging.refusals.length > 0 && h(
      "section.refused", { "aria-labelledby": "refused-title" },
      h("h2", { id: "refused-title" }, t("refused.title", { n: staging.refusals.length })),
      h("ul", {}, staging.refusals.slice(0, 50).map(({ name, reason }) =>
        h("li", {}, h("b", {}, name), ` – ${t(reason)}`))),
      staging.refusals.length > 50 && h("p", {}, t("refused.more", {
        n: staging.refusals.length - 50,
      })) || null,
    ) || null,
    h("datalist", { id: "classes" }, labels.map((value) => h("option", { value }))),
    ...[...staging.groups()].map(([label, items]) => group(label, items, preview)),
    archives.length > 0 && h(
      "section.class", { "aria-label": t("archives") },
      h("ul.list", {}, archives.map((item) => row(item, preview))),
    ) || null,
  ].filter(Boolean);
}

/** Whether the reader has typed a class and not left the field yet. */
export const isTyped = (element) =>
  element.matches("input[data-key]") && element.value !== element.defaultValue;

/** The control of a list drawn anew that follows from one of the list before, by its key. */
export function successor(list, key) {
  const [, id, by, what] = /^(\d+)-(row|class)-(\w+)$/.exec(key) ?? [];
  const find = (wanted) => list.querySelector(`[data-key="${wanted}"]:not(:disabled)`);
  // A class that was given the name of another one has joined it.
  const first = [...staging.groups().values()]
    .find((items) => items.some((item) => item.id === Number(id)))?.[0].id;
  return find(key) ?? find(`${id}-${by}-${{ remove: "undo", undo: "remove" }[what]}`)
    ?? (by === "class" ? find(`${first}-class-${what}`) : null);
}
