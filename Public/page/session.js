// Who is signed in: the API key lives in this tab's sessionStorage and nowhere else.

import { problem } from "./problem.js";

const NAME = "palimpsest-key";

export const key = () => sessionStorage.getItem(NAME);

export const signIn = (secret) => sessionStorage.setItem(NAME, secret);

export const signOut = () => sessionStorage.removeItem(NAME);

/**
 * Redeems the one-time link that `serve` prints, `/#sign-in=TOKEN`.
 *
 * The token is taken out of the address first, so that it stays in no history.
 */
export async function redeemLink() {
  const token = /^#sign-in=([\w-]+)$/.exec(location.hash)?.[1];
  if (!token) return;
  history.replaceState(null, "", "#/");
  const answer = await fetch("/v1/sign-in", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (!answer.ok) throw await problem(answer);
  signIn((await answer.json()).key);
}
