/**
 * The client against the real host: two Jupyter servers with the extension, A that shares and B through which guests
 * join. `PYTHON` names the Python that has them; by default it is the one in `.venv`.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket as NodeWebSocket } from "ws";
import { SshxClient, type ClientOptions } from "../../src/client/client";
import type { TerminalSink } from "../../src/client/output";
import type { ClientEvent } from "../../src/client/events";
import type { Dial, Link } from "../../src/links/link";
import { dialWebSocket, localUrl, pipeUrl } from "../../src/links/websocket";
import { Ticket } from "../../src/ticket";
import { fromHex } from "../vectors";

interface Server {
  url: string;
  token: string;
}

interface Session {
  id: string;
  owner_secret: string;
  tickets: { write: string | null; read: string };
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const VENV = `${ROOT}.venv/bin/python`;
/** `make soak` cuts 1,000 times. */
const CUTS = Number(process.env.SSHX_CUTS ?? "50");
const PYTHON = process.env.PYTHON ?? (existsSync(VENV) ? VENV : "python3");

let servers: ChildProcess;
let a: Server;
let b: Server;
let session: Session;
let clients: SshxClient[];
let sockets: NodeWebSocket[];

beforeAll(async () => {
  servers = spawn(PYTHON, ["-m", "tests.servers", "2"], { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface({ input: servers.stdout! })) {
    [a, b] = JSON.parse(line) as [Server, Server];
    return;
  }
  throw new Error("the servers did not start");
}, 90_000);

afterAll(async () => {
  const ended = new Promise((resolve) => servers.once("exit", resolve));
  servers.stdin!.end();
  await ended;
}, 60_000);

beforeEach(async () => {
  clients = [];
  sockets = [];
  session = await share({});
});

afterEach(async () => {
  for (const client of clients) client.close();
  await call("DELETE", `sshx/api/sessions/${session.id}?terminals=close`);
});

async function call(method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(a.url + path, {
    method,
    headers: { Authorization: `token ${a.token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
}

async function share(options: Record<string, unknown>): Promise<Session> {
  return (await call("POST", "sshx/api/sessions", options)) as Session;
}

/** WebSockets with the server's token, which a page has in its cookie. */
function socketClass({ token }: Server): typeof WebSocket {
  class Socket extends NodeWebSocket {
    constructor(url: string) {
      super(url, { headers: { Authorization: `token ${token}` } });
      sockets.push(this);
    }
  }
  return Socket as unknown as typeof WebSocket;
}

function start(options: ClientOptions): SshxClient {
  const client = new SshxClient(options);
  clients.push(client);
  client.connect();
  return client;
}

function owner(options: Partial<ClientOptions> = {}): SshxClient {
  const credentials = {
    sessionId: fromHex(session.id),
    role: "owner" as const,
    secret: fromHex(session.owner_secret),
    password: null,
  };
  return start({ credentials, dial: dialWebSocket(localUrl(a.url, session.id), socketClass(a)), ...options });
}

/** A guest of server B. */
function guest(text: string, password: string | null = null, options: Partial<ClientOptions> = {}): SshxClient {
  const ticket = Ticket.decode(text);
  const dial = dialWebSocket(pipeUrl(b.url, ticket.session, ticket.endpointTicket), socketClass(b));
  return start({ credentials: ticket.credentials(password), dial, ...options });
}

/** Wait until something is so; it is looked at after each event. */
async function until(client: SshxClient, condition: () => boolean, what = condition.toString()): Promise<void> {
  if (condition()) return;
  await new Promise<void>((resolve, reject) => {
    const stop = client.on(() => {
      if (!condition()) return;
      stop();
      clearTimeout(timer);
      resolve();
    });
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`not within 20 s: ${what}; the client is ${client.state}: ${client.reason}`));
    }, 20_000);
  });
}

const connected = (client: SshxClient) => until(client, () => client.state === "connected");

/** Wait for an event. */
function next<T extends ClientEvent["type"]>(client: SshxClient, type: T): Promise<Extract<ClientEvent, { type: T }>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no event within 20 s: ${type}`)), 20_000);
    const stop = client.on((event) => {
      if (event.type !== type) return;
      stop();
      clearTimeout(timer);
      resolve(event as Extract<ClientEvent, { type: T }>);
    });
  });
}

