/** `Viewport`: lets one drag, pinch and zoom what is larger than its frame, with d3-zoom. */
import { select } from "d3-selection";
import { zoom, zoomIdentity, zoomTransform, type ZoomTransform } from "d3-zoom";
import type { Box } from "./geometry";

export interface ViewportOptions {
  /** Whether a press, a touch or the wheel on `target` pans. Two fingers always do. */
  pans(target: Element, event: Event): boolean;
  /** Whether the content keeps to the frame: its edges do not come inside while it is larger. */
  contained?: boolean;
  onChange?(transform: ZoomTransform): void;
  /** The person panned or zoomed with the mouse, the wheel or fingers. */
  onByHand?(): void;
}

const MIN_SCALE = 0.1;
const MAX_SCALE = 2;
const MARGIN = 32;
const GLIDE = 250;
/** What depends on the scale is set once that stays the same for so many milliseconds: all cells are styled anew then. */
const SETTLED = 150;
/** As long after the last movement, which may glide, the style sheet takes the content as being moved. */
const MOVED = GLIDE + 50;
/** Properties of the content that depend on the scale. */
const SCALED = ["--sshx-seam", "--sshx-unzoom"];

export class Viewport {
  private readonly frame;
  private readonly zoom = zoom<HTMLElement, unknown>();
  private readonly contained: boolean;
  private gliding: ReturnType<typeof setTimeout> | null = null;
  private settling: ReturnType<typeof setTimeout> | null = null;
  private moving: ReturnType<typeof setTimeout> | null = null;
  private drawn = 1;

  constructor(
    private readonly root: HTMLElement,
    private readonly content: HTMLElement,
    private readonly options: ViewportOptions,
  ) {
    this.contained = options.contained ?? false;
    this.zoom
      .scaleExtent([MIN_SCALE, MAX_SCALE])
      .touchable(() => "ontouchstart" in window || navigator.maxTouchPoints > 0)
      .filter((event: Event) => this.accepts(event))
      .on("zoom", ({ transform, sourceEvent }: { transform: ZoomTransform; sourceEvent: unknown }) => {
        this.draw(transform);
        if (sourceEvent) this.options.onByHand?.();
      });
    if (this.contained) this.zoom.constrain((transform) => this.contain(transform));
    this.frame = select<HTMLElement, unknown>(root);
    this.frame.call(this.zoom).on("dblclick.zoom", null);
    // While capturing: before the terminals' own handlers.
    root.addEventListener("wheel", this.onWheel, { capture: true, passive: false });
    this.draw(this.transform);
  }

  close(): void {
    this.frame.on(".zoom", null);
    this.root.removeEventListener("wheel", this.onWheel, { capture: true });
    if (this.gliding !== null) clearTimeout(this.gliding);
    if (this.settling !== null) clearTimeout(this.settling);
    if (this.moving !== null) clearTimeout(this.moving);
    this.content.classList.remove("sshx-gliding", "sshx-moving");
    this.content.style.removeProperty("transform");
    for (const name of SCALED) this.content.style.removeProperty(name);
  }

  get transform(): ZoomTransform {
    return zoomTransform(this.root);
  }

  set transform(transform: ZoomTransform) {
    this.frame.call(this.zoom.transform, transform);
  }

  get scale(): number {
    return this.transform.k;
  }

  /** What one sees of the content. */
  get visible(): Box {
    const { x, y, k } = this.transform;
    return { x: -x / k, y: -y / k, width: this.root.clientWidth / k, height: this.root.clientHeight / k };
  }

  /** Where a point of the page is in the content. */
  toContent(clientX: number, clientY: number): [number, number] {
    const { left, top } = this.root.getBoundingClientRect();
    return this.transform.invert([clientX - left - this.root.clientLeft, clientY - top - this.root.clientTop]);
  }

  /** Move the content by pixels of the frame, perhaps by hand; returns how far it went. */
  panBy(dx: number, dy: number, byHand = false): [number, number] {
    const before = this.transform;
    this.frame.call(this.zoom.translateBy, dx / before.k, dy / before.k);
    if (byHand) this.options.onByHand?.();
    return [this.transform.x - before.x, this.transform.y - before.y];
  }

  /** Around a point of the page, or around the middle. */
  zoomBy(factor: number, at?: { clientX: number; clientY: number }): void {
    const { left, top } = this.root.getBoundingClientRect();
    if (at) this.frame.call(this.zoom.scaleBy, factor, [at.clientX - left, at.clientY - top]);
    else this.frame.call(this.zoom.scaleBy, factor);
  }

  /** Show all of a box, as large as it goes but not above `largest`. */
  fit(box: Box, largest = 1): void {
    this.centerOn(box, this.scaleFor(box, largest));
  }

  /** The scale at which `fit` shows a box. */
  scaleFor(box: Box, largest = 1): number {
    const { clientWidth, clientHeight } = this.root;
    const scale = Math.min((clientWidth - 2 * MARGIN) / box.width, (clientHeight - 2 * MARGIN) / box.height, largest);
    return Math.max(MIN_SCALE, scale);
  }

