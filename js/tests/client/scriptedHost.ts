/** A host that says what the test tells it to, at the other end of links in memory. */
import { Decoder, Encoder } from "cbor-x/index-no-eval";
import type { Dial, LinkHandlers } from "../../src/links/link";
import { clientKey, credentialsKey, Secured, type Credentials } from "../../src/protocol/handshake";
import { NoiseNNpsk0 } from "../../src/protocol/noise";

const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });
const options = { useRecords: false, mapsAsObjects: true, int64AsNumber: true };
const decoder = new Decoder(options);

export const CREDENTIALS: Credentials = {
  sessionId: new Uint8Array(16).fill(1),
  role: "writer",
  secret: new Uint8Array(16).fill(2),
  password: null,
};

export const SHELL = {
  ...{ x: 0, y: 0, rows: 24, cols: 80, title: "bash", ended: false },
  ...{ protected: false, viewed: false, locked: false, aid: "" },
};
export const USER = {
  name: "Ada",
  color: "#112233",
  role: "writer",
  cursor: null,
  focus: null,
  pending: false,
  wantsWrite: false,
  ticket: "writer",
  person: "",
};

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function refusal(reason: string): Uint8Array {
  return Uint8Array.of(1, ...bytes(reason));
}

/** One link as the host sees it. */
export class HostLink {
  /** Everything that the client has sent on it, one map each. Pings are left out. */
  readonly heard: Record<string, unknown>[] = [];
  pings: number[] = [];
  closed = false;
  /** The token whose key the client has shown; null if it was the ticket's key. */
  token: Uint8Array | null = null;
  /** What the client is told of how full its end is. */
  buffered = 0;
  held = false;
  /** Answers pings if it is true. */
  answers = true;
  readonly #host: ScriptedHost;
  readonly #handlers: LinkHandlers;
  readonly #frames: Uint8Array[] = [];
  #secured: Secured | null = null;

  constructor(host: ScriptedHost, handlers: LinkHandlers) {
    this.#host = host;
    this.#handlers = handlers;
  }

  /** The two frames of the handshake. */
  get knock(): readonly Uint8Array[] {
    return this.#frames;
  }

  async shake(): Promise<void> {
    const [preface, first] = this.#frames as [Uint8Array, Uint8Array];
    const claims = (token: Uint8Array) => String(clientKey(CREDENTIALS, token).preface) === String(preface);
    this.token = [this.#host.token, ...this.#host.tokens].find(claims) ?? null;
    const key = this.token === null ? await credentialsKey(CREDENTIALS) : clientKey(CREDENTIALS, this.token);
    const noise = new NoiseNNpsk0(false, preface, key.psk);
    noise.readMessage(first);
    const reply = noise.writeMessage();
    this.#secured = new Secured(...noise.split());
    this.deliver(Uint8Array.of(0, ...reply));
  }

  /** Say one message, as it is on the wire. */
  say(message: Record<string, unknown>): void {
    this.deliver(this.seal(message));
  }

  seal(message: Record<string, unknown>): Uint8Array {
    return this.#secured!.seal(encoder.encode(message));
  }

  deliver(frame: Uint8Array): void {
    if (!this.closed) this.#handlers.onFrame(frame);
  }

  /** The link breaks. */
  break(reason = "The connection was lost.", unreachable = false): void {
    if (this.closed) return;
    this.closed = true;
    this.#handlers.onClose(reason, unreachable);
  }

  tellPath(path: "direct" | "relay"): void {
    this.#handlers.onPath(path);
  }

  take(frame: Uint8Array): void {
    if (this.#secured === null) {
      this.#frames.push(frame.slice());
      return;
    }
    const message = decoder.decode(this.#secured.open(frame)) as Record<string, unknown>;
    if ("ping" in message) {
      this.pings.push(message.ping as number);
      if (this.answers) this.say({ pong: [message.ping, this.#host.input] });
      return;
    }
    this.heard.push(message);
    if (this.#host.takes) this.#take(message);
  }

  /** Take input, and do requests, as a host does that knows each client's stream. */
  #take(message: Record<string, unknown>): void {
    const [[name, content]] = Object.entries(message) as [[string, unknown]];
    if (name === "data") {
      const [, n, data] = content as [number, number, Uint8Array];
      if (n !== this.#host.input) throw new Error(`input at ${n} instead of ${this.#host.input}`);
      this.#host.input += data.length;
    } else if (!["join", "setCursor", "setFocus", "subscribe", "ack"].includes(name)) {
      const req = Array.isArray(content) ? (content[0] as number) : (content as number);
      if (req !== this.#host.req + 1) throw new Error(`request ${req} after ${this.#host.req}`);
      this.#host.req = req;
      this.say({ done: [req, null] });
    }
  }

  /** What was said under this name, in order. */
  all(name: string): unknown[] {
    return this.heard.filter((message) => name in message).map((message) => message[name]);
  }
}

export class ScriptedHost {
  readonly links: HostLink[] = [];
  /** What the next dial fails with. */
  unreachable: string | null = null;
  uid = 1;
  users: unknown[] = [[1, USER]];
  shells: unknown[] = [[1, SHELL]];
  token = bytes("token 1");
  /** Other tokens that it knows. */
  tokens: Uint8Array[] = [];
  /** What it has taken of the client's stream. */
  input = 0;
  req = 0;
  /** Whether it takes what comes, and answers each request. */
  takes = true;

  readonly dial: Dial = (handlers) => {
    if (this.unreachable !== null) return Promise.reject(new Error(this.unreachable));
    const link = new HostLink(this, handlers);
    this.links.push(link);
    return Promise.resolve({
      send: (frame: Uint8Array) => {
        if (!link.closed) link.take(frame);
      },
      get buffered() {
        return link.buffered;
      },
      get held() {
        return link.held;
      },
      close: () => {
        link.closed = true;
      },
    });
  };

  get link(): HostLink {
    return this.links.at(-1)!;
  }

  /** Let the client in that has just knocked. */
  async welcome(): Promise<HostLink> {
    await settled();
    const { link } = this;
    await link.shake();
    this.hello();
    return link;
  }

  hello(info: Record<string, unknown> = {}): void {
    const known = { session: "01".repeat(16), name: "demo", token: this.token, role: "writer", readOnly: false };
    const { input, req } = this;
    this.link.say({ hello: [this.uid, { ...known, locked: false, created: 1.5, input, req, ...info }] });
    this.link.say({ users: this.users });
    this.link.say({ shells: this.shells });
  }
}

/** Let every promise that can be settled be settled; fake timers do not move. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
