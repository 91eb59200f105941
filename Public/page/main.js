// Which place is shown: the address says so, and a reload finds it again.

import { signedOut } from "./api.js";
import { button, h } from "./dom.js";
import { jobPlace } from "./job.js";
import { jobsPlace } from "./jobs.js";
import { forgetAll } from "./originals.js";
import { protectPlace } from "./protect.js";
import { abandon, current as underWay } from "./sending.js";
import { key, redeemLink, signOut } from "./session.js";
import { signInPlace } from "./sign-in.js";
import { clear, items } from "./staging.js";
import { pause } from "./transfer.js";
import { choose, language, load, t } from "./words.js";

const main = document.getElementById("main");
let leave = new AbortController();

function go(hash) {
  if (location.hash === hash) show();
  else location.hash = hash;
}

function frame(place) {
  document.getElementById("skip").textContent = t("skip");
  const link = (href, text, isHere) =>
    h("a", { href, "aria-current": isHere ? "page" : null }, text);
  const places = document.getElementById("places");
  places.setAttribute("aria-label", t("places"));
  places.replaceChildren(...key() ? [
    link("#/", t("nav.protect"), place === "protect"),
    link("#/jobs", t("nav.jobs"), place === "jobs"),
  ] : []);
  const other = language === "en" ? "de" : "en";
  document.getElementById("session").replaceChildren(
    button(t("other.language"), async () => {
      await choose(other);
      show();
    }, "small.quiet", { lang: other }),
    ...key() ? [button(t("sign.out"), () => {
      signOut();
      abandon();
      clear();
      forgetAll();
      show();
    }, "small.quiet")] : [],
  );
  document.getElementById("foot").replaceChildren(
    h("p", {}, t("foot"), " ", h("a", { href: "/docs" }, t("foot.api"))),
  );
}

async function show(fault) {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const job = /^#\/jobs\/([\w-]+)$/.exec(location.hash)?.[1];
  const place = !key() ? "sign-in" : job ? "job" : location.hash === "#/jobs" ? "jobs" : "protect";
  frame(place === "job" ? "jobs" : place);
  main.dataset.place = place;
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  try {
    if (place === "sign-in") signInPlace(main, { fault, then: show });
    else if (place === "protect") protectPlace(main, { go, signal });
    else if (place === "jobs") jobsPlace(main, { signal });
    else await jobPlace(main, { id: job, go, signal });
  } catch (error) {
    if (error.name === "AbortError" || error.status === 401) return;
    main.replaceChildren(
      h("h1", { tabindex: "-1" }, t("trouble")), h(
        "p.fault", { role: "alert" }, error.status === 0 ? t("unheard") : error.message,
      ),
      h("div.actions", {}, button(t("try.now"), () => show()),
        h("a.button", { href: "#/jobs" }, t("jobs.title"))),
    );
    if (error.isPassing) pause(3, signal).then(() => show(), () => {});
  }
  if (signal.aborted) return;
  const title = main.querySelector("h1");
  document.title = place === "sign-in" ? "Palimpsest" : `${title.textContent} – Palimpsest`;
  if (place !== "sign-in" && started) title.focus({ preventScroll: true });
  if (started) window.scrollTo(0, 0);
}

let started = false;
await load();
signedOut.addEventListener("refused", (event) => show(event.detail));
window.addEventListener("hashchange", async () => {
  const fault = await redeemLink().then(() => null, (error) => error);
  show(fault);
});
window.addEventListener("beforeunload", (event) => {
  if (underWay || items.length) event.preventDefault();
});
const fault = await redeemLink().then(() => null, (error) => error);
await show(fault);
started = true;
