// Translations: the catalogs in `sshx_jupyter/locale`, and the strings of the browser's side that they translate.
//
//   node catalog.mjs de_DE   write, or bring up to date, the catalog for German

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { version } from "./version.mjs";

const DOMAIN = "sshx_jupyter";
const GERMANIC = "nplurals=2; plural=(n != 1);";
const locale = join(import.meta.dirname, "../sshx_jupyter/locale");
const sources = join(import.meta.dirname, "src");

/** Where JupyterLab looks for the catalog of a language, such as `pt_BR`. */
const fileOf = (language) => join(locale, language, "LC_MESSAGES", `${DOMAIN}.json`);

/** All catalogs by their languages in the browser's spelling, such as `pt-BR`. */
export function catalogs() {
  const languages = readdirSync(locale).filter((name) => existsSync(fileOf(name)));
  return Object.fromEntries(
    languages.map((language) => {
      const strings = JSON.parse(readFileSync(fileOf(language), "utf8"));
      delete strings[""]; // its header
      return [language.replace("_", "-"), strings];
    }),
  );
}

/**
 * The English strings of `src/`, each with its plural if it has one.
 * @returns {Map<string, string | null>}
 */
export function strings() {
  const found = new Map();
  const files = readdirSync(sources, { recursive: true }).filter((file) => /\.tsx?$/.test(file));
  for (const file of files.sort()) {
    const text = readFileSync(join(sources, file), "utf8");
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest), (node) => {
      if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
      const { expression, name } = node.expression;
      if (expression.escapedText !== "trans") return;
      const [one, many] = node.arguments;
      if (name.text === "__") found.set(one.text, null);
      else if (name.text === "_n") found.set(one.text, many.text);
    });
  }
  return found;
}

function visit(node, see) {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/**
 * A catalog with all strings: what was translated in `before` stays, what is not there any more goes. The others are in
 * English, as JupyterLab would show an empty translation.
 * @param {Record<string, unknown>} before
 * @param {string} language
 */
export function updated(before, language) {
  const header = { domain: DOMAIN, plural_forms: GERMANIC, ...before[""], language: language.replace("_", "-") };
  const entries = [...strings()].map(([one, many]) => {
    const forms = before[one];
    if (many === null) return [one, forms?.length === 1 ? forms : [one]];
    return [one, forms?.length > 1 ? forms : [one, many]];
  });
  return { "": { ...header, version: version() }, ...Object.fromEntries(entries) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [language = ""] = process.argv.slice(2);
  if (!/^[a-z]{2,3}_[A-Z]{2}$/.test(language)) {
    throw new Error("Name a language as its JupyterLab language pack does, such as de_DE.");
  }
  const file = fileOf(language);
  const catalog = updated(existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}, language);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(catalog, null, 2)}\n`);
  const english = [...strings().keys()].filter((one) => catalog[one][0] === one);
  console.log(`${strings().size} strings, ${english.length} of them in English`);
}
