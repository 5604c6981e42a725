/** Takes a ticket, or a link with one, and says what it is while it is typed or pasted. */
import { useRef, useState, type FormEvent } from "react";
import { Ticket, TicketError } from "../ticket";
import { changeSettings, getSettings } from "../view/settings";
import { Field, Problem } from "./Field";

const LONGEST_NAME = 64;

interface JoinFormProps {
  /** A text that was found where a ticket should be. */
  ticket?: string;
  onJoin: (ticket: Ticket, password: string | null) => void;
}

export function JoinForm({ ticket: given = "", onJoin }: JoinFormProps) {
  const [text, setText] = useState(given);
  const [name, setName] = useState(() => getSettings().name);
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState("");
  const form = useRef<HTMLFormElement>(null);
  const found = read(text);
  const ticket = found instanceof Ticket ? found : null;
  const wrongTicket = found instanceof TicketError && found.reason !== "empty" ? found.message : "";
  const wrongName = Array.from(name.trim()).length > LONGEST_NAME ? `At most ${LONGEST_NAME} characters.` : "";

  const complain = (field: string, message = "") => {
    setProblem(message);
    form.current?.querySelector<HTMLInputElement>(`input[name=${field}]`)?.focus();
  };

  const join = (event: FormEvent) => {
    event.preventDefault();
    if (!ticket) {
      complain("ticket", wrongTicket ? "" : "Paste the ticket or the link that the host gave you.");
    } else if (wrongName) {
      complain("name");
    } else if (ticket.password && !password) {
      complain("password", "This session needs a password as well. The host knows it.");
    } else {
      changeSettings({ name: name.trim() });
      onJoin(ticket, ticket.password ? password : null);
    }
  };

  return (
    <form ref={form} className="sshx-page-card" aria-labelledby="sshx-join-title" onSubmit={join} noValidate>
      <h2 id="sshx-join-title">Join a session</h2>
      <p className="sshx-page-lead">Someone gave you a ticket, or a link.</p>
      <Field
        label="Ticket"
        name="ticket"
        className="sshx-page-code"
        placeholder="sshx1…"
        autoCapitalize="none"
        value={text}
        onValue={(value) => {
          setText(value);
          setProblem("");
        }}
        error={wrongTicket}
        hint={ticket && describe(ticket)}
      />
      {ticket?.password && (
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          value={password}
          onValue={setPassword}
          hint="The host knows it."
        />
      )}
      <Field
        label="Your name"
        name="name"
        placeholder="What the others see"
        autoComplete="nickname"
        value={name}
        onValue={setName}
        error={wrongName}
      />
      <Problem>{problem}</Problem>
      <button type="submit" className="sshx-page-primary">
        Join
      </button>
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

function describe(ticket: Ticket): string {
  const may = ticket.role === "writer" ? "Lets you watch and type." : "Lets you watch, not type.";
  return ticket.password ? `${may} A password is needed as well.` : may;
}
