import { createRoot } from "react-dom/client";
import { useState } from "react";
import { SessionView } from "../view/SessionView";
export function show() { console.log(createRoot, SessionView, useState, <b/>); }
