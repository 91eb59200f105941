// What this tab remembers of its jobs; a reload forgets it.

const byJob = new Map();

/** What was seen of each job last, for when the service is away, and the names of its classes. */
export const seen = { jobs: new Map(), images: new Map(), classes: new Map() };

/** Remembers the files of a job in the order of its images. */
export const remember = (id, files) => byJob.set(id, files);

export const forget = (id) => [byJob, ...Object.values(seen)].forEach((map) => map.delete(id));

/** Forgets everything, for the next one at this screen. */
export const forgetAll = () => [byJob, ...Object.values(seen)].forEach((map) => map.clear());

/** The file of an image, or undefined. */
export const original = (id, image) => byJob.get(id)?.[image.number - 1];

/** Keeps a file that the reader has chosen again. */
export function keep(id, image, file) {
  const files = byJob.get(id) ?? [];
  files[image.number - 1] = file;
  byJob.set(id, files);
}

/**
 * Whether a file is the one that an image was made from, by its hash.
 *
 * Browsers hash only on pages that came safely; elsewhere the reader is trusted.
 */
export async function isOriginal(file, report) {
  if (!crypto.subtle) return true;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")
    === report.input_sha256;
}
