/** What the person typed while the link was broken: that it waits and, if it waited long, whether it is still wanted. */
import "../sharedStyles";
import "./banner.css";
import "./WaitingInput.css";
import type { Client } from "../../client/client";
import { filled } from "../filled";
import { WaitIcon, WarningIcon } from "../icons";
import { useClient } from "../useClient";
import { trans } from "../../translation";

export function WaitingInput({ client }: { client: Client }) {
  const waiting = useClient(client, (now) => (now.state === "reconnecting" ? now.waiting : 0));
  const held = useClient(client, (now) => now.heldInput);
  return (
    <>
      <div role="status">
        {waiting > 0 && (
          <section className="sshx-banner sshx-waiting" aria-label={trans.__("Waiting input")}>
            <WaitIcon />
            <p>
              {trans._n(
                "%1 typed character is waiting for the connection.",
                "%1 typed characters are waiting for the connection.",
                waiting,
              )}
            </p>
            <button type="button" className="sshx-button" onClick={() => client.discardWaiting()}>
              {trans.__("Discard")}
            </button>
          </section>
        )}
      </div>
      <div role="alert">
        {held && (
          <section className="sshx-banner sshx-waiting" aria-label={trans.__("Held input")}>
            <WarningIcon />
            <p>
              {filled(
                (text) =>
                  trans.__(
                    "The connection was lost for %1 s. Send what you typed in the meantime? %2",
                    Math.round(held.waited / 1000),
                    text,
                  ),
                <bdi className="sshx-held">«{held.text}»</bdi>,
              )}
            </p>
            <button type="button" className="sshx-button sshx-primary" onClick={() => client.sendHeld()}>
              {trans.__("Send")}
            </button>
            <button type="button" className="sshx-button" onClick={() => client.discardHeld()}>
              {trans.__("Discard")}
            </button>
          </section>
        )}
      </div>
    </>
  );
}
