/** The links and tickets that let others in. What lets someone in is a secret: it shows only when asked for. */
import "../sharedStyles";
import "./Panel.css";
import "./InvitePanel.css";
import { useEffect, useState } from "react";
import { encode } from "uqr";
import type { Invite } from "../../session/access";
import { copy } from "../copy";
import { useId } from "../useId";
import { SaveInvite } from "./SaveInvite";

type Kinds = Invite["tickets"];
type Kind = keyof Kinds;

const NAMES: Record<Kind, readonly [link: string, ticket: string]> = {
  write: ["write link", "ticket"],
  read: ["read-only link", "read-only ticket"],
};
const ALLOWS: Record<Kind, string> = {
  write: "Whoever has it can type in every shell.",
  read: "Whoever has it can watch, and ask you for more.",
};

export function InvitePanel({ invite }: { invite: Invite }) {
  const { tickets, urls, makeFile } = invite;
  const kinds: Kind[] = tickets.write === null ? ["read"] : ["write", "read"];
  const [chosen, choose] = useState<Kind>("write");
  const [copied, setCopied] = useState("");
  const [failed, setFailed] = useState(false);
  const kind = tickets.write === null ? "read" : chosen;
  const ticket = of(tickets, kind);
  const shown = of(urls ?? tickets, kind);
  const nameOf = (each: Kind) => NAMES[each][urls ? 0 : 1];

  useEffect(() => {
    if (copied === "") return;
    const timer = setTimeout(() => setCopied(""), 3000);
    return () => clearTimeout(timer);
  }, [copied]);

  const copyAs = async (label: string, text: string) => {
    const worked = await copy(text);
    setFailed(!worked);
    setCopied(worked ? label : "");
  };
  const button = (label: string, text: string, style = "") => (
    <button
      key={label}
      type="button"
      className={`sshx-button ${style}`}
      aria-label={label}
      data-copied={copied === label || undefined}
      onClick={() => void copyAs(label, text)}
    >
      {label}
    </button>
  );
  return (
    <div className="sshx-invite">
      {kinds.map((each) => (
        <div key={each} className="sshx-invite-kind">
          <div className="sshx-invite-ways">
            {button(`Copy ${nameOf(each)}`, of(urls ?? tickets, each), each === kinds[0] ? "sshx-primary" : "")}
            {urls && button(`Copy ${NAMES[each][1]}`, of(tickets, each))}
          </div>
          <small>{ALLOWS[each]}</small>
        </div>
      ))}
      <p className="sshx-unseen" role="status">
        {copied && "Copied"}
      </p>
      {makeFile && <SaveInvite make={makeFile} mayWrite={tickets.write !== null} />}
      {kinds.length > 1 && <KindChoice {...{ kinds, kind, choose }} />}
      <Secret key={kind} text={shown} secret={ticket} what={urls ? "link" : "ticket"} shown={failed} />
      {failed && (
        <p className="sshx-hint" data-wrong role="alert">
          The browser does not let this page copy. Select the {urls ? "link" : "ticket"} above and copy it by hand.
        </p>
      )}
      <QrCode text={shown} label={`QR code of the ${nameOf(kind)}`} />
      <p className="sshx-hint">
        {urls
          ? "Guests open the link in a browser. Or they paste it or the ticket at "
          : `There is no link that guests could open. ${makeFile ? "Save an invite, or set" : "Set"} SshxApp.guest_page for links. Or guests paste the ticket at `}
        /sshx/p2p of their own Jupyter server, or after %sshx join in a notebook; from a plain shell, they use the
        command:
      </p>
      <div className="sshx-actions">{button("Copy command", `jupyter sshx join ${ticket}`)}</div>
    </div>
  );
}

function of(kinds: Kinds, kind: Kind): string {
  return kind === "write" ? (kinds.write ?? kinds.read) : kinds.read;
}

function KindChoice({ kinds, kind, choose }: { kinds: Kind[]; kind: Kind; choose: (kind: Kind) => void }) {
  const group = useId();
  return (
    <fieldset className="sshx-segments">
      <legend className="sshx-unseen">Which one to show below</legend>
      {kinds.map((each) => (
        <label key={each}>
          <input type="radio" name={group} checked={each === kind} onChange={() => choose(each)} />
          <span>{each === "write" ? "Can type" : "Can watch"}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface SecretProps {
  /** Ends in the secret. */
  text: string;
  secret: string;
  what: "link" | "ticket";
  shown: boolean;
}

function Secret({ text, secret, what, shown: forced }: SecretProps) {
  const [asked, setAsked] = useState(false);
  const shown = asked || forced;
  return (
    <div className="sshx-secret">
      <code>
        {text.slice(0, text.length - secret.length)}
        {shown ? secret : "••••••••"}
      </code>
      <button
        type="button"
        className="sshx-link"
        aria-label={shown ? `Hide the ${what}’s secret` : `Show the ${what}’s secret`}
        onClick={() => setAsked(!shown)}
      >
        {shown ? "Hide" : "Show"}
      </button>
    </div>
  );
}

/** Dark on white with a quiet zone, whatever the theme: many cameras take nothing else. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: "L", border: 4 });
  const drawing = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg className="sshx-qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path fill="#ffffff" d={`M0 0h${size}v${size}h-${size}z`} />
      <path fill="#000000" d={drawing} />
    </svg>
  );
}
