/** Dragging with the mouse, a pen or a finger: the pointer is captured once it has moved, so that clicks stay clicks. */

const THRESHOLD = 3;

/** `moved` gets the distance since the press on `element`, and whether it is the last time. A click does not call it. */
export function drag(
  element: HTMLElement,
  press: { pointerId: number; clientX: number; clientY: number },
  moved: (dx: number, dy: number, last: boolean) => void,
): void {
  let dragging = false;
  const distance = (event: PointerEvent) => [event.clientX - press.clientX, event.clientY - press.clientY] as const;
  const move = (event: PointerEvent) => {
    if (event.pointerId !== press.pointerId) return;
    const [dx, dy] = distance(event);
    if (!dragging && Math.hypot(dx, dy) < THRESHOLD) return;
    if (!dragging) element.setPointerCapture(press.pointerId);
    dragging = true;
    moved(dx, dy, false);
  };
  const end = (event: PointerEvent) => {
    if (event.pointerId !== press.pointerId) return;
    stop.abort();
    if (dragging) moved(...distance(event), true);
  };
  const stop = new AbortController();
  // On the window: before it is captured, a fast pointer may already be elsewhere.
  window.addEventListener("pointermove", move, { signal: stop.signal });
  window.addEventListener("pointerup", end, { signal: stop.signal });
  window.addEventListener("pointercancel", end, { signal: stop.signal });
}
