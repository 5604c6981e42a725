/** Links by one way and, where nobody is heard that way, by another. */
import type { Dial, Link, LinkHandlers } from "./link";

/** Milliseconds within which the host has to be heard before the other way is tried. */
const PATIENCE = 7_000;

/** By `first`, or by `second` if nobody is heard that way. The way that leads to the host is the first for later links. */
export function dialEither(first: Dial, second: Dial): Dial {
  let ways = [first, second] as const;
  return (handlers) => {
    const [way, other] = ways;
    const link = new EitherLink(handlers, () => {
      ways = [other, way];
      return other;
    });
    link.go(way);
    return Promise.resolve(link);
  };
}

class EitherLink implements Link {
  readonly #handlers: LinkHandlers;
  #other: (() => Dial) | null;
  #link: Link | null = null;
  /** What was sent while nobody has been heard: it is to be sent again the other way. */
  #unheard: Uint8Array[] | null = [];
  /** Another for each way, and once it is closed: what is heard of earlier ones does not count. */
  #turn = {};
  #timeout: ReturnType<typeof setTimeout> | undefined;

  /** @param other - says the other way, when it is needed. */
  constructor(handlers: LinkHandlers, other: () => Dial) {
    this.#handlers = handlers;
    this.#other = other;
  }

  get buffered(): number {
    return this.#link?.buffered ?? 0;
  }

  get held(): boolean {
    return this.#link?.held ?? false;
  }

  send(frame: Uint8Array): void {
    this.#unheard?.push(frame);
    this.#link?.send(frame);
  }

  close(): void {
    this.#turn = {};
    clearTimeout(this.#timeout);
    this.#link?.close();
  }

  go(way: Dial): void {
    const turn = (this.#turn = {});
    const failed = (reason: string, unreachable: boolean) => {
      if (turn !== this.#turn) return;
      clearTimeout(this.#timeout);
      const other = this.#unheard && this.#other?.();
      if (!other) {
        this.#handlers.onClose(reason, unreachable);
        return;
      }
      this.#link = this.#other = null;
      this.go(other);
    };
    if (this.#other) {
      this.#timeout = setTimeout(() => {
        this.#link?.close();
        failed("", true);
      }, PATIENCE);
    }
    way({
      onFrame: (frame) => {
        if (turn !== this.#turn) return;
        clearTimeout(this.#timeout);
        this.#unheard = null;
        this.#handlers.onFrame(frame);
      },
      onPath: (path) => {
        if (turn === this.#turn) this.#handlers.onPath(path);
      },
      onClose: failed,
    }).then(
      (link) => {
        if (turn !== this.#turn) {
          link.close();
          return;
        }
        this.#link = link;
        for (const frame of this.#unheard ?? []) link.send(frame);
      },
      (error: unknown) => failed((error as Error).message, true),
    );
  }
}
