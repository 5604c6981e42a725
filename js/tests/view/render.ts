/** Shows components in the test's page, and finds and uses what a person would. */
import { createElement, type FunctionComponent } from "react";
import { createRoot } from "react-dom/client";
import { act } from "preact/test-utils";

export { act };

let unmount: (() => void) | null = null;

/** Shows a component alone; again: with other properties. */
export function show<P extends object>(component: FunctionComponent<P>, props: P): HTMLElement {
  cleanUp();
  const place = document.createElement("div");
  document.body.append(place);
  const root = createRoot(place);
  void act(() => root.render(createElement(component, props)));
  unmount = () => {
    void act(() => root.unmount());
    place.remove();
  };
  return place;
}

export function cleanUp(): void {
  unmount?.();
  unmount = null;
}

/** Let the view follow what `change` does. */
export function after(change: () => void): void {
  void act(change);
}

export function all(selector: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(selector)];
}

export function texts(selector: string): string[] {
  return all(selector).map((element) => element.textContent);
}

/** The accessible names of all buttons. */
export function buttons(within = ""): string[] {
  return all(`${within} button`).map(nameOf);
}

export function button(name: string): HTMLButtonElement {
  const found = all("button").filter((each) => nameOf(each) === name);
  if (found.length !== 1) throw new Error(`${found.length} buttons named ${name} among: ${buttons().join(", ")}`);
  return found[0] as HTMLButtonElement;
}

export function click(name: string): void {
  after(() => button(name).click());
}

/** Whether text is anywhere in the page. */
export function says(text: string): boolean {
  return document.body.textContent.includes(text);
}

export function type(field: Element, value: string): void {
  after(() => {
    (field as HTMLInputElement).value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

export function press(target: Element, key: string, init: KeyboardEventInit = {}): void {
  after(
    () => void target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init })),
  );
}

function nameOf(element: Element): string {
  return element.getAttribute("aria-label") ?? element.textContent;
}
