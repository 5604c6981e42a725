import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket as NodeWebSocket, WebSocketServer, type WebSocket as ServerSocket } from "ws";
import type { Link, PathKind } from "../../src/links/link";
import { dialWebSocket, guestUrl, localUrl, pipeUrl } from "../../src/links/websocket";
import { Ticket } from "../../src/ticket";
import { vectors } from "../vectors";

const WebSocketClass = NodeWebSocket as unknown as typeof WebSocket;
const { valid } = vectors("tickets") as { valid: { text: string; secret: string }[] };
const ID = "01".repeat(16);

describe("addresses", () => {
  test.each([
    ["http://127.0.0.1:8888/", `ws://127.0.0.1:8888/sshx/api/link/${ID}`],
    ["https://hub.example.org/user/ada%40b/", `wss://hub.example.org/user/ada%40b/sshx/api/link/${ID}`],
    ["https://hub.example.org/user/ada", `wss://hub.example.org/user/ada/sshx/api/link/${ID}`],
    ["wss://hub.example.org/", `wss://hub.example.org/sshx/api/link/${ID}`],
  ])("of a session at %s", (base, url) => {
    expect(localUrl(base, ID)).toBe(url);
  });

  test("of a guest's link, which needs no login", () => {
    const url = guestUrl("https://hub.example.org/user/ada/", ID);
    expect(url).toBe(`wss://hub.example.org/user/ada/sshx/guest/link/${ID}`);
  });

  test("of a pipe have nothing secret in them", () => {
    const ticket = Ticket.decode(valid[0]!.text);
    const url = pipeUrl("https://hub.example.org/user/ada/", ticket.session, ticket.endpointTicket);
    expect(url).toBe(`wss://hub.example.org/user/ada/sshx/api/link/${ticket.session}?addr=${ticket.endpointTicket}`);
    expect(url).not.toContain(valid[0]!.secret);
    expect(url).not.toContain(valid[0]!.text.slice(5));
  });
});

describe("links", () => {
  let server: WebSocketServer;
  let url: string;

  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await new Promise((resolve) => server.once("listening", resolve));
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/sshx/api/link/${ID}`;
  });

  afterEach(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });

  interface Pair {
    near: Link;
    far: ServerSocket;
    frames: Uint8Array[];
    paths: PathKind[];
    closed: Promise<[string, boolean]>;
  }

  async function dial(address = url, Socket = WebSocketClass): Promise<Pair> {
    const frames: Uint8Array[] = [];
    const paths: PathKind[] = [];
    const arrived = new Promise<ServerSocket>((resolve) => server.once("connection", resolve));
    let near: Promise<Link>;
    const closed = new Promise<[string, boolean]>((resolve) => {
      near = dialWebSocket(
        address,
        Socket,
      )({
        onFrame: (frame) => frames.push(frame),
        onPath: (path) => paths.push(path),
        onClose: (reason, unreachable) => resolve([reason, unreachable]),
      });
    });
    return { near: await near!, far: await arrived, frames, paths, closed };
  }

  test("carry frames both ways in order", async () => {
    const { near, far, frames, paths } = await dial();
    const received: Buffer[] = [];
    far.on("message", (data: Buffer, isBinary) => {
      expect(isBinary).toBe(true);
      received.push(data);
    });
    const sent = [new Uint8Array(65_535).fill(7), ...Array.from({ length: 100 }, (_, i) => Uint8Array.of(i))];
    for (const frame of sent) {
      near.send(frame);
      far.send(frame);
    }
    await vi.waitFor(() => {
      expect(received).toHaveLength(sent.length);
      expect(frames).toHaveLength(sent.length);
    });
    expect(frames).toEqual(sent);
    expect(received.map((data) => Uint8Array.from(data))).toEqual(sent);
    expect(near.buffered).toBe(0);
    expect(paths).toEqual(["local"]);
  });

  test("through a pipe say how frames travel once the pipe does", async () => {
    const { far, paths, frames } = await dial(`${url}?addr=endpointaaaa`);
    for (const text of ['{"path":"relay"}', '{"path":"pigeon"}', "[]", "null", "nonsense", '{"path":"direct"}']) {
      far.send(text);
    }
    far.send(Uint8Array.of(1));
    await vi.waitFor(() => expect(frames).toHaveLength(1));
    expect(paths).toEqual(["relay", "direct"]);
  });

  test.each([
    [4400, "It is damaged.", "It is damaged.", true],
    [4404, "Nobody is there.", "Nobody is there.", true],
    [4404, "", /^The host cannot be reached/, true],
    [1013, "crowded", /^Too many people are joining/, true],
    [4410, "The connection to the host has ended.", "The connection to the host has ended.", false],
    [1001, "Your Jupyter server has shut down.", "Your Jupyter server has shut down.", false],
    [1001, "", /shutting down/, false],
    [1000, "silence", "The host closed the connection.", false],
    [1003, "only binary messages", /^The Jupyter server refused/, false],
  ])("that are closed with %i %j say so in a sentence", async (code, reason, sentence, unreachable) => {
    const { far, closed } = await dial();
    far.close(code, reason);
    const [said, nowhere] = await closed;
    expect(said).toMatch(sentence);
    expect(said).toMatch(/^[A-Z].*\.$/);
    expect(nowhere).toBe(unreachable);
  });

  test("that are lost say so", async () => {
    const { far, closed } = await dial();
    far.terminate();
    expect(await closed).toEqual(["The connection was lost.", false]);
  });

  test("say nothing once they are closed from here", async () => {
    const { near, far, frames, closed } = await dial();
    const ended = new Promise<number>((resolve) => far.once("close", resolve));
    far.send(Uint8Array.of(1));
    near.close();
    near.send(Uint8Array.of(1));
    expect(await ended).toBe(1000);
    expect(frames).toEqual([]);
    expect(await Promise.race([closed, Promise.resolve("nothing")])).toBe("nothing");
  });

  test("that are about to end take nothing more", async () => {
    let socket!: WebSocket;
    class Known extends NodeWebSocket {
      constructor(address: string) {
        super(address);
        socket = this as unknown as WebSocket;
      }
    }
    const { near, far } = await dial(url, Known as unknown as typeof WebSocket);
    const received: unknown[] = [];
    far.on("message", (data) => received.push(data));
    const ended = new Promise((resolve) => far.once("close", resolve));
    near.send(Uint8Array.of(1));
    const send = vi.spyOn(socket, "send");
    socket.close(); // as when the server has begun to close it: what is told of the end comes later
    expect(near.buffered).toBe(Infinity);
    near.send(Uint8Array.of(2));
    await ended;
    expect(received).toHaveLength(1);
    expect(send).not.toHaveBeenCalled();
  });

  const handlers = { onFrame: () => undefined, onPath: () => undefined, onClose: () => undefined };

  test.each([
    ["nobody listens", () => "ws://127.0.0.1:1/link"],
    ["the server refuses", () => url],
    ["it is no address", () => "nonsense"],
  ])("where %s are none", async (what, address) => {
    if (what === "the server refuses") server.options.verifyClient = () => false;
    await expect(dialWebSocket(address(), WebSocketClass)(handlers)).rejects.toThrow(
      /cannot be reached, or you need to log in/,
    );
  });

  test("to a server that says nothing are none after 10 s", async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const dialing = dialWebSocket(
      `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/`,
      WebSocketClass,
    )(handlers);
    const refused = expect(dialing).rejects.toThrow("does not answer");
    await vi.advanceTimersByTimeAsync(10_000);
    await refused;
    vi.useRealTimers();
    silent.close();
  });
});
