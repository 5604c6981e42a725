import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { LabIcon } from "@jupyterlab/ui-components";

const plugin: JupyterFrontEndPlugin<void> = {
  id: "sshx-jupyter:sessions",
  autoStart: true,
  activate: (app: JupyterFrontEnd) => {
    console.log("sshx", app, LabIcon);
    void import("./tab").then((m) => m.show());
  },
};
export default [plugin];
