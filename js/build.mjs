// Bundles the browser's side for where it is served from: the page and the widget into `sshx_jupyter/server/static/`, the
// JupyterLab plugin into `sshx_jupyter/labextension/`.
//
//   node build.mjs           minified
//   node build.mjs --watch   with source maps, made again after each change

import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { catalogs } from "./catalog.mjs";
import { version } from "./version.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../sshx_jupyter/server/static/", import.meta.url));
const labextension = fileURLToPath(new URL("../sshx_jupyter/labextension/", import.meta.url));
const watch = process.argv.includes("--watch");

/** @type {esbuild.BuildOptions} */
const common = {
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  minify: !watch,
  sourcemap: watch,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  loader: { ".svg": "dataurl" },
  define: { VERSION: JSON.stringify(version()), CATALOGS: JSON.stringify(catalogs()) },
  legalComments: "none",
  banner: { js: "/* The licences of what is in here are in LICENSES.txt. */" },
  logLevel: "warning",
};

/** @type {esbuild.BuildOptions} */
const alone = {
  ...common,
  // The stand-alone bundles bring the smaller React.
  alias: { react: "preact/compat", "react-dom": "preact/compat" },
};

/** @type {esbuild.Plugin} */
const workers = {
  name: "workers",
  setup(build) {
    build.onResolve({ filter: /^worker:/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.slice("worker:".length)),
      namespace: "worker",
    }));
    build.onLoad({ filter: /.*/, namespace: "worker" }, workerAsText);
  },
};

/**
 * What most sessions do not need is a file of its own beside the bundle, which loads it when it is needed.
 * @type {esbuild.Plugin}
 */
const apart = {
  name: "apart",
  setup: (build) => build.onResolve({ filter: /\/imageAddon$/ }, () => ({ path: "./images.js", external: true })),
};

/** @type {esbuild.Plugin} */
const styles = { name: "styles", setup: (build) => build.onLoad({ filter: /\.css$/ }, stylesAsCode) };

/** @type {esbuild.BuildOptions[]} */
const bundles = [
  { ...alone, entryPoints: { page: "src/page/index.tsx", login: "src/page/login.ts" }, plugins: [apart] },
  { ...alone, entryPoints: { images: "src/view/terminal/imageAddon.ts" } },
  // A classic script: those of a page on a disk cannot be modules.
  { ...alone, entryPoints: { guest: "src/guest/index.tsx" }, format: "iife", plugins: [apart, workers] },
  // One file each: where a kernel hands them out, there is no server to get another from.
  {
    ...alone,
    entryPoints: { widget: "src/widget/index.tsx" },
    plugins: [styles],
  },
  // Every notebook with a widget holds this one, so it has no catalogs: it is in English.
  { ...alone, entryPoints: { loader: "src/widget/loader.ts" }, define: { ...common.define, CATALOGS: "{}" } },
];

/**
 * What JupyterLab's builder makes the extension of. It knows what JupyterLab itself brings; the rest is in here.
 * @type {esbuild.BuildOptions}
 */
const lab = {
  ...common,
  outdir: join(here, "lib"),
  entryPoints: { index: "src/lab/index.ts" },
  splitting: true, // the view is loaded when there is something to see
  external: ["@jupyterlab/*", "@lumino/*", "react", "react-dom"],
  loader: { ".svg": "text" },
  minify: false, // the builder does
  plugins: [styles],
};

if (watch) {
  for (const options of [...bundles, lab]) await (await esbuild.context(options)).watch();
  await esbuild.build(lab); // the watching one may not have written it yet
  await jupyterBuilder("--development", "--watch");
} else {
  rmSync(lab.outdir, { recursive: true, force: true });
  const extension = await esbuild.build({ ...lab, metafile: true });
  await jupyterBuilder();
  writeFileSync(join(labextension, "LICENSES.txt"), licenses(Object.keys(extension.metafile.inputs)));
  const results = await Promise.all(
    bundles.map((options) => esbuild.build({ ...options, metafile: true, write: false })),
  );
  // What there was goes only when there is something in its place.
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const inputs = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const ofCrates = readFileSync(join(here, "sshx-web/pkg/LICENSES.txt"), "utf8");
  writeFileSync(join(out, "LICENSES.txt"), `${licenses(inputs)}\n\n${"-".repeat(80)}\n\n${ofCrates}`);
  for (const file of results.flatMap(({ outputFiles }) => outputFiles)) {
    writeFileSync(file.path, file.contents);
    console.log(`${basename(file.path)}: ${Math.round(file.contents.length / 1000)} kB`);
  }
  // The guest page's node, which is not bundled but loaded when a link needs it.
  copyFileSync(join(here, "sshx-web/pkg/sshx_web_bg.wasm"), join(out, "sshx_web.wasm"));
}

/**
 * Run JupyterLab's builder for prebuilt extensions on `lib/`.
 * @param {string[]} options
 */
async function jupyterBuilder(...options) {
  const builder = join(here, "node_modules/@jupyter/builder/lib/build-labextension.js");
  const core = join(here, "node_modules/@jupyterlab/core-meta/core.package.json");
  const child = spawn(process.execPath, [builder, "--core-package-file", core, ...options, here], {
    stdio: watch ? "inherit" : "pipe",
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (said += data));
  const status = await new Promise((resolve) => child.on("close", resolve));
  if (status !== 0) throw new Error(`the extension for JupyterLab could not be built:\n${said}`);
}

/**
 * A style sheet as a module that puts it into the page.
 * @param {esbuild.OnLoadArgs} args
 */
async function stylesAsCode({ path }) {
  const { code } = await esbuild.transform(readFileSync(path, "utf8"), { loader: "css", minify: !watch });
  const style = JSON.stringify(join(here, "src/style.ts"));
  const contents = `import { addStyle } from ${style}; addStyle(${JSON.stringify(code)});`;
  return { contents, resolveDir: here, watchFiles: [path] };
}

/**
 * A worker and all that it imports, as a module that exports its source.
 * @param {esbuild.OnLoadArgs} args
 */
async function workerAsText({ path }) {
  const { absWorkingDir, minify, target } = common;
  const options = { absWorkingDir, minify, target, bundle: true, write: false, format: "iife", metafile: true };
  const { outputFiles, metafile } = await esbuild.build({ ...options, entryPoints: [path] });
  const watchFiles = Object.keys(metafile.inputs).map((file) => join(here, file));
  return { contents: outputFiles[0].text, loader: "text", watchFiles };
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
