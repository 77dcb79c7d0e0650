// The icons in use, the product's mark and the document glyphs.
import { Document16Regular } from "@fluentui/react-icons/svg/document";
import { DocumentCsv16Regular } from "@fluentui/react-icons/svg/document-csv";
import { DocumentPdf16Regular } from "@fluentui/react-icons/svg/document-pdf";
import { DocumentTable16Regular } from "@fluentui/react-icons/svg/document-table";
import type { ReactElement } from "react";
import type { DocumentKind, DocumentState } from "../generated/protocol.ts";
import { words } from "../words/en.ts";

export { Add16Regular } from "@fluentui/react-icons/svg/add";
export { Alert16Regular } from "@fluentui/react-icons/svg/alert";
export { ArrowDownload16Regular } from "@fluentui/react-icons/svg/arrow-download";
export { ArrowLeft16Regular } from "@fluentui/react-icons/svg/arrow-left";
export { ArrowRedo16Regular } from "@fluentui/react-icons/svg/arrow-redo";
export { ArrowRight16Regular } from "@fluentui/react-icons/svg/arrow-right";
export { ArrowSync16Regular } from "@fluentui/react-icons/svg/arrow-sync";
export { ArrowUndo16Regular } from "@fluentui/react-icons/svg/arrow-undo";
export { ArrowUp20Filled } from "@fluentui/react-icons/svg/arrow-up";
export { Box20Regular } from "@fluentui/react-icons/svg/box";
export { Checkmark16Regular } from "@fluentui/react-icons/svg/checkmark";
export { CheckmarkCircle16Filled } from "@fluentui/react-icons/svg/checkmark-circle";
export { ChevronDown16Regular } from "@fluentui/react-icons/svg/chevron-down";
export { ChevronRight16Regular } from "@fluentui/react-icons/svg/chevron-right";
export { ChevronUp16Regular } from "@fluentui/react-icons/svg/chevron-up";
export { Circle16Regular } from "@fluentui/react-icons/svg/circle";
export { Color20Regular } from "@fluentui/react-icons/svg/color";
export { CompassNorthwest16Regular } from "@fluentui/react-icons/svg/compass-northwest";
export { Compose16Regular } from "@fluentui/react-icons/svg/compose";
export { Copy16Regular } from "@fluentui/react-icons/svg/copy";
export { Database20Regular } from "@fluentui/react-icons/svg/database";
export { Dismiss16Regular } from "@fluentui/react-icons/svg/dismiss";
export { DocumentArrowRight20Regular } from "@fluentui/react-icons/svg/document-arrow-right";
export { ErrorCircle16Filled } from "@fluentui/react-icons/svg/error-circle";
export { Eye16Regular } from "@fluentui/react-icons/svg/eye";
export { Folder16Regular, Folder20Regular } from "@fluentui/react-icons/svg/folder";
export { Gauge20Regular } from "@fluentui/react-icons/svg/gauge";
export { Globe16Regular, Globe20Regular } from "@fluentui/react-icons/svg/globe";
export { Info16Regular } from "@fluentui/react-icons/svg/info";
export { LockClosed16Regular } from "@fluentui/react-icons/svg/lock-closed";
export { MoreHorizontal16Regular } from "@fluentui/react-icons/svg/more-horizontal";
export { Open16Regular } from "@fluentui/react-icons/svg/open";
export { PlugDisconnected20Regular } from "@fluentui/react-icons/svg/plug-disconnected";
export { Pulse20Regular } from "@fluentui/react-icons/svg/pulse";
export { PuzzlePiece20Regular } from "@fluentui/react-icons/svg/puzzle-piece";
export { Search16Regular } from "@fluentui/react-icons/svg/search";
export { Settings16Regular } from "@fluentui/react-icons/svg/settings";
export { Shield16Regular } from "@fluentui/react-icons/svg/shield";
export { Stop16Filled } from "@fluentui/react-icons/svg/stop";
export { Table16Regular } from "@fluentui/react-icons/svg/table";
export { WindowConsole20Regular } from "@fluentui/react-icons/svg/window-console";
export { Warning16Filled } from "@fluentui/react-icons/svg/warning";

/** The app icon at 20 pixels. */
export function Mark(): ReactElement {
  return (
    <svg width="20" height="20" viewBox="0 0 32 32" aria-hidden="true" className="mark">
      <rect width="32" height="32" rx="7" fill="#3a4ca6" />
      <path d="M10 8.6h6a7.4 7.4 0 0 1 0 14.8h-6z" fill="none" stroke="#fff" strokeWidth="3.2" strokeLinejoin="round" />
      <rect x="18.4" y="18.4" width="9.2" height="9.2" rx="1.6" fill="#fff" stroke="#3a4ca6" strokeWidth="2" />
    </svg>
  );
}

/** What files are shown with that no program of Office has open. */
const PLAIN = {
  pdf: DocumentPdf16Regular,
  csv: DocumentCsv16Regular,
  legacy: DocumentTable16Regular,
  file: Document16Regular,
};

/** The document glyph; outlined where the document is a file on disk. */
export function Glyph({ kind, state = "live" }: { kind: DocumentKind; state?: DocumentState }): ReactElement {
  if (kind === "pdf" || kind === "csv" || kind === "legacy" || kind === "file") {
    const Icon = PLAIN[kind];
    return <Icon className="glyph-plain" role="img" aria-hidden={false} aria-label={words.documentKind[kind]} />;
  }
  const outlined = state === "live" ? "" : " glyph-closed";
  return <span className={`glyph glyph-${kind}${outlined}`} role="img" aria-label={words.documentKind[kind]} />;
}
