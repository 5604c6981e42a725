/** What a person can choose. It holds at once, in every session in this browser. */
import "../sharedStyles";
import "./Panel.css";
import "./SettingsPanel.css";
import { useState, type ReactNode } from "react";
import type { Client } from "../../client/client";
import { PALETTES, paletteOf } from "../terminal/palettes";
import type { Person } from "../../session/people";
import { changeSettings, useSettings, type Settings } from "../settings";
import type { Theme } from "../theme";
import { useId } from "../useId";

const COLORS = {
  Red: "#e5484d",
  Orange: "#f76b15",
  Yellow: "#ffc53d",
  Green: "#30a46c",
  Teal: "#12a594",
  Blue: "#0090ff",
  Indigo: "#3e63dd",
  Purple: "#8e4ec6",
  Pink: "#d6409f",
  Brown: "#ad7f58",
};

const NAME_LENGTH = 64;

interface SettingsPanelProps {
  client: Client;
  me: Person | undefined;
  theme: Theme;
  /** Whether the application around the view decides on light and dark. */
  themed: boolean;
}

export function SettingsPanel({ client, me, theme, themed }: SettingsPanelProps) {
  const settings = useSettings();
  return (
    <div className="sshx-settings">
      <NameField client={client} name={settings.name || (me?.name ?? "")} />
      <ColorField
        color={settings.color || (me?.color ?? "")}
        onChange={(color) => {
          changeSettings({ color });
          client.setColor(color);
        }}
      />
      {!themed && (
        <Choice
          label="Interface"
          value={settings.appearance}
          choices={{ auto: "As the system", light: "Light", dark: "Dark" }}
          onChange={(appearance) => changeSettings({ appearance: appearance as Settings["appearance"] })}
        />
      )}
      <Choice
        label="Terminal colors"
        value={settings.palette in PALETTES ? settings.palette : ""}
        choices={{ "": "As the interface", ...Object.fromEntries(Object.keys(PALETTES).map((name) => [name, name])) }}
        onChange={(palette) => changeSettings({ palette })}
      />
      <Preview {...{ settings, theme }} />
      <NumberField
        label="Font size"
        unit="pixels"
        value={settings.fontSize}
        least={8}
        most={32}
        onChange={(fontSize) => changeSettings({ fontSize })}
      />
      <NumberField
        label="Scrollback"
        unit="lines"
        value={settings.scrollback}
        least={0}
        most={100_000}
        step={1000}
        onChange={(scrollback) => changeSettings({ scrollback })}
      />
      <Switch
        label="Share my cursor"
        hint="Others see where your pointer is on the canvas."
        on={settings.shareCursor}
        onChange={(shareCursor) => changeSettings({ shareCursor })}
      />
      <Switch
        label="Predictive echo"
        hint="On a slow connection, what you type shows at once, underlined until the shell confirms it."
        on={settings.predictiveEcho}
        onChange={(predictiveEcho) => changeSettings({ predictiveEcho })}
      />
    </div>
  );
}

/** A label above a control, and what is wrong with what was typed. */
function Field({ id, label, wrong, children }: { id: string; label: string; wrong?: string; children: ReactNode }) {
  return (
    <div className="sshx-field">
      <label htmlFor={id}>{label}</label>
      {children}
      {wrong && (
        <p id={`${id}-wrong`} className="sshx-hint" data-wrong role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}

function NameField({ client, name }: { client: Client; name: string }) {
  const id = useId();
  const [draft, setDraft] = useState<string | null>(null);
  const text = (draft ?? name).trim();
  const length = Array.from(text).length;
  const wrong =
    length > NAME_LENGTH
      ? `A name has at most ${NAME_LENGTH} characters; this one has ${length}.`
      : draft !== null && text === "" && name !== ""
        ? "A name needs at least one visible character."
        : "";
  const commit = () => {
    if (draft === null || wrong) return;
    setDraft(null);
    if (text === name || text === "") return;
    changeSettings({ name: text });
    client.setName(text);
  };
  return (
    <Field id={id} label="Your name" wrong={wrong}>
      <input
        id={id}
        type="text"
        autoComplete="nickname"
        value={draft ?? name}
        aria-invalid={wrong !== "" || undefined}
        aria-describedby={wrong ? `${id}-wrong` : undefined}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.nativeEvent.isComposing) commit();
        }}
      />
    </Field>
  );
}

