// The staged pictures by class, whose names can still be changed.

import { isClass } from "./check.js";
import { button, h } from "./dom.js";
import * as staging from "./staging.js";
import { thumbnail } from "./thumbs.js";
import { bytes, t } from "./words.js";

/** So many pictures of a class are shown before the reader asks for all. */
const SHOWN = 12;

const unfolded = new Set();

function labelInput(chosen, name, spec) {
  const input = h(spec, {
    value: chosen[0].label, "aria-label": name, list: "classes", maxlength: 64, spellcheck: "false",
    autocomplete: "off", placeholder: t("class.placeholder"),
    // What nobody has named yet is no mistake.
    "aria-invalid": chosen[0].label && !isClass(chosen[0].label) ? "true" : null,
    onchange: () => staging.label(chosen, input.value),
  });
  // `value` as an attribute is only the default; what is typed later must not come back.
  input.value = chosen[0].label;
  return input;
}

function row(item, preview) {
  return h(
    "li.staged", {},
    thumbnail(async () => item.file),
    h("span.name", {}, item.file.name, h("small", {}, bytes(item.file.size))),
    item.kind === "picture" && labelInput(
      [item], t("class.of", { name: item.file.name }), "input.label",
    ) || h("small.hint", {}, t("archive.hint")),
    h(
      "span.row-actions", {},
      item.kind === "picture" && button(
        t("preview"), () => preview(item), "small",
        { "aria-label": `${t("preview")}: ${item.file.name}` },
      ) || null,
      button("×", () => staging.remove([item]), "small.quiet", {
        "aria-label": `${t("remove")}: ${item.file.name}`,
      }),
    ),
  );
}

function group(label, items, preview) {
  const all = unfolded.has(label) ? items : items.slice(0, SHOWN);
  return h(
    "section.class", { "aria-label": label || t("class.none") },
    h(
      "div.class-head", {},
      h("label.class-label", {}, t("class.label"),
        labelInput(items, t("class.label"), "input.class-name")),
      h("span.count", {}, t("pictures", { n: items.length })),
      button(t("remove"), () => staging.remove(items), "small.quiet", {
        "aria-label": `${t("remove")}: ${label || t("class.none")}`,
      }),
    ),
    label ? !isClass(label) && h("p.fault", {}, t("class.invalid")) || null
      : h("p.hint", {}, t("class.needed")),
    h("ul.list", {}, all.map((item) => row(item, preview))),
    all.length < items.length && button(t("show.all", { n: items.length }), () => {
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
