"""What someone gets who installs the package: the bundles, and a command line that works without any server."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from sshx_jupyter import __version__

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
STATIC = "sshx_jupyter/server/static/"
BUNDLE = {"page.js", "page.css", "login.js", "images.js", "widget.js", "loader.js", "LICENSES.txt"} | {
    "guest.js",
    "guest.css",
    "sshx_web.wasm",
}
LARGEST_BUNDLE = 950_000
LABEXTENSION = "sshx_jupyter/labextension/"
IN_LAB = "share/jupyter/labextensions/sshx-jupyter/"
LARGEST_LABEXTENSION = 1_200_000


@pytest.fixture(scope="module")
def bin_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment's programs: Python, no Node.js. The pip of the tests works on it."""
    directory = tmp_path_factory.mktemp("venv")
    venv.create(directory)
    return directory / "bin"


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of this checkout."""
    directory = tmp_path_factory.mktemp("sdist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(directory)], cwd=ROOT, check=True
    )
    (path,) = directory.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(sdist: Path, bin_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that pip makes of it, without Node.js."""
    directory = tmp_path_factory.mktemp("wheel")
    command = ("wheel", "--no-deps", "--wheel-dir", str(directory), str(sdist))
    pip(bin_dir, *command, environment={**os.environ, "PATH": str(bin_dir)})
    (path,) = directory.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, bin_dir: Path) -> Path:
    """The fresh environment with the wheel in it."""
    # What is used is compiled then; all of it takes longer.
    pip(bin_dir, "install", "--no-compile", "--constraint", str(ROOT / "tests" / "requirements.lock"), str(wheel))
    return bin_dir.parent


def pip(bin_dir: Path, *command: str, environment: dict[str, str] | None = None) -> None:
    program = [sys.executable, "-m", "pip", "--python", str(bin_dir / "python"), "--disable-pip-version-check"]
    subprocess.run([*program, *command, "--quiet"], check=True, env=environment)


def files_of(wheel: Path) -> dict[str, int]:
    """Names and sizes."""
    with zipfile.ZipFile(wheel) as archive:
        files = archive.infolist()
    sizes = {info.filename: info.file_size for info in files}
    assert len(sizes) == len(files)
    return sizes


def below(directory: str, names: Iterable[str]) -> set[str]:
    return {name.removeprefix(directory) for name in names if name.startswith(directory)}


def is_hashed(name: str) -> bool:
    """Whether this is a script that is named for its content."""
    return re.fullmatch(r"static/\w+\.[0-9a-f]{16,}\.js", name) is not None


def labextension_files() -> set[str]:
    """What the directory for JupyterLab has besides the scripts."""
    schemas = {path.name for path in (ROOT / "js" / "schema").iterdir()} | {"package.json.orig"}
    static = {"static/style.js", "static/third-party-licenses.json"}
    return {"package.json", "LICENSES.txt"} | static | {f"schemas/sshx-jupyter/{name}" for name in schemas}


