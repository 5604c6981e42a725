/** The other people's pointers, above everything on the canvas. */
import "./Cursors.css";
import { memo } from "react";
import type { Client } from "../../client/client";
import { inkOn } from "../Avatar";
import { useEachFrame } from "../useEachFrame";

const readUsers = (client: Client) => client.users;

/** `unit`: pixels of the page for one of the canvas, before the zoom. */
export const Cursors = memo(function Cursors({ client, unit }: { client: Client; unit: number }) {
  const users = useEachFrame(client, "users", readUsers);
  return (
    <div className="sshx-cursors" aria-hidden="true">
      {[...users].map(([uid, { name, color, cursor, pending }]) =>
        cursor === null || pending || uid === client.uid ? null : (
          <div
            key={uid}
            className="sshx-cursor"
            style={{ transform: `translate(${cursor[0] * unit}px, ${cursor[1] * unit}px)` }}
          >
            {/* Made anew with each move: it fades when there is none for a while. */}
            <div key={cursor.join()} className="sshx-cursor-mark" style={{ color }}>
              <svg viewBox="0 0 16 20" width="16" height="20">
                <path d="M1 1v15l4-3.6 2.7 6 2.6-1.2-2.7-5.8H13z" />
              </svg>
              <span className="sshx-cursor-name" style={{ backgroundColor: color, color: inkOn(color) }}>
                {name}
              </span>
            </div>
          </div>
        ),
      )}
    </div>
  );
});
