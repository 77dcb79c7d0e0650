// Errors of Office.js as refusals of the vocabulary. Knows codes, not the library.
import type { Refusal, RefusalCode } from "../generated/protocol.ts";
import { RefusalError } from "./document-host.ts";

/** What an `OfficeExtension.Error` carries that matters here. */
interface OfficeError {
  code: string;
  message: string;
  debugInfo?: { errorLocation?: string };
}

const CODES: Partial<Record<string, RefusalCode>> = {
  AccessDenied: "protected",
  ApiNotFound: "unsupported",
  ApiNotAvailable: "unsupported",
  ChartNotSupported: "unsupported",
  FilteredRangeConflict: "protected",
  InsertDeleteConflict: "protected",
  InvalidArgument: "badInput",
  InvalidBinding: "notFound",
  InvalidOperationInCellEditMode: "busy",
  InvalidReference: "notFound",
  InvalidSelection: "badInput",
  ItemAlreadyExists: "nameTaken",
  ItemNotFound: "notFound",
  MergedRangeConflict: "protected",
  NonBlankCellOffSheet: "tooLarge",
  NotImplemented: "unsupported",
  OperationCellsExceedLimit: "tooLarge",
  RangeExceedsLimit: "tooLarge",
  RequestPayloadSizeLimitExceeded: "tooLarge",
  ResponsePayloadSizeLimitExceeded: "tooLarge",
  UnsupportedFeature: "unsupported",
  UnsupportedOperation: "unsupported",
  UnsupportedSheet: "unsupported",
};

const SENTENCES: Partial<Record<RefusalCode, string>> = {
  busy: "Excel is editing a cell.",
  protected: "The cells are protected, merged or part of an array.",
};

export function isOfficeError(error: unknown): error is OfficeError {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

/** True for the error that Excel gives while a person edits a cell. */
export function isBusy(error: unknown): boolean {
  return isOfficeError(error) && error.code === "InvalidOperationInCellEditMode";
}

/** True when an answer or a request was larger than Office takes. */
export function isTooLarge(error: unknown): boolean {
  return isOfficeError(error) && CODES[error.code] === "tooLarge";
}

export function refusalOf(error: unknown): Refusal {
  if (error instanceof RefusalError) {
    return { code: error.code, message: error.message };
  }
  if (isOfficeError(error)) {
    const code = CODES[error.code] ?? "failed";
    const sentence = SENTENCES[code] ?? error.message;
    const place = error.debugInfo?.errorLocation;
    const detail = place === undefined || place === "" ? error.code : `${error.code} at ${place}`;
    return { code, message: code === "busy" ? sentence : `${sentence} (${detail})` };
  }
  return { code: "failed", message: error instanceof Error ? error.message : String(error) };
}
