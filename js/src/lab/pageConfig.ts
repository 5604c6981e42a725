/** What the server has put into JupyterLab's page for the plugin. */
import { PageConfig } from "@jupyterlab/coreutils";

/** Whether guests can come in here without a Jupyter login. */
export function letsGuestsIn(): boolean {
  return PageConfig.getOption("sshxGuests") === "true";
}

/** Whether guests may only watch if the host does not say. */
export function defaultsToReadOnly(): boolean {
  return PageConfig.getOption("sshxDefaultRole") === "reader";
}
