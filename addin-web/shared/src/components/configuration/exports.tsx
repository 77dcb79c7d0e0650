// Settings and the list of contacts as files: saved, or copied where only text is wanted.
import { type ReactElement, useState } from "react";
import type { ExportContent, ExportView, SettingsFile } from "../../generated/protocol.ts";
import { words } from "../../words/en.ts";
import { LinkButton } from "../controls.tsx";
import { ArrowDownload16Regular, Checkmark16Regular, Copy16Regular } from "../icons.tsx";
import { useConfiguration } from "./use.ts";

const texts = words.configuration;
/** How long the address of a file that is being saved stays good. */
const KEPT_MS = 60_000;

export function Exports({ holds }: { holds: ExportContent }): ReactElement {
  const { configuration, state } = useConfiguration();
  const [done, setDone] = useState("");
  const forms = state.answer?.exports.filter((form) => form.holds === holds) ?? [];
  const give = async (form: ExportView, way: (file: SettingsFile) => Promise<string>): Promise<void> => {
    const file = await configuration.exportAs(form.format);
    setDone(file === undefined ? "" : await way(file));
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
                void give(form, save);
              }}
            >
              {texts.download}
            </LinkButton>
            <LinkButton
              icon={<Copy16Regular />}
              label={texts.copyOf(form.title)}
              onClick={() => {
                void give(form, copy);
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
          </>
        )}
      </p>
    </>
  );
}

function bytesOf(file: SettingsFile): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(file.bytes), (letter) => letter.charCodeAt(0));
}

async function copy(file: SettingsFile): Promise<string> {
  const bytes = bytesOf(file);
  // Registry files are UTF-16 with a byte order mark, everything else is UTF-8.
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe;
  await navigator.clipboard.writeText(new TextDecoder(wide ? "utf-16le" : "utf-8").decode(bytes));
  return texts.copied;
}

function save(file: SettingsFile): Promise<string> {
  const address = URL.createObjectURL(new Blob([bytesOf(file)], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = file.name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(address);
  }, KEPT_MS);
  return Promise.resolve(texts.saved(file.name));
}
