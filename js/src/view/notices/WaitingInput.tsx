/** What the person typed while the link was broken: that it waits and, if it waited long, whether it is still wanted. */
import "../sharedStyles";
import "./banner.css";
import "./WaitingInput.css";
import type { Client } from "../../client/client";
import { WaitIcon, WarningIcon } from "../icons";
import { useClient } from "../useClient";

export function WaitingInput({ client }: { client: Client }) {
  const waiting = useClient(client, (now) => (now.state === "reconnecting" ? now.waiting : 0));
  const held = useClient(client, (now) => now.heldInput);
  return (
    <>
      <div role="status">
        {waiting > 0 && (
          <section className="sshx-banner sshx-waiting" aria-label="Waiting input">
            <WaitIcon />
            <p>{waiting === 1 ? "1 character typed waits" : `${waiting} characters typed wait`} for the connection.</p>
            <button type="button" className="sshx-button" onClick={() => client.discardWaiting()}>
              Discard
            </button>
          </section>
        )}
      </div>
      <div role="alert">
        {held && (
          <section className="sshx-banner sshx-waiting" aria-label="Held input">
            <WarningIcon />
            <p>
              You typed this while the connection was broken for {Math.round(held.waited / 1000)} s:{" "}
              <bdi className="sshx-held">«{held.text}»</bdi>. Send it?
            </p>
            <button type="button" className="sshx-button sshx-primary" onClick={() => client.sendHeld()}>
              Send
            </button>
            <button type="button" className="sshx-button" onClick={() => client.discardHeld()}>
              Discard
            </button>
          </section>
        )}
      </div>
    </>
  );
}
