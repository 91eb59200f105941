// Sending the staged files: in jobs of a size that fits, with progress, and again after a break.

import { authorization, refuseKey } from "./api.js";
import { Problem } from "./problem.js";

const MOST_PICTURES = 1000;
const MOST_BYTES = 512 << 20;
const MOST_TRIES = 12;

/** Splits items into jobs: each archive is one, pictures go together. */
export function batches(items) {
  const found = items.filter((item) => item.kind === "archive").map((item) => [item]);
  let batch = [];
  let size = 0;
  for (const item of items.filter((item) => item.kind === "picture")) {
    if (batch.length && (batch.length === MOST_PICTURES || size + item.file.size > MOST_BYTES)) {
      found.push(batch);
      [batch, size] = [[], 0];
    }
    batch.push(item);
    size += item.file.size;
  }
  if (batch.length) found.push(batch);
  return found;
}

/** The parameters of a job that differ from the service's defaults. */
export function parameters({ strength, mask, mode, metadata }) {
  const query = new URLSearchParams();
  if (strength !== 8) query.set("strength", strength);
  if (mask !== "auto") query.set("mask", mask);
  if (mode !== "sample-wise") query.set("mode", mode);
  if (metadata && metadata !== "strip") query.set("metadata", metadata);
  return query;
}

/** The parameters of a job that is sent: also how its pictures are published, with previews. */
export function jobParameters(choice) {
  const query = parameters(choice);
  if (choice.format !== "png") query.set("format", choice.format);
  if (choice.side) query.set("max_side", choice.side);
  query.set("preview", "true");
  return query;
}

function form(batch) {
  const data = new FormData();
  let label;
  for (const item of batch) {
    if (item.label !== label) data.append("class", label = item.label);
    data.append("file", item.file, item.file.name);
  }
  return data;
}

// Only XMLHttpRequest tells how far a transfer has come.
function attempt(batch, query, mark, { onprogress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const [first] = batch;
    request.open("POST", `/v1/jobs?${query}`);
    for (const [name, value] of Object.entries(authorization())) {
      request.setRequestHeader(name, value);
    }
    request.setRequestHeader("Idempotency-Key", mark);
    if (first.kind === "archive") request.setRequestHeader("Content-Type", "application/zip");
    request.responseType = "json";
    request.upload.onprogress = (event) => onprogress(event.loaded, event.total);
    request.onload = () => {
      if (request.status < 300 && request.response) return resolve(request.response);
      const wait = Number(request.getResponseHeader("Retry-After"));
      reject(new Problem(request.status, request.response ?? {}, wait || null));
    };
    request.onerror = () => reject(new Problem(0));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    if (signal.aborted) return request.onabort();
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(first.kind === "archive" ? first.file : form(batch));
  });
}

/** Waits; `signal` ends it, and so does a call of `hurry`. */
export function pause(seconds, signal, onwait) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    const hurry = () => {
      clearTimeout(timer);
      resolve();
    };
    onwait?.(seconds, hurry);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("", "AbortError"));
    }, { once: true });
  });
}

/**
 * Sends one job and returns its document.
 *
 * After a break the same request goes out again under the same Idempotency-Key, so that photos
 * whose answer was lost are not taken twice.
 */
export async function send(batch, query, { onprogress, onwait, signal }) {
  const mark = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(batch, query, mark, { onprogress, signal });
    } catch (fault) {
      if (fault.status === 401) refuseKey(fault);
      if (!(fault instanceof Problem) || !fault.isPassing || tries === MOST_TRIES) throw fault;
      await pause(fault.retryAfter ?? Math.min(2 ** tries, 30), signal, onwait);
    }
  }
}
