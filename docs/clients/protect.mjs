// Protects photos from a browser, or from Node.js 18 and newer:
//   PALIMPSEST_KEY=... node protect.mjs http://127.0.0.1:8080 dog photo.jpg protected.zip
// A page of another origin needs that origin in the service's --cors-origins.

/** Sends a request; a refusal becomes an error that has the problem's code. */
async function ask(url, key, options = {}) {
  const answer = await fetch(url, { ...options, headers: { Authorization: `Bearer ${key}` } });
  if (!answer.ok) {
    const problem = await answer.json();
    throw Object.assign(new Error(`${problem.code}: ${problem.detail}`), { code: problem.code });
  }
  return answer;
}

/** Sends photos ([{ name, blob }]) of one class, and returns the archive as a Blob. */
export async function protect(service, key, label, photos) {
  const form = new FormData();
  form.append("class", label);
  for (const { name, blob } of photos) form.append("file", blob, name);
  let job = await (await ask(`${service}/v1/jobs`, key, { method: "POST", body: form })).json();
  while (!job.finished_at) {
    job = await (await ask(`${service}${job.links.self}?wait=30`, key)).json();
  }
  // A photo that cannot be protected fails alone; the job's document says why.
  for (const image of job.failures) console.warn(`${image.name}: ${image.error.code}`);
  return await (await ask(service + job.links.archive, key)).blob();
}

async function main() {
  const { readFile, writeFile } = await import("node:fs/promises");
  const { basename } = await import("node:path");
  const [service, label, photo, archive] = process.argv.slice(2);
  if (!archive || !process.env.PALIMPSEST_KEY) {
    console.error("PALIMPSEST_KEY=... node protect.mjs SERVICE CLASS PHOTO ARCHIVE.zip");
    process.exit(2);
  }
  try {
    const photos = [{ name: basename(photo), blob: new Blob([await readFile(photo)]) }];
    const protectedPhotos = await protect(service, process.env.PALIMPSEST_KEY, label, photos);
    await writeFile(archive, Buffer.from(await protectedPhotos.arrayBuffer()));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function isProgram() {
  if (typeof process === "undefined" || !process.argv[1]) return false;
  const [{ realpath }, { pathToFileURL }] = [
    await import("node:fs/promises"), await import("node:url"),
  ];
  return import.meta.url === pathToFileURL(await realpath(process.argv[1])).href;
}

if (await isProgram()) await main();
