/** Starts the page. Where the server is, and what it allows, is in the attributes of the page's body. */
import { createRoot } from "react-dom/client";
import { Api } from "../api/api";
import { App } from "./App";
import { cleanAddress } from "./fragment";
import { setLanguage } from "../translation";
import logo from "../forms/logo.svg";
import "../view/theme.css";
import "./page.css";

document.documentElement.lang = setLanguage(navigator.languages);

const { root = "", defaultRole, terminals, guests, name = "" } = document.body.dataset;
const api = new Api(new URL(root, location.href), "", guests === "yes");

const loggedIn = cleanAddress();
document.querySelector<HTMLLinkElement>("link[rel=icon]")!.href = logo;
createRoot(document.getElementById("sshx")!).render(
  <App
    api={api}
    readOnly={defaultRole === "reader"}
    terminals={terminals === "yes"}
    guests={guests === "yes"}
    name={name}
    loggedIn={loggedIn}
  />,
);
