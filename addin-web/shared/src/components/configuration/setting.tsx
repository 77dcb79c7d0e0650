// One setting: its name, its control, what is wrong with it, what it does, and whose value it has.
import { type ReactElement, useId } from "react";
import type { SettingProblem, SettingView } from "../../generated/protocol.ts";
import { words } from "../../words/en.ts";
import { LinkButton } from "../controls.tsx";
import { ErrorCircle16Filled, Info16Regular, Warning16Filled } from "../icons.tsx";
import { isLong, SettingControl } from "./inputs.tsx";
import { Padlock } from "./padlock.tsx";
import { useConfiguration } from "./use.ts";

const texts = words.configuration;

export function Setting({ setting }: { setting: SettingView }): ReactElement {
  const { configuration, state } = useConfiguration();
  const id = useId();
  const changed = setting.key in state.draft;
  const problems = (state.check ?? state.answer)?.problems.filter((one) => one.key === setting.key) ?? [];
  const refused = problems.some((one) => one.weight === "refused");
  const edit = (value: unknown): void => {
    configuration.edit(setting, value);
  };
  return (
    <div className={`setting${isLong(setting.input) ? " setting-long" : ""}`} data-changed={changed} data-key={setting.key}>
      <div className="setting-head">
        <label htmlFor={id} className="grow">
          {setting.title}
        </label>
        {changed && <span className="dot" role="img" aria-label={texts.changed} title={texts.changed} />}
        {setting.locked && state.answer !== undefined && <Padlock setting={setting} answer={state.answer} />}
      </div>
      <SettingControl
        setting={setting}
        value={changed ? state.draft[setting.key] : setting.value}
        id={id}
        describedBy={`${id}-about`}
        invalid={refused}
        onValue={edit}
      />
      <div id={`${id}-about`} className="setting-about small">
        {problems.map((problem) => (
          <Problem key={problem.sentence} problem={problem} />
        ))}
        {setting.effect !== undefined && <p className="secondary">{setting.effect}</p>}
        <p className="detail">
          {setting.help} {setting.editable && hint(setting)}
        </p>
        <code className="mono detail ltr setting-key">{setting.key}</code>
      </div>
      <Whose setting={setting} changed={changed} onEdit={edit} />
    </div>
  );
}

function Problem({ problem }: { problem: SettingProblem }): ReactElement {
  const icon = {
    refused: <ErrorCircle16Filled className="is-danger" />,
    stopsSessions: <Warning16Filled className="is-warning" />,
    note: <Info16Regular />,
  }[problem.weight];
  return (
    <p className="setting-problem">
      {icon}
      <span>
        {problem.weight === "stopsSessions" && <span className="strong">{texts.weight.stopsSessions}: </span>}
        {problem.sentence}
      </span>
    </p>
  );
}

/** Takes a change back, or the person's own value away. */
function Whose({
  setting,
  changed,
  onEdit,
}: {
  setting: SettingView;
  changed: boolean;
  onEdit: (value: unknown) => void;
}): ReactElement | null {
  const { configuration } = useConfiguration();
  if (changed) {
    return (
      <LinkButton
        label={texts.keepOf(setting.title)}
        onClick={() => {
          configuration.takeBack(setting.key);
        }}
      >
        {texts.keep}
      </LinkButton>
    );
  }
  if (!setting.own || setting.locked || setting.input.type === "secret") {
    return null;
  }
  return (
    <p className="row small detail">
      {texts.ownValue}
      <LinkButton
        label={texts.useDefaultOf(setting.title)}
        onClick={() => {
          onEdit(null);
        }}
      >
        {texts.useDefault}
      </LinkButton>
    </p>
  );
}

function hint({ input }: SettingView): string {
  switch (input.type) {
    case "list":
      return input.words.length > 0 ? "" : input.objects ? texts.objectsHint : texts.linesHint;
    case "secret":
      return texts.secretHint;
    case "switch":
    case "choice":
    case "number":
    case "text":
    case "json":
      return "";
  }
}
