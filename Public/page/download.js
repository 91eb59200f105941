// Saving an answer as a file. A plain link could not send the key.

import { send } from "./api.js";
import { t } from "./words.js";

/** What is larger goes straight to the disk, in browsers that can. */
const LARGE = 256 << 20;

/** Fetches a path and saves it; `onprogress` is told of the bytes so far and of all. */
export async function save(path, name, onprogress = () => {}) {
  const answer = await send(path);
  const total = Number(answer.headers.get("Content-Length")) || 0;
  let done = 0;
  const counted = answer.body.pipeThrough(new TransformStream({
    transform(chunk, controller) {
      done += chunk.length;
      onprogress(done, total);
      controller.enqueue(chunk);
    },
  }));
  if (total > LARGE && window.showSaveFilePicker) {
    const file = await window.showSaveFilePicker({ suggestedName: name });
    return counted.pipeTo(await file.createWritable());
  }
  const blob = await new Response(counted, { headers: {
    "Content-Type": answer.headers.get("Content-Type"),
  } }).blob();
  if (total && blob.size !== total) throw new Error(t("problem.cut"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