/** A terminal that only collects what it is given, and parses it a little later as xterm.js does. */
class Terminal implements TerminalSink {
  output = "";
  restored = 0;
  readonly #decoder = new TextDecoder();
  readonly #listeners = new Set<() => void>();

  write(data: Uint8Array, parsed: () => void): void {
    setTimeout(parsed, 1);
    this.output += this.#decoder.decode(data, { stream: true });
    for (const listener of [...this.#listeners]) listener();
  }

  restore(data: Uint8Array, parsed: () => void): void {
    this.restored += 1;
    this.output = "";
    this.write(data, parsed);
  }

  async shows(pattern: RegExp): Promise<void> {
    if (pattern.test(this.output)) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`not shown within 20 s: ${pattern}; but: ${this.output.slice(-500)}`)),
        20_000,
      );
      const listener = () => {
        if (!pattern.test(this.output.slice(-5000))) return;
        this.#listeners.delete(listener);
        clearTimeout(timer);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }
}

/** Makes links that break after some frames, until there were `left` of them: the rest never arrives, on either way. */
class Cutter {
  constructor(
    private readonly inner: Dial,
    public left: number,
  ) {}

  readonly dial: Dial = async (handlers) => {
    if (this.left <= 0) return this.inner(handlers);
    this.left -= 1;
    const lives = { in: 3 + Math.floor(Math.random() * 40), out: 3 + Math.floor(Math.random() * 40) };
    let broken = false;
    let link: Link | null = null;
    const lost = (way: "in" | "out") => {
      if (!broken && lives[way]-- <= 0) {
        broken = true;
        setTimeout(() => {
          link?.close();
          handlers.onClose("The link was cut.", false);
        });
      }
      return broken;
    };
    const inner = await this.inner({
      onFrame: (frame) => {
        if (!lost("in")) handlers.onFrame(frame);
      },
      onPath: handlers.onPath.bind(handlers),
      onClose: (reason, unreachable) => {
        if (!broken) handlers.onClose(reason, unreachable);
      },
    });
    link = inner;
    return {
      send: (frame) => {
        if (!lost("out")) inner.send(frame);
      },
      get buffered() {
        return inner.buffered;
      },
      close: () => {
        broken = true;
        inner.close();
      },
    };
  };
}

/** A client's first shell in a terminal, at its prompt. */
async function firstShell(client: SshxClient): Promise<[Terminal, number]> {
  await connected(client);
  const sid = [...client.shells.keys()][0]!;
  const terminal = new Terminal();
  client.attach(sid, terminal);
  await terminal.shows(/\$ /);
  return [terminal, sid];
}

