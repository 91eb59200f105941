// Builds elements. Text only ever becomes text nodes, so a file name cannot become markup.

/** Makes an element: `h("p.note", { id: "a", onclick: f }, "text", child)`. */
export function h(spec, attributes = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => (child ?? null) !== null));
  return element;
}

/** A button, `kind` its classes: "button" with "primary" or "danger", "small", "link". */
export function button(label, onclick, kind = "button", attributes = {}) {
  return h(`button.${kind}`, { type: "button", onclick, ...attributes }, label);
}

/** A labelled control: the label above, an optional hint below. */
export function field(label, control, hint) {
  control.id ||= `f${field.count = (field.count ?? 0) + 1}`;
  const note = hint && h("small.hint", { id: `${control.id}-hint` }, hint);
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("div.field", {}, h("label", { for: control.id }, label), control, note);
}

/** Tells a screen reader, without moving the focus. */
export function say(text) {
  const said = document.getElementById("said");
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = text; });
}

/** A bar with its words; `set(share, words)`, where a share of null means that nobody knows yet. */
export function bar(label, spec = "") {
  const words = h("span.bar-words", {}, "");
  const progress = h("progress", { max: 1, value: 0, "aria-label": label });
  const element = h(`div.bar${spec}`, {}, h("span.bar-label", {}, label), words, progress);
  return {
    element,
    set(share, text) {
      if (share === null) progress.removeAttribute("value");
      else progress.value = share;
      words.textContent = text;
    },
  };
}

/** Asks in a dialog before something is lost; resolves to whether it may go. */
export function confirmed(question, yes, no) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog.ask", { "aria-label": question, onclose: () => {
        dialog.remove();
        resolve(dialog.returnValue === "yes");
      } },
      h("p", {}, question),
      h(
        "div.actions", {},
        button(no, () => dialog.close("no"), "button.quiet", { autofocus: true }),
        button(yes, () => dialog.close("yes"), "button.danger"),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
