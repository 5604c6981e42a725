/** Who else is in a shell. */
import "./Faces.css";
import { Avatar } from "../Avatar";
import type { Person } from "../../session/people";
import { trans } from "../../translation";

const MOST = 4;

export function Faces({ people }: { people: readonly Person[] }) {
  if (people.length === 0) return null;
  const names = people.map(({ name }) => name).join(", ");
  return (
    <span className="sshx-here" role="img" aria-label={trans.__("Here: %1", names)} title={names}>
      {people.slice(0, MOST).map(({ uid, name, color }) => (
        <Avatar key={uid} name={name} color={color} />
      ))}
      {people.length > MOST && <span className="sshx-here-more">+{people.length - MOST}</span>}
    </span>
  );
}
