// The rows of a job's images, a page at a time, kept up to date by events.

import { blob, formatOf, imagePath, jobPath, json, savedName } from "./api.js";
import { compare } from "./compare.js";
import { button, h, say } from "./dom.js";
import { save } from "./download.js";
import { original, seen } from "./originals.js";
import { figureWords } from "./strength.js";
import { thumbnail } from "./thumbs.js";
import { t } from "./words.js";

const PAGE = 50;

// Faults of the picture or of its class: it would fail in the same way again.
const LASTING = /^(class_|image_(?!interrupted$|quarantined$|encoding_failed$))/;

/** Whether what went wrong with an image may go right when it is tried again. */
export const mayRetry = ({ error }) => !LASTING.test(error?.code ?? "");

/** Makes the list; `retry(image)` tries one again, `fail` shows what went wrong. */
export function imageList(job, { retry, fail, signal }) {
  const rows = new Map();
  const list = h("ul.list", { "aria-label": t("images.title"), "aria-busy": "true" });
  const none = h("p.note", { hidden: true }, t("images.none"));
  const more = button(t("show.more"), () => load(rows.size + PAGE).catch(fail), "button", {
    hidden: true,
  });
  const filter = h("select", { "aria-label": t("filter"), onchange: () => load(PAGE).catch(fail) },
    ["", "done", "failed", "running", "queued", "cancelled", "quarantined"].map((value) =>
      h("option", { value }, t(value ? `image.${value}` : "filter.all"))));

  function row(image) {
    const isDone = image.state === "done";
    const isBad = (image.state === "failed" || image.state === "quarantined") && mayRetry(image);
    const name = image.source ?? image.name;
    const source = !isDone ? original(job.id, image) && (async () => original(job.id, image))
      : job.preview ? () => blob(jobPath(job.id, "images", image.number, "after.jpg"), { signal })
        : () => blob(imagePath(job.id, image), { signal });
    return h(
      "li.image", { "data-state": image.state },
      thumbnail(source),
      h("span.name", {}, name, h("small", {}, image.class ?? t("class.none"))),
      h(
        "span.outcome", {},
        h("span.chip", { "data-state": image.state }, t(`image.${image.state}`)),
        h("small", {}, image.report ? figureWords(image.report) : image.error?.detail ?? ""),
      ),
      h(
        "span.row-actions", {},
        isDone && button(t("compare"), () => compare(job, image), "small", {
          "aria-label": `${t("compare")}: ${name}`,
        }) || null,
        isDone && button(formatOf(image), () => save(
          imagePath(job.id, image), savedName(image),
        ).then(() => say(t("saved")), fail), "small", {
          "aria-label": `${t("download.image", { format: formatOf(image) })}: ${name}`,
        }) || null,
        isBad && button(t("retry"), () => retry(image), "small", {
          "aria-label": `${t("retry")}: ${name}`,
        }) || null,
      ),
    );
  }

  function put(image) {
    const old = rows.get(image.number);
    if (!old) return;
    const focused = old.contains(document.activeElement);
    const made = row(image);
    old.replaceWith(made);
    rows.set(image.number, made);
    if (focused) made.querySelector("button")?.focus();
  }

  async function load(count = Math.max(rows.size, PAGE)) {
    const state = filter.value && `&state=${filter.value}`;
    const images = [];
    let cursor = "";
    while (images.length < count) {
      const limit = Math.min(count - images.length, 500);
      const page = await json(
        `${jobPath(job.id, "images")}?limit=${limit}${state}${cursor && `&cursor=${cursor}`}`,
        { signal },
      );
      images.push(...page.images);
      cursor = page.next_cursor;
      if (!cursor) break;
    }
    if (!state) seen.images.set(job.id, new Map(images.map((image) => [image.number, image])));
    show(images);
    more.hidden = !cursor;
  }

  function show(images) {
    rows.clear();
    for (const image of images) rows.set(image.number, row(image));
    list.replaceChildren(...rows.values());
    list.removeAttribute("aria-busy");
    none.hidden = images.length > 0;
  }

  return {
    element: h(
      "section", { "aria-labelledby": "images-title" },
      h("div.section-head", {}, h("h2", { id: "images-title" }, t("images.title")), filter),
      list, none, more,
    ),
    load,
    /** Shows what was there last. */
    recall: () => show([...seen.images.get(job.id)?.values() ?? []]),
    put(image) {
      const last = seen.images.get(job.id);
      if (last?.has(image.number)) last.set(image.number, image);
      if (!filter.value) put(image);
    },
    /** Fetches anew what events alone cannot keep right: a list of one state. */
    refresh: async () => { if (filter.value) await load(); },
  };
}
