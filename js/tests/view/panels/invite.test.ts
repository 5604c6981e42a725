// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { MakeFile } from "../../../src/session/access";
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
  const names = ["Copy link", "Copy ticket", "Copy read-only link", "Copy read-only ticket", "Copy command"];
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
  click("Show the ticket's secret");
  expect(texts("code")).toEqual([WRITE]);
  expect(texts(".sshx-hint").join()).toContain(
    "There is no link that guests can open. For links, set SshxApp.guest_page.",
  );
});

test.each([
  ["http://localhost:8888/sshx/guest", "Guests on this computer open http://localhost:8888/sshx/guest and paste it"],
  [
    "http://127.0.0.1:8888/a/sshx/guest",
    "Guests on this computer open http://127.0.0.1:8888/a/sshx/guest and paste it",
  ],
  ["http://[::1]:8888/sshx/guest", "Guests on this computer open http://[::1]:8888/sshx/guest and paste it"],
  ["https://a.example/sshx/guest", "Guests open https://a.example/sshx/guest and paste it"],
  ["http://10.0.0.7:8888/sshx/guest", "Guests open http://10.0.0.7:8888/sshx/guest and paste it"],
  [null, "Guests choose Join Shared Session… in their JupyterLab and paste it."],
])("without a link, guests are told where to use the ticket: %s", (guestPage, told) => {
  show(InvitePanel, { invite: { tickets: TICKETS, urls: null, guestPage } });
  expect(texts(".sshx-invite-first small")[0]).toContain(told);
  expect(says("For links, set SshxApp.public_url to the address")).toBe(guestPage !== null);
  expect(says("There is no link that guests can open.")).toBe(guestPage === null);
});

test("the secret shows only when asked for", () => {
  show(InvitePanel, { invite: INVITE });
  expect(document.body.innerHTML).not.toContain(WRITE);
  expect(says(LINK)).toBe(true);
  after(() => button("Show the link's secret").click());
  expect(says(URLS.write)).toBe(true);
  after(() => button("Hide the link's secret").click());
  expect(document.body.innerHTML).not.toContain(WRITE);
});

test.each(["there is no clipboard", "it is forbidden"])("copies by a selection when %s", async (why) => {
  if (why === "there is no clipboard") vi.stubGlobal("navigator", {});
  else writeText = () => Promise.reject(new Error("NotAllowedError"));
  withExecCommand(true);
  show(InvitePanel, { invite: INVITE });
  button("Copy link").focus();
  await copyBy("Copy link");
  expect(clipboard).toEqual([URLS.write]);
  expect(document.activeElement).toBe(button("Copy link"));
  expect(all("textarea")).toEqual([]);
});

test("where nothing can be copied the link is shown, to do it by hand", async () => {
  vi.stubGlobal("navigator", {});
  withExecCommand(false);
  show(InvitePanel, { invite: INVITE });
  await copyBy("Copy link");
  expect(texts("[role=alert]").join()).toContain("Select the link above and copy it");
  expect(texts("code")).toEqual([URLS.write]);
});

test("there is one thing to do first, and the rest after that", () => {
  show(InvitePanel, { invite: INVITE });
  const rest = all(".sshx-invite-rest")[0]!;
  const first = buttons().filter((name) => !rest.contains(button(name)));
  expect([first, rest.hidden]).toEqual([["Copy link", "More"], true]);
  click("More");
  expect(rest.hidden).toBe(false);
  expect(button("More").getAttribute("aria-expanded")).toBe("true");
});

describe("stopping", () => {
  const stop = vi.fn<() => Promise<void>>();
  beforeEach(() => void stop.mockReset().mockResolvedValue());

  test("happens at once while nobody is there", () => {
    show(InvitePanel, { invite: { ...INVITE, stop } });
    click("Stop sharing");
    expect(stop).toHaveBeenCalledOnce();
  });

  test("with guests is asked about", () => {
    show(InvitePanel, { invite: { ...INVITE, stop }, guests: 2 });
    click("Stop sharing");
    expect(says("2 guests are here and will be disconnected. Your terminals stay open.")).toBe(true);
    expect(document.activeElement).toBe(button("Stop for everyone"));
    click("Keep sharing");
    expect(stop).not.toHaveBeenCalled();
    click("Stop sharing");
    click("Stop for everyone");
    expect(stop).toHaveBeenCalledOnce();
  });

  test("that closes the terminals says so", () => {
    show(InvitePanel, { invite: { ...INVITE, stop, closesTerminals: true } });
    click("Stop sharing");
    expect(says("The terminals close.")).toBe(true);
  });

  test("that does not work says why", async () => {
    stop.mockRejectedValue(new Error("The server is tired."));
    show(InvitePanel, { invite: { ...INVITE, stop } });
    await copyBy("Stop sharing");
    expect(texts("[role=alert]")).toEqual(["The server is tired."]);
  });
});

describe("an invite file", () => {
  const expires = new Date("2030-01-02T03:04:00Z");
  const makeFile = vi.fn<MakeFile>();

  const select = (at: number, value: string) =>
    after(() => {
      const element = all("select")[at] as HTMLSelectElement;
      element.value = value;
      element.dispatchEvent(new Event("change", { bubbles: true }));
    });
  const save = () =>
    act(async () => {
      button("Save").click();
      await Promise.resolve();
    });

  beforeEach(() => {
    makeFile.mockReset();
    makeFile.mockResolvedValue({ name: "invite-demo.html", html: "<p>hi", expires });
    vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: vi.fn(() => "blob:1"), revokeObjectURL: vi.fn() }));
  });

  test("lets people watch for a day unless one chooses otherwise", async () => {
    const saved: string[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      saved.push(`${this.download} ${this.href}`);
    });
    show(InvitePanel, { invite: { ...INVITE, makeFile } });
    expect(all("select")).toEqual([]);
    click("Save invite…");
    expect(texts(".sshx-save-invite p").join()).toContain("connects through a relay");
    await save();
    expect(makeFile.mock.calls).toEqual([["reader", 86_400]]);
    expect(saved).toEqual(["invite-demo.html blob:1"]);
    expect(texts(".sshx-save-invite [role=status]").join()).toMatch(
      /^The invite was saved as invite-demo.html. .* until .*2030/,
    );
    select(0, "writer");
    select(1, "3600");
    await save();
    expect(makeFile.mock.lastCall).toEqual(["writer", 3600]);
  });

  test("cannot let anyone type where nobody may", () => {
    const tickets = { ...TICKETS, write: null };
    show(InvitePanel, { invite: { ...INVITE, tickets, makeFile } });
    click("Save invite…");
    expect(all("select").length).toBe(1);
  });

  test("that is not made says why", async () => {
    makeFile.mockRejectedValue(new Error("An invite file needs a relay."));
    show(InvitePanel, { invite: { ...INVITE, makeFile } });
    click("Save invite…");
    await save();
    expect(texts("[role=alert]")).toEqual(["An invite file needs a relay."]);
    expect(texts(".sshx-save-invite [role=status]")).toEqual([""]);
  });

  test("is offered in place of a link", () => {
    show(InvitePanel, { invite: { tickets: TICKETS, urls: null, makeFile } });
    expect(texts(".sshx-hint").join()).toContain("Save an invite, or set SshxApp.guest_page.");
  });

  test("is not offered where nobody makes one", () => {
    show(InvitePanel, { invite: INVITE });
    expect(buttons()).not.toContain("Save invite…");
  });
});
