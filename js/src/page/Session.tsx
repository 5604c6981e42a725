/** A session's page, for its owner and for guests. */
import { useEffect, useState } from "react";
import type { Api, HostedSession } from "../api/api";
import { Problem } from "../forms/Field";
import { JoinForm } from "../forms/JoinForm";
import { hostedAccess, throughServer } from "../session/access";
import { SessionModel, type Stage } from "../session/sessionModel";
import type { Ticket } from "../ticket";
import { PageSession } from "../view/PageSession";
import type { Opening } from "../view/SessionView";
import { chosenIdentity } from "../view/settings";
import { useStage } from "../view/useStage";
import { Frame } from "../forms/Frame";
import { PasswordForm } from "./PasswordForm";
import { trans } from "../translation";

const TO_SHARE: Opening = { panel: "share" };

interface SessionProps {
  api: Api;
  id: string;
  /** Null: the page opens the session as its owner, if this server hosts it. */
  ticket: Ticket | null;
  password: string | null;
  /** The session if the person has just created it: its links are shown then. */
  fresh: HostedSession | null;
  /** Jupyter's name of the person, for those who have not chosen one. */
  name: string;
  /** The host lets the person in, or has been asked to. */
  onIn: () => void;
  onJoin: (ticket: Ticket, password: string | null) => null;
  onLeave: () => void;
}

export function Session(props: SessionProps) {
  const { fresh, name, onIn, onJoin, onLeave } = props;
  const [model] = useState(() => begin(props));
  const stage = useStage(model);
  useEffect(() => () => model.close(), [model]);
  useEffect(
    () =>
      model.on(() => {
        const state = model.client?.state;
        if (state === "connected" || state === "waiting") onIn();
      }),
    [model, onIn],
  );

  switch (stage.at) {
    case "looking":
      return (
        <Frame>
          <section className="sshx-form-card">
            <p role="status">{trans.__("Looking for the session…")}</p>
          </section>
        </Frame>
      );
    case "failed":
      return (
        <Frame>
          <section className="sshx-form-card">
            <Problem>{stage.reason}</Problem>
            <div className="sshx-form-actions">
              <button type="button" className="sshx-form-primary" onClick={() => void model.retry()}>
                {trans.__("Try again")}
              </button>
              <button type="button" onClick={onLeave}>
                {trans.__("Go to the start page")}
              </button>
            </div>
          </section>
        </Frame>
      );
    case "joining": {
      const { ticket } = stage;
      if (!ticket) return <Missing name={name} onJoin={onJoin} onLeave={onLeave} />;
      const onPassword = (password: string) => void model.followLink(ticket, password);
      return <PasswordForm problem={problemOf(stage)} onPassword={onPassword} onLeave={onLeave} />;
    }
    case "live":
      return <PageSession stage={stage} opens={fresh ? TO_SHARE : undefined} onLeave={onLeave} />;
  }
}

function begin({ api, id, ticket, password, fresh, name }: SessionProps): SessionModel {
  const me = { now: () => chosenIdentity({ name }) };
  const model = new SessionModel({ me, ...throughServer(api), keeps: "user" });
  if (ticket) void model.followLink(ticket, password);
  else if (fresh) model.enter(hostedAccess(api, fresh));
  else void model.open(id);
  return model;
}

function problemOf({ refused }: Extract<Stage, { at: "joining" }>): string {
  if (!refused) return "";
  return refused.reason === "passwordRequired"
    ? trans.__("This session needs a password. Ask the host for it.")
    : trans.__("The host did not accept this password. Try again, or ask for a new ticket.");
}

function Missing({ name, onJoin, onLeave }: Pick<SessionProps, "name" | "onJoin" | "onLeave">) {
  return (
    <Frame>
      <section className="sshx-form-card" role="alert">
        <h2>{trans.__("The ticket is missing")}</h2>
        <p>
          {trans.__(
            "This server does not share the session at this address. It has ended, or someone else hosts it. If you followed a link and had to log in, the login removed the ticket from the link. Open the link again, or paste the link or the ticket here.",
          )}
        </p>
      </section>
      <JoinForm onJoin={onJoin} name={name} focused />
      <button type="button" onClick={onLeave}>
        {trans.__("Go to the start page")}
      </button>
    </Frame>
  );
}
