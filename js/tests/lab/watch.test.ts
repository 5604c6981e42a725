// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Watch } from "../../src/lab/watch";
import { type HostLink, refusal, SHELL, USER } from "../client/scriptedHost";
import { FakeApi, hosted } from "./fakes";

const SESSION = hosted(1, { name: "demo" });
const OWNER = { ...USER, name: "Host", role: "owner" };
const ADA = { ...USER, name: "Ada" };
const GRACE = { ...USER, name: "Grace", role: "reader" };

let api: FakeApi;
let watch: Watch;
let link: HostLink;
const onPeople = vi.fn();
const onShells = vi.fn();

beforeEach(() => {
  api = new FakeApi();
  onPeople.mockReset();
  onShells.mockReset();
  watch = new Watch(api.asApi, SESSION, { onPeople, onShells });
});

afterEach(() => watch.close());

/** The host lets it in, where these are. */
async function enter(users: [number, object][]): Promise<void> {
  api.host(SESSION.id).users = users;
  link = await api.letIn(SESSION);
  onPeople.mockClear();
}

const names = (people: readonly { name: string }[]) => people.map(({ name }) => name);

test("comes as one of the host's own, unseen", async () => {
  await enter([]);
  expect(link.all("join")).toMatchObject([{ observer: true, passive: true }]);
});

test.each([
  ["someone", [[2, ADA]], ["Ada"]],
  ["nobody", [], []],
])("tells first of all who is there, if that is %s", async (_, users, guests) => {
  api.host(SESSION.id).users = users;
  const told: string[][] = [];
  onPeople.mockImplementation(() => told.push(names(watch.guests)));
  await api.letIn(SESSION);
  expect(told).toEqual([guests]);
});

test("guests are those who are in, but for the host's own", async () => {
  await enter([
    [1, OWNER],
    [2, ADA],
    [3, { ...GRACE, pending: true }],
  ]);
  expect(names(watch.guests)).toEqual(["Ada"]);
  link.say({ userDiff: [3, GRACE] });
  expect(names(watch.guests)).toEqual(["Ada", "Grace"]);
});

test("requests are those to come in and those to type", async () => {
  await enter([
    [2, ADA],
    [3, { ...GRACE, pending: true }],
    [4, { ...GRACE, name: "Alan", wantsWrite: true }],
  ]);
  expect(names(watch.requests)).toEqual(["Grace", "Alan"]);
  expect(names(watch.guests)).toEqual(["Alan", "Ada"]);
});

test("cursors alone are not told of", async () => {
  await enter([[2, ADA]]);
  const { people } = watch;
  link.say({ userDiff: [2, { ...ADA, cursor: [1, 2] }] });
  expect(onPeople).not.toHaveBeenCalled();
  expect(watch.people).toBe(people);
  link.say({ userDiff: [2, { ...ADA, name: "Ada L." }] });
  expect(onPeople).toHaveBeenCalledOnce();
});

test("the session's name is what the host says last", async () => {
  expect(watch.name).toBe("demo");
  await enter([]);
  api.host(SESSION.id).hello({ name: "Lecture" });
  expect(watch.name).toBe("Lecture");
  expect(onPeople).toHaveBeenCalledOnce();
});

test("answers let people in or not, and let them type or not", async () => {
  await enter([
    [3, { ...GRACE, pending: true }],
    [4, { ...GRACE, wantsWrite: true }],
  ]);
  const [waits, wants] = watch.requests;
  for (const allow of [true, false]) {
    watch.answer(waits!, allow);
    watch.answer(wants!, allow);
  }
  expect(link.all("approve")).toEqual([
    [3, true],
    [3, false],
  ]);
  expect(link.all("setRole")).toEqual([
    [4, "writer"],
    [4, "reader"],
  ]);
});

test("other shells are told of once, moved ones are not", async () => {
  await enter([]);
  expect(onShells).not.toHaveBeenCalled();
  const two = [
    [2, SHELL],
    [1, SHELL],
  ];
  link.say({ shells: two });
  link.say({ shells: two.toReversed() });
  link.say({ shells: two.map(([sid]) => [sid, { ...SHELL, x: 7 }]) });
  expect(onShells).toHaveBeenCalledOnce();
  link.say({ shells: two.slice(1) });
  expect(onShells).toHaveBeenCalledTimes(2);
});

test("the session's end is told of, and that it does not let one in", async () => {
  (await api.knocked(SESSION.id)).deliver(refusal("notFound"));
  expect(onShells).toHaveBeenCalledOnce();
  watch.client.connect();
  await enter([]);
  link.say({ closed: "The host stopped sharing." });
  expect(onShells).toHaveBeenCalledTimes(2);
});

test("who closes it is told nothing more", async () => {
  await enter([]);
  watch.close();
  expect(link.closed).toBe(true);
  expect(onShells).not.toHaveBeenCalled();
});
