// The curl command that does the same as a button, ready to be pasted into a shell.

import { button, h, say } from "./dom.js";
import { t } from "./words.js";

/** Quotes a word for a POSIX shell. */
export const quoted = (word) => /^[\w@%+=:,./?&-]*$/.test(word) && !/[?&]/.test(word) ? word
  : `'${word.replaceAll("'", `'\\''`)}'`;

/** Quotes a file name within a value of curl's -F, whose `;` and `,` would end it. */
export const inForm = (name) => `"${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** A curl command with the key in the variable KEY, so that no secret is ever shown. */
export const curl = (path, ...options) =>
  ["curl", '-u "$KEY:"', ...options, quoted(location.origin + path)].join(" ");

/** A command with a button that copies it. */
export function command(text, label) {
  const pre = h("pre", { tabindex: "0", "aria-label": label ?? t("command") }, h("code", {}, text));
  const copy = button(t("copy"), async () => {
    // Pages that came without TLS have no clipboard of their own.
    if (navigator.clipboard) await navigator.clipboard.writeText(text).catch(() => {});
    else {
      getSelection().selectAllChildren(pre);
      document.execCommand("copy");
    }
    copy.textContent = t("copied");
    say(t("copied"));
    setTimeout(() => { copy.textContent = t("copy"); }, 2000);
  }, "small", { "aria-label": label ? `${t("copy")}: ${label}` : t("copy") });
  return h(
    "div.command", {},
    label && h("span.command-label", {}, label),
    pre, copy,
  );
}

/** The commands of a view, folded away; `list` gives pairs of a label and a command when opened. */
export function commands(list) {
  const body = h("div", {});
  const details = h(
    "details.curl", { ontoggle: () => {
      if (details.open) {
        body.replaceChildren(
          h("p.hint", {}, t("curl.key")), ...list().map(([label, text]) => command(text, label)),
        );
      }
    } },
    h("summary", {}, t("curl.title")), body,
  );
  return details;
}
