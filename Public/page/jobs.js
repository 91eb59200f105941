// The list of the key's jobs, as the service has it.

import { json } from "./api.js";
import { commands, curl } from "./curl.js";
import { button, h } from "./dom.js";
import { hasEnded } from "./events.js";
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

function row(job) {
  const { total, done, failed, quarantined, cancelled } = job.counts;
  return h(
    "li.job", {},
    h(
      "a", { href: `#/jobs/${job.id}` },
      h("span.job-title", {}, t("pictures", { n: total }), " ",
        h("time", { datetime: job.created_at }, moment(job.created_at))),
      chip(job),
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
  const note = h("p.note", { role: "status" });
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
    note.textContent = jobs.length ? "" : t("jobs.none");
    return jobs.some((job) => !hasEnded(job));
  }

  main.replaceChildren(
    h("h1", { tabindex: "-1" }, t("jobs.title")), h("p.lead", {}, t("jobs.lead")), note, list, more,
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
