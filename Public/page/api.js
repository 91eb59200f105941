// Requests to the service with the key of this tab.

import { Problem, problem } from "./problem.js";
import { key, signOut } from "./session.js";

/** Told when the key turns out to be no good; the page shows the sign-in then. */
export const signedOut = new EventTarget();

/** The headers that every request with a key has. */
export const authorization = () => ({ Authorization: `Bearer ${key()}` });

/** Ends the session after a 401. */
export function refuseKey(fault) {
  signOut();
  signedOut.dispatchEvent(new CustomEvent("refused", { detail: fault }));
}

/** Sends a request and returns the answer; throws a `Problem` unless it succeeded. */
export async function send(path, { method = "GET", headers = {}, body, signal } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method, body, signal, cache: "no-store", headers: { ...authorization(), ...headers },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0);
  }
  if (answer.ok) return answer;
  const fault = await problem(answer);
  if (answer.status === 401) refuseKey(fault);
  throw fault;
}

export const json = async (path, options) => (await send(path, options)).json();

export const blob = async (path, options) => (await send(path, options)).blob();

/** The path of a job, of an image of it, or of something below them. */
export const jobPath = (id, ...rest) => ["/v1/jobs", id, ...rest].map(String).join("/");

const extension = (image) => image.file.split(".").pop();

/** The path of a protected picture, which ends as its file does. */
export const imagePath = (id, image) =>
  `${jobPath(id, "images", image.number)}.${extension(image)}`;

/** The name of a protected picture's format. */
export const formatOf = (image) => ({ jpg: "JPEG", webp: "WebP" })[extension(image)] ?? "PNG";

/** The name that a protected picture is saved under, which is never its original's. */
export const savedName = (image) =>
  image.file.split("/").pop().replace(/\.\w+$/, ".protected$&");
