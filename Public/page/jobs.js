// The list of the key's jobs, as the service has it.

import { jobPath, json } from "./api.js";
import { commands, curl } from "./curl.js";
import { button, h } from "./dom.js";
import { hasEnded } from "./events.js";
import { seen } from "./originals.js";
import { sentCount, sentWords } from "./progress.js";
import * as upload from "./sending.js";
import { pause } from "./transfer.js";
import { duration, moment, t } from "./words.js";

/** How many seconds a job is kept from now on, in words; empty for one that has not ended. */
export function expiry(job) {
  if (!job.expires_at) return "";
  const left = (new Date(job.expires_at) - Date.now()) / 1000;
  return left > 0 ? t("expires", { time: duration(left) }) : t("expired");
}

/** A job's state as a coloured word. */
export function chip(job) {
  const bad = job.counts.failed + job.counts.quarantined;
  const kind = job.state === "done" && bad ? "partly" : job.state;
  return h("span.chip", { "data-state": kind }, t(`state.${kind}`));
}

/** The counts of a job in words. */
export function countWords({ counts }) {
  const bad = counts.failed + counts.quarantined;
  return [
    t("count.done", { n: counts.total, done: counts.done }),
    bad > 0 && t("count.failed", { n: bad }),
    counts.cancelled > 0 && t("count.cancelled", { n: counts.cancelled }),
  ].filter(Boolean).join(" · ");
}

/** So many classes of a job are named in the list. */
const NAMED = 3;

// The list of jobs leaves out their classes, which never change.
const classWords = (id) => {
  const names = seen.classes.get(id) ?? [];
  return names.slice(0, NAMED).join(", ") + (names.length > NAMED ? ", …" : "");
};

let told = "";

/** Says something above the list that is shown next. */
export const tell = (text) => { told = text; };

/** What is being sent; `update` follows it in place, so that a click in between is not lost. */
function sendingRow(state) {
  const words = h("span.job-counts", {});
  const progress = h("progress", { max: state.total, value: 0, "aria-label": t("bar.sent") });
  const element = h(
    "li.job", {},
    h(
      "a", { href: "#/" },
      h("span.job-title", {}, sentCount(state)),
      h("span.chip", { "data-state": "running" }, t("state.sending")), words, progress,
    ),
  );
  return {
    element, state,
    update() {
      words.textContent = sentWords(state);
      progress.value = state.done;
    },
  };
}

function unsentRow({ fault }) {
  return h("li.job", {}, h(
    "a", { href: "#/" },
    h("span.job-title", {}, t("unsent")),
    h("span.chip", { "data-state": "failed" }, t("state.failed")),
    h("span.job-counts", {}, fault.message),
  ));
}

function row(job) {
  const { total, done, failed, quarantined, cancelled } = job.counts;
  return h(
    "li.job", {},
    h(
      "a", { href: `#/jobs/${job.id}` },
      h("span.job-title", {}, t("pictures", { n: total }), " ",
        h("time", { datetime: job.created_at }, moment(job.created_at))),
      chip(job),
      h("span.job-classes", { "data-job": job.id }, classWords(job.id)),
      h("span.job-counts", {}, countWords(job),
        job.eta_seconds && !hasEnded(job)
          ? ` · ${t("left", { time: duration(job.eta_seconds) })}` : ""),
      h("span.job-expiry", {}, expiry(job)),
      !hasEnded(job) && h("progress", {
        max: total, value: done + failed + quarantined + cancelled,
        "aria-label": t("bar.protected"),
      }) || null,
    ),
  );
}

/** Shows the list and keeps it up to date while a job is under way. */
export async function jobsPlace(main, { signal }) {
  const list = h("ul.list", { "aria-busy": "true" });
  const outgoing = h("ul.list", {});
  const note = h("p.note", { role: "status" });
  const news = h("p.news", {}, told);
  told = "";
  let pages = 1;
  const more = button(t("show.more"), () => {
    pages += 1;
    refresh();
  }, "button", { hidden: true });

  async function refresh() {
    let cursor = "";
    const jobs = [];
    for (let page = 0; page < pages; page += 1) {
      const found = await json(`/v1/jobs?limit=50${cursor && `&cursor=${cursor}`}`, { signal });
      jobs.push(...found.jobs);
      cursor = found.next_cursor;
      if (!cursor) break;
    }
    const focused = document.activeElement?.getAttribute("href");
    list.replaceChildren(...jobs.map(row));
    if (focused && list.querySelector(`[href="${focused}"]`)) {
      list.querySelector(`[href="${focused}"]`).focus();
    }
    list.removeAttribute("aria-busy");
    more.hidden = !cursor;
    note.textContent = jobs.length || upload.current ? "" : t("jobs.none");
    nameClasses(jobs);
    return jobs.some((job) => !hasEnded(job));
  }

  let isNaming = false;
  async function nameClasses(jobs) {
    if (isNaming) return;
    isNaming = true;
    try {
      for (const { id } of jobs.filter((job) => !seen.classes.has(job.id))) {
        const job = await json(jobPath(id), { signal });
        seen.classes.set(id, job.classes?.map((entry) => entry.class) ?? []);
        const words = list.querySelector(`[data-job="${id}"]`);
        if (words) words.textContent = classWords(id);
      }
    } catch {
      // The next look at the list goes on with it.
    } finally {
      isNaming = false;
    }
  }

  let going = null;
  function showSending() {
    const { current, outcome } = upload;
    if (!current || current !== going?.state) {
      going = current && sendingRow(current);
      outgoing.replaceChildren(...going ? [going.element]
        : outcome?.fault ? [unsentRow(outcome)] : []);
    }
    going?.update();
  }
  upload.sending.addEventListener("change", showSending, { signal });
  upload.sending.addEventListener("end", () => refresh().catch(() => {}), { signal });
  showSending();

  main.replaceChildren(
    h("h1", { tabindex: "-1" }, t("jobs.title")), h("p.lead", {}, t("jobs.lead")), news, note,
    outgoing, list, more,
    commands(() => [[t("jobs.title"), curl("/v1/jobs")]]),
  );
  while (!signal.aborted) {
    try {
      const isBusy = await refresh();
      await pause(isBusy && !document.hidden ? 3 : 20, signal);
    } catch (fault) {
      if (fault.name === "AbortError" || fault.status === 401) return;
      note.textContent = fault.message;
      await pause(5, signal).catch(() => {});
    }
  }
}
