"""The pages for people who use a screen reader, a keyboard, large targets, less motion or colors of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from sshx_jupyter import guest_page
from tests.e2e.accessibility import accessible, small_targets
from tests.e2e.browser import MORE, Person, Visitor
from tests.e2e.labs import Lab, clean
from tests.e2e.notebooks import LOAD, Notebook, configure, write
from tests.servers import JupyterServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(110), pytest.mark.asyncio(loop_scope="session")]

PANELS = ("Chat", "People", "Network", "Settings")
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}


@pytest_asyncio.fixture(loop_scope="session")
async def host(browser: Browser, server_a: JupyterServer) -> Person:
    """Someone at server A, on the start page."""
    return await Person.at(browser, server_a)


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nothing_left(server_a: JupyterServer) -> AsyncIterator[None]:
    """Server A has no sessions and terminals, before and after."""
    await clean(server_a)
    yield
    await clean(server_a)
    configure(server_a)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_light_and_dark(
    scheme: str, browser: Browser, server_a: JupyterServer, server_b: JupyterServer
) -> None:
    host = await Person.at(browser, server_a, color_scheme=scheme)
    await accessible(host.page, "start")
    await host.screenshot(f"start-{scheme}")
    await host.share("Linear algebra")
    await host.sees("$")
    ticket = await host.copied("Copy ticket")
    await accessible(host.page, "share")
    await host.screenshot(f"share-{scheme}")
    guest = await Person.at(browser, server_b, color_scheme=scheme)
    await guest.join(ticket, "Grace")
    await guest.connected()
    await guest.run("ls --color=always /; printf '\\e[1;35mhello\\e[0m\\n'")
    await guest.button("New shell").click()
    await expect(guest.shells()).to_have_count(2)
    await host.say("Type into either of them: https://jupyter.org")
    for panel in PANELS:
        await guest.show(panel)
        await accessible(guest.page, panel)
        await guest.screenshot(f"{panel.lower()}-{scheme}")


@pytest.mark.parametrize("layout", ["wide", "narrow"])
async def test_every_state_is_accessible_and_every_control_large_enough(
    layout: str, browser: Browser, server: JupyterServer, server_b: JupyterServer
) -> None:
    options = PHONE if layout == "narrow" else {}
    small: list[tuple[str, str]] = []

    async def measure(person: Person, where: str) -> None:
        small.extend((where, each) for each in await small_targets(person.page.locator("body")))
        await accessible(person.page, where)

    await server.share(name=f"Listed {layout}")
    host = await Person.at(browser, server, **options)
    await expect(host.button(f"Stop sharing Listed {layout}")).to_be_visible()
    await measure(host, "start")
    await host.share("Targets")
    await host.sees("$")
    ticket = await host.copied("Copy ticket")
    await host.button("More").click()
    await host.button("Save invite…").click()
    await measure(host, "share")
    guest = await Person.at(browser, server_b, **options)
    await guest.join(ticket, "Grace")
    await guest.connected()
    await guest.say("See https://jupyter.org")
    await host.page.keyboard.press("Escape")
    await host.terminal().click()
    await guest.show("People")
    await expect(guest.page.get_by_title("Show this shell")).to_be_visible()
    await measure(guest, "people in a shell")
    reader = await Person.at(browser, server_b, **options)
    await host.show("Share")
    await reader.join(await host.copied("Copy read-only ticket"), "Ada")
    await reader.connected()
    await measure(reader, "read-only")
    await reader.button("Ask for write access").click()
    await expect(host.button("Allow")).to_be_visible()
    await measure(host, "request")
    await host.button("Allow").click()
    for person, who in ((host, "host"), (guest, "guest")):
        for panel in PANELS:
            await person.show(panel)
            await measure(person, f"{panel} of the {who}")
    await host.show("People")
    await host.button("Remove: Grace").click()
    await measure(host, "remove")
    await host.page.keyboard.press("Escape")
    await expect(host.page.locator(".sshx-panel")).to_have_count(0)
    await host.button("Find").click()
    await measure(host, "find")
    await host.button("Close find").click()
    await host.button("Shell menu").click()
    await measure(host, "menu")
    await host.page.get_by_role("menuitem", name="Rename…").click()
    await measure(host, "rename")
    await host.page.keyboard.press("Escape")
    await expect(host.page.locator(".sshx-title")).to_be_focused()
    await host.run("sleep 100")
    await host.sees_line("$ sleep 100")
    await host.button("Close shell").click()
    await expect(host.page.get_by_role("alertdialog")).to_be_visible()
    await measure(host, "question")
    assert not small, "\n".join(f"{where}: {what}" for where, what in small)


async def screen_reader(page: Page) -> list[tuple[str, str]]:
    """Roles and names in Chromium's accessibility tree, in order."""
    session = await page.context.new_cdp_session(page)
    try:
        nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    finally:
        await session.detach()
    return [
        (node["role"]["value"], node.get("name", {}).get("value", "").rstrip()) for node in nodes if not node["ignored"]
    ]


