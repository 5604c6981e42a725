/** Ends the session for everyone. Asks first if guests are there, or if terminals close. */
import { useEffect, useRef, useState } from "react";
import { stopConsequence } from "../../session/people";
import { trans } from "../../translation";

interface StopSharingProps {
  /** A rejection's message is a sentence. */
  stop: () => Promise<void>;
  /** How many guests are in the session. */
  guests: number;
  closesTerminals: boolean;
}

export function StopSharing({ stop, guests, closesTerminals }: StopSharingProps) {
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState("");
  const confirm = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (asking) confirm.current?.focus();
  }, [asking]);

  const end = () => {
    setAsking(false);
    setProblem("");
    stop().catch((error: unknown) => setProblem((error as Error).message));
  };
  return (
    <div className="sshx-invite-stop">
      {asking ? (
        <div className="sshx-actions sshx-confirm" role="group" aria-label={trans.__("Stop sharing?")}>
          <span>{trans.__("Stop sharing?")}</span>
          <small>{stopConsequence(guests, closesTerminals)}</small>
          <button type="button" ref={confirm} className="sshx-button sshx-danger" onClick={end}>
            {trans.__("Stop for everyone")}
          </button>
          <button type="button" className="sshx-button" onClick={() => setAsking(false)}>
            {trans.__("Keep sharing")}
          </button>
        </div>
      ) : (
        <button
          type="button"
          className="sshx-button sshx-danger"
          onClick={() => (guests > 0 || closesTerminals ? setAsking(true) : end())}
        >
          {trans.__("Stop sharing")}
        </button>
      )}
      {problem && (
        <p className="sshx-hint" data-wrong role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
