/** What is around every screen of a page of our own but the session itself. */
import type { ReactNode } from "react";
import { useTheme } from "../view/theme";
import "./Frame.css";
import logo from "./logo.svg";
import { trans } from "../translation";

export function Frame({ wide = false, children }: { wide?: boolean; children: ReactNode }) {
  const theme = useTheme();
  return (
    <div className={`sshx sshx-forms sshx-page ${wide ? "" : "sshx-page-one"}`} data-theme={theme}>
      <header>
        <img src={logo} alt="" width="40" height="40" />
        <div>
          <h1>{trans.__("sshx")}</h1>
          <p>{trans.__("Shared terminals, peer to peer, encrypted from browser to host")}</p>
        </div>
      </header>
      <main className="sshx-page-cards">{children}</main>
    </div>
  );
}