async def test_a_screen_reader_reads_terminals(host: Person) -> None:
    page = host.page
    await host.share("Reading")
    await host.sees("$")
    await host.terminal().click()
    # Out of the terminal, and to the first thing before its title.
    await page.keyboard.press("Control+Shift+Enter")
    await page.keyboard.press("Shift+Tab")
    turn_on = host.button("Turn on screen reader support")
    await expect(turn_on).to_be_focused()
    box = await turn_on.bounding_box()
    assert box is not None
    assert box["width"] > 100
    assert box["height"] >= 24
    await page.keyboard.press("Enter")
    await expect(host.button("Turn off screen reader support")).to_be_focused()

    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.type("echo $((40+2))nd line\n")
    await host.sees_line("42nd line")
    spoken = host.terminal().locator(".live-region")
    await expect(spoken).to_contain_text("42nd line")
    await expect(spoken).to_have_attribute("aria-live", "assertive")
    tree = await screen_reader(page)
    assert any(role == "list" and name.startswith("Screen of ") for role, name in tree)
    # The row holds its text, whatever Chromium calls the item itself.
    assert ("StaticText", "42nd line") in tree
    await accessible(page, "with screen reader support")
    # Tab is the shell's as ever.
    await page.keyboard.type("ech")
    await page.keyboard.press("Tab")
    await page.keyboard.type(" completed\n")
    await host.sees_line("completed")

    # One hears the terminal that one is in.
    await host.button("New shell").click()
    await expect(host.shells()).to_have_count(2)
    await expect(host.terminal(1).locator("textarea")).to_be_focused()
    await expect(host.terminal(1).locator(".live-region")).to_have_attribute("aria-live", "assertive")
    await expect(spoken).to_have_attribute("aria-live", "off")
    # The text that a screen reader outlines is where one sees it, on a canvas that is zoomed out, too.
    await host.page.set_viewport_size({"width": 900, "height": 500})
    await expect(host.shells().last).to_be_in_viewport(ratio=1)
    scale = "shell => shell.getBoundingClientRect().width / shell.offsetWidth"
    assert await host.shells().first.evaluate(scale) < 0.9
    await host.run("echo $((40+3))rd line")
    await expect(spoken).to_contain_text("43rd line")
    widths = """terminal => {
      const row = [...terminal.querySelectorAll(".xterm-accessibility-tree > div")]
        .find(({ textContent }) => textContent.trim() === "43rd line");
      const { width } = terminal.querySelector(".xterm-screen").getBoundingClientRect();
      return [row.getBoundingClientRect().width, width * "43rd line".length / terminal.sshxTerminal.cols];
    }"""
    outlined, seen = await host.terminal().evaluate(widths)
    assert outlined == pytest.approx(seen, rel=0.05)

    # On next time, too, where typing needs no pointer: the terminal has the focus, and says how to leave it.
    await page.reload()
    await host.connected()
    await host.sees("42nd line")
    field = page.locator(".xterm-helper-textarea").first
    await expect(field).to_have_accessible_description(
        "Press Control Shift Enter to move the focus from the terminal to its title."
    )
    await host.show("Settings")
    await page.get_by_role("checkbox", name="Screen reader support").uncheck()
    await expect(page.locator(".xterm-accessibility")).to_have_count(0)
    await expect(host.button("Turn on screen reader support")).to_have_count(2)


async def test_each_page_has_one_main_part_and_named_regions(host: Person, browser: Browser, tmp_path: Path) -> None:
    async def has_parts(page: Page, where: str) -> None:
        await expect(page.get_by_role("main")).to_have_count(1)
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        await accessible(page, where)
        regions = [name for role, name in await screen_reader(page) if role in ("region", "form", "navigation")]
        assert regions
        assert all(regions)

    await has_parts(host.page, "start")
    await host.share("Parts")
    await host.sees("$")
    await has_parts(host.page, "session")
    guest_page.write_directory(tmp_path / "page")
    guest = await Visitor.to(browser, (tmp_path / "page" / "index.html").as_uri())
    await has_parts(guest.page, "guest page")
    assert await small_targets(guest.page.locator("body")) == []


