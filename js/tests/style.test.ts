// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { addStyle, addStylesAround } from "../src/style";

test("a shadow root gets the page's styles, once; the page has them already", () => {
  addStyle(".a {}");
  addStyle(".b {}");
  const root = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "open" });
  for (let view = 0; view < 2; view++) addStylesAround(root.appendChild(document.createElement("div")));
  expect([...root.querySelectorAll("style")].map((style) => style.textContent)).toEqual([".a {}.b {}"]);
  addStylesAround(document.body.appendChild(document.createElement("div")));
  expect(document.querySelectorAll("style")).toHaveLength(1);
});
