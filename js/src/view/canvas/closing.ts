/** Closing a shell: what is asked first, so that nobody ends what someone is still using. */
import type { Client } from "../../client/client";
import type { Ask } from "../Question";

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
      title: `Stop sharing “${name}”?`,
      text: "This terminal was running before you shared it. Remove it from the session to keep it running, or close it to end its programs.",
      choices: [
        { value: "remove", label: "Remove from session", tone: "primary" },
        { value: "close", label: "Close terminal", tone: "danger" },
      ],
    });
    if (choice === "remove") client.removeShell(sid);
    if (choice !== "close") return;
  }
  const still = await client.closeShell(sid);
  if (still === null) return;
  const choice = await ask({
    title: `Close “${name}”?`,
    text: `${still.running || "A program"} is running in it. Closing the shell ends it for everyone.`,
    choices: [{ value: "close", label: "Close anyway", tone: "danger" }],
  });
  if (choice === "close") await client.closeShell(sid, true);
}
