/** Takes a ticket, or a link with one, and says what it is while it is typed or pasted. */
import { useCallback, useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import type { Complaint } from "../session/complaint";
import { Ticket, TicketError } from "../ticket";
import { changeSettings, getSettings } from "../view/settings";
import { useId } from "../view/useId";
import { Field, Problem } from "./Field";
import { trans } from "../translation";

/** How every ticket begins. */
const TICKET_EXAMPLE = "sshx1…";
/** Characters; the host's own default. */
export const LONGEST_NAME = 64;

interface JoinFormProps {
  /** A text that was found where a ticket should be. */
  ticket?: string;
  /** Tells what is wrong, if anything is; until then the form waits. The name is in the settings. */
  onJoin: (ticket: Ticket, password: string | null) => Promise<Complaint | null> | null;
  /** What the person should know while it waits. */
  waiting?: string;
  /** What others see of who gives no name. */
  name?: string;
  /** The person came with this ticket, so there is no field for it. Called when they want to use another one. */
  onOther?: () => void;
  /** The form is what one comes for, so its first field has the focus. */
  focused?: boolean;
  /** What is pasted on the page, and into no field, is for this form. */
  takesPaste?: boolean;
  children?: ReactNode;
}

export function JoinForm(props: JoinFormProps) {
  const {
    ticket: given = "",
    onJoin,
    waiting = "",
    name: known = "",
    onOther,
    focused = false,
    takesPaste = false,
    children,
  } = props;
  const [text, setText] = useState(given);
  const [name, setName] = useState(() => getSettings().name);
  const [password, setPassword] = useState("");
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState<Complaint | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const title = useId();
  const found = read(text);
  const ticket = found instanceof Ticket ? found : null;
  const wrongTicket = found instanceof TicketError && found.reason !== "empty" ? found.message : "";
  const wrongName =
    Array.from(name.trim()).length > LONGEST_NAME ? trans.__("Enter at most %1 characters.", LONGEST_NAME) : "";
  const invited = onOther !== undefined && ticket !== null;
  const needsPassword = ticket !== null && (ticket.password || asked);
  const wrong = (field: Complaint["field"]) => (complaint?.field === field ? complaint.message : "");

  const changeTicket = useCallback((value: string) => {
    setText(value);
    setAsked(false);
    setComplaint(null);
  }, []);

  useEffect(() => {
    if (complaint?.field) form.current?.querySelector<HTMLInputElement>(`input[name=${complaint.field}]`)?.focus();
  }, [complaint]);

  useEffect(() => {
    if (focused) form.current?.querySelector("input")?.focus();
  }, [focused]);
  useEffect(() => {
    if (!takesPaste) return;
    const onPaste = (event: ClipboardEvent) => {
      const field = form.current?.querySelector<HTMLInputElement>("input[name=ticket]");
      const pasted = event.clipboardData?.getData("text/plain");
      if (!field || !pasted || document.activeElement !== document.body) return;
      event.preventDefault();
      field.focus();
      changeTicket(pasted);
    };
    document.addEventListener("paste", onPaste);
    return () => document.removeEventListener("paste", onPaste);
  }, [takesPaste, changeTicket]);

  const edit = (change: (value: string) => void) => (value: string) => {
    change(value);
    setComplaint(null);
  };
  const join = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    if (!ticket) {
      const message = wrongTicket || trans.__("Paste the ticket or link from the host.");
      setComplaint({ field: "ticket", message });
    } else if (wrongName) {
      setComplaint({ field: "name", message: wrongName });
    } else if (needsPassword && !password) {
      setComplaint({
        field: "password",
        message: trans.__("This session needs a password. Ask the host for it."),
      });
    } else {
      changeSettings({ name: name.trim() });
      setComplaint(null);
      setBusy(true);
      const said = await onJoin(ticket, needsPassword ? password : null);
      setBusy(false);
      if (said?.field === "password") setAsked(true);
      setComplaint(said);
    }
  };

  return (
    <form
      ref={form}
      className="sshx-form-card"
      aria-labelledby={title}
      onSubmit={(event) => void join(event)}
      noValidate
    >
      <h2 id={title}>{invited ? trans.__("You are invited to a shared terminal") : trans.__("Join a session")}</h2>
      <p className="sshx-form-lead">
        {invited ? describe(ticket) : trans.__("Paste a ticket or a link that someone sent you.")}
      </p>
      {!invited && (
        <Field
          label={trans.__("Ticket")}
          name="ticket"
          className="sshx-form-code"
          placeholder={TICKET_EXAMPLE}
          autoCapitalize="none"
          value={text}
          onValue={changeTicket}
          error={wrongTicket || wrong("ticket")}
          hint={ticket && describe(ticket)}
        />
      )}
      {needsPassword && (
        <Field
          label={trans.__("Password")}
          name="password"
          type="password"
          autoComplete="current-password"
          value={password}
          onValue={edit(setPassword)}
          error={wrong("password")}
          hint={trans.__("Ask the host for it.")}
        />
      )}
      <Field
        label={trans.__("Your name")}
        name="name"
        placeholder={known || trans.__("Shown to everyone in the session")}
        autoComplete="nickname"
        value={name}
        onValue={edit(setName)}
        error={wrongName || wrong("name")}
      />
      <Problem>{wrong(null) || (invited ? wrong("ticket") : "")}</Problem>
      <div className="sshx-form-actions">
        <button type="submit" className="sshx-form-primary" aria-disabled={busy}>
          {trans.__("Join")}
        </button>
        {invited && (
          <button type="button" onClick={onOther}>
            {trans.__("Use another ticket")}
          </button>
        )}
      </div>
      {busy && (
        <p className="sshx-form-hint" role="status">
          {waiting}
        </p>
      )}
      {children}
    </form>
  );
}

export function read(text: string): Ticket | TicketError {
  try {
    return Ticket.decode(text);
  } catch (error) {
    if (error instanceof TicketError) return error;
    throw error;
  }
}

/** What the ticket lets a person do, as sentences. */
function describe({ role, password, expires }: Ticket): string {
  const parts = [
    role === "writer" ? trans.__("You can watch and type.") : trans.__("You can watch but not type."),
    password ? trans.__("You also need a password.") : "",
    expires === null ? "" : endOf(expires),
  ];
  return parts.filter(Boolean).join(" ");
}

/** When an invite ends. The host decides; here it is said by this machine's clock. */
function endOf(expires: number): string {
  const time = new Date(expires * 1000);
  const text = time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  return time.getTime() > Date.now()
    ? trans.__("This invite ends on %1.", text)
    : trans.__("This invite ended on %1. Ask the host for a new one.", text);
}
