// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { PasswordForm } from "../../src/page/PasswordForm";
import { all, cleanUp, show, type } from "../view/render";

afterEach(cleanUp);

test("a wrong password can be typed again at once, and its field says what is wrong", () => {
  const form = { problem: "Not this one.", onPassword: vi.fn(), onLeave: vi.fn() };
  show(PasswordForm, form);
  const [field] = all("input") as [HTMLInputElement];
  expect(document.activeElement).toBe(field);
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(document.querySelector("[role=alert]")?.textContent).toBe("Not this one.");
  type(field, "an");
  expect(field.getAttribute("aria-invalid")).toBeNull();
});