function ColorField({ color, onChange }: { color: string; onChange: (color: string) => void }) {
  const group = useId();
  const other = !Object.values(COLORS).includes(color);
  return (
    <fieldset className="sshx-field">
      <legend>Your color</legend>
      <div className="sshx-swatches">
        {Object.entries(COLORS).map(([name, value]) => (
          <label key={value} className="sshx-swatch" title={name} style={{ backgroundColor: value }}>
            <input
              type="radio"
              name={group}
              aria-label={name}
              checked={value === color}
              onChange={() => onChange(value)}
            />
          </label>
        ))}
        <label className="sshx-swatch sshx-any" title="Another color" data-on={(other && color !== "") || undefined}>
          <input
            type="color"
            aria-label="Another color"
            value={color || "#808080"}
            onChange={(event) => onChange(event.currentTarget.value)}
          />
        </label>
      </div>
    </fieldset>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  choices: Record<string, string>;
  onChange: (value: string) => void;
}

function Choice({ label, value, choices, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <Field id={id} label={label}>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {Object.entries(choices).map(([choice, text]) => (
          <option key={choice} value={choice}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** A line as it looks in a terminal with the chosen colors. */
function Preview({ settings, theme }: { settings: Settings; theme: Theme }) {
  const palette = paletteOf(settings, theme);
  const word = (text: string, color: string | undefined) => <span style={{ color }}>{text}</span>;
  return (
    <div
      className="sshx-preview"
      aria-hidden="true"
      style={{ backgroundColor: palette.background, color: palette.foreground, fontSize: settings.fontSize }}
    >
      {word("ada@host", palette.green)}:{word("~/work", palette.blue)}$ git status{"\n"}
      {word("modified", palette.red)} {word("renamed", palette.yellow)} {word("added", palette.cyan)}{" "}
      {word("merged", palette.magenta)}
    </div>
  );
}

interface NumberFieldProps {
  label: string;
  unit: string;
  value: number;
  least: number;
  most: number;
  step?: number;
  onChange: (value: number) => void;
}

function NumberField({ label, unit, value, least, most, step = 1, onChange }: NumberFieldProps) {
  const id = useId();
  const [draft, setDraft] = useState<string | null>(null);
  const number = Number(draft ?? value);
  const valid = draft?.trim() !== "" && Number.isInteger(number) && number >= least && number <= most;
  const wrong = valid ? "" : `A whole number from ${least.toLocaleString()} to ${most.toLocaleString()}.`;
  return (
    <Field id={id} label={`${label} (${unit})`} wrong={wrong}>
      <input
        id={id}
        type="number"
        inputMode="numeric"
        min={least}
        max={most}
        step={step}
        value={draft ?? value}
        aria-invalid={!valid || undefined}
        aria-describedby={wrong ? `${id}-wrong` : undefined}
        onChange={(event) => {
          const text = event.currentTarget.value;
          setDraft(text);
          const next = Number(text);
          if (text.trim() !== "" && Number.isInteger(next) && next >= least && next <= most) onChange(next);
        }}
        onBlur={() => setDraft(null)}
      />
    </Field>
  );
}

interface SwitchProps {
  label: string;
  hint: string;
  on: boolean;
  onChange: (on: boolean) => void;
}

function Switch({ label, hint, on, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div className="sshx-check">
      <input
        id={id}
        type="checkbox"
        checked={on}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label htmlFor={id}>{label}</label>
      <small id={`${id}-hint`}>{hint}</small>
    </div>
  );
}
