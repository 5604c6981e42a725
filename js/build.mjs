// Bundles the browser's side for where it is served from: `sshx_jupyter/server/static/`.
//
//   node build.mjs           minified
//   node build.mjs --watch   with source maps, made again after each change

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../sshx_jupyter/server/static/", import.meta.url));
const watch = process.argv.includes("--watch");

/** @type {esbuild.BuildOptions} */
const options = {
  absWorkingDir: here,
  entryPoints: { page: "src/page/index.tsx", login: "src/page/login.ts" },
  outdir: out,
  bundle: true,
  minify: !watch,
  sourcemap: watch,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  // The stand-alone bundles bring the smaller React.
  alias: { react: "preact/compat", "react-dom": "preact/compat" },
  loader: { ".svg": "dataurl" },
  legalComments: "none",
  banner: { js: "/* The licences of what is in here are in LICENSES.txt. */" },
  logLevel: "warning",
};

if (watch) {
  await (await esbuild.context(options)).watch();
} else {
  const result = await esbuild.build({ ...options, metafile: true, write: false });
  // What there was goes only when there is something in its place.
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "LICENSES.txt"), licenses(Object.keys(result.metafile.inputs)));
  for (const file of result.outputFiles) {
    writeFileSync(file.path, file.contents);
    console.log(`${basename(file.path)}: ${Math.round(file.contents.length / 1000)} kB`);
  }
}

/**
 * The licences of the packages that these files are from.
 * @param {string[]} files
 */
function licenses(files) {
  const packages = new Set(files.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? ""));
  packages.delete("");
  const texts = [...packages].sort().map((name) => {
    const directory = join(here, "node_modules", name);
    const text = readdirSync(directory).find((file) => /^licen[cs]e/i.test(file));
    if (text === undefined) throw new Error(`${name} has no licence that could be shipped`);
    const { version } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
    return `${name} ${version}\n\n${readFileSync(join(directory, text), "utf8").trim()}\n`;
  });
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