def test_the_source_distribution_has_the_bundle_and_what_it_is_made_from(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert below(STATIC, names) == BUNDLE
    assert {name for name in below(LABEXTENSION, names) if not is_hashed(name)} == labextension_files()
    assert {"js/package-lock.json", "js/src/page/index.tsx", "js/hatch_build.py", "js/install.json"} <= names
    assert {"js/sshx-web/src/lib.rs", "js/sshx-web/pkg/sshx_web_bg.wasm", "js/sshx-web/pkg/stamp.json"} <= names
    left_out = ("js/lib/", "js/sshx-web/target/")
    assert not [name for name in names if "node_modules" in name or name.startswith(left_out)]
    assert not [name for name in names if name.endswith(".map")]


def test_the_wheel_has_bundles_of_reasonable_size(wheel: Path) -> None:
    files = files_of(wheel)
    assert below(STATIC, files) == BUNDLE
    assert files[STATIC + "page.js"] + files[STATIC + "page.css"] <= LARGEST_BUNDLE
    package = f"sshx_jupyter-{__version__}"
    assert {name.partition("/")[0] for name in files} == {"sshx_jupyter", f"{package}.data", f"{package}.dist-info"}
    assert not below(LABEXTENSION, files)  # it is there once
    assert not [name for name in files if name.endswith(".map")]

    data = {name: files[f"{package}.data/data/{name}"] for name in below(f"{package}.data/data/", files)}
    lab = below(IN_LAB, data)
    assert set(data) - {IN_LAB + name for name in lab} == {"etc/jupyter/jupyter_server_config.d/sshx_jupyter.json"}
    assert {name for name in lab if not is_hashed(name)} == {*labextension_files(), "install.json"}
    assert len([name for name in lab if name.startswith("static/remoteEntry.") and is_hashed(name)]) == 1
    assert sum(data[IN_LAB + name] for name in lab) <= LARGEST_LABEXTENSION


def test_a_checkout_and_its_source_distribution_make_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True)
    (other,) = tmp_path.iterdir()
    assert files_of(other) == files_of(wheel)


