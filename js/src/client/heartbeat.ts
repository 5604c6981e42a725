/**
 * A timer that goes on in tabs that nobody looks at: browsers slow a page's own timers down to one tick a minute there,
 * and hosts take a client for dead that has been silent for 15 s. A worker's timers are not slowed down.
 */

/** Call `tick` every `milliseconds`, until the function that this returns is called. */
export function heartbeat(milliseconds: number, tick: () => void): () => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const fallBack = () => {
    timer ??= setInterval(tick, milliseconds);
  };
  if (typeof Worker === "undefined") fallBack();
  else {
    const script = `setInterval(() => postMessage(0), ${milliseconds})`;
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    try {
      const worker = new Worker(url);
      worker.onmessage = tick;
      worker.onerror = fallBack; // some browsers tell only now that the page's policy forbids it
      return () => {
        worker.onmessage = worker.onerror = null;
        worker.terminate();
        URL.revokeObjectURL(url);
        clearInterval(timer);
      };
    } catch {
      URL.revokeObjectURL(url);
      fallBack(); // the page's policy allows no workers, or none from blobs
    }
  }
  return () => clearInterval(timer);
}
