// The files that are about to be sent, in their classes; they outlive a change of the view.

import { inspect, isClass } from "./check.js";

const LABEL = "palimpsest-class";

export const staged = new EventTarget();

/** `{ id, file, label, kind }`, in the order in which they came. */
export let items = [];

/** `{ name, reason }` of what was refused. */
export let refusals = [];

let nextID = 1;
let lastLabel = sessionStorage.getItem(LABEL) ?? "";

const changed = () => staged.dispatchEvent(new Event("change"));

const identity = (file) =>
  `${file.webkitRelativePath || file.name}\n${file.size}\n${file.lastModified}`;

/** Adds files, and says of each refused one why; returns how many were taken. */
export async function add(found) {
  const known = new Set(items.map((item) => item.identity));
  refusals = [];
  let count = 0;
  for (const { file, folder } of found) {
    const { kind, refusal } = await inspect(file);
    const mark = `${folder}\n${identity(file)}`;
    const reason = refusal ?? (known.has(mark) ? "refused.twice" : null);
    if (reason) {
      refusals.push({ name: file.name, reason });
      continue;
    }
    known.add(mark);
    items.push({ id: nextID++, file, label: folder || lastLabel, kind, identity: mark });
    count += 1;
  }
  changed();
  return count;
}

export function remove(chosen) {
  items = items.filter((item) => !chosen.includes(item));
  changed();
}

/** Forgets everything, for the next one at this screen. */
export function clear() {
  items = [];
  refusals = [];
  lastLabel = "";
  sessionStorage.removeItem(LABEL);
  changed();
}

/** Gives items a class, and remembers it for the files that come next. */
export function label(chosen, text) {
  const name = text.trim().normalize("NFC");
  for (const item of chosen) item.label = name;
  lastLabel = name;
  sessionStorage.setItem(LABEL, name);
  changed();
}

/** The items by class, in the order in which the classes came; archives apart. */
export function groups() {
  const found = new Map();
  for (const item of items.filter((item) => item.kind === "picture")) {
    if (!found.has(item.label)) found.set(item.label, []);
    found.get(item.label).push(item);
  }
  return found;
}

export const archives = () => items.filter((item) => item.kind === "archive");

/** Whether every picture has a class; an archive has its folders. */
export const isReady = () =>
  items.length > 0 && items.every((item) => item.kind === "archive" || isClass(item.label));
