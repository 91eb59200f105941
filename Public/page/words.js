// The texts of the page in the reader's language, and how numbers and times are written in it.

const LANGUAGES = ["en", "de"];
let texts = {};
let fallback = {};
export let language = "en";

/** Loads the texts: the language chosen before, else the browser's, else English. */
export async function load() {
  const all = await (await fetch("/strings.json")).json();
  const wishes = [localStorage.getItem("language"), ...navigator.languages]
    .map((wish) => wish?.slice(0, 2));
  language = wishes.find((wish) => LANGUAGES.includes(wish)) ?? "en";
  texts = all[language];
  fallback = all.en;
  document.documentElement.lang = language;
}

/** Remembers another language; the caller shows everything again. */
export async function choose(other) {
  localStorage.setItem("language", other);
  await load();
}

/** The text of a key, with `{name}` replaced; `n` also picks between `key.one` and `key.other`. */
export function t(key, values = {}) {
  const form = values.n === undefined ? key
    : `${key}.${new Intl.PluralRules(language).select(values.n)}`;
  const text = texts[form] ?? texts[`${key}.other`] ?? texts[key] ?? fallback[key] ?? key;
  if (typeof text !== "string") return text;
  return text.replace(/\{(\w+)\}/g, (all, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : value ?? all;
  });
}

/** Whether there is a text of this key. */
export const has = (key) => key in texts;

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  }).format(value);
}

export function bytes(count) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), 3);
  return new Intl.NumberFormat(language, {
    style: "unit", unit: units[power], unitDisplay: power ? "short" : "long",
    maximumFractionDigits: 1,
  }).format(count / 1000 ** power);
}

/** A length of time in one unit, such as "3 min"; never more exact than anybody knows it. */
export function duration(seconds) {
  const [unit, size] = seconds < 90 ? ["second", 1] : seconds < 5400 ? ["minute", 60]
    : seconds < 129600 ? ["hour", 3600] : ["day", 86400];
  const value = Math.max(Math.round(seconds / size), 1);
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" })
    .format(value);
}

export function moment(text) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" })
    .format(new Date(text));
}
