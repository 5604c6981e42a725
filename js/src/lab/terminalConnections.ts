/**
 * Ends a terminal's connection with its last tab. JupyterLab only disposes of the tab: to the server it would look as if
 * the host still had the terminal open, at the size that the tab had, and that would go on deciding the terminal's size.
 */
import type { ITerminalTracker } from "@jupyterlab/terminal";

export function endConnectionsWithTabs(terminals: ITerminalTracker): void {
  terminals.widgetAdded.connect((_, { content, disposed }) => {
    const { session } = content;
    disposed.connect(() => {
      const shown = terminals.find((tab) => tab.content.session === session) !== undefined;
      if (!shown) session.dispose();
    });
  });
}
