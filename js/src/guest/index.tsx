/**
 * Starts the guest page: join a session with nothing but a browser. `guest_page.py` writes it for any web server or
 * disk, and as one file; `server/guests.py` serves it to the guests of a Jupyter server.
 */
import { createRoot } from "react-dom/client";
import { setLanguage } from "../translation";
import logo from "../forms/logo.svg";
import { tellRefusals } from "../protocol/handshake";
import { keepIn, tabStorage } from "../session/away";
import { App } from "./App";
import { embeddedTicket } from "./embedded";
import { historyStorage } from "./historyStorage";
import { refusalsAt } from "./refusals";
import { overRelays, throughHost, type Way } from "./ways";
import "../view/theme.css";

/** The package's version that this is of, from the bundler. */
declare const VERSION: string;

document.documentElement.lang = setLanguage(navigator.languages);

const { root } = document.body.dataset;
const way: Way = root === undefined ? overRelays() : throughHost(new URL(root, location.href));

document.querySelector<HTMLLinkElement>("link[rel=icon]")!.href = logo;
const invite = embeddedTicket();
tellRefusals(refusalsAt(VERSION, root !== undefined, invite !== ""));
keepIn(root === undefined ? historyStorage : tabStorage);
createRoot(document.getElementById("sshx")!).render(<App way={way} invite={invite} />);
