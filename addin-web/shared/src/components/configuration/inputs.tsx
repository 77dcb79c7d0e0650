// What a person gives for a setting, by the kind of its value. Knows no key.
import { Switch } from "@fluentui/react-components";
import { type ReactElement, useState } from "react";
import type { SettingInput, SettingView } from "../../generated/protocol.ts";
import { same } from "../../session/configuration.ts";
import { shown, typedOf, valueOf } from "../../text/setting.ts";
import { words } from "../../words/en.ts";
import { LinkButton } from "../controls.tsx";

export interface InputProps {
  setting: SettingView;
  /** The value of the draft, or else the one in effect; null for none. */
  value: unknown;
  id: string;
  describedBy: string;
  invalid: boolean;
  onValue: (value: unknown) => void;
}

const texts = words.configuration;

export function SettingControl(props: InputProps): ReactElement {
  const { setting } = props;
  if (!setting.editable) {
    return <ReadOnly {...props} />;
  }
  switch (setting.input.type) {
    case "switch":
      return setting.default === null ? <Choice {...props} words={["true", "false"]} /> : <OnOff {...props} />;
    case "choice":
      return <Choice {...props} words={setting.input.words} />;
    case "secret":
      return <Secret {...props} />;
    case "list":
      return setting.input.words.length > 0 ? <Several {...props} words={setting.input.words} /> : <Typed {...props} />;
    case "number":
    case "text":
    case "json":
      return <Typed {...props} />;
  }
}

/** Readable and focusable, also where it cannot be changed. */
function ReadOnly({ setting, value, id, describedBy }: InputProps): ReactElement {
  const common = { id, className: "field field-fixed", readOnly: true, "aria-describedby": describedBy };
  if (isLong(setting.input) && value !== null && typeof value === "object" && Object.keys(value).length > 0) {
    const text = typedOf(setting.input, value);
    return <textarea {...common} rows={rowsOf(text)} value={text} dir="ltr" />;
  }
  const secret = setting.input.type === "secret" || isMasked(setting, value);
  return <input {...common} value={secret ? secretState(value) : shown(setting, value)} />;
}

function OnOff({ value, id, describedBy, onValue }: InputProps): ReactElement {
  const on = value === true;
  return (
    <Switch
      id={id}
      className="setting-switch"
      checked={on}
      label={on ? texts.on : texts.off}
      aria-describedby={describedBy}
      onChange={(_event, data) => {
        onValue(data.checked);
      }}
    />
  );
}

function Choice({ setting, value, id, describedBy, invalid, words: choices, onValue }: InputProps & { words: readonly string[] }): ReactElement {
  const onOff = setting.input.type === "switch";
  const chosen = typeof value === "boolean" ? String(value) : typeof value === "string" ? value : "";
  const label = (choice: string): string => (onOff ? shown(setting, choice === "true") : choice);
  return (
    <select
      id={id}
      className="field"
      value={chosen}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      onChange={(event) => {
        const next = event.target.value;
        onValue(next === "" ? null : onOff ? next === "true" : next);
      }}
    >
      {setting.default === null && <option value="">{texts.unset}</option>}
      {/* A word of the draft that is none stays to be seen. */}
      {chosen !== "" && !choices.includes(chosen) && <option value={chosen}>{chosen}</option>}
      {choices.map((choice) => (
        <option key={choice} value={choice}>
          {label(choice)}
        </option>
      ))}
    </select>
  );
}

/** Some of a few words. */
function Several({ setting, value, id, describedBy, words: choices, onValue }: InputProps & { words: readonly string[] }): ReactElement {
  const chosen: readonly unknown[] = Array.isArray(value) ? value : [];
  return (
    <div id={id} role="group" aria-label={setting.title} aria-describedby={describedBy} className="setting-several">
      {choices.map((choice) => (
        <label key={choice} className="row">
          <input
            type="checkbox"
            checked={chosen.includes(choice)}
            onChange={(event) => {
              const { checked } = event.target;
              onValue(choices.filter((one) => (one === choice ? checked : chosen.includes(one))));
            }}
          />
          {choice}
        </label>
      ))}
    </div>
  );
}

function Secret({ setting, value, id, describedBy, invalid, onValue }: InputProps): ReactElement {
  const typed = typeof value === "string" && value !== setting.value ? value : "";
  const removed = setting.own && value === null;
  return (
    <>
      <input
        id={id}
        type="password"
        className="field"
        autoComplete="off"
        spellCheck={false}
        value={typed}
        placeholder={removed ? texts.secretRemoved : secretState(setting.value)}
        aria-describedby={describedBy}
        aria-invalid={invalid}
        onChange={(event) => {
          onValue(event.target.value === "" ? setting.value : event.target.value);
        }}
      />
      {setting.own && !removed && typed === "" && (
        <LinkButton
          label={`${texts.secretRemove}: ${setting.title}`}
          onClick={() => {
            onValue(null);
          }}
        >
          {texts.secretRemove}
        </LinkButton>
      )}
    </>
  );
}

/** Text, a number, a list with one entry a line, or JSON. What is typed stays as it is while it means the value. */
function Typed({ setting, value, id, describedBy, invalid, onValue }: InputProps): ReactElement {
  const [typed, setTyped] = useState("");
  const { input } = setting;
  const masked = isMasked(setting, value);
  const text = masked ? "" : same(valueOf(setting, typed), value) ? typed : typedOf(input, value);
  const common = {
    id,
    value: text,
    spellCheck: false,
    placeholder: masked ? texts.secretKept : setting.default === null ? texts.unset : texts.unsetDefault(shown(setting, setting.default)),
    "aria-describedby": describedBy,
    "aria-invalid": invalid,
    onChange: (event: { target: { value: string } }) => {
      setTyped(event.target.value);
      const untyped = event.target.value === "" && isMasked(setting, setting.value);
      onValue(untyped ? setting.value : valueOf(setting, event.target.value));
    },
  };
  if (isLong(input)) {
    const code = input.type === "json" || input.type === "list";
    return <textarea {...common} className={`field field-long${code ? " ltr" : ""}`} dir={code ? "ltr" : "auto"} rows={rowsOf(text)} />;
  }
  if (input.type !== "number") {
    return <input {...common} className="field" dir="auto" />;
  }
  return (
    <span className="row">
      <input {...common} className="field num setting-number" inputMode="numeric" />
      {input.unit !== undefined && <span className="small secondary">{input.unit}</span>}
    </span>
  );
}

/** Whether a kind of value takes several lines. */
export function isLong(input: SettingInput): boolean {
  return input.type === "json" || (input.type === "list" && input.words.length === 0) || (input.type === "text" && input.lines);
}

function rowsOf(text: string): number {
  return Math.min(10, Math.max(2, text.split("\n").length));
}

/** Whether what is shown stands for a secret that is kept: a list or object of which nothing is told. */
function isMasked({ input, secrets, value: kept }: SettingView, value: unknown): boolean {
  return secrets && input.type === "json" && typeof value === "string" && value === kept;
}

function secretState(value: unknown): string {
  return value === null ? texts.none : texts.secretKept;
}
