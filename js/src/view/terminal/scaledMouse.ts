/**
 * xterm.js finds the cell under the mouse from sizes that know nothing of CSS transforms. On a zoomed canvas this
 * makes mouse events tell xterm.js where they would have been without the zoom.
 */
const EVENTS = ["mousedown", "mousemove", "mouseup", "click", "dblclick", "auxclick", "contextmenu", "wheel"] as const;

/** `screen` is the element whose cells are meant, the terminal's own or something in it; returns how to stop. */
export function unscaleMouse(terminal: HTMLElement, screen: () => HTMLElement | null): () => void {
  // A drag that began in the terminal goes on outside of it.
  let dragging = false;
  const onMouse = (event: MouseEvent) => {
    const inside = event.target instanceof Node && terminal.contains(event.target);
    if (event.type === "mousedown") dragging = inside;
    else if (event.type === "mousemove" && event.buttons === 0) dragging = false;
    if (inside || dragging) unscale(event, screen());
    if (event.type === "mouseup") dragging = false;
  };
  // On the window and while capturing: before any of xterm.js' own listeners.
  for (const type of EVENTS) window.addEventListener(type, onMouse, { capture: true, passive: true });
  return () => {
    for (const type of EVENTS) window.removeEventListener(type, onMouse, { capture: true });
  };
}

function unscale(event: MouseEvent, screen: HTMLElement | null): void {
  if (!screen || screen.offsetWidth === 0) return;
  const box = screen.getBoundingClientRect();
  const scale = box.width / screen.offsetWidth;
  if (Math.abs(scale - 1) < 0.001 || scale === 0) return;
  const { clientX, clientY } = event;
  Object.defineProperties(event, {
    clientX: { value: box.left + (clientX - box.left) / scale },
    clientY: { value: box.top + (clientY - box.top) / scale },
  });
}
