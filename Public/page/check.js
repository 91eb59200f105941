// What is refused before it is sent: the service would refuse it too, but only after the transfer.

/** The most bytes of a picture, as the service has it unless its operator says otherwise. */
const MAX_BYTES = 64 << 20;

const ascii = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));

const HEIF = /^(avif|heic|heix|heim|heis|mif1|msf1)$/;

function isPicture(bytes) {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff
    || ascii(bytes, 0, 8) === "\x89PNG\r\n\x1a\n"
    || ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 12) === "WEBP"
    || ascii(bytes, 4, 8) === "ftyp" && HEIF.test(ascii(bytes, 8, 12));
}

/** Judges a file by name, size and first bytes: `{ kind }`, or `{ refusal }` with a text's key. */
export async function inspect(file) {
  if (/^\.|^(thumbs\.db|desktop\.ini)$/i.test(file.name)) return { refusal: "refused.hidden" };
  if (file.size === 0) return { refusal: "refused.empty" };
  let bytes;
  try {
    bytes = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  } catch {
    return { refusal: "refused.unreadable" };
  }
  if (ascii(bytes, 0, 4) === "PK\x03\x04") return { kind: "archive" };
  if (!isPicture(bytes)) return { refusal: "refused.format" };
  if (file.size > MAX_BYTES) return { refusal: "refused.large" };
  return { kind: "picture" };
}

// What a class looks like: the pattern of the contract (openapi.json).
const NOT_AT_ENDS = String.raw`\x00-\x20\x7f-\xa0/\\`;
const NOWHERE = String.raw`\x00-\x1f\x7f-\x9f/\\`;
const CLASS = new RegExp(`^[^.${NOT_AT_ENDS}]([^${NOWHERE}]{0,62}[^${NOT_AT_ENDS}])?$`, "u");

/** Whether a text can be a class. */
export const isClass = (text) => CLASS.test(text);
