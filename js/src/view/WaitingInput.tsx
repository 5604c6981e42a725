/** What was typed while the connection was broken: how much of it waits, and whether to send it after a long time. */
import type { SshxClient } from "../client";
import { WaitIcon } from "./icons";
import { useClient } from "./useClient";

export function WaitingInput({ client }: { client: SshxClient }) {
  const waiting = useClient(client, (now) => now.waiting);
  const held = useClient(client, (now) => now.heldInput);
  if (held !== null) {
    return (
      <section className="sshx-banner" role="alert" aria-label="Input that was not sent">
        <WaitIcon />
        <p>
          <b>You typed this while the connection was broken. Send it?</b> <code>{held}</code>
        </p>
        <button type="button" className="sshx-button sshx-primary" onClick={() => client.sendHeld()}>
          Send
        </button>
        <button type="button" className="sshx-button" onClick={() => client.discardWaiting()}>
          Discard
        </button>
      </section>
    );
  }
  if (waiting === 0) return null;
  return (
    <section className="sshx-banner" role="status" aria-label="Input that waits">
      <WaitIcon />
      <p>
        {waiting === 1 ? "1 character that you typed waits" : `${waiting} characters that you typed wait`} for the
        connection.
      </p>
      <button type="button" className="sshx-button" onClick={() => client.discardWaiting()}>
        Discard
      </button>
    </section>
  );
}
