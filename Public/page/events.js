// The events of a job: server-sent events where they get through, else asking again and again.

import { json, jobPath, send } from "./api.js";
import { Problem } from "./problem.js";
import { pause } from "./transfer.js";

const ENDED = ["done", "failed", "cancelled"];

export const hasEnded = (job) => ENDED.includes(job.state);

/** Splits a stream of text into events (WHATWG HTML section 9.2.6). */
export async function* parsed(chunks) {
  let text = "";
  for await (const chunk of chunks) {
    text += chunk;
    const blocks = text.split(/\n\n/);
    text = blocks.pop();
    for (const block of blocks) {
      const event = { name: "message", data: "" };
      for (const line of block.split("\n")) {
        const [, name, value] = /^(\w*):? ?(.*)$/s.exec(line) ?? [];
        if (name === "event") event.name = value;
        else if (name === "data") event.data += value;
        else if (name === "id") event.id = value;
      }
      if (event.data) yield event;
    }
  }
}

async function* decoded(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** How long the first event may take, and how long the stream may be silent, in milliseconds. */
const [FIRST, SILENCE] = [10_000, 45_000];

/** Listens until the job ends or the stream breaks; returns the last id and whether it ended. */
async function listen(id, last, { onjob, onimage, signal }) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), FIRST);
  try {
    // EventSource cannot send a key, so the stream is read by hand.
    const answer = await send(jobPath(id, "events"), {
      signal: AbortSignal.any([signal, silence.signal]),
      headers: { Accept: "text/event-stream", ...last && { "Last-Event-ID": last } },
    });
    if (answer.status === 204) return { last, ended: true };
    const chunks = decoded(answer.body, () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE);
    });
    for await (const event of parsed(chunks)) {
      last = event.id ?? last;
      const document = JSON.parse(event.data);
      if (event.name === "image") onimage(document);
      else onjob(document);
      if (event.name === "end") return { last, ended: true };
    }
    return { last, ended: false };
  } catch (fault) {
    if (silence.signal.aborted || fault instanceof TypeError) throw new Problem(0);
    throw fault;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Follows a job until it ends or `signal` says so; returns whether every image had its event.
 *
 * `onjob` gets documents with at least state and counts, `onimage` images that have ended, `onpoll`
 * is told where images may have ended without an event, and `onstate` whether the service answers.
 */
export async function follow(id, { onjob, onimage, onpoll, onstate, signal }) {
  let last;
  let breaks = 0;
  let isWhole = true;
  while (!signal.aborted) {
    try {
      // Where streams do not get through, as behind some proxies, asking does.
      if (breaks < 2) {
        const heard = await listen(id, last, { onimage, signal, onjob: (job) => {
          breaks = 0;
          onstate(true);
          onjob(job);
        } });
        last = heard.last;
        if (heard.ended) return isWhole;
      }
      const job = await json(jobPath(id), { signal });
      onstate(true);
      onjob(job);
      isWhole = false;
      onpoll();
      if (hasEnded(job)) return false;
      await pause(2, signal);
    } catch (fault) {
      if (fault.name === "AbortError" || fault.status && !fault.isPassing) throw fault;
      onstate(false);
      breaks += 1;
      // In time the stream is worth another try.
      if (breaks > 8) breaks = 0;
      await pause(fault.retryAfter ?? 2, signal);
    }
  }
  return false;
}
