// Files from a drop, a paste or a file dialog, each with the class that its folders tell.

/** All files below an entry of a drop, with their paths. */
async function walk(entry, folders = []) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, folders }];
  }
  const reader = entry.createReader();
  const found = [];
  while (true) {
    // A reader gives its entries in portions and ends with an empty one.
    const portion = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!portion.length) return found;
    for (const inner of portion) found.push(...await walk(inner, [...folders, entry.name]));
  }
}

/**
 * The first folder is the class.
 *
 * A single folder around nothing but folders is passed through, as the service does in archives.
 */
function classed(found) {
  const deep = found.filter(({ folders }) => folders.length);
  let depth = 0;
  while (deep.length && depth < 2 && deep.every(({ folders }) =>
    folders.length > depth + 1 && folders[depth] === deep[0].folders[depth])) depth += 1;
  return found.map(({ file, folders }) => ({ file, folder: folders[depth] ?? "" }));
}

/** The files of a drop. Its entries must be taken at once: they are gone after the event. */
export async function fromDrop(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return fromFiles(transfer.files);
  return classed((await Promise.all(entries.map((entry) => walk(entry)))).flat());
}

/** The files of a dialog or a paste. */
export const fromFiles = (files) => classed([...files].map((file) => ({
  file, folders: (file.webkitRelativePath || "").split("/").slice(0, -1),
})));
