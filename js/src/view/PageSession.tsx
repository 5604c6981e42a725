/** A session that fills a page of its own, whose title is the session's name. */
import { useEffect } from "react";
import type { Stage } from "../session/sessionModel";
import { SessionView, type Opening } from "./SessionView";
import { useClient } from "./useClient";

const PRODUCT = "sshx";

interface PageSessionProps {
  stage: Extract<Stage, { at: "live" }>;
  opens?: Opening | undefined;
  onLeave: () => void;
}

export function PageSession({ stage: { client, invite }, opens, onLeave }: PageSessionProps) {
  const name = useClient(client, ({ info }) => info?.name ?? "");
  useEffect(() => {
    document.title = name ? `${name} · ${PRODUCT}` : PRODUCT;
    return () => {
      document.title = PRODUCT;
    };
  }, [name]);
  return (
    <main className="sshx-page-session">
      <SessionView client={client} opens={opens} onLeave={onLeave} {...(invite && { invite })} />
    </main>
  );
}