async def test_nothing_glides_for_people_who_want_less_motion(browser: Browser, server_a: JupyterServer) -> None:
    moving = """() => document.getAnimations().filter((animation) => animation.effect.getKeyframes().some((frame) =>
        ["transform", "translate", "left", "top", "height", "width"].some((property) => property in frame)
      )).map((animation) => animation.effect.target.outerHTML.slice(0, 100))"""
    for layout in ({}, PHONE):
        host = await Person.at(browser, server_a, reduced_motion="reduce", **layout)
        await host.page.evaluate(f"""() => {{
          window.moved = new Set();
          const look = () => {{
            for (const each of ({moving})()) window.moved.add(each);
            requestAnimationFrame(look);
          }};
          look();
        }}""")
        await host.share("Still")
        await host.sees("$")
        await host.page.keyboard.press("Escape")
        await host.button("New shell").click()
        await expect(host.page.locator(".sshx-shell")).to_have_count(2)
        await host.button("Fit all").click()
        for panel in PANELS:
            await host.show(panel)
        assert await host.page.evaluate("[...window.moved]") == []
        blinks = "terminal => terminal.sshxTerminal.options.cursorBlink"
        assert await host.terminal().evaluate(blinks) is False


async def test_forced_colors_show_controls_focus_and_states(browser: Browser, server_a: JupyterServer) -> None:
    host = await Person.at(browser, server_a, forced_colors="active")
    await host.share("Contrast")
    await host.sees("$")
    await host.show("Settings")
    await host.screenshot("forced-colors")
    colors = await host.page.locator(".sshx-swatch").evaluate_all(
        "swatches => swatches.map((swatch) => getComputedStyle(swatch).backgroundColor)"
    )
    assert len(set(colors)) >= 10
    await host.terminal().click()
    outline = "element => { const style = getComputedStyle(element); return [style.outlineStyle, style.outlineWidth]; }"
    assert await host.shells().evaluate(outline) == ["solid", "2px"]
    await host.button(MORE).focus()
    await host.page.keyboard.press("Tab")
    assert await host.page.evaluate(f"({outline})(document.activeElement)") == ["solid", "2px"]


# In JupyterLab and notebooks: what is ours.

THEMES = ("JupyterLab Light", "JupyterLab Dark")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("theme", THEMES)
async def test_in_jupyterlab(theme: str, browser: Browser, server_a: JupyterServer, server_b: JupyterServer) -> None:
    configure(server_a, theme)
    host = await Person.at(browser, server_a)
    lab = await Lab.open(host)
    page = host.page
    small: list[str] = []
    dialog = lab.dialog.locator(".jp-Dialog-content")

    name = await lab.new_terminal()
    await lab.context_menu(lab.tab(f"Terminal {name}"))
    await lab.item("Share Terminal…").click()
    await expect(lab.dialog.get_by_label(f"Terminal {name}")).to_be_checked()
    await accessible(page, "sharing", ".sshx-dialog")
    small += await small_targets(dialog)
    await lab.dialog.get_by_role("button", name="Share", exact=True).click()
    ticket = await host.copied("Copy ticket")
    guest = await Person.at(browser, server_b)
    await guest.join(ticket, "Grace")
    await guest.connected()
    await host.button("More").click()
    await expect(lab.dialog.get_by_role("listitem").filter(has_text="Grace")).to_be_visible()
    await accessible(page, "shared", ".sshx-dialog")
    small += await small_targets(dialog)
    await host.screenshot(f"lab-shared-{theme[-5:].strip().lower()}")
    await lab.dialog.get_by_role("button", name="Open Session").click()

    await host.connected()
    tab = page.locator(".sshx-tab:visible")
    for panel in (*PANELS, "Share"):
        await host.show(panel)
        await accessible(page, panel, ".sshx-tab")
        small += await small_targets(tab)
    # JupyterLab has these parts itself.
    await expect(tab.get_by_role("main")).to_have_count(0)
    await lab.running()
    await expect(lab.section).to_contain_text("Terminal")
    await accessible(page, "around", ".sshx-status", "[aria-label='Shared Sessions Section'] li")
    small += await small_targets(page.locator("#jp-bottom-panel .sshx-status >> xpath=.."))
    await lab.choose("Join Shared Session…")
    await expect(tab.get_by_role("textbox", name="Ticket")).to_be_visible()
    await accessible(page, "joining", ".sshx-tab")
    small += await small_targets(tab)
    assert not small, "\n".join(small)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("theme", THEMES)
async def test_in_a_notebook(theme: str, browser: Browser, server_a: JupyterServer) -> None:
    configure(server_a, theme)
    host = await Person.at(browser, server_a)
    small: list[str] = []
    path = write(server_a, "accessible.ipynb", f"{LOAD}\n%sshx share --name class", "%sshx join")
    notebook = await Notebook.open(host, path)
    await notebook.run(0)
    await host.sees("$")
    widget = host.page.locator(".sshx-widget")
    for panel in (*PANELS, "Share"):
        await host.show(panel)
        await accessible(host.page, panel, ".sshx-widget")
        small += await small_targets(widget)
    await expect(widget.get_by_role("main")).to_have_count(0)
    await notebook.run(1)
    await expect(host.field("Ticket")).to_be_visible()
    await accessible(host.page, "joining", ".sshx-widget-join")
    small += await small_targets(host.page.locator(".sshx-widget-join"))
    assert not small, "\n".join(small)
