/** The links and tickets that let others in: one to copy first, the rest under *More*. Secrets show only on request. */
import "../sharedStyles";
import "./Panel.css";
import "./InvitePanel.css";
import { useEffect, useState, type ReactNode } from "react";
import { encode } from "uqr";
import type { Invite } from "../../session/access";
import { copy } from "../copy";
import { filled } from "../filled";
import { useId } from "../useId";
import { SaveInvite } from "./SaveInvite";
import { StopSharing } from "./StopSharing";
import { trans } from "../../translation";

type Kinds = Invite["tickets"];
type Kind = keyof Kinds;
type What = "link" | "ticket";

/** Sentences that name the link or the ticket: each as a whole, as languages build them in different ways. */
function copyLabel(kind: Kind, what: What): string {
  if (kind === "write") return what === "link" ? trans.__("Copy link") : trans.__("Copy ticket");
  return what === "link" ? trans.__("Copy read-only link") : trans.__("Copy read-only ticket");
}

function qrLabel(kind: Kind, what: What): string {
  if (kind === "write") return what === "link" ? trans.__("QR code of the link") : trans.__("QR code of the ticket");
  return what === "link" ? trans.__("QR code of the read-only link") : trans.__("QR code of the read-only ticket");
}

/** What guests do with it, in one line, and what it allows. */
function About({ kind, what, guestPage }: { kind: Kind; what: What; guestPage: string | null }) {
  let step: ReactNode;
  if (what === "link") step = trans.__("Guests open it in a browser.");
  else if (guestPage === null) step = trans.__("Guests choose Join Shared Session… in their JupyterLab and paste it.");
  else {
    const local = isLocal(guestPage);
    step = filled(
      (page) =>
        local
          ? trans.__("Guests on this computer open %1 and paste it there.", page)
          : trans.__("Guests open %1 and paste it there.", page),
      <code className="sshx-address">{guestPage}</code>,
    );
  }
  return (
    <small>
      {step}{" "}
      {kind === "write"
        ? trans.__("Anyone with this can type in every shell.")
        : trans.__("Anyone with this can watch and request write access.")}
    </small>
  );
}

/** Whether the address leads everyone to their own machine. */
function isLocal(url: string): boolean {
  return /^(localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname);
}

/** Why there is no link, and how there would be one. */
function noLink(guestPage: string | null, makesFiles: boolean): string {
  if (guestPage !== null)
    return trans.__("For links, set SshxApp.public_url to the address at which guests reach this Jupyter server.");
  return makesFiles
    ? trans.__("There is no link that guests can open. Save an invite, or set SshxApp.guest_page.")
    : trans.__("There is no link that guests can open. For links, set SshxApp.guest_page.");
}

interface InvitePanelProps {
  invite: Invite;
  /** How many guests are in the session. */
  guests?: number;
}

export function InvitePanel({ invite, guests = 0 }: InvitePanelProps) {
  const { tickets, urls, makeFile, stop, guestPage = null, closesTerminals = false } = invite;
  const kinds: Kind[] = tickets.write === null ? ["read"] : ["write", "read"];
  const [first] = kinds as [Kind];
  const what: What = urls ? "link" : "ticket";
  const [chosen, choose] = useState<Kind>("write");
  const [copied, setCopied] = useState("");
  const [failed, setFailed] = useState(false);
  const [open, setOpen] = useState(false);
  const more = useId();
  const kind = tickets.write === null ? "read" : chosen;
  const ticket = of(tickets, kind);
  const shown = of(urls ?? tickets, kind);

  useEffect(() => {
    if (copied === "") return;
    const timer = setTimeout(() => setCopied(""), 3000);
    return () => clearTimeout(timer);
  }, [copied]);

  const copyAs = async (label: string, text: string) => {
    const worked = await copy(text);
    setFailed(!worked);
    setCopied(worked ? label : "");
    if (!worked) setOpen(true); // where the text can be selected
  };
  const button = (label: string, text: string, style = "") => (
    <button
      key={label}
      type="button"
      className={`sshx-button ${style}`}
      aria-label={label}
      data-copied={copied === label ? trans.__("Copied") : undefined}
      onClick={() => void copyAs(label, text)}
    >
      {label}
    </button>
  );
  const ways = kinds.flatMap((each) => [
    urls !== null && each !== first && button(copyLabel(each, "link"), of(urls, each)),
    (urls !== null || each !== first) && button(copyLabel(each, "ticket"), of(tickets, each)),
  ]);
  return (
    <div className="sshx-invite">
      <div className="sshx-invite-first">
        {button(copyLabel(first, what), of(urls ?? tickets, first), "sshx-primary")}
        <About kind={first} what={what} guestPage={guestPage} />
      </div>
      <p className="sshx-unseen" role="status">
        {copied && trans.__("Copied")}
      </p>
      <button
        type="button"
        className="sshx-link sshx-invite-more"
        aria-label={trans.__("More")} // without the triangle
        aria-expanded={open}
        aria-controls={more}
        onClick={() => setOpen(!open)}
      >
        {trans.__("More")}
      </button>
      <div id={more} className="sshx-invite-rest" hidden={!open}>
        {ways.some(Boolean) && <div className="sshx-invite-ways">{ways}</div>}
        {makeFile && <SaveInvite make={makeFile} mayWrite={tickets.write !== null} />}
        {kinds.length > 1 && <KindChoice {...{ kinds, kind, choose }} />}
        <Secret key={kind} text={shown} secret={ticket} what={what} shown={failed} />
        {failed && (
          <p className="sshx-hint" data-wrong role="alert">
            {what === "link"
              ? trans.__("The browser blocked copying. Select the link above and copy it.")
              : trans.__("The browser blocked copying. Select the ticket above and copy it.")}
          </p>
        )}
        <QrCode text={shown} label={qrLabel(kind, what)} />
        <p className="sshx-hint">
          {!urls && `${noLink(guestPage, makeFile !== undefined)} `}
          {trans.__(
            "Guests can also use the ticket at /sshx/p2p of their own Jupyter server, in a notebook with %sshx join, or in a shell:",
          )}
        </p>
        <div className="sshx-actions">
          {button(trans.__("Copy command"), ["jupyter", "sshx", "join", ticket].join(" "))}
        </div>
      </div>
      {stop && <StopSharing {...{ stop, guests, closesTerminals }} />}
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
      <legend className="sshx-unseen">{trans.__("What to show below")}</legend>
      {kinds.map((each) => (
        <label key={each}>
          <input type="radio" name={group} checked={each === kind} onChange={() => choose(each)} />
          <span>{each === "write" ? trans.__("Can type") : trans.__("Can watch")}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface SecretProps {
  /** Ends in the secret. */
  text: string;
  secret: string;
  what: What;
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
        aria-label={secretLabel(what, shown)}
        onClick={() => setAsked(!shown)}
      >
        {shown ? trans.__("Hide") : trans.__("Show")}
      </button>
    </div>
  );
}

function secretLabel(what: What, shown: boolean): string {
  if (what === "link") return shown ? trans.__("Hide the link's secret") : trans.__("Show the link's secret");
  return shown ? trans.__("Hide the ticket's secret") : trans.__("Show the ticket's secret");
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
