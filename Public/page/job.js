// One job: its bars, its images, and what can be done with it.

import { jobPath, json, send } from "./api.js";
import { command, commands, curl } from "./curl.js";
import { bar, button, confirmed, h, say } from "./dom.js";
import { save } from "./download.js";
import { follow, hasEnded } from "./events.js";
import { imageList, mayRetry } from "./images.js";
import { chip, countWords, expiry, tell } from "./jobs.js";
import { forget, seen } from "./originals.js";
import { pause } from "./transfer.js";
import { bytes, duration, moment, t } from "./words.js";

const ended = ({ done, failed, quarantined, cancelled }) => done + failed + quarantined + cancelled;

/** Estimates what is left from the pace since the page looked first, as events tell no time. */
function pace() {
  let first = null;
  return ({ counts, eta_seconds: eta }) => {
    const now = performance.now() / 1000;
    first ??= { time: now, count: ended(counts) };
    const gained = ended(counts) - first.count;
    const left = counts.total - ended(counts);
    return gained > 2 ? left * (now - first.time) / gained : eta ?? null;
  };
}

/** Shows a job and follows it until it ends. */
export async function jobPlace(main, { id, go, signal }) {
  let job;
  let isAway = false;
  try {
    job = await json(jobPath(id), { signal });
  } catch (error) {
    if (!error.isPassing || !seen.jobs.has(id)) throw error;
    isAway = true;
    job = seen.jobs.get(id);
  }
  const sent = bar(t("bar.sent"));
  const made = bar(t("bar.protected"));
  const head = h("div.job-head", {});
  const note = h("p.note", { role: "status" });
  const fault = h("p.fault", { role: "alert", hidden: true });
  const away = h("p.fault.away", { role: "alert" });
  const actions = h("div.actions", {});
  // Of the failed images that were told of, which may be tried again.
  let failures = new Map();
  let estimate = pace();

  const fail = (error) => {
    if (error.name === "AbortError") return;
    fault.textContent = error.message;
    fault.hidden = false;
  };
  const images = imageList(job, { retry: (image) => retry(image), fail, signal });

  function hear(isHeard) {
    if (away.textContent && isHeard) say(t("heard"));
    const text = isHeard ? ""
      : [t("unheard"), hasEnded(job) ? "" : t("unheard.job")].join(" ").trim();
    if (away.textContent !== text) away.textContent = text;
  }

  function learn(image) {
    if (image.error) failures.set(image.number, mayRetry(image));
    else failures.delete(image.number);
  }

  function show() {
    seen.jobs.set(id, job);
    const isOver = hasEnded(job);
    const left = isOver ? null : estimate(job);
    sent.set(1, t("sent.all"));
    made.set(job.counts.total ? ended(job.counts) / job.counts.total : 1, [
      countWords(job), left ? t("left", { time: duration(left) }) : "",
    ].filter(Boolean).join(" · "));
    head.replaceChildren(
      chip(job), h("span", {}, t("created", { time: moment(job.created_at) })),
      h("span", {}, expiry(job)),
    );
    const bad = job.counts.failed + job.counts.quarantined;
    // The job tells of its first failed images only, so there may be others.
    const canRetry = bad > failures.size || [...failures.values()].includes(true);
    const wanted = [isOver, canRetry, job.counts.done > 0].join();
    if (actions.dataset.wanted === wanted) return;
    actions.dataset.wanted = wanted;
    actions.replaceChildren(...[
      job.counts.done > 0 && button(
        t(isOver ? "download.zip" : "download.partial"), () => archive(!isOver),
        isOver ? "button.primary" : "button",
      ),
      canRetry && button(t("retry.all"), () => retry()),
      !isOver && button(t("cancel"), () => act(t("cancel.ask"), t("cancel"), "cancel")),
      button(t("erase"), erase, "button.danger"),
    ].filter(Boolean));
  }

  // Of the previews nothing is to be published: half of them show the photos as they were.
  const archivePath = (isPartial) =>
    `${jobPath(id, "archive.zip")}?previews=false${isPartial ? "&partial=true" : ""}`;

  async function archive(isPartial) {
    fault.hidden = true;
    const path = archivePath(isPartial);
    try {
      await save(path, "protected.zip", (done, total) => {
        note.textContent = t("downloading", { done: bytes(done), total: bytes(total) });
      });
      note.textContent = t("saved");
    } catch (error) {
      note.textContent = "";
      fail(error);
    }
  }

  async function act(question, yes, what) {
    if (!await confirmed(question, yes, t("keep"))) return;
    try {
      update(await json(jobPath(id, what), { method: "POST", signal }));
      await images.load();
    } catch (error) {
      fail(error);
    }
  }

  async function retry(image) {
    fault.hidden = true;
    const which = image ? `?image=${image.number}` : "";
    try {
      update(await json(jobPath(id, `retry${which}`), { method: "POST", signal }));
      say(t("retried"));
      await images.load();
      watch();
    } catch (error) {
      fail(error);
    }
  }

  async function erase() {
    if (!await confirmed(t("erase.ask"), t("erase"), t("keep"))) return;
    try {
      await send(jobPath(id), { method: "DELETE", signal });
      forget(id);
      say(t("erased"));
      tell(t("erased"));
      go("#/jobs");
    } catch (error) {
      fail(error);
    }
  }

  function update(news) {
    if (news.reason === "erased" || !news.counts) return go("#/jobs");
    const before = job;
    // Events tell no estimate, and an old one would stand still.
    job = { ...before, eta_seconds: null, ...news };
    if (news.failures) {
      failures = new Map();
      news.failures.forEach(learn);
    }
    if (hasEnded(job) !== hasEnded(before)) {
      note.textContent = hasEnded(job) ? "" : t("may.close");
      if (hasEnded(job)) say(countWords(job));
    }
    show();
  }

  let isWatching = false;
  async function watch() {
    if (isWatching || hasEnded(job)) return;
    isWatching = true;
    estimate = pace();
    note.textContent = t("may.close");
    try {
      const isWhole = await follow(id, {
        signal, onjob: update,
        onimage(image) {
          learn(image);
          images.put(image);
        },
        onpoll: () => images.load().catch(() => {}),
        onstate(isHeard) {
          if (isHeard && away.textContent) images.load().catch(() => {});
          hear(isHeard);
        },
      });
      update(await json(jobPath(id), { signal }));
      await (isWhole ? images.refresh() : images.load());
    } catch (error) {
      fail(error);
    } finally {
      isWatching = false;
    }
  }

  /** Shows what was there last, until the service is back. */
  async function comeBack() {
    hear(false);
    images.recall();
    while (true) {
      await pause(3, signal);
      try {
        const news = await json(jobPath(id), { signal });
        await images.load();
        update(news);
        break;
      } catch (error) {
        if (!error.isPassing) throw error;
      }
    }
    hear(true);
    watch();
  }

  main.replaceChildren(
    h("p.back", {}, h("a", { href: "#/jobs" }, `← ${t("jobs.title")}`)),
    h("h1", { tabindex: "-1" }, t("job.title", { n: job.counts.total })), away,
    head, h("div.bars", {}, sent.element, made.element), note, actions, fault, images.element,
    h(
      "details.curl", {}, h("summary", {}, t("verify.all")), h("p", {}, t("verify.sums")),
      command("unzip protected.zip -d protected\n(cd protected && sha256sum --check SHA256SUMS)",
        t("command")),
    ),
    commands(() => [
      [t("curl.job"), curl(`/v1/jobs/${id}?wait=30`)],
      [t("curl.events"), curl(`/v1/jobs/${id}/events`, "-N")],
      [t("curl.images"), curl(`/v1/jobs/${id}/images`)],
      [t("download.zip"), curl(archivePath(false), "-f -o protected.zip")],
      [t("download.partial"), curl(archivePath(true), "-f -o protected.zip")],
      [t("retry"), curl(`/v1/jobs/${id}/retry?image=1`, "-X POST")],
      [t("retry.all"), curl(`/v1/jobs/${id}/retry`, "-X POST")],
      [t("cancel"), curl(`/v1/jobs/${id}/cancel`, "-X POST")],
      [t("erase"), curl(`/v1/jobs/${id}`, "-X DELETE")],
    ]),
  );
  job.failures?.forEach(learn);
  show();
  if (!isAway) {
    await images.load().catch((error) => {
      if (!error.isPassing) throw error;
      isAway = true;
    });
  }
  if (isAway) comeBack().catch(fail);
  else watch();
  // What expires while it is looked at says so.
  const clock = setInterval(show, 30_000);
  signal.addEventListener("abort", () => clearInterval(clock), { once: true });
}
