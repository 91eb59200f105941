// One image large: before and after, its figures, and how anybody checks them.

import { blob, formatOf, imagePath, jobPath, json, savedName } from "./api.js";
import { command, commands, curl, quoted } from "./curl.js";
import { button, h, say } from "./dom.js";
import { save } from "./download.js";
import { isOriginal, keep, original } from "./originals.js";
import { figureWords, levels } from "./strength.js";
import { viewer } from "./viewer.js";
import { number, t } from "./words.js";

/** The command that repeats the verification, from the folder of the unpacked archive. */
export const verifyCommand = (image) => [
  `curl -o key.pem ${location.origin}/v1/signing-key`,
  ["palimpsest verify", quoted(image.source ?? image.name), quoted(`protected/${image.file}`),
    "--manifest protected/manifest.json --key key.pem"].join(" "),
].join("\n");

/** What the report says, as sentences. */
function verification(report, image) {
  const format = formatOf(image);
  const within = report.png ? t("verify.lossy", { n: levels(report.linf), format })
    : report.bound === undefined || report.bound === null
    ? t("verify.free", { n: levels(report.linf) })
    : t("verify.bound", { n: levels(report.linf), bound: levels(report.bound) });
  const quality = Number.isFinite(report.psnr)
    ? t("verify.quality", { psnr: number(report.psnr, 1), ssim: number(report.ssim, 3) }) : "";
  return h(
    "section", { "aria-labelledby": "verify-title" },
    h("h3", { id: "verify-title" }, t("verify.title")),
    h("p", {}, [within, quality, t("verify.how")].filter(Boolean).join(" ")),
    command(verifyCommand(image), t("verify.command")),
  );
}

/** Opens the image in a dialog. */
export async function compare(job, image) {
  const view = viewer();
  const download = t("download.image", { format: formatOf(image) });
  const facts = h("div.facts", {});
  const path = (...rest) => jobPath(job.id, "images", image.number, ...rest);
  const input = h("input", { type: "file", hidden: true, accept: "image/*,.heic,.avif" });
  const ask = h("p.hint", { hidden: true }, t("original.gone"), " ",
    button(t("original.choose"), () => input.click(), "link"));
  const trouble = h("p.fault", { role: "alert", hidden: true });
  const dialog = h(
    "dialog.compare", { "aria-labelledby": "compare-title", onclose: () => dialog.remove() },
    h(
      "div.dialog-head", {},
      h("h2", { id: "compare-title", tabindex: "-1" }, image.file ?? image.name),
      button("×", () => dialog.close(), "small.quiet", { "aria-label": t("close") }),
    ),
    view.element, ask, input, trouble, facts,
  );
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("h2").focus();

  const fail = (fault) => {
    trouble.textContent = fault.message;
    trouble.hidden = false;
  };

  let delivered;
  async function show() {
    const file = original(job.id, image);
    ask.hidden = Boolean(file);
    view.say(t("loading"));
    if (file) {
      delivered ??= await blob(imagePath(job.id, image));
      await view.show(file, delivered);
    } else if (job.preview) {
      const [one, two] = await Promise.all(
        [path("before.jpg"), path("after.jpg")].map((part) => blob(part)),
      );
      await view.show(one, two, { small: true });
    } else {
      delivered ??= await blob(imagePath(job.id, image));
      await view.show(null, delivered);
    }
  }

  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    trouble.hidden = true;
    if (!await isOriginal(file, report)) return fail(new Error(t("original.wrong")));
    keep(job.id, image, file);
    show().catch(fail);
  });

  let report;
  try {
    report = await json(path("report"));
    facts.append(
      h("p.figures", {}, figureWords(report)),
      h("div.actions", {}, button(download, () => {
        save(imagePath(job.id, image), savedName(image)).then(() => say(t("saved")), fail);
      }, "button.primary")),
      verification(report, image),
      commands(() => [
        [download, curl(imagePath(job.id, image), "-o", quoted(savedName(image)))],
        [t("curl.report"), curl(path("report"))],
      ]),
    );
    await show();
  } catch (fault) {
    fail(fault);
  }
}
