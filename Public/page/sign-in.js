// The form that takes an API key.

import { Problem, problem } from "./problem.js";
import { command } from "./curl.js";
import { button, field, h } from "./dom.js";
import { signIn, signOut } from "./session.js";
import { t } from "./words.js";

/** Asks for a key; `then` goes on once one works. `fault` says why a former one does not. */
export function signInPlace(main, { fault, then }) {
  const trouble = h("p.fault", { role: "alert" }, fault?.message ?? "");
  const input = h("input", {
    type: "password", autocomplete: "off", spellcheck: "false", required: true, autofocus: true,
    "aria-invalid": fault ? "true" : null,
  });
  const form = h(
    "form.sign-in", { onsubmit: async (event) => {
      event.preventDefault();
      const secret = input.value.trim();
      if (!secret) return input.focus();
      try {
        // Ask for what every key may do, so that a wrong one is told before anything else.
        const answer = await fetch("/v1/jobs?limit=1", {
          headers: { Authorization: `Bearer ${encodable(secret)}` }, cache: "no-store",
        });
        if (!answer.ok && answer.status !== 403) throw await problem(answer);
        signIn(secret);
        then();
      } catch (error) {
        signOut();
        trouble.textContent = (error instanceof Problem ? error : new Problem(0)).message;
        input.setAttribute("aria-invalid", "true");
        input.select();
      }
    } },
    field(t("key.label"), input, t("key.hint")), trouble,
    h("button.button.primary", { type: "submit" }, t("sign.in")),
  );
  main.replaceChildren(
    h("h1", { tabindex: "-1" }, t("welcome")), h("p.lead", {}, t("protect.lead")), form,
    h("details.curl", {}, h("summary", {}, t("key.where")), h("p", {}, t("key.how")),
      command("cat data/admin-key", t("key.first")),
      command("palimpsest keys create alice --data data/", t("key.more"))),
  );
}

/** A field's value takes no other characters; a key has none, so such a text is a wrong key. */
const encodable = (secret) => /^[\x21-\x7e]+$/.test(secret) ? secret : "-";
