// What is being sent. It goes on while the reader is at another view; views draw its state.

import { json } from "./api.js";
import { say } from "./dom.js";
import { remember } from "./originals.js";
import * as staging from "./staging.js";
import { batches, jobParameters, send } from "./transfer.js";
import { t } from "./words.js";

/** Tells "change" of each step, and "end" with the made jobs once all are on the server. */
export const sending = new EventTarget();

/**
 * What is under way, or null.
 *
 * `count` files with `total` bytes, of which `done` are sent and `left` seconds remain, if anybody
 * knows; after a break `wait` has `until`, in milliseconds of the clock, and `hurry`.
 */
export let current = null;

/** How the last one ended, if the reader is to be told: `{ fault }`, `{ isStopped }`, `{ made }`. */
export let outcome = null;

const changed = () => sending.dispatchEvent(new Event("change"));

const sizeOf = (items) => items.reduce((sum, item) => sum + item.file.size, 0);

function finish(how) {
  current = null;
  outcome = how;
  changed();
}

/** Sends everything that is staged, unless something is under way. */
export async function start(choice) {
  if (current) return;
  const stop = new AbortController();
  const { signal } = stop;
  const items = staging.take();
  const unsent = new Set(items);
  const query = jobParameters(choice);
  const begun = performance.now();
  const made = [];
  const mine = {
    count: items.length, hasArchives: items.some((item) => item.kind === "archive"),
    total: Math.max(sizeOf(items), 1), done: 0, left: null, wait: null, stop: () => stop.abort(),
  };
  let before = 0;

  function progress(bytes) {
    const seconds = (performance.now() - begun) / 1000;
    const done = before + bytes;
    const left = done > 0 && seconds > 1 ? (mine.total - done) * seconds / done : null;
    Object.assign(mine, { done, left, wait: null });
    changed();
  }

  current = mine;
  outcome = null;
  changed();
  try {
    // A key that is refused in the midst of a large transfer may look like a broken line.
    await json("/v1/jobs?limit=1", { signal }).catch((fault) => {
      if (fault.status === 401) throw fault;
    });
    for (const batch of batches(items)) {
      const size = sizeOf(batch);
      const job = await send(batch, query, {
        signal,
        // What a form adds to the files does not count.
        onprogress: (loaded, all) => progress(all ? loaded / all * size : 0),
        onwait(seconds, hurry) {
          mine.wait = { until: Date.now() + seconds * 1000, hurry };
          changed();
        },
      });
      before += size;
      progress(0);
      if (batch[0].kind === "picture") remember(job.id, batch.map((item) => item.file));
      made.push(job);
      for (const item of batch) unsent.delete(item);
    }
    if (current !== mine) return;
    finish(staging.items.length ? { made } : null);
    say(t("may.close"));
    sending.dispatchEvent(new CustomEvent("end", { detail: made }));
  } catch (fault) {
    if (current !== mine) return;
    // Of a key that is refused the sign-in tells.
    finish(fault.name === "AbortError" ? { isStopped: true }
      : fault.status === 401 ? null : { fault });
    staging.giveBack([...unsent]);
  }
}

/** Forgets how the last transfer ended, once the reader has seen it. */
export function dismiss() {
  outcome = null;
}

/** Ends the transfer and forgets its photos, for the next one at this screen. */
export function abandon() {
  current?.stop();
  finish(null);
}
