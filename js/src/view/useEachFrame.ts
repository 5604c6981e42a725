/** For what changes many times a second: a component renders again at most once a frame. */
import { useEffect, useState } from "react";
import type { Client } from "../client/client";
import type { ClientEvent } from "../client/events";

/** The value of `read(client)`, which is pure, after events of `type`. */
export function useEachFrame<T>(client: Client, type: ClientEvent["type"], read: (client: Client) => T): T {
  const [value, setValue] = useState(() => read(client));
  useEffect(() => {
    let frame = requestAnimationFrame(update);
    function update() {
      frame = 0;
      setValue(read(client));
    }
    const stop = client.on((event) => {
      if (event.type === type && frame === 0) frame = requestAnimationFrame(update);
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [client, type, read]);
  return value;
}