describe("the client and the real host", { timeout: 60_000 }, () => {
  test("the owner works in its session", async () => {
    const client = owner({ name: "Host", color: "#123456" });
    const [terminal, sid] = await firstShell(client);
    expect([client.role, client.path, client.info?.session]).toEqual(["owner", "local", session.id]);
    client.send(sid, "echo $((6 * 7))-$((1))\r");
    await terminal.shows(/42-1\r\n/);
    await until(client, () => client.users.get(client.uid)?.color === "#123456");
    expect(client.users.get(client.uid)?.name).toBe("Host");
    client.move(sid, { x: 10, y: 20 });
    client.resize(sid, { rows: 30, cols: 90 });
    await until(client, () => client.shells.get(sid)?.cols === 90);
    expect(client.shells.get(sid)).toMatchObject({ x: 10, y: 20, rows: 30 });
    const other = await client.create(800, 0);
    expect([...client.shells.keys()].sort()).toEqual([sid, other]);
    expect(client.shells.get(other!)).toMatchObject({ x: 800, y: 0 });
    void client.closeShell(other!, true);
    await until(client, () => client.shells.size === 1);
    await until(client, () => client.latency !== null);
    expect(client.latency).toBeLessThan(5000);
  });

  test("a guest types through a pipe, and both see it", async () => {
    const host = owner();
    const [hosts] = await firstShell(host);
    const client = guest(session.tickets.write!, null, { name: "Grace" });
    const [terminal, sid] = await firstShell(client);
    await until(client, () => client.path === "direct");
    client.send(sid, "echo $((6 * 7))-guest\r");
    await Promise.all([terminal.shows(/42-guest\r\n/), hosts.shows(/42-guest\r\n/)]);
    client.setCursor([1.5, -2]);
    client.setFocus(sid);
    await until(host, () => host.users.get(client.uid)?.focus === sid);
    await until(host, () => host.users.get(client.uid)?.cursor?.[0] === 1.5);
    expect(host.users.get(client.uid)?.name).toBe("Grace");
    void host.chat("hello 🚀");
    const { message } = await next(client, "chat");
    expect([message.uid, message.text]).toEqual([host.uid, "hello 🚀"]);
  });

  test("no line is lost or doubled when links break in the middle", async () => {
    const client = guest(session.tickets.write!);
    const [terminal, sid] = await firstShell(client);
    client.send(
      sid,
      "for i in $(seq 1 3000); do echo line $i; [ $((i % 100)) = 0 ] && sleep 0.1; done; echo all-$((1))\r",
    );
    for (const line of [300, 900, 1500]) {
      await terminal.shows(new RegExp(`line ${line}\r\n`));
      sockets.at(-1)!.terminate();
      await until(client, () => client.state === "reconnecting");
      client.send(sid, "\r"); // what is typed meanwhile is kept
      await connected(client);
    }
    await terminal.shows(/all-1\r\n/);
    const lines = [...terminal.output.matchAll(/line (\d+)\r\n/g)].map(([, number]) => Number(number));
    expect(lines).toEqual(Array.from({ length: 3000 }, (_, i) => i + 1));
    expect(terminal.restored).toBe(1);
    expect(client.uid).toBe(1);
  });

  test("no key and no request is lost or doubled when links break while one types", async () => {
    const client = guest(session.tickets.write!, null, { staleInput: "send" });
    const [terminal, sid] = await firstShell(client);
    client.send(sid, "stty raw -echo; echo ready-$((1)); head -c 20000 | md5sum; stty sane; echo d''one\r");
    await terminal.shows(/ready-1/);
    const lines = Array.from({ length: 2000 }, (_, i) => String(i).padStart(9, "0") + "\n");
    const created: Promise<number | null>[] = [];
    for (const [i, line] of lines.entries()) {
      client.send(sid, line);
      if (i % 500 === 250) created.push(client.create(i, 0));
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      if (i % 400 === 200) sockets.at(-1)!.terminate();
      if (i % 400 === 300) await connected(client);
    }
    await terminal.shows(/done/);
    const { createHash } = await import("node:crypto");
    expect(terminal.output).toContain(createHash("md5").update(lines.join("")).digest("hex"));
    const sids = await Promise.all(created);
    expect([...client.shells.keys()].sort((x, y) => x - y)).toEqual([sid, ...(sids as number[])]);
  });

  test("an owner's observer goes on with its own stream after a broken link", async () => {
    const observer = owner({ observer: true });
    const [terminal, sid] = await firstShell(observer);
    observer.send(sid, "echo $((40 + 1))-a\r");
    await terminal.shows(/41-a\r\n/);
    sockets.at(-1)!.terminate();
    await until(observer, () => observer.state === "reconnecting");
    observer.send(sid, "echo $((40 + 2))-b\r");
    await connected(observer);
    await terminal.shows(/42-b\r\n/);
    expect(terminal.output.match(/42-b/g)).toHaveLength(1);
  });

  test("much output arrives whole, or as a screen", async () => {
    const client = guest(session.tickets.write!);
    const [terminal, sid] = await firstShell(client);
    client.send(sid, "seq 1 200000; echo end-$((1))\r");
    await terminal.shows(/199999\r\n200000\r\nend-1\r\n/);
  });

  test("a paste of many pieces arrives whole", async () => {
    const client = guest(session.tickets.write!);
    const [terminal, sid] = await firstShell(client);
    client.send(sid, "stty raw -echo; echo ready-$((1)); head -c 3000000 | md5sum; stty sane; echo d''one\r");
    await terminal.shows(/ready-1/);
    const text = Array.from({ length: 300_000 }, (_, i) => String(i).padStart(9, "0") + "\n").join("");
    const { createHash } = await import("node:crypto");
    client.send(sid, text);
    await terminal.shows(/done/);
    expect(terminal.output).toContain(createHash("md5").update(text).digest("hex"));
  });

  test("roles change live", async () => {
    const host = owner();
    await connected(host);
    const client = guest(session.tickets.read);
    const [terminal, sid] = await firstShell(client);
    expect(client.role).toBe("reader");
    client.send(sid, "echo not-$((1))\r");
    const { code, details } = await next(client, "error");
    expect([code, Object.fromEntries(details)]).toEqual(["notAllowed", { sid, n: 0, bytes: 16 }]);
    client.requestWrite();
    await until(host, () => host.users.get(client.uid)?.wantsWrite === true);
    host.setRole(client.uid, "writer");
    await until(client, () => client.role === "writer");
    client.send(sid, "echo now-$((1))\r");
    await terminal.shows(/now-1\r\n/);
    expect(terminal.output).not.toContain("not-1");
    client.setRole(host.uid, "reader");
    expect((await next(client, "error")).code).toBe("notAllowed");
  });

  test("an owner removes a guest", async () => {
    const host = owner();
    await connected(host);
    const client = guest(session.tickets.read, null, { name: "Mallory" });
    const joined = await next(host, "joined");
    expect(joined.user.name).toBe("Mallory");
    const left = next(host, "left");
    host.kick(joined.uid, { reason: "lunch" });
    await until(client, () => client.state === "ended");
    expect([client.endCode, client.removed]).toEqual(["removed", true]);
    expect(client.reason).toContain("lunch");
    expect((await left).uid).toBe(joined.uid);
  });

  test("the host renames, locks and stops", async () => {
    const client = guest(session.tickets.read);
    await connected(client);
    await call("PATCH", `sshx/api/sessions/${session.id}`, { name: "Another", locked: true });
    await until(client, () => client.info?.name === "Another" && client.info.locked);
    const late = guest(session.tickets.read);
    await until(late, () => late.state === "refused");
    expect(late.refusal).toBe("locked");
    const shared = session;
    session = await share({});
    await call("DELETE", `sshx/api/sessions/${shared.id}?terminals=close`);
    await until(client, () => client.state === "ended");
    expect([client.endCode, client.removed]).toEqual(["stopped", false]);
    const later = guest(shared.tickets.read);
    await until(later, () => later.state === "refused");
    expect(later.refusal).toBe("notFound");
  });

  test("passwords", async () => {
    const shared = await share({ password: "correct horse" });
    try {
      const ticket = shared.tickets.write!;
      expect(Ticket.decode(ticket).password).toBe(true);
      const without = guest(ticket);
      await until(without, () => without.state === "refused");
      expect(without.refusal).toBe("passwordRequired");
      const wrong = guest(ticket, "swordfish");
      await until(wrong, () => wrong.state === "refused");
      expect(wrong.refusal).toBe("invalidAuth");
      await connected(guest(ticket, "correct horse"));
    } finally {
      await call("DELETE", `sshx/api/sessions/${shared.id}?terminals=close`);
    }
  });

  test("a ticket with a wrong secret, and one whose host is gone", async () => {
    const ticket = Ticket.decode(session.tickets.read);
    const forged = new Ticket(ticket.address, ticket.sessionId, new Uint8Array(16), "reader");
    const wrong = guest(forged.encode());
    await until(wrong, () => wrong.state === "refused");
    expect(wrong.refusal).toBe("invalidAuth");
    const damaged = new Ticket(new Uint8Array(40), ticket.sessionId, new Uint8Array(16), "reader");
    const nowhere = guest(damaged.encode());
    await until(nowhere, () => nowhere.state === "unreachable");
  });

  test("approval", async () => {
    const shared = session;
    session = await share({ approve: true });
    await call("DELETE", `sshx/api/sessions/${shared.id}?terminals=close`);
    const host = owner();
    await connected(host);
    const client = guest(session.tickets.write!);
    await until(client, () => client.state === "waiting");
    await until(host, () => [...host.users.values()].some((user) => user.pending));
    const [uid] = [...host.users].find(([, user]) => user.pending)!;
    const joined = next(host, "joined");
    host.approve(uid, true);
    await connected(client);
    expect((await joined).uid).toBe(uid);
    const other = guest(session.tickets.write!);
    await until(other, () => other.state === "waiting");
    await until(host, () => [...host.users.values()].some((user) => user.pending));
    host.approve([...host.users].find(([, user]) => user.pending)![0], false);
    await until(other, () => other.state === "ended");
    expect(other.endCode).toBe("notAdmitted");
  });

  test("an owner's observer sees and decides who takes part, and is in nobody's list", async () => {
    const shared = session;
    session = await share({ approve: true });
    await call("DELETE", `sshx/api/sessions/${shared.id}?terminals=close`);
    const observer = owner({ observer: true, name: "Nobody", color: "#123456" });
    await connected(observer);
    expect([observer.role, observer.users.size, observer.shells.size]).toEqual(["owner", 0, 1]);

    const client = guest(session.tickets.write!, null, { name: "Grace" });
    await until(observer, () => [...observer.users.values()].some((user) => user.pending));
    const [uid] = [...observer.users.keys()];
    const joined = next(observer, "joined");
    observer.approve(uid!, true);
    await connected(client);
    expect((await joined).user.name).toBe("Grace");
    expect([...client.users.keys()]).toEqual([client.uid]);
    observer.setRole(client.uid, "reader");
    await until(client, () => client.role === "reader");

    sockets[0]!.terminate();
    await until(observer, () => observer.state === "reconnecting");
    await connected(observer);
    expect([...observer.users.keys()]).toEqual([client.uid]);
    const { users } = (await call("GET", `sshx/api/sessions/${session.id}`)) as { users: { uid: number }[] };
    expect(users.map((user) => user.uid)).toEqual([client.uid]);

    const left = next(observer, "left");
    observer.kick(client.uid);
    await until(client, () => client.removed);
    expect((await left).uid).toBe(client.uid);
    expect([client.users.has(observer.uid), observer.users.size]).toEqual([false, 0]);
  });

  test("no word of the chat is lost or doubled over a broken link", async () => {
    const host = owner();
    const client = guest(session.tickets.read);
    await Promise.all([connected(host), connected(client)]);
    void host.chat("one");
    await until(client, () => client.messages.length === 1);
    sockets.at(-1)!.terminate();
    await until(client, () => client.state === "reconnecting");
    void host.chat("two");
    void client.chat("three");
    await until(host, () => host.messages.length === 3);
    await until(client, () => client.messages.length === 3);
    expect(await host.chat("four")).toBe(true);
    await until(client, () => client.messages.length === 4);
    const said = client.messages.map(({ text }) => text);
    expect(said).toEqual(["one", "two", "three", "four"]);
    expect(host.messages.map(({ text }) => text)).toEqual(said);
  });

  test(
    `nothing typed, said, asked for or shown is lost or doubled in ${CUTS} cuts at any frame`,
    { timeout: 60_000 + CUTS * 1000 },
    async () => {
      const folder = await mkdtemp(`${tmpdir()}/sshx-`);
      const host = owner();
      await connected(host);
      const ticket = Ticket.decode(session.tickets.write!);
      const cutter = new Cutter(
        dialWebSocket(pipeUrl(b.url, ticket.session, ticket.endpointTicket), socketClass(b)),
        0,
      );
      const client = start({ credentials: ticket.credentials(null), dial: cutter.dial, staleInput: "send" });
      client.on(() => {
        if (client.state === "reconnecting" && client.retryAt !== null) setTimeout(() => client.connect());
      });
      const sid = (await host.create(0, 0))!;
      const terminal = new Terminal();
      host.attach(sid, terminal);
      await terminal.shows(/\$ /);
      host.send(sid, `cat > '${folder}/typed'; echo end-$((1))\r`);
      await vi.waitFor(() => access(`${folder}/typed`), 20_000);
      const shown = (await host.create(0, 0))!; // the host types here, and the guest watches
      await until(client, () => client.state === "connected" && client.shells.has(shown));
      const watched = new Terminal();
      client.attach(shown, watched);
      host.send(shown, "stty -echo; PS1=; echo ready-$((1)); cat\r");
      await watched.shows(/ready-1/);
      cutter.left = CUTS;
      sockets.at(-1)!.terminate();

      let lines = 0;
      let asked = 0;
      const words = { host: 0, guest: 0 };
      const opened: (number | null)[] = [];
      const errors: string[] = [];
      for (const one of [client, host]) one.on((event) => event.type === "error" && errors.push(event.text));
      for (let round = 0; cutter.left > 0; round++) {
        client.send(sid, `line ${++lines}\r`);
        host.send(shown, `line ${lines}\r`);
        if (round % 10 === 0) client.move(sid, { x: round, y: 0 });
        if (round % 60 === 0) void client.chat(`guest ${++words.guest}`); // 10 in 5 s are allowed
        if (round % 60 === 30) void host.chat(`host ${++words.host}`);
        if (round % 120 === 0) {
          asked += 1;
          void client.create(0, 900).then((shell) => {
            opened.push(shell);
            if (shell !== null) void client.closeShell(shell, true);
          });
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      client.move(sid, { x: 7, y: 7 });
      client.send(sid, "\x04");
      host.send(shown, "the end\r");
      void client.chat("the end");
      await Promise.all([terminal.shows(/end-1/), watched.shows(/the end/)]);
      await until(host, () => host.messages.at(-1)?.text === "the end");
      await until(host, () => host.shells.get(sid)?.x === 7);
      await until(host, () => host.shells.size === 3);
      const numbered = (word: string, count: number) => Array.from({ length: count }, (_, i) => `${word} ${i + 1}`);
      const typed = (await readFile(`${folder}/typed`, "utf8")).trimEnd().split("\n");
      expect(typed).toEqual(numbered("line", lines));
      expect(watched.output.match(/line \d+/g)).toEqual(numbered("line", lines));
      await until(client, () => client.messages.at(-1)?.text === "the end");
      for (const { messages } of [client, host]) {
        const said = messages.map(({ text }) => text);
        expect(said.filter((text) => text.startsWith("host"))).toEqual(numbered("host", words.host));
        expect(said.filter((text) => !text.startsWith("host"))).toEqual([...numbered("guest", words.guest), "the end"]);
      }
      expect(errors).toEqual([]);
      expect(opened).toHaveLength(asked);
      expect(new Set(opened).size).toBe(asked); // each its own
      await rm(folder, { recursive: true });
    },
  );

  test("a server without a login is none that can be reached", async () => {
    const ticket = Ticket.decode(session.tickets.read);
    const stranger = { ...b, token: "wrong" };
    const dial = dialWebSocket(pipeUrl(b.url, ticket.session, ticket.endpointTicket), socketClass(stranger));
    const client = start({ credentials: ticket.credentials(), dial });
    await until(client, () => client.state === "unreachable");
    expect(client.reason).toContain("log in");
  });
});