def environment_of_its_own(home: Path) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTHON", "VIRTUAL"))}
    return mine | {"SSHX_RELAYS": "disabled", "HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}


def test_the_installed_command_line_shares_and_joins(installed: Path, tmp_path: Path) -> None:
    enabled = installed / "etc" / "jupyter" / "jupyter_server_config.d" / "sshx_jupyter.json"
    assert json.loads(enabled.read_text()) == {"ServerApp": {"jpserver_extensions": {"sshx_jupyter": True}}}

    environment = environment_of_its_own(tmp_path)
    command = [str(installed / "bin" / "jupyter"), "sshx"]
    share = subprocess.Popen(
        [*command, "share", "--name", "demo", "--json", "--", "sh"],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
        text=True,
    )
    try:
        assert share.stdout is not None
        session = json.loads(share.stdout.readline())
        assert set(session) >= {"id", "tickets"}
        joined = subprocess.run(
            [*command, "join", session["tickets"]["write"]],
            input="echo from$((1))afar\n",
            capture_output=True,
            env=environment,
            text=True,
            timeout=60,
        )
        assert joined.returncode == 0, joined.stderr
        assert "from1afar" in joined.stdout
    finally:
        share.terminate()
        assert share.wait(30) == 0, sys.platform


def test_the_installed_command_line_writes_the_guest_page_without_rust(
    installed: Path, bin_dir: Path, tmp_path: Path
) -> None:
    environment = environment_of_its_own(tmp_path) | {"PATH": str(bin_dir)}
    command = [str(installed / "bin" / "jupyter"), "sshx", "page", str(tmp_path / "page")]
    subprocess.run(command, env=environment, check=True)
    built = (ROOT / "js" / "sshx-web" / "pkg" / "sshx_web_bg.wasm").read_bytes()
    assert gzip.decompress((tmp_path / "page" / "sshx_web.wasm.gz").read_bytes()) == built


def test_jupyterlab_has_the_plugin_until_it_is_uninstalled(installed: Path, bin_dir: Path, tmp_path: Path) -> None:
    """JupyterLab itself is that of the tests, which takes a minute less than to install it."""
    packages = os.pathsep.join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    environment = environment_of_its_own(tmp_path) | {"PATH": str(bin_dir), "PYTHONPATH": packages}

    def lab_extensions() -> str:
        command = [str(bin_dir / "python"), "-m", "jupyterlab.labextensions", "list"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr)

    said = lab_extensions()
    assert str(installed / "share" / "jupyter" / "labextensions") in said
    assert f"sshx-jupyter v{__version__} enabled OK (python, sshx-jupyter)\n" in said
    pip(bin_dir, "uninstall", "--yes", "sshx-jupyter")
    said = lab_extensions()
    assert "JupyterLab v" in said
    assert "sshx" not in said
    left = [path for directory in ("etc", "share") for path in (installed / directory).rglob("*sshx*")]
    assert [path for path in left if not path.is_dir() or any(path.rglob("*"))] == []


class Checkout:
    """A small copy of this checkout whose bundles have not been built, with programs that say what they are asked."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "checkout"
        self.bin = directory / "bin"
        self.bundles = (self.root / STATIC / "page.js", self.root / LABEXTENSION / "package.json")
        self.modules = self.root / "js" / "node_modules" / ".package-lock.json"
        self._calls = directory / "calls"
        files = ("hatch_build.py", "install.json", "package-lock.json")
        for name in ("pyproject.toml", "README.md", "LICENSE", *(f"js/{name}" for name in files)):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        made = shutil.ignore_patterns("static", "labextension")
        shutil.copytree(ROOT / "sshx_jupyter", self.root / "sshx_jupyter", ignore=made)
        for name in ("src/page.ts", "schema/sessions.json"):
            (self.root / "js" / name).parent.mkdir()
            (self.root / "js" / name).write_text("")
        self.bin.mkdir()

    def program(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def install_node(self, version: str = "v22.1.0") -> None:
        self.program("node", f"echo {version}")
        made = " && ".join(f"/bin/mkdir -p '{path.parent}' && echo > '{path}'" for path in self.bundles)
        installed = f"/bin/mkdir -p '{self.modules.parent}' && echo > '{self.modules}'"
        self.program("npm", f'echo "$@" >> "{self._calls}"; case "$1" in ci) {installed};; *) {made};; esac')

    def build(self) -> tuple[int, str]:
        """Build a wheel; returns the status and what was said."""
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(self.root / "dist")]
        environment = {**os.environ, "PATH": str(self.bin)}
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def calls(self) -> list[str]:
        """What npm was asked to do since the last look."""
        calls = self._calls.read_text().splitlines() if self._calls.exists() else []
        self._calls.unlink(missing_ok=True)
        return calls

    def touch(self, *paths: Path) -> None:
        """Make files newer than all others."""
        newest = max(each.stat().st_mtime for each in self.root.rglob("*"))
        for path in paths:
            os.utime(path, (newest + 10, newest + 10))


def test_without_node_the_build_says_what_to_install(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    status, said = checkout.build()
    assert status != 0
    assert "Install Node.js 20.19 or newer" in said
    assert "Traceback" not in said
    checkout.install_node("v18.20.4")
    status, said = checkout.build()
    assert status != 0
    assert "18.20" in said
    assert "Install Node.js 20.19 or newer" in said
    assert checkout.calls() == []


def test_the_bundle_is_built_when_its_sources_have_changed(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.install_node()
    assert checkout.build()[0] == 0
    assert checkout.calls() == ["ci", "run build"]
    assert checkout.build()[0] == 0
    assert checkout.calls() == []  # up to date
    for source in ("src/page.ts", "schema/sessions.json"):
        checkout.touch(checkout.root / "js" / source)
        assert checkout.build()[0] == 0
        assert checkout.calls() == ["run build"]
        checkout.touch(*checkout.bundles)
    for bundle in checkout.bundles:
        source_map = bundle.with_name("some.js.map")  # of a bundle for development
        source_map.write_text("")
        checkout.build()
        assert checkout.calls() == ["run build"]
        source_map.unlink()
        checkout.touch(*checkout.bundles)
    for bundle in checkout.bundles:
        shutil.rmtree(bundle.parent)
        checkout.build()
        assert checkout.calls() == ["run build"]
        checkout.touch(*checkout.bundles)
    checkout.build()
    assert checkout.calls() == []
    checkout.touch(checkout.root / "js" / "package-lock.json")
    checkout.build()
    assert checkout.calls() == ["ci", "run build"]


def test_a_build_that_fails_is_an_error(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.install_node()
    checkout.program("npm", '[ "$1" = ci ]')
    status, said = checkout.build()
    assert status != 0
    assert "`npm run build` in js/ failed" in said
    assert "Traceback" not in said
