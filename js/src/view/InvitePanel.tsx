/** The links that let others in. What lets someone in is a secret: it shows only when asked for. */
import { useEffect, useId, useState } from "react";
import { encode } from "uqr";
import { copy } from "./copy";

/** Links that let others in. A session that is read-only for everyone has no `write`. */
export interface Invite {
  write: string | null;
  read: string;
}

type Kind = "write" | "read";

const NAMES: Record<Kind, string> = { write: "write link", read: "read-only link" };
const ALLOWS: Record<Kind, string> = {
  write: "Whoever has it can type in every shell.",
  read: "Whoever has it can watch, and ask you for more.",
};

export function InvitePanel({ invite }: { invite: Invite }) {
  const kinds: Kind[] = invite.write === null ? ["read"] : ["write", "read"];
  const [chosen, choose] = useState<Kind>("write");
  const [copied, setCopied] = useState("");
  const [failed, setFailed] = useState(false);
  const kind = invite.write === null ? "read" : chosen;
  const link = linkOf(invite, kind);
  const ticket = ticketOf(link);

  useEffect(() => {
    if (copied === "") return;
    const timer = setTimeout(() => setCopied(""), 3000);
    return () => clearTimeout(timer);
  }, [copied]);

  const copyAs = async (what: string, text: string) => {
    const worked = await copy(text);
    setFailed(!worked);
    setCopied(worked ? what : "");
  };
  const button = (what: string, label: string, text: string, style = "") => (
    <button
      type="button"
      className={`sshx-button ${style}`}
      aria-label={label}
      data-copied={copied === what || undefined}
      onClick={() => void copyAs(what, text)}
    >
      {label}
    </button>
  );
  return (
    <div className="sshx-invite">
      {kinds.map((each) => (
        <div key={each} className="sshx-invite-kind">
          {button(each, `Copy ${NAMES[each]}`, linkOf(invite, each), each === kinds[0] ? "sshx-primary" : "")}
          <small>{ALLOWS[each]}</small>
        </div>
      ))}
      <p className="sshx-unseen" role="status">
        {copied && "Copied"}
      </p>
      {kinds.length > 1 && <KindChoice {...{ kinds, kind, choose }} />}
      <SecretLink key={kind} link={link} shown={failed} />
      {failed && (
        <p className="sshx-hint" data-wrong role="alert">
          The browser does not let this page copy. Select the link above and copy it by hand.
        </p>
      )}
      <QrCode text={link} label={`QR code of the ${NAMES[kind]}`} />
      <p className="sshx-hint">
        The link opens on this Jupyter server. To join from another one, paste it or the ticket at /sshx/p2p there; from
        a plain shell, use the command:
      </p>
      <div className="sshx-actions">
        {button("ticket", "Copy ticket", ticket)}
        {button("command", "Copy command", `jupyter sshx join ${ticket}`)}
      </div>
    </div>
  );
}

function linkOf(invite: Invite, kind: Kind): string {
  return kind === "write" ? (invite.write ?? invite.read) : invite.read;
}

/** What follows the `#`. */
function ticketOf(link: string): string {
  return link.slice(link.indexOf("#") + 1);
}

function KindChoice({ kinds, kind, choose }: { kinds: Kind[]; kind: Kind; choose: (kind: Kind) => void }) {
  const group = useId();
  return (
    <fieldset className="sshx-segments">
      <legend className="sshx-unseen">Which link to show below</legend>
      {kinds.map((each) => (
        <label key={each}>
          <input type="radio" name={group} checked={each === kind} onChange={() => choose(each)} />
          <span>{each === "write" ? "Can type" : "Can watch"}</span>
        </label>
      ))}
    </fieldset>
  );
}

function SecretLink({ link, shown: forced }: { link: string; shown: boolean }) {
  const [asked, setAsked] = useState(false);
  const shown = asked || forced;
  const secret = ticketOf(link);
  return (
    <div className="sshx-secret">
      <code>
        {link.slice(0, link.length - secret.length)}
        {shown ? secret : "••••••••"}
      </code>
      <button
        type="button"
        className="sshx-link"
        aria-label={shown ? "Hide the link’s secret" : "Show the link’s secret"}
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
