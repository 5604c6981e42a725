// @vitest-environment happy-dom
import { PageConfig } from "@jupyterlab/coreutils";
import type { ReactElement } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { SHARE_FLAGS } from "../../src/api/api";
import { SharedSessions } from "../../src/lab/sessions";
import { askToShare } from "../../src/lab/ShareDialog";
import { showShared } from "../../src/lab/SharedDialog";
import { FakeApi, hosted } from "../api/fakeApi";
import { cleanUp, says, show } from "../view/render";

type Body = ReactElement | { render(): ReactElement };

vi.mock("@jupyterlab/apputils", () => ({
  /** Shows its body in the page, and is done. */
  Dialog: class {
    static cancelButton = () => ({});
    static okButton = () => ({ actions: [] });
    static warnButton = () => ({});
    static createButton = () => ({});
    constructor(readonly options: { body: Body }) {}
    addClass = () => undefined;
    launch = () => {
      const { body } = this.options;
      show(() => ("render" in body ? body.render() : body), {});
      return Promise.resolve({ button: { actions: [] } });
    };
  },
  Notification: {},
}));
vi.mock("@jupyterlab/ui-components", () => ({
  ReactWidget: Object.assign(vi.fn(), { create: (body: ReactElement) => body }),
}));

afterEach(() => {
  cleanUp();
  PageConfig.setOption("sshxGuests", "");
});

test.each([
  ["true", true], // as JupyterLab has what the server's page says
  ["false", false],
  ["", false],
])("the dialogs tell when guests need no login: %o", async (option, told) => {
  PageConfig.setOption("sshxGuests", option);
  const sessions = new SharedSessions(Object.assign(new FakeApi(), { guests: told }), undefined);
  await askToShare({ sessions, options: SHARE_FLAGS, terminals: new Map([["1", "bash"]]) });
  expect(says("Read-only")).toBe(true);
  expect(says("do not need a Jupyter login")).toBe(told);
  await showShared(sessions, hosted(1));
  expect(says("No guests are here.")).toBe(true);
  expect(says("sshx/guest and paste it there")).toBe(told);
});
