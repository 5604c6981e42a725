/**
 * `trans`: the catalog that every string that people read goes through. As in gettext, the English string is the key.
 *
 * In JupyterLab its translator has the catalog. Elsewhere a catalog of `sshx_jupyter/locale` that fits the language of
 * the page or the browser is used. Strings of a catalog are asked for when they are shown, not while a module loads.
 */

/** The part of JupyterLab's `TranslationBundle` that is used here. */
export interface Translation {
  /** The string in the person's language; `%1`, `%2`, ... stand for `args`. */
  __(text: string, ...args: (string | number)[]): string;
  /** The form for `n` things; `%1` stands for `n`, `%2`, ... for `args`. */
  _n(one: string, many: string, n: number, ...args: (string | number)[]): string;
}

/** Translations by their English strings: the form, or the forms for different numbers, as in JupyterLab's catalogs. */
export type Catalog = Readonly<Record<string, readonly string[]>>;

/** The catalogs in `sshx_jupyter/locale`, by their languages (BCP 47). */
declare const CATALOGS: Readonly<Record<string, Catalog>>;

/** CLDR's plural categories in the order in which gettext numbers the forms. */
const CATEGORIES = ["zero", "one", "two", "few", "many", "other"];
/** No language needs a larger number to show all forms that it has for whole numbers below a million. */
const LARGEST_SAMPLE = 200;

let used: Translation = translationFor([], {});

export const trans: Translation = {
  __: (text, ...args) => used.__(text, ...args),
  _n: (one, many, n, ...args) => used._n(one, many, n, ...args),
};

/** Take all strings from `translation` from now on. It finds the sentences only: JupyterLab's changes what it puts in. */
export function setTranslation(translation: Translation): void {
  const places = (args: readonly unknown[], from: number) => args.map((_, at) => `%${at + from}`);
  used = {
    __: (text, ...args) => format(translation.__(text, ...places(args, 1)), args),
    _n: (one, many, n, ...args) => format(translation._n(one, many, n, ...places(args, 2)), [n, ...args]),
  };
}

/** Take all strings from the catalog of the first of these languages that has one; returns that language. */
export function setLanguage(languages: readonly string[]): string {
  used = translationFor(languages, CATALOGS);
  return match(languages, CATALOGS) ?? "en";
}

/** The strings of the first of `languages` that has a catalog; English where there is none or it lacks a string. */
export function translationFor(languages: readonly string[], catalogs: Readonly<Record<string, Catalog>>): Translation {
  const language = match(languages, catalogs) ?? "en";
  const catalog = catalogs[language] ?? {};
  const rules = new Intl.PluralRules(language);
  const samples = new Set(Array.from({ length: LARGEST_SAMPLE }, (_, n) => rules.select(n) as string));
  const categories = CATEGORIES.filter((category) => samples.has(category));
  return {
    __: (text, ...args) => format(catalog[text]?.[0] ?? text, args),
    _n: (one, many, n, ...args) => {
      const forms = catalog[one];
      const translated = forms?.[categories.indexOf(rules.select(n))] ?? forms?.at(-1);
      return format(translated ?? (n === 1 ? one : many), [n, ...args]);
    },
  };
}

/** `de-AT` is served by a catalog `de-AT`, `de` or `de-DE`; English needs none. */
function match(languages: readonly string[], catalogs: Readonly<Record<string, Catalog>>): string | null {
  for (const language of languages) {
    const [base] = language.split("-");
    if (base === "en") return null;
    const found =
      [language, base!].find((each) => each in catalogs) ??
      Object.keys(catalogs).find((each) => each.split("-")[0] === base && scriptOf(each) === scriptOf(language));
    if (found !== undefined) return found;
  }
  return null;
}

/** A catalog of another region serves as well, if people there write the same way. */
function scriptOf(language: string): string | undefined {
  try {
    return new Intl.Locale(language).maximize().script;
  } catch {
    return undefined; // what a page says of itself may be no language
  }
}

function format(text: string, args: readonly (string | number)[]): string {
  return text.replace(/%(\d+)/g, (placeholder, at: string) => String(args[Number(at) - 1] ?? placeholder));
}
