// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { InvitePanel } from "../../../src/view/panels/InvitePanel";
import { act, after, all, button, buttons, cleanUp, click, says, show, texts } from "../render";

const LINK = "https://a.example/user/me/sshx/guest/00#";
const WRITE = "sshx1writewritewrite";
const READ = "sshx1readreadread";
const TICKETS = { write: WRITE, read: READ };
const URLS = { write: LINK + WRITE, read: LINK + READ };
const INVITE = { tickets: TICKETS, urls: URLS };

let clipboard: string[];
let writeText: (text: string) => Promise<void>;

beforeEach(() => {
  clipboard = [];
  writeText = (text) => Promise.resolve(void clipboard.push(text));
  vi.stubGlobal("navigator", { clipboard: { writeText: (text: string) => writeText(text) } });
});

afterEach(() => {
  cleanUp();
  vi.unstubAllGlobals();
});

async function copyBy(name: string): Promise<void> {
  await act(async () => {
    button(name).click();
    await Promise.resolve();
  });
}

/** What `execCommand` would copy: the selection of the field that has the focus. */
function withExecCommand(works: boolean): void {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- what is used without a clipboard
  document.execCommand = () => {
    const { value } = document.activeElement as HTMLTextAreaElement;
    if (works) clipboard.push(value);
    return works;
  };
}

test("each button copies what it says", async () => {
  show(InvitePanel, { invite: INVITE });
  const names = ["Copy write link", "Copy ticket", "Copy read-only link", "Copy read-only ticket", "Copy command"];
  expect(buttons().filter((name) => name.startsWith("Copy"))).toEqual(names);
  for (const name of names) {
    await copyBy(name);
    expect(texts("[role=status]")).toEqual(["Copied"]);
  }
  expect(clipboard).toEqual([URLS.write, WRITE, URLS.read, READ, `jupyter sshx join ${WRITE}`]);
});

test("the command is that of the chosen link", async () => {
  show(InvitePanel, { invite: INVITE });
  after(() => (all("input[type=radio]")[1] as HTMLInputElement).click());
  await copyBy("Copy command");
  expect(clipboard).toEqual([`jupyter sshx join ${READ}`]);
  expect(all("svg[role=img]")[0]?.getAttribute("aria-label")).toBe("QR code of the read-only link");
});

test("a session that is read-only for everyone has no write link", () => {
  show(InvitePanel, { invite: { tickets: { ...TICKETS, write: null }, urls: { ...URLS, write: null } } });
  expect(buttons().filter((name) => name.startsWith("Copy"))).toEqual(
    ["Copy read-only link", "Copy read-only ticket", "Copy command"], // prettier-ignore
  );
  expect(all("input[type=radio]")).toEqual([]);
});

test("without a page that could be opened there are tickets", async () => {
  show(InvitePanel, { invite: { tickets: TICKETS, urls: null } });
  const names = ["Copy ticket", "Copy read-only ticket", "Copy command"];
  expect(buttons().filter((name) => name.startsWith("Copy"))).toEqual(names);
  for (const name of names) await copyBy(name);
  expect(clipboard).toEqual([WRITE, READ, `jupyter sshx join ${WRITE}`]);
  expect(all("svg[role=img]")[0]?.getAttribute("aria-label")).toBe("QR code of the ticket");
  expect(document.body.innerHTML).not.toContain(WRITE);
  click("Show the ticket’s secret");
  expect(texts("code")).toEqual([WRITE]);
  expect(texts(".sshx-hint").join()).toContain("There is no link that guests could open: set SshxApp.guest_page");
});

test("the secret shows only when asked for", () => {
  show(InvitePanel, { invite: INVITE });
  expect(document.body.innerHTML).not.toContain(WRITE);
  expect(says(LINK)).toBe(true);
  after(() => button("Show the link’s secret").click());
  expect(says(URLS.write)).toBe(true);
  after(() => button("Hide the link’s secret").click());
  expect(document.body.innerHTML).not.toContain(WRITE);
});

test.each(["there is no clipboard", "it is forbidden"])("copies by a selection when %s", async (why) => {
  if (why === "there is no clipboard") vi.stubGlobal("navigator", {});
  else writeText = () => Promise.reject(new Error("NotAllowedError"));
  withExecCommand(true);
  show(InvitePanel, { invite: INVITE });
  button("Copy write link").focus();
  await copyBy("Copy write link");
  expect(clipboard).toEqual([URLS.write]);
  expect(document.activeElement).toBe(button("Copy write link"));
  expect(all("textarea")).toEqual([]);
});

test("where nothing can be copied the link is shown, to do it by hand", async () => {
  vi.stubGlobal("navigator", {});
  withExecCommand(false);
  show(InvitePanel, { invite: INVITE });
  await copyBy("Copy write link");
  expect(texts("[role=alert]").join()).toContain("copy it by hand");
  expect(texts("code")).toEqual([URLS.write]);
});
