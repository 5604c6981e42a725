/** The guest page: a ticket, a name, and then the session. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { Problem } from "../forms/Field";
import { Frame } from "../forms/Frame";
import { JoinForm } from "../forms/JoinForm";
import { hasTicket } from "../session/kept";
import { SessionModel } from "../session/sessionModel";
import type { Ticket } from "../ticket";
import { PageSession } from "../view/PageSession";
import { chosenIdentity } from "../view/settings";
import { useStage } from "../view/useStage";
import { followAddress, putIntoAddress, textInAddress, ticketIn } from "./address";
import type { Way } from "./ways";
import { trans } from "../translation";

interface AppProps {
  way: Way;
  /** The ticket in the page's file; empty if it has none. */
  invite: string;
}

export function App({ way, invite }: AppProps) {
  const [model] = useState(() => {
    // Nobody is in a session here without a ticket.
    const find = () => Promise.resolve(null);
    return new SessionModel({ me: { now: chosenIdentity }, find, dial: way.dial, keeps: "user and ticket" });
  });
  const stage = useStage(model);
  const [given, setGiven] = useState(() => textInAddress() || invite);
  const ticket = useMemo(() => ticketIn(given), [given]);
  /** Whether the person was in the session before the page was loaded again, and goes back at once. */
  const [returning, setReturning] = useState(() => ticket !== null && hasTicket(ticket.session));
  /** How much of what links need has come, from 0 to 1; null while nothing is loaded. */
  const [part, setPart] = useState<number | null>(null);

  const prepare = useCallback((of: Ticket) => way.prepare(of, setPart).finally(() => setPart(null)), [way]);
  useEffect(() => {
    if (ticket === null) return;
    // People who follow a link want to join. If this fails, it is tried again when they do, and they are told.
    const prepared = prepare(ticket).catch(() => undefined);
    if (!returning) return;
    void prepared.then(() => model.open(ticket.session)).then(() => setReturning(false));
  }, [model, ticket, returning, prepare]);
  useEffect(followAddress, []);
  useEffect(() => () => model.close(), [model]);

  const join = async (to: Ticket, password: string | null) => {
    if (!way.isOpenTo(to)) {
      putIntoAddress(to);
      location.reload();
      return null;
    }
    try {
      await prepare(to);
    } catch (error) {
      return { field: null, message: (error as Error).message };
    }
    const complaint = await model.join(to, password);
    if (complaint === null) putIntoAddress(to);
    return complaint;
  };
  const another = () => {
    putIntoAddress(null);
    setGiven("");
  };

  if (stage.at === "live") return <PageSession stage={stage} onLeave={() => model.leave()} />;
  const loading = part !== null && <Loading part={part} />;
  if (returning || stage.at !== "joining") {
    return (
      <Frame>
        <section className="sshx-form-card">
          <p role="status">{trans.__("Joining the session…")}</p>
          {loading}
        </section>
      </Frame>
    );
  }
  return (
    <Frame>
      <JoinForm
        key={given}
        ticket={given}
        onJoin={join}
        waiting={trans.__("Connecting to the host…")}
        focused={ticket === null}
        {...(ticket && { onOther: another })}
      >
        <Problem>{stage.refused?.message ?? ""}</Problem>
        {loading}
      </JoinForm>
    </Frame>
  );
}

function Loading({ part }: { part: number }) {
  return (
    <div className="sshx-form-hint">
      <label>
        {trans.__("Loading…")} <progress value={part} />
      </label>
    </div>
  );
}
