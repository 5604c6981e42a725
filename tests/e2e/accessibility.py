"""What makes a page hard to use: what axe-core finds, and controls that are too small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
# The colors inside of terminals are those of the programs.
EXCLUDED = [".xterm-rows", ".xterm-accessibility"]

# WCAG 2.5.8. A label is a part of the checkbox or radio button that it is for. Links within a text may be smaller, and
# what shows only while it has the focus is no target.
_SMALL = """(scope, least) => {
  const small = [];
  const controls = "a[href], button, input, select, textarea, summary, [role=button], [role=tab], [role^=menuitem]";
  for (const element of scope.querySelectorAll(controls)) {
    const style = getComputedStyle(element);
    if (!element.checkVisibility({ visibilityProperty: true }) || style.clipPath !== "none") continue;
    if (element.closest(".xterm") || (element.matches("a") && style.display === "inline")) continue;
    const shell = element.closest(".sshx-shell");
    const zoom = shell ? shell.getBoundingClientRect().width / shell.offsetWidth : 1;
    const checked = element.matches("[type=checkbox], [type=radio]");
    const boxes = [element, ...(checked ? element.labels : [])].map((part) => part.getBoundingClientRect());
    const width = (Math.max(...boxes.map((box) => box.right)) - Math.min(...boxes.map((box) => box.left))) / zoom;
    const height = (Math.max(...boxes.map((box) => box.bottom)) - Math.min(...boxes.map((box) => box.top))) / zoom;
    if (width < least - 0.1 || height < least - 0.1) {
      small.push(`${width.toFixed(1)} x ${height.toFixed(1)}: ${element.outerHTML.slice(0, 160)}`);
    }
  }
  return small;
}"""
# What is just fading in has other colors for a moment.
_SETTLED = """async () => {
  const brief = (animation) => animation.effect.getComputedTiming().endTime < 2000;
  await Promise.allSettled(document.getAnimations().filter(brief).map((animation) => animation.finished));
}"""


async def findings(page: Page, *scopes: str) -> list[dict[str, Any]]:
    """What axe finds on the whole page, or in what these selectors match."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    await page.evaluate(_SETTLED)
    context: dict[str, Any] = {"exclude": EXCLUDED, **({"include": list(scopes)} if scopes else {})}
    result = await page.evaluate("context => axe.run(context)", context)
    return [
        {
            "rule": f"{violation['id']} ({violation['impact']}): {violation['help']}",
            "nodes": [f"{node['html'][:200]} {node['failureSummary'][:300]}" for node in violation["nodes"]][:4],
        }
        for violation in result["violations"]
    ]


async def accessible(page: Page, where: str, *scopes: str) -> None:
    """Fails with what axe finds."""
    found = await findings(page, *scopes)
    assert not found, (where, found)


async def small_targets(scope: Locator, least: int = 24) -> list[str]:
    """The visible controls that are less than `least` CSS pixels wide or high, on a canvas at scale 1."""
    small: list[str] = await scope.evaluate(f"(scope, least) => ({_SMALL})(scope, least)", least)
    return small
