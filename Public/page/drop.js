// The drop zone: a button that also takes drops, pastes and folders.

import { fromDrop, fromFiles } from "./collect.js";
import { button, h, say } from "./dom.js";
import { add } from "./staging.js";
import { t } from "./words.js";

const TYPES = ".jpg,.jpeg,.png,.webp,.heic,.heif,.avif,.zip,image/*,application/zip";

function picker(attributes, take) {
  const input = h("input", {
    type: "file", multiple: true, hidden: true, tabindex: -1, ...attributes,
  });
  input.addEventListener("change", () => {
    take(fromFiles(input.files));
    input.value = "";
  });
  return input;
}

/** Makes the zone; `signal` ends its listening to drops and pastes anywhere on the page. */
export function dropZone(signal) {
  async function take(found) {
    zone.setAttribute("aria-busy", "true");
    const count = await add(await found);
    zone.removeAttribute("aria-busy");
    say(t("added", { n: count }));
  }
  const files = picker({ accept: TYPES, "data-files": "" }, take);
  const folder = picker({ webkitdirectory: true, "data-folder": "" }, take);
  const zone = button(
    [h("strong", {}, t("drop.title")), h("span", {}, t("drop.hint"))],
    () => files.click(), "drop",
  );
  const within = { signal };
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  }, within);
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  }, within);
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take(fromDrop(event.dataTransfer));
  }, within);
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) take(fromFiles(event.clipboardData.files));
  }, within);
  return h(
    "div.gather", {}, zone, files, folder,
    h("p.hint", {}, t("drop.or"), " ", button(t("drop.folder"), () => folder.click(), "link"),
      ". ", t("drop.formats")),
  );
}
