/** Tells of one finger that drags on an element. A tap is not a drag, and two fingers are a pinch. */

const THRESHOLD = 8;

export function onTouchDrag(element: HTMLElement, moved: (dx: number, dy: number, at: Touch) => void): () => void {
  let last: { x: number; y: number } | null = null;
  let dragging = false;
  const start = (event: TouchEvent) => {
    const touch = event.touches.length === 1 ? event.touches[0]! : null;
    last = touch && { x: touch.clientX, y: touch.clientY };
    dragging = false;
  };
  const move = (event: TouchEvent) => {
    if (!last || event.touches.length !== 1) return;
    const touch = event.touches[0]!;
    const [dx, dy] = [touch.clientX - last.x, touch.clientY - last.y];
    if (!dragging && Math.hypot(dx, dy) < THRESHOLD) return;
    dragging = true;
    last = { x: touch.clientX, y: touch.clientY };
    moved(dx, dy, touch);
  };
  const end = (event: TouchEvent) => {
    if (dragging) event.preventDefault(); // no click follows
    last = null;
  };
  element.addEventListener("touchstart", start, { passive: true });
  element.addEventListener("touchmove", move, { passive: true });
  element.addEventListener("touchend", end);
  element.addEventListener("touchcancel", end);
  return () => {
    element.removeEventListener("touchstart", start);
    element.removeEventListener("touchmove", move);
    element.removeEventListener("touchend", end);
    element.removeEventListener("touchcancel", end);
  };
}
