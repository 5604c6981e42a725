/** Closing a shell: what is asked first, so that nobody ends what someone is still using. */
import type { Client } from "../../client/client";
import type { Ask } from "../Question";
import { trans } from "../../translation";

interface Closing {
  client: Client;
  sid: number;
  name: string;
  /** Whether the terminal was running before it was shared; then the person is an owner. */
  wasRunning: boolean;
  ask: Ask;
}

export async function closeShell({ client, sid, name, wasRunning, ask }: Closing): Promise<void> {
  if (wasRunning) {
    const choice = await ask({
      title: trans.__("Stop sharing “%1”?", name),
      text: trans.__(
        "This terminal was running before you shared it. Remove it from the session to keep it running, or close it to end its programs.",
      ),
      choices: [
        { value: "remove", label: trans.__("Remove from session"), tone: "primary" },
        { value: "close", label: trans.__("Close terminal"), tone: "danger" },
      ],
    });
    if (choice === "remove") client.removeShell(sid);
    if (choice !== "close") return;
  }
  const still = await client.closeShell(sid);
  if (still === null) return;
  const choice = await ask({
    title: trans.__("Close “%1”?", name),
    text: still.running
      ? trans.__("%1 is running in this shell. Closing the shell ends the program for everyone.", still.running)
      : trans.__("A program is running in this shell. Closing the shell ends the program for everyone."),
    choices: [{ value: "close", label: trans.__("Close anyway"), tone: "danger" }],
  });
  if (choice === "close") await client.closeShell(sid, true);
}
