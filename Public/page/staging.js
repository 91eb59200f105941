// The files that are about to be sent, in their classes; they outlive a change of the view.

import { inspect, isClass } from "./check.js";

export const staged = new EventTarget();

/** `{ id, file, label, kind }`, in the order in which they came. */
export let items = [];

/** `{ name, reason }` of what was refused. */
export let refusals = [];

// Also what was removed and may come back: its `removed` says by which button.
let all = [];
let nextID = 1;
let lastLabel = "";

function changed() {
  items = all.filter((item) => !item.removed);
  staged.dispatchEvent(new Event("change"));
}

const identity = (file) =>
  `${file.webkitRelativePath || file.name}\n${file.size}\n${file.lastModified}`;

/**
 * Adds files, and says of each refused one why; returns how many were taken.
 *
 * A file without a folder gets the class that was typed last for those that are still here.
 */
export async function add(found) {
  forgetRemoved();
  if (!items.length) lastLabel = "";
  const known = new Set(items.map((item) => item.identity));
  const more = [];
  const refused = [];
  for (const { file, folder } of found) {
    const { kind, refusal } = await inspect(file);
    const mark = `${folder}\n${identity(file)}`;
    const reason = refusal ?? (known.has(mark) ? "refused.twice" : null);
    if (reason) {
      refused.push({ name: file.name, reason });
      continue;
    }
    known.add(mark);
    more.push({ id: nextID++, file, label: folder || lastLabel, kind, identity: mark });
  }
  all.push(...more);
  refusals = refused;
  changed();
  return more.length;
}

/** Removes what `restore` can bring back; `by` is "row" or "class". */
export function remove(chosen, by) {
  for (const item of chosen) item.removed ??= by;
  changed();
}

/** Brings back what was removed, where it was. */
export function restore(chosen) {
  for (const item of chosen) delete item.removed;
  changed();
}

/** Lets go of what was removed. */
export function forgetRemoved() {
  if (all.length === items.length) return;
  all = [...items];
  changed();
}

/** Takes everything out, to be sent. */
export function take() {
  const taken = items;
  all = [];
  lastLabel = "";
  changed();
  return taken;
}

/** Puts back, before what came meanwhile, what was not sent. */
export function giveBack(taken) {
  all = [...taken, ...all];
  changed();
}

/** Forgets everything, for the next one at this screen. */
export function clear() {
  refusals = [];
  take();
}

/** Gives items a class, and remembers it for the files that come next. */
export function label(chosen, text) {
  const name = text.trim().normalize("NFC");
  for (const item of chosen) item.label = name;
  lastLabel = name;
  changed();
}

/** All pictures by class, in the order in which the classes came, with those removed. */
export function groups() {
  const found = new Map();
  for (const item of all.filter((item) => item.kind === "picture")) {
    if (!found.has(item.label)) found.set(item.label, []);
    found.get(item.label).push(item);
  }
  return found;
}

/** All archives, with those removed. */
export const archives = () => all.filter((item) => item.kind === "archive");

/** The pictures that lack a class, and those whose class cannot be one; an archive has its own. */
export function unready() {
  const pictures = items.filter((item) => item.kind === "picture");
  return {
    unnamed: pictures.filter((item) => !item.label),
    misnamed: pictures.filter((item) => item.label && !isClass(item.label)),
  };
}
