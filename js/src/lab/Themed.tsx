/** Where parts of the view stand in a dialog: as light or dark as JupyterLab is. */
import type { ReactNode } from "react";
import { useTheme } from "../view/theme";
import { usePageTheme } from "../view/pageTheme";
import "../view/sharedStyles";
import "./lab.css";

export function Themed({ className, children }: { className: string; children: ReactNode }) {
  return (
    <div className={`sshx ${className}`} data-theme={useTheme(usePageTheme())}>
      {children}
    </div>
  );
}
