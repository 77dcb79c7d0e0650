// What the person said and what the agent said.
import { Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { memo, type ReactElement } from "react";
import type { MessageEntry, PromptEntry } from "../session/model.ts";
import { citationsOf } from "../text/markdown.ts";
import { words } from "../words/en.ts";
import { CitationChip } from "./citation.tsx";
import { TextButton } from "./controls.tsx";
import { Markdown, useMarkdown } from "./markdown.tsx";

export const PromptMessage = memo(function PromptMessage({ entry }: { entry: PromptEntry }): ReactElement {
  return (
    <div className="own-message" dir="auto">
      <span className="visually-hidden">{words.message.you}: </span>
      {entry.text}
    </div>
  );
});

interface AgentMessageProps {
  entry: MessageEntry;
  /** Offered where nothing followed a message that was cut off. */
  onGoOn: (() => void) | undefined;
}

export const AgentMessage = memo(function AgentMessage({ entry, onGoOn }: AgentMessageProps): ReactElement {
  const text = useMarkdown(entry.text);
  const citations = entry.state === "streaming" ? [] : citationsOf(text);
  return (
    <div className="agent-message" dir="auto">
      <span className="visually-hidden">{words.message.agent}: </span>
      <Markdown text={text} streaming={entry.state === "streaming"} />
      {citations.length > 1 && (
        <Popover withArrow={false} positioning="below-start">
          <PopoverTrigger disableButtonEnhancement>
            <button type="button" className="link-btn sources">
              {words.message.sources(citations.length)}
            </button>
          </PopoverTrigger>
          <PopoverSurface className="surface">
            <ul className="plain-list source-list">
              {citations.map(({ document, target, label }) => (
                <li key={`${document}#${target}`}>
                  <CitationChip document={document} target={target} label={label} />
                </li>
              ))}
            </ul>
          </PopoverSurface>
        </Popover>
      )}
      {entry.state === "cut" && (
        <p className="row small secondary after-message">
          <span>{words.message.cut}</span>
          {onGoOn !== undefined && (
            <TextButton small onClick={onGoOn}>
              {words.message.goOn}
            </TextButton>
          )}
        </p>
      )}
    </div>
  );
});
