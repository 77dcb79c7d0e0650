// The front of Office on the web towards a task pane: messages between windows, as the unmodified office.js sends them.
//
// Frames the pane and passes its batches on. Knows nothing of what is in a document.
import type { Engine } from "./engine.ts";

export interface Description {
  application: "excel" | "powerpoint";
  pane: string;
  path: string;
  /** The page of another host that the tour's page shows too. */
  beside: string | null;
}

/** A message of office.js; `_messageType` 0 is a request, 1 a reply. */
interface Message {
  _messageType: number;
  _actionName: string;
  _conversationId: string;
  _correlationId: number;
  _actionType: number;
  _data: unknown;
}

/** What the add-in keeps in the document: names, and values as JSON. */
type Settings = [name: string, value: string][];

/** A call of the Common API, whose parameters have numbers for names, or of the Rich API. */
interface ExecuteMethod {
  ArrayData?: unknown[];
  DdaGoToByIdMethod?: { Id: number };
  DdaMethod: { DispatchId: number };
  DdaSettingsMethod?: { Properties: Settings };
  [SLICE_SIZE]?: number;
  [HANDLE]?: number;
  [SLICE_INDEX]?: number;
}

const SLICE_SIZE = 1;
const HANDLE = 2;
const SLICE_INDEX = 3;
const ANSWERED_HANDLE = 0;
const ANSWERED_DATA = 0;
const ANSWERED_SIZE = 1;
const DEFAULT_SLICE = 4 * 1024 * 1024;

const INVOKE = 0;
const REGISTER = 1;
const UNREGISTER = 2;

const EXECUTE_RICH_API = 93;
const SAVE_SETTINGS = 76;
const GET_DOCUMENT_COPY = 77;
const GET_DOCUMENT_COPY_CHUNK = 80;
const RELEASE_DOCUMENT_COPY = 81;
const GO_TO_BY_ID = 82;
/** What Office answers for a method that it does not have. */
const UNSUPPORTED = 5000;

/** The sets that the npm build of office.js (16.0.15407) has members for; the numbers are texts on purpose. */
const SETS = {
  excel: { ExcelApi: "1.15", DialogApi: "1.2", AddinCommands: "1.1", RichApiRuntimeFlag: "1.1" },
  powerpoint: { PowerPointApi: "1.4", DialogApi: "1.2", AddinCommands: "1.1", File: "1.1", CompressedFile: "1.1" },
};
const NAMES = { excel: "Excel", powerpoint: "Powerpoint" };
const APPLICATION = { excel: 16, powerpoint: 512 };
const CONTROL = "control-1";

export class OfficeFront {
  private frame: HTMLIFrameElement | undefined;
  /** The last registration of each event, which its notifications answer. */
  private readonly registered = new Map<string, { event: MessageEvent; message: Message }>();
  private readonly copies = new Map<number, { bytes: Uint8Array; slice: number }>();
  private nextCopy = 1;
  /** Office.js keeps settings in the tab under this name, so that it must not be that of another document. */
  private readonly conversation = crypto.randomUUID();

  constructor(
    private readonly engine: Engine,
    private readonly description: Description,
    private readonly place: HTMLElement,
  ) {
    window.addEventListener("message", (event) => {
      if (event.source === this.frame?.contentWindow && event.origin === new URL(description.pane).origin) {
        this.received(event);
      }
    });
  }

  /** Frames the pane, or frames it anew. The name must be there before the frame is. */
  load(): void {
    this.frame?.remove();
    this.registered.clear();
    this.copies.clear();
    const frame = document.createElement("iframe");
    const { application } = this.description;
    const hostInfo = [NAMES[application], "Web", "16.00", "en-US", "correlation-1", "", "disableLogging", "0"].join("$");
    frame.title = "Deskhand";
    frame.allow = "clipboard-write; local-network-access";
    frame.name = JSON.stringify({
      baseFrameName: "pane",
      hostInfo,
      xdmInfo: [this.conversation, CONTROL, location.origin].join("$"),
      serializerVersion: "1",
      flights: "[]",
    });
    frame.src = this.description.pane;
    this.frame = frame;
    this.place.replaceChildren(frame);
  }

  /** Hands events of the document to the pane, where it listens. */
  notify(rows: unknown[]): void {
    const rich = this.registered.get("richApiMessage");
    if (rich !== undefined) {
      this.reply(rich.event, rich.message, { ArrayData: rows }, 1);
    }
    const selection = this.registered.get("documentSelectionChanged");
    if (selection !== undefined && rows.some((row) => Array.isArray(row) && row[1] === 14)) {
      this.reply(selection.event, selection.message, {}, 1);
    }
  }

