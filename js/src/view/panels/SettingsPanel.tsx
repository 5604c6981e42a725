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
import { trans } from "../../translation";

function colors(): [name: string, color: string][] {
  return [
    [trans.__("Red"), "#e5484d"],
    [trans.__("Orange"), "#f76b15"],
    [trans.__("Yellow"), "#ffc53d"],
    [trans.__("Green"), "#30a46c"],
    [trans.__("Teal"), "#12a594"],
    [trans.__("Blue"), "#0090ff"],
    [trans.__("Indigo"), "#3e63dd"],
    [trans.__("Purple"), "#8e4ec6"],
    [trans.__("Pink"), "#d6409f"],
    [trans.__("Brown"), "#ad7f58"],
  ];
}

const COMMAND = ["git", "status"].join(" ");
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
          label={trans.__("Interface")}
          value={settings.appearance}
          choices={{ auto: trans.__("System"), light: trans.__("Light"), dark: trans.__("Dark") }}
          onChange={(appearance) => changeSettings({ appearance: appearance as Settings["appearance"] })}
        />
      )}
      <Choice
        label={trans.__("Terminal colors")}
        value={settings.palette in PALETTES ? settings.palette : ""}
        choices={{
          "": trans.__("Match interface"),
          ...Object.fromEntries(Object.keys(PALETTES).map((name) => [name, name])),
        }}
        onChange={(palette) => changeSettings({ palette })}
      />
      <Preview {...{ settings, theme }} />
      <NumberField
        label={trans.__("Font size (pixels)")}
        value={settings.fontSize}
        least={8}
        most={32}
        onChange={(fontSize) => changeSettings({ fontSize })}
      />
      <NumberField
        label={trans.__("Scrollback (lines)")}
        value={settings.scrollback}
        least={0}
        most={100_000}
        step={1000}
        onChange={(scrollback) => changeSettings({ scrollback })}
      />
      <Switch
        label={trans.__("Share my cursor")}
        hint={trans.__("Others can see your pointer on the canvas.")}
        on={settings.shareCursor}
        onChange={(shareCursor) => changeSettings({ shareCursor })}
      />
      <Switch
        label={trans.__("Predictive echo")}
        hint={trans.__("On slow connections, show what you type immediately, underlined until the shell confirms it.")}
        on={settings.predictiveEcho}
        onChange={(predictiveEcho) => changeSettings({ predictiveEcho })}
      />
      <Switch
        label={trans.__("Screen reader support")}
        hint={trans.__("Screen readers can read the terminals, and announce new output in the focused terminal.")}
        on={settings.screenReader}
        onChange={(screenReader) => changeSettings({ screenReader })}
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
      ? trans.__("A name can have at most %1 characters. This one has %2.", NAME_LENGTH, length)
      : draft !== null && text === "" && name !== ""
        ? trans.__("Enter a name with at least one visible character.")
        : "";
  const commit = () => {
    if (draft === null || wrong) return;
    setDraft(null);
    if (text === name || text === "") return;
    changeSettings({ name: text });
    client.setName(text);
  };
  return (
    <Field id={id} label={trans.__("Your name")} wrong={wrong}>
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
  const choices = colors();
  const other = choices.every(([, value]) => value !== color);
  return (
    <fieldset className="sshx-field">
      <legend>{trans.__("Your color")}</legend>
      <div className="sshx-swatches">
        {choices.map(([name, value]) => (
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
        <label
          className="sshx-swatch sshx-any"
          title={trans.__("Custom color")}
          data-on={(other && color !== "") || undefined}
        >
          <input
            type="color"
            aria-label={trans.__("Custom color")}
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
      {word("ada@host", palette.green)}:{word("~/work", palette.blue)}
      {` $ ${COMMAND}`}
      {"\n"}
      {word("modified", palette.red)} {word("renamed", palette.yellow)} {word("added", palette.cyan)}{" "}
      {word("merged", palette.magenta)}
    </div>
  );
}

interface NumberFieldProps {
  label: string;
  value: number;
  least: number;
  most: number;
  step?: number;
  onChange: (value: number) => void;
}

function NumberField({ label, value, least, most, step = 1, onChange }: NumberFieldProps) {
  const id = useId();
  const [draft, setDraft] = useState<string | null>(null);
  const number = Number(draft ?? value);
  const valid = draft?.trim() !== "" && Number.isInteger(number) && number >= least && number <= most;
  const wrong = valid
    ? ""
    : trans.__("Enter a whole number from %1 to %2.", least.toLocaleString(), most.toLocaleString());
  return (
    <Field id={id} label={label} wrong={wrong}>
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
