/**
 * What a person types and says on its way to the host: kept while there is no link, sent in pieces, and held back while
 * the link is full, so that neither a large paste nor a broken link loses any of it or blows up.
 */
import type { ClientMessage } from "./protocol/messages";

/** Where it goes; see `Connection`. */
export interface Outlet {
  readonly buffered: number;
  send(message: ClientMessage): void;
}

const PIECE = 32 << 10;
/** Bytes that may wait while there is a link, and while there is none. */
const OPEN_BYTES = 16 << 20;
const CLOSED_BYTES = 256 << 10;
/** Bytes in the link beyond which more is held back. */
const LINK_BYTES = 256 << 10;
/** Milliseconds after which a full link is looked at again: nothing tells when it has room. */
const FULL_DELAY = 20;

type Item = { sid: number; data: Uint8Array } | { chat: string };

export class Outbox {
  #items: Item[] = [];
  #size = 0;
  #outlet: Outlet | null = null;
  #scheduled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Let what waits go out. */
  open(outlet: Outlet): void {
    this.#outlet = outlet;
    this.flush();
  }

  /** Keep what is still here. */
  close(): void {
    this.#outlet = null;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Add input for a shell; false, and nothing added, if it is more than may wait. What is typed in one go is sent in one. */
  type(sid: number, data: Uint8Array): boolean {
    if (!this.#fits(data.length)) return false;
    const last = this.#items.at(-1);
    if (last !== undefined && "data" in last && last.sid === sid && last.data.length + data.length <= PIECE) {
      const both = new Uint8Array(last.data.length + data.length);
      both.set(last.data);
      both.set(data, last.data.length);
      last.data = both;
    } else {
      for (let start = 0; start < data.length; start += PIECE) {
        this.#items.push({ sid, data: data.slice(start, start + PIECE) });
      }
    }
    this.#added(data.length);
    return true;
  }

  /** Add a chat message; false, and nothing added, if it is more than may wait. */
  say(text: string): boolean {
    if (!this.#fits(text.length)) return false;
    this.#items.push({ chat: text });
    this.#added(text.length);
    return true;
  }

  /** Send what the link takes now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const outlet = this.#outlet;
    if (outlet === null) return;
    let sent = 0;
    for (const item of this.#items) {
      if (outlet.buffered > LINK_BYTES) break;
      sent += 1;
      if ("chat" in item) {
        this.#size -= item.chat.length;
        outlet.send({ chat: item.chat });
      } else {
        this.#size -= item.data.length;
        outlet.send({ data: [item.sid, item.data] });
      }
    }
    this.#items.splice(0, sent);
    if (this.#items.length > 0) this.#timer = setTimeout(() => this.flush(), FULL_DELAY);
  }

  #fits(size: number): boolean {
    return this.#size + size <= (this.#outlet === null ? CLOSED_BYTES : OPEN_BYTES);
  }

  #added(size: number): void {
    this.#size += size;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}
