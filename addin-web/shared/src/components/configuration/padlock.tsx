// Why a setting is fixed: who set it, the reason, the key, the source and its time, whom to ask.
import { Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import type { ReactElement } from "react";
import type { ConfigurationAnswer, SettingView } from "../../generated/protocol.ts";
import { when } from "../../text/format.ts";
import { words } from "../../words/en.ts";
import { IconButton } from "../controls.tsx";
import { LockClosed16Regular } from "../icons.tsx";

const texts = words.configuration;

export function Padlock({ setting, answer }: { setting: SettingView; answer: ConfigurationAnswer }): ReactElement {
  const { organisation, readAt } = answer;
  const source = setting.origin === "default" ? answer.sources[0] : { kind: setting.origin, place: setting.place };
  return (
    <Popover withArrow={false} positioning={{ position: "after", align: "top", fallbackPositions: ["below-end"] }} trapFocus>
      <PopoverTrigger disableButtonEnhancement>
        <IconButton small label={texts.padlock(setting.title)} icon={<LockClosed16Regular />} />
      </PopoverTrigger>
      <PopoverSurface className="surface popover padlock" aria-label={texts.padlock(setting.title)} tabIndex={-1}>
        <p className="strong">{organisation.name ?? texts.setBy}</p>
        {organisation.reason !== undefined && <p className="small secondary">{texts.quote(organisation.reason)}</p>}
        {setting.origin === "default" && <p className="small secondary">{texts.atDefault}</p>}
        <dl className="small">
          <dt>{texts.key}</dt>
          <dd className="mono ltr">{setting.key}</dd>
          <dt>{texts.source}</dt>
          <dd>
            <time dateTime={new Date(readAt).toISOString()} title={new Date(readAt).toISOString()}>
              {texts.from(source?.kind ?? "managed", when(readAt, Date.now()))}
            </time>
            {source !== undefined && source.place !== "" && <bdi className="block detail ltr">{source.place}</bdi>}
          </dd>
          <dt>{texts.questions}</dt>
          <dd>{organisation.contact ?? texts.ask}</dd>
        </dl>
      </PopoverSurface>
    </Popover>
  );
}
