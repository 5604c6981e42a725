/** The first thing in a shell's window, for screen readers: it shows while it has the focus. */
import "./ScreenReaderButton.css";
import { changeSettings } from "../settings";
import { trans } from "../../translation";

export function ScreenReaderButton({ on }: { on: boolean }) {
  return (
    <button type="button" className="sshx-screen-reader" onClick={() => changeSettings({ screenReader: !on })}>
      {on ? trans.__("Turn off screen reader support") : trans.__("Turn on screen reader support")}
    </button>
  );
}
