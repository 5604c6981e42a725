/** The first thing in a shell's window, for screen readers: it shows while it has the focus. */
import "./ScreenReaderButton.css";
import { changeSettings } from "../settings";

export function ScreenReaderButton({ on }: { on: boolean }) {
  return (
    <button type="button" className="sshx-screen-reader" onClick={() => changeSettings({ screenReader: !on })}>
      {on ? "Turn off screen reader support" : "Turn on screen reader support"}
    </button>
  );
}
