// Settings and the list of contacts as files: saved, or copied where only text is wanted.
import { type ReactElement, useState } from "react";
import type { ExportContent, ExportView, SettingsFile } from "../../generated/protocol.ts";
import { words } from "../../words/en.ts";
import { LinkButton } from "../controls.tsx";
import { ArrowDownload16Regular, Checkmark16Regular, Copy16Regular } from "../icons.tsx";
import { useConfiguration } from "./use.ts";

const texts = words.configuration;

export function Exports({ holds }: { holds: ExportContent }): ReactElement {
  const { configuration, state } = useConfiguration();
  const [done, setDone] = useState("");
  const [leftOut, setLeftOut] = useState<readonly string[]>([]);
  const forms = state.answer?.exports.filter((form) => form.holds === holds) ?? [];
  const save = async (form: ExportView): Promise<void> => {
    const saved = await configuration.save(form.format);
    setDone(saved === undefined ? "" : texts.saved(saved.path));
    setLeftOut(saved?.leftOut ?? []);
  };
  const copy = async (form: ExportView): Promise<void> => {
    const exported = await configuration.exportAs(form.format);
    if (exported !== undefined) {
      await navigator.clipboard.writeText(textOf(exported.file));
    }
    setDone(exported === undefined ? "" : texts.copied(form.title));
    setLeftOut(exported?.leftOut ?? []);
  };
  return (
    <>
      <ul className="plain-list exports" aria-label={texts.exportAs[holds]}>
        {forms.map((form) => (
          <li key={form.format} className="row">
            <span>{form.title}</span>
            <LinkButton
              icon={<ArrowDownload16Regular />}
              label={texts.downloadOf(form.title)}
              onClick={() => {
                void save(form);
              }}
            >
              {texts.download}
            </LinkButton>
            <LinkButton
              icon={<Copy16Regular />}
              label={texts.copyOf(form.title)}
              onClick={() => {
                void copy(form);
              }}
            >
              {texts.copy}
            </LinkButton>
          </li>
        ))}
      </ul>
      <p className="row small secondary exports-done" role="status">
        {done !== "" && (
          <>
            <Checkmark16Regular className="is-ok" />
            {done}
            {leftOut.length > 0 && ` ${texts.leftOut(leftOut)}`}
          </>
        )}
      </p>
    </>
  );
}

/** Registry files are UTF-16 with a byte order mark, everything else is UTF-8. */
function textOf(file: SettingsFile): string {
  const bytes = Uint8Array.from(atob(file.bytes), (letter) => letter.charCodeAt(0));
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(wide ? "utf-16le" : "utf-8").decode(bytes);
}
