// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Api, ApiError } from "../../src/api/api";

const ROOT = "http://localhost:3000/user/a%40b/";
const ID = "07".repeat(16);
const OWN = { id: ID, name: "Lecture", owner_secret: "08".repeat(16) };

const api = new Api(new URL(ROOT));
const fetch = vi.fn<(url: URL, options: RequestInit) => Promise<Response>>();

beforeEach(() => vi.stubGlobal("fetch", fetch));

afterEach(() => {
  fetch.mockReset();
  vi.unstubAllGlobals();
});

function answer(status: number, body: unknown): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  fetch.mockResolvedValue(new Response(text, { status }));
}

async function failure(): Promise<Pick<ApiError, "message" | "status" | "reason">> {
  const error: unknown = await api.terminals().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ApiError);
  const { message, status, reason } = error as ApiError;
  return { message, status, reason };
}

test("sessions are those that one may go into", async () => {
  const others = { ...OWN, id: "09".repeat(16), owner_secret: null };
  answer(200, [OWN, others]);
  expect(await api.sessions()).toEqual([OWN]);
  answer(200, [OWN, others]);
  expect(await api.find(others.id)).toBeNull();
  answer(200, [others, OWN]);
  expect(await api.find(ID)).toEqual(OWN);
});

test("a session gets another name", async () => {
  answer(200, OWN);
  await api.rename(ID, "Lecture");
  const [url, { method, body }] = fetch.mock.lastCall!;
  expect([url.href, method, body]).toEqual([`${ROOT}sshx/api/sessions/${ID}`, "PATCH", '{"name":"Lecture"}']);
});

test("an error has the API's sentence and word", async () => {
  answer(409, { message: "There are 64 sessions already.", reason: "full" });
  expect(await failure()).toEqual({ message: "There are 64 sessions already.", status: 409, reason: "full" });
});

test.each([
  [502, "<html>Bad gateway</html>"],
  [500, { message: null, reason: null }],
  [200, "no JSON"],
])("what is not the API's answer is told by its status %i", async (status, body) => {
  answer(status, body);
  const message = `The Jupyter server answered with HTTP status ${status}. Reload the page to try again.`;
  expect(await failure()).toEqual({ message, status, reason: "" });
});

test("a server that cannot be reached has no status", async () => {
  fetch.mockRejectedValue(new TypeError("Failed to fetch"));
  expect(await failure()).toMatchObject({ status: 0, reason: "" });
});
