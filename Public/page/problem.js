// What went wrong, in the reader's words.

import { has, t } from "./words.js";

/** A refusal of the service, or a connection that broke (status 0). */
export class Problem extends Error {
  constructor(status, { code, detail, faults = [] } = {}, retryAfter = null) {
    super(code && has(`code.${code}`) ? t(`code.${code}`) : detail ?? t("problem.unreachable"));
    Object.assign(this, { status, code, detail, faults, retryAfter });
  }

  /** Whether the same request may succeed later. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 502
      || this.status === 500 && !this.code;
  }
}

/** Reads the problem document of an answer; a proxy's page counts as one without a code. */
export async function problem(answer) {
  const document = await answer.json().catch(() => ({ detail: t("problem.status", answer) }));
  const wait = Number(answer.headers.get("Retry-After"));
  return new Problem(answer.status, document, Number.isFinite(wait) && wait > 0 ? wait : null);
}