  /** Bring a box into view, at the present scale if it fits. */
  reveal(box: Box): void {
    const { k } = this.transform;
    const { clientWidth, clientHeight } = this.root;
    const fits = box.width * k <= clientWidth - MARGIN && box.height * k <= clientHeight - MARGIN;
    if (!fits) this.fit(box);
    else if (!this.shows(box)) this.centerOn(box, k);
  }

  /** Whether one sees all of a box. */
  shows(box: Box): boolean {
    const { x, y, k } = this.transform;
    const { clientWidth, clientHeight } = this.root;
    const [left, top] = [box.x * k + x, box.y * k + y];
    return left >= 0 && top >= 0 && left + box.width * k <= clientWidth && top + box.height * k <= clientHeight;
  }

  /** Pan no further than is needed to see a box. */
  include(box: Box): void {
    const { x, y, k } = this.transform;
    const { clientWidth, clientHeight } = this.root;
    const [left, top] = [box.x * k + x, box.y * k + y];
    const [right, bottom] = [left + box.width * k, top + box.height * k];
    this.panBy(
      left < 0 ? -left : Math.min(0, clientWidth - right),
      top < 0 ? -top : Math.min(0, clientHeight - bottom),
    );
  }

  /** The content is as wide as the frame, but at least at this scale; and the frame shows its upper left corner. */
  fitWidth(least = 0): void {
    const scale = this.root.clientWidth / this.content.offsetWidth;
    if (!Number.isFinite(scale) || scale === 0) return;
    this.zoom.scaleExtent([Math.min(scale, 1), MAX_SCALE]);
    this.transform = zoomIdentity.scale(Math.min(Math.max(scale, least), MAX_SCALE));
  }

  /** The change is shown as a movement, by the style sheet. */
  glideTo(transform: ZoomTransform): void {
    this.content.classList.add("sshx-gliding");
    if (this.gliding !== null) clearTimeout(this.gliding);
    this.gliding = setTimeout(() => this.content.classList.remove("sshx-gliding"), GLIDE);
    this.transform = transform;
  }

  private centerOn(box: Box, scale: number): void {
    this.glideTo(
      zoomIdentity
        .translate(this.root.clientWidth / 2, this.root.clientHeight / 2)
        .scale(scale)
        .translate(-box.x - box.width / 2, -box.y - box.height / 2),
    );
  }

  private accepts(event: Event): boolean {
    if (event.type === "wheel") return false; // onWheel does more
    if ("touches" in event && (event as TouchEvent).touches.length > 1) return true;
    const button = (event as MouseEvent).button || 0;
    return (button === 0 || button === 1) && event.target instanceof Element && this.options.pans(event.target, event);
  }

  /** The wheel zooms, sideways and with Shift it pans. What scrolls by itself keeps it, but for Ctrl or ⌘ (so does a pinch). */
  private readonly onWheel = (event: WheelEvent) => {
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? this.root.clientHeight : 1;
    const sideways = event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX;
    const pinched = event.ctrlKey || event.metaKey;
    if (!pinched && !(event.target instanceof Element && this.options.pans(event.target, event))) return;
    if (!pinched && (event.shiftKey || Math.abs(sideways) > Math.abs(event.deltaY))) this.panBy(-sideways * unit, 0);
    else {
      const steps = event.deltaY * unit * (pinched ? 0.01 : 0.002); // a touchpad's pinch comes in small steps
      this.zoomBy(2 ** Math.max(-0.3, Math.min(0.3, -steps)), event);
    }
    this.options.onByHand?.();
    event.preventDefault();
    event.stopPropagation();
  };

  private contain({ x, y, k }: ZoomTransform): ZoomTransform {
    const least = (frame: number, size: number) => Math.min(0, frame - size * k);
    return zoomIdentity
      .translate(
        Math.min(0, Math.max(least(this.root.clientWidth, this.content.offsetWidth), x)),
        Math.min(0, Math.max(least(this.root.clientHeight, this.content.offsetHeight), y)),
      )
      .scale(k);
  }

  private draw(transform: ZoomTransform): void {
    // Whole pixels: text stays sharp at scale 1.
    const [x, y] = [Math.round(transform.x), Math.round(transform.y)];
    this.content.style.transform = `translate(${x}px, ${y}px) scale(${transform.k})`;
    this.options.onChange?.(transform);
    this.move();
    if (transform.k === this.drawn) return;
    this.drawn = transform.k;
    if (this.settling !== null) clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(transform.k), SETTLED);
  }

  private move(): void {
    if (this.moving === null) this.content.classList.add("sshx-moving");
    else clearTimeout(this.moving);
    this.moving = setTimeout(() => {
      this.moving = null;
      this.content.classList.remove("sshx-moving");
    }, MOVED);
  }

  private settle(scale: number): void {
    this.content.style.setProperty("--sshx-seam", `${seam(scale, devicePixelRatio)}px`);
    this.content.style.setProperty("--sshx-unzoom", `${1 / scale}`);
  }
}

/** Pixels by which cells must reach over their edges at a scale, so that nothing shines through between them. */
export function seam(scale: number, pixelRatio: number): number {
  if (scale === 1) return 0;
  // A pixel of the screen, in whole pixels of an unscaled page: the browser draws no parts of those.
  return Math.ceil(1 / scale) / pixelRatio;
}
