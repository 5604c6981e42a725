import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The package's version, from where it is written. */
export function version() {
  const text = readFileSync(join(import.meta.dirname, "../sshx_jupyter/_version.py"), "utf8");
  return /__version__ = "([^"]+)"/.exec(text)[1];
}
