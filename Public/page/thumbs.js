// Small pictures that are made when they come into sight, a few at a time.

import { h } from "./dom.js";

const MOST_AT_ONCE = 3;
const SIDE = 112;
const waiting = [];
let busy = 0;
const loads = new WeakMap();

const observer = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    waiting.push(target);
  }
  pump();
}, { rootMargin: "200px" });

async function pump() {
  while (busy < MOST_AT_ONCE && waiting.length) {
    const frame = waiting.shift();
    // What has left the page meanwhile costs nothing.
    if (!frame.isConnected) continue;
    busy += 1;
    draw(frame).finally(() => {
      busy -= 1;
      pump();
    });
  }
}

async function draw(frame) {
  try {
    const source = await loads.get(frame)();
    const picture = await createImageBitmap(source);
    const scale = SIDE / Math.min(picture.width, picture.height);
    const canvas = h("canvas", { width: SIDE, height: SIDE });
    const [width, height] = [picture.width * scale, picture.height * scale];
    canvas.getContext("2d").drawImage(
      picture, (SIDE - width) / 2, (SIDE - height) / 2, width, height,
    );
    picture.close();
    frame.replaceChildren(canvas);
  } catch {
    // No browser shows every format; the frame stays empty.
  }
}

/** A frame that shows a picture once it is seen; `load` gives a blob. */
export function thumbnail(load) {
  const frame = h("span.thumb", { "aria-hidden": "true" });
  if (load) {
    loads.set(frame, load);
    observer.observe(frame);
  }
  return frame;
}
