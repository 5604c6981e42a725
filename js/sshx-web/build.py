"""Builds the browser's node: `pkg/`, and in it the stamp of what it was made from. Run by `make sshx-web`.

Needs Rust with the target wasm32-unknown-unknown as rustup gives it, or Debian's packages for it, with which the
standard library is built too; clang and llvm-ar for ring; wasm-bindgen-cli, which is installed into `target/`; and npx
for wasm-opt. Two builds with the same toolchain give the same bytes, wherever they run: no path of the machine is in
them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from licenses import licenses
from stamp import PKG, ROOT, STAMP, digest, digests, sources

TARGET = "wasm32-unknown-unknown"
WASM_BINDGEN = "0.2.130"
"""The version of the program and, in Cargo.toml, of the crate: they have to be the same."""
BINARYEN = "130.0.0"
"""The npm package with wasm-opt."""
FEATURES = ("bulk-memory", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext", "multivalue")
"""What rustc's WebAssembly uses, and every browser has. With all features, wasm-opt writes more than they read."""
DEBIAN = {"RUSTC": "/usr/bin/rustc", "RUSTDOC": "/usr/bin/rustdoc"}
PACKAGES = "rustc-web cargo-web rust-web-src rust-web-llvm lld-22 clang llvm"


def main() -> None:
    target = ROOT / "target"
    cargo, environment, options = toolchain()
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    library = Path(output(environment.get("RUSTC", "rustc"), "--print", "sysroot"))
    remaps = {ROOT: "sshx-web", home: "cargo", library: "rust", Path("/usr/src"): "rust", target: "target"}
    flags = [f"--remap-path-prefix={path}={name}" for path, name in remaps.items()]
    environment |= {
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join((*flags, "-Zlocation-detail=none", "-Zfmt-debug=none")),
        "CARGO_TARGET_DIR": str(target),
        "RUSTC_BOOTSTRAP": "1",  # for the options that begin with -Z
        "CC_wasm32_unknown_unknown": "clang",
        "AR_wasm32_unknown_unknown": "llvm-ar",
        "CFLAGS_wasm32_unknown_unknown": " ".join(f"-ffile-prefix-map={path}={name}" for path, name in remaps.items()),
    }
    run(cargo, "build", "--release", "--locked", "--target", TARGET, *options, env=environment)
    wasm_bindgen = target / "bin" / "wasm-bindgen"
    if not wasm_bindgen.is_file() or WASM_BINDGEN not in output(str(wasm_bindgen), "--version"):
        # Its lock file is not used: it is not in the crate.
        install = ("install", "wasm-bindgen-cli", "--version", WASM_BINDGEN, "--no-default-features")
        run("cargo", *install, "--bin", "wasm-bindgen", "--root", str(target), "--target-dir", str(target / "tools"))
    shutil.rmtree(PKG, ignore_errors=True)
    module = target / TARGET / "release" / "sshx_web.wasm"
    run(str(wasm_bindgen), "--target", "web", "--omit-default-module-path", "--out-dir", str(PKG), str(module))
    wasm = PKG / "sshx_web_bg.wasm"
    features = [f"--enable-{feature}" for feature in FEATURES]
    run("npx", "--yes", f"--package=binaryen@{BINARYEN}", "wasm-opt", "-Oz", "--strip-debug", "--strip-producers",
        *features, str(wasm), "-o", str(wasm))  # fmt: skip
    (PKG / "LICENSES.txt").write_text(licenses(ROOT, cargo, TARGET), encoding="utf-8")
    made_with = {
        "rustc": output(environment.get("RUSTC", "rustc"), "--version"),
        "wasm-bindgen": WASM_BINDGEN,
        "binaryen": BINARYEN,
    }
    stamp = {"made_with": made_with, "sources": digest(sources()), "files": digests()}
    STAMP.write_text(json.dumps(stamp, indent=2) + "\n")


def toolchain() -> tuple[str, dict[str, str], list[str]]:
    """Cargo, its environment, and its options: rustup's if it has the target, else Debian's."""
    if shutil.which("rustup") and TARGET in output("rustup", "target", "list", "--installed"):
        return "cargo", dict(os.environ), []
    if not Path("/usr/bin/rustc").is_file() or not Path("/usr/bin/cargo").is_file():
        sys.exit(f"sshx-web: run `rustup target add {TARGET}`, or on Debian `apt-get install {PACKAGES}`.")
    return "/usr/bin/cargo", {**os.environ, **DEBIAN}, ["-Zbuild-std=std,panic_abort"]


def run(*command: str, env: dict[str, str] | None = None) -> None:
    print("sshx-web:", *command, flush=True)
    if subprocess.run(command, cwd=ROOT, env=env, check=False).returncode != 0:
        sys.exit(f"sshx-web: `{command[0]}` failed, see above.")


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
