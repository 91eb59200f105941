// Before and after in one frame: a divider, one zoom for both, and the difference.

import { button, h } from "./dom.js";
import { decode, difference } from "./pixels.js";
import { number, t } from "./words.js";

const STEPS = [0.25, 0.5, 1, 2, 4];

/** Makes a viewer; `show(before, after, { small })` gives it two blobs, of which one may lack. */
export function viewer() {
  const canvas = h("canvas", { role: "img", "aria-label": t("viewer.none") });
  const note = h("p.viewer-note", { role: "status" });
  // Which side is which; a side that is nearly gone loses its word.
  const tags = ["before", "after"].map((name) =>
    h(`span.tag.${name}`, { "aria-hidden": "true", hidden: true }, t(`viewer.${name}`)));
  const stage = h(
    "div.stage", { tabindex: "0", "aria-label": t("viewer.stage") }, canvas, tags, note,
  );
  const divider = h("input.divider", {
    type: "range", min: 0, max: 100, value: 50, "aria-label": t("viewer.divider"), oninput: draw,
  });
  const zoomText = h("output", {}, "");
  const mode = h(
    "div.switch", { role: "group", "aria-label": t("viewer.mode") },
    ...["compare", "difference"].map((name) => button(
      t(`viewer.${name}`), () => choose(name), "button", { "data-mode": name },
    )),
  );
  const element = h(
    "div.viewer", {},
    h(
      "div.viewer-bar", {}, mode,
      h(
        "div.zoom", { role: "group", "aria-label": t("viewer.zoom") },
        button("−", () => step(-1), "small", { "aria-label": t("viewer.out") }),
        zoomText,
        button("+", () => step(1), "small", { "aria-label": t("viewer.in") }),
        button(t("viewer.fit"), () => zoom(null), "small"),
        button("100 %", () => zoom(1), "small"),
      ),
    ),
    stage,
    h(
      // Each end shows the picture that it names: left all is protected, right all original.
      "div.divider-row", {}, h("span", { "aria-hidden": "true" }, t("viewer.after")), divider,
      h("span", { "aria-hidden": "true" }, t("viewer.before")),
    ),
  );
  let [before, after, changes] = [null, null, null];
  let blobs = [null, null];
  let shown = "compare";
  // A scale of null fits the picture into the frame; else it is screen pixels per picture pixel.
  let [scale, x, y] = [null, 0, 0];
  let turn = 0;

  const picture = () => after ?? before;
  const ratio = () => window.devicePixelRatio || 1;
  const fitting = () => Math.min(canvas.width / picture().width, canvas.height / picture().height);
  const current = () => scale ?? fitting();

  function draw() {
    const box = stage.getBoundingClientRect();
    const [width, height] = [box.width, box.height].map((side) => Math.round(side * ratio()));
    // Setting a size, even the same, makes the canvas empty.
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
    }
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    if (!picture()) return;
    const size = current();
    const [w, k] = [picture().width * size, picture().height * size];
    x = w <= width ? (width - w) / 2 : Math.min(0, Math.max(width - w, x));
    y = k <= height ? (height - k) / 2 : Math.min(0, Math.max(height - k, y));
    // From 100 % on each pixel is shown as it is, never smoothed.
    context.imageSmoothingEnabled = size < 1;
    context.imageSmoothingQuality = "high";
    const paint = (image) => context.drawImage(image, x, y, w, k);
    const isCompared = shown === "compare" && before && after;
    if (shown === "difference" && changes) {
      paint(changes);
    } else {
      paint(picture());
      if (isCompared) split(context, paint, Math.max(x, 0), Math.min(w, width), height);
    }
    divider.disabled = !isCompared;
    tags[0].hidden = !isCompared || divider.value < 25;
    tags[1].hidden = !isCompared || divider.value > 75;
    divider.setAttribute("aria-valuetext", t("viewer.share", { n: Number(divider.value) }));
    zoomText.textContent = `${number(size * 100)} %`;
    for (const entry of mode.children) {
      entry.setAttribute("aria-pressed", String(entry.dataset.mode === shown));
      entry.disabled = entry.dataset.mode === "difference" && !blobs.every(Boolean);
    }
  }

  function split(context, paint, left, width, height) {
    const line = left + width * divider.value / 100;
    context.save();
    context.beginPath();
    context.rect(0, 0, line, height);
    context.clip();
    paint(before);
    context.restore();
    context.fillStyle = "#fff";
    context.fillRect(line - ratio(), 0, 2 * ratio(), height);
    context.fillStyle = "#0008";
    context.fillRect(line + ratio(), 0, ratio(), height);
  }

  /** Zooms so that the middle of the frame, or a point of it, stays where it is. */
  function zoom(next, [px, py] = [canvas.width / 2, canvas.height / 2]) {
    if (!picture()) return;
    const old = current();
    const factor = (next ?? fitting()) / old;
    [x, y] = [px - (px - x) * factor, py - (py - y) * factor];
    scale = next;
    draw();
  }

  function step(direction, point) {
    if (!picture()) return;
    const size = current();
    const next = direction > 0 ? STEPS.find((value) => value > size * 1.01)
      : STEPS.findLast((value) => value < size * 0.99);
    if (next) zoom(direction < 0 && next < fitting() ? null : next, point);
  }

  async function choose(name) {
    shown = name;
    if (name === "difference" && !changes) {
      const mine = turn;
      note.textContent = t("viewer.computing");
      const made = await difference(...blobs).catch(() => null);
      if (mine !== turn) return;
      changes = made;
      note.textContent = made ? "" : t("viewer.unshown");
    }
    describe();
    draw();
  }

  function describe() {
    canvas.setAttribute("aria-label", !picture() ? t("viewer.none")
      : shown === "difference" ? t("viewer.difference.alt")
        : before && after ? t("viewer.alt") : t("viewer.after"));
  }

  stage.addEventListener("keydown", (event) => {
    const far = 40 * ratio();
    const moves = {
      ArrowLeft: [far, 0], ArrowRight: [-far, 0], ArrowUp: [0, far], ArrowDown: [0, -far],
    };
    if (moves[event.key]) [x, y] = [x + moves[event.key][0], y + moves[event.key][1]];
    else if (event.key === "+" || event.key === "=") return step(1);
    else if (event.key === "-") return step(-1);
    else if (event.key === "0") return zoom(null);
    else if (event.key === "1") return zoom(1);
    else return;
    event.preventDefault();
    draw();
  });
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    step(-event.deltaY, [event.offsetX * ratio(), event.offsetY * ratio()]);
  }, { passive: false });
  let drag = null;
  stage.addEventListener("pointerdown", (event) => {
    if (!picture()) return;
    stage.setPointerCapture(event.pointerId);
    drag = { moves: picture().width * current() > canvas.width + 1 && scale !== null };
    if (!drag.moves) follow(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!drag) return;
    if (!drag.moves) return follow(event);
    [x, y] = [x + event.movementX * ratio(), y + event.movementY * ratio()];
    draw();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    stage.addEventListener(name, () => { drag = null; });
  }

  function follow(event) {
    if (shown !== "compare") return;
    const width = Math.min(picture().width * current(), canvas.width);
    const point = (event.offsetX * ratio() - Math.max(x, 0)) / width;
    divider.value = Math.round(Math.min(Math.max(point, 0), 1) * 100);
    draw();
  }

  new ResizeObserver(draw).observe(stage);

  return {
    element,
    /** Shows two pictures; `small` ones are previews, which are too coarse for a difference. */
    async show(one, two, { small = false } = {}) {
      const mine = ++turn;
      const [first, second] = await Promise.all(
        [one, two].map((blob) => blob && decode(blob).catch(() => null)),
      );
      if (mine !== turn) return;
      const isSameSize = first?.width === second?.width && first?.height === second?.height;
      // A picture that was made smaller for the web lies over its original in the same frame.
      const isSameShape = first && second && Math.abs(
        first.width * second.height - first.height * second.width,
      ) <= Math.max(first.width, first.height);
      const isOther = picture()?.width !== (second ?? first)?.width;
      [before, after, changes] = [isSameShape || !second ? first : null, second, null];
      blobs = before && after && isSameSize && !small ? [one, two] : [null, null];
      if (shown === "difference" && !blobs[0]) shown = "compare";
      if (isOther) scale = null;
      note.textContent = !picture() ? t("viewer.unshown") : !before ? t("viewer.nobefore") : "";
      describe();
      draw();
      if (shown === "difference") await choose("difference");
    },
    say(text) { note.textContent = text; },
  };
}