  private reply(event: MessageEvent, message: Message, data: unknown, responseType = 0): void {
    const reply = {
      _messageType: 1,
      _actionName: message._actionName,
      _conversationId: message._conversationId,
      _correlationId: message._correlationId,
      _origin: location.origin,
      _data: data,
      _errorCode: 0,
      _responseType: responseType,
      _serializerVersion: 1,
    };
    (event.source as Window).postMessage(JSON.stringify(reply), event.origin);
  }

  private received(event: MessageEvent): void {
    if (typeof event.data !== "string") {
      return;
    }
    const message = JSON.parse(event.data) as Message;
    if (message._messageType !== 0) {
      return;
    }
    switch (message._actionType) {
      case REGISTER:
        this.registered.set(message._actionName, { event, message });
        { this.reply(event, message, { Error: 0 }); return; }
      case UNREGISTER:
        this.registered.delete(message._actionName);
        { this.reply(event, message, { Error: 0 }); return; }
      case INVOKE:
        void this.invoke(event, message);
        return;
      default:
        throw new Error(`The test host does not have action type ${message._actionType}.`);
    }
  }

  private async invoke(event: MessageEvent, message: Message): Promise<void> {
    switch (message._actionName) {
      case "ContextActivationManager_getAppContextAsync":
        { this.reply(event, message, this.context(await this.engine.ask<Settings>("settings"))); return; }
      case "executeMethod":
        { this.reply(event, message, await this.execute(message._data as ExecuteMethod)); return; }
      case "ContextActivationManager_notifyHost":
      case "getActivationCompletedStatus":
        { this.reply(event, message, null); return; }
      default:
        console.error(`The test host does not have ${message._actionName}.`);
        { this.reply(event, message, null); return; }
    }
  }

  private async execute(call: ExecuteMethod): Promise<unknown> {
    const done = (fields: object = {}): object => ({ Version: 1, Error: 0, ...fields });
    switch (call.DdaMethod.DispatchId) {
      case EXECUTE_RICH_API: {
        const answer = await this.engine.ask<string>("batch", { body: call.ArrayData?.[4] });
        return done({ Data: [200, ["Content-Type", "application/json"], answer] });
      }
      case GET_DOCUMENT_COPY: {
        const { data } = await this.engine.ask<{ data: string }>("file");
        const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
        const handle = this.nextCopy++;
        this.copies.set(handle, { bytes, slice: call[SLICE_SIZE] ?? DEFAULT_SLICE });
        return done({ [ANSWERED_HANDLE]: handle, [ANSWERED_SIZE]: bytes.length });
      }
      case GET_DOCUMENT_COPY_CHUNK: {
        const copy = this.copies.get(call[HANDLE] ?? 0);
        if (copy === undefined) {
          return { Version: 1, Error: UNSUPPORTED };
        }
        const start = (call[SLICE_INDEX] ?? 0) * copy.slice;
        const data = Array.from(copy.bytes.slice(start, start + copy.slice));
        return done({ [ANSWERED_DATA]: data, [ANSWERED_SIZE]: data.length });
      }
      case RELEASE_DOCUMENT_COPY:
        this.copies.delete(call[HANDLE] ?? 0);
        return done();
      case SAVE_SETTINGS:
        await this.engine.ask("saveSettings", { settings: call.DdaSettingsMethod?.Properties });
        return done();
      case GO_TO_BY_ID:
        await this.engine.ask("goTo", { index: call.DdaGoToByIdMethod?.Id });
        return done();
      default:
        console.error(`The test host does not have method ${call.DdaMethod.DispatchId}.`);
        return { Version: 1, Error: UNSUPPORTED };
    }
  }

  private context(settings: Settings): object {
    const { application, path } = this.description;
    return {
      _id: CONTROL,
      _appName: APPLICATION[application],
      _appVersion: 16,
      _appMinorVersion: 0,
      _appUILocale: "en-US",
      _dataLocale: "en-US",
      _docUrl: path,
      _clientMode: 0,
      _settings: application === "excel" ? settings : Object.fromEntries(settings),
      _reason: "documentOpened",
      _osfControlType: 1,
      _eToken: "",
      _correlationId: "correlation-1",
      _appInstanceId: "instance-1",
      _requirementMatrix: JSON.stringify(SETS[application]),
      _hostFullVersion: "16.0.18526.40000",
      _addinName: "Deskhand",
      _appDomains: [],
      _dialogRequirementMatrix: "{}",
      _featureGates: {},
      _initialDisplayMode: 0,
    };
  }
}

