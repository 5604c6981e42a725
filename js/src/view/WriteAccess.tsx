/** How someone who can only watch asks to type. */
import type { Client } from "../client/client";
import type { Person } from "../session/people";
import { useClient } from "./useClient";
import { trans } from "../translation";

export function WriteAccess({ client, people }: { client: Client; people: readonly Person[] }) {
  const state = useClient(client, (now) => now.state);
  const forAll = useClient(client, (now) => now.info?.readOnly === true);
  const me = people.find((person) => person.me);
  if (me?.role !== "reader" || forAll || state !== "connected") return null;
  if (me.wantsWrite) return <span className="sshx-asked">{trans.__("Asked")}</span>;
  return (
    <button
      type="button"
      className="sshx-button sshx-ask"
      aria-label={trans.__("Ask for write access")}
      onClick={() => client.requestWrite()}
    >
      <span className="sshx-short">{trans.__("Ask")}</span>
      <span className="sshx-long">{trans.__("Ask for write access")}</span>
    </button>
  );
}
