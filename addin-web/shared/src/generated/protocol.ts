// Generated from companion/protocol by `cargo test -p deskhand-protocol --test generated`. Do not edit.

/** The version of the protocol. */
export const PROTOCOL = 1;

/**
 * What may be entered.
 */
export type Allowed = { "allow": "any", } | { "allow": "list", 
/**
 * The texts.
 */
values: Array<string>, } | { "allow": "listFrom", 
/**
 * The range with sheet, a name, or a formula with `=`.
 */
source: string, } | { "allow": "number", 
/**
 * What it is.
 */
of: NumberKind, 
/**
 * How it compares.
 */
operator: Comparison, 
/**
 * With what: a number, a date as ISO text, or a formula with `=`.
 */
first: CellValue, 
/**
 * The upper end of `between` and `notBetween`.
 */
second?: CellValue, } | { "allow": "formula", 
/**
 * The formula with `=`.
 */
formula: string, };

/**
 * The answer to one operation, tagged like the operation it answers.
 */
export type Answer = WorkbookAnswer | DeckAnswer | TextAnswer;

/**
 * The answer to `permission/answer`.
 */
export type AnswerAnswer = { 
/**
 * False when somebody was faster; the events say who.
 */
accepted: boolean, };

/**
 * `permission/answer`.
 */
export type AnswerParams = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * The request.
 */
permission: PermissionId, 
/**
 * The answer.
 */
choice: Choice, 
/**
 * The absolute path of the folder that is to be attached, where it is another than the one asked about, or none was
 * named. From the window and the terminal alone.
 */
folder?: string, };

/**
 * What a changing operation did.
 */
export type Applied = { 
/**
 * Where: an address with sheet, or a slide id and shape name.
 */
target: string, 
/**
 * How many cells or shapes changed.
 */
changed: number, 
/**
 * What stands there now, where cells were written.
 */
readBack?: ReadBack, 
/**
 * What a person should know: formulas that answer an error, values that were adapted.
 */
warnings?: Array<string>, };

/**
 * The answer of the pane: one outcome a step, fewer when a step was refused.
 */
export type ApplyAnswer = { 
/**
 * The outcomes in order.
 */
outcomes: Array<ApplyOutcome>, };

/**
 * `configuration/apply`.
 */
export type ApplyDraftParams = { 
/**
 * The [`ConfigurationAnswer::version`] that the draft is based on.
 */
version: string, 
/**
 * Values by key, secrets included; null for one that is no longer set.
 */
changes: Record<string, unknown>, };

/**
 * The outcome of one step.
 */
export type ApplyOutcome = { "answer": Answer } | { "refusal": Refusal };

/**
 * `document/apply`, from the service to the pane: operations in order. The pane stops at the first refusal. A repeated
 * `applyId` is answered from memory and not done again.
 */
export type ApplyParams = { 
/**
 * Names this batch; the same when it is asked again.
 */
applyId: string, 
/**
 * The document.
 */
document: DocumentId, 
/**
 * The operations, each with what the target must still look like.
 */
steps: Array<ApplyStep>, };

/**
 * One operation of a batch.
 */
export type ApplyStep = { 
/**
 * The operation.
 */
operation: Operation, 
/**
 * The fingerprint that the target must still have; the pane refuses with `changed` otherwise.
 */
expected?: string, };

/**
 * Why a person must be asked, the weightier last.
 */
export type AskReason = "elsewhere" | "browses" | "searches" | "runs" | "creates" | "reformats" | "edits" | "overwrites" | "ruled" | "remembers" | "removes" | "reachesOutside" | "attaches" | "sendsOut";

/**
 * `document/attach` and `folder/attach`: a closed file or a folder becomes part of a session.
 */
export type AttachParams = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * An absolute path.
 */
path: string, };

/**
 * A picture or PDF that a tool gave the model beside its text. Its bytes are in the journal of the session.
 */
export type Attachment = { 
/**
 * The SHA-256 of its bytes, in lower-case hexadecimal.
 */
content: string, 
/**
 * `image/png`, `image/jpeg`, `image/gif`, `image/webp` or `application/pdf`.
 */
mediaType: string, 
/**
 * The file's name.
 */
name: string, 
/**
 * Bytes.
 */
size: number, 
/**
 * Pages of a PDF; 0 for a picture.
 */
pages: number, };

/**
 * `audit/note`: what was done with the audit, for the record of it.
 */
export type AuditNote = { "type": "exported", 
/**
 * The form.
 */
format: ExportFormat, 
/**
 * Records.
 */
records: number, 
/**
 * Of this session alone.
 */
session?: SessionId, } | { "type": "verified", 
/**
 * Records that hold.
 */
records: number, 
/**
 * Faults, those of anchors included.
 */
faults: number, 
/**
 * Anchors that agree.
 */
anchors: number, };

/**
 * A command that was left to run.
 */
export type BackgroundCommand = { 
/**
 * The id.
 */
id: CommandId, 
/**
 * What the model calls it: `job 2`.
 */
number: number, 
/**
 * The call that left it.
 */
call: CallId, 
/**
 * The whole command, as the shell got it.
 */
command: string, 
/**
 * The folders of this computer that it sees.
 */
folders: Array<CommandFolder>, 
/**
 * Seconds that it may take.
 */
seconds: number, };

/**
 * A line at the top of every front end.
 */
export type BannerView = { 
/**
 * Its words.
 */
text: string, 
/**
 * The colour behind them, `#rrggbb`.
 */
background: string, 
/**
 * Their colour, `#rrggbb`, which can be read on the background.
 */
color: string, 
/**
 * An https address for more.
 */
link?: string, };

/**
 * One line of the table Cell, Now, After.
 */
export type BeforeAfter = { 
/**
 * The cell without sheet, the shape's name, or the number of a line.
 */
cell: string, 
/**
 * The label of its row in the sheet, where there is one.
 */
label?: string, 
/**
 * What stands there now; empty for nothing.
 */
now: string, 
/**
 * What would stand there; for a formula its text.
 */
after: string, 
/**
 * True when `after` is a formula.
 */
formula: boolean, };

/**
 * The number to compare.
 */
export type BeginAnswer = { 
/**
 * Names this attempt.
 */
pairing: string, 
/**
 * Six digits, shown in the pane and in the window.
 */
number: string, 
/**
 * Until when it may be allowed.
 */
expiresAt: number, };

/**
 * `pairing/begin`, the one method that may be called without a token.
 */
export type BeginParams = { 
/**
 * The kind of pane.
 */
frontEnd: FrontEndKind, };

/**
 * How a chart shows cells without value.
 */
export type BlankCells = "gap" | "zero" | "span";

/**
 * A piece of a message of the model.
 */
export type Block = { "type": "text", 
/**
 * The Markdown.
 */
text: string, } | { "type": "thinking", 
/**
 * The text.
 */
thinking: string, 
/**
 * The provider's seal.
 */
signature: string, } | { "type": "toolUse", 
/**
 * The call.
 */
id: CallId, 
/**
 * The tool.
 */
name: string, 
/**
 * Its input, an object.
 */
input: unknown, };

/**
 * What a block is.
 */
export type BlockKind = "paragraph" | "heading" | "title" | "listItem" | "table";

/**
 * The answer to `bootstrap/show`.
 */
export type BootstrapAnswer = { 
/**
 * How far the settings are; absent where no address hands any out.
 */
view?: BootstrapView, 
/**
 * The values that a person is asked about, whole.
 */
values: Array<ConsentValue>, 
/**
 * Names exactly these values; it goes into the answer.
 */
digest: string, };

/**
 * How far these settings are.
 */
export type BootstrapView = { 
/**
 * Where they come from: an origin, in full.
 */
origin: string, 
/**
 * What is under way.
 */
state: SignInState, 
/**
 * Who began the sign-in that is under way. What the window or a terminal began, a pane does not cancel.
 */
begunBy?: FrontEndKind, 
/**
 * Why the last check or sign-in did not come about.
 */
problem?: UserError, 
/**
 * Until when the present settings count, Unix milliseconds; absent where there are none.
 */
countsUntil?: number, 
/**
 * True where a person is signed in, and may sign out.
 */
signedIn: boolean, 
/**
 * What was said of values that a person is asked about; absent where there are none.
 */
consent?: Consent, };

/**
 * A tool call, as the model named it.
 */
export type CallId = string;

/**
 * One cell as read, by its address; used where single cells are listed.
 */
export type Cell = { 
/**
 * The address with its sheet, `Data!B4`.
 */
address: string, 
/**
 * The value, computed where the cell holds a formula.
 */
value: CellValue, 
/**
 * The formula with its `=`, where the cell holds one.
 */
formula?: string, 
/**
 * The text as the sheet shows it, where the back end knows it.
 */
text?: string, };

/**
 * The look of cells; absent fields stay as they are.
 */
export type CellFormat = { 
/**
 * Excel number format, English, `#,##0.00`.
 */
numberFormat?: string, 
/**
 * Bold.
 */
bold?: boolean, 
/**
 * Italic.
 */
italic?: boolean, 
/**
 * Text colour, `#RRGGBB`.
 */
fontColor?: string, 
/**
 * Size of the text in points.
 */
fontSize?: number, 
/**
 * Fill colour, `#RRGGBB`; the empty string takes the fill away.
 */
fillColor?: string, 
/**
 * Where text stands in the cell.
 */
horizontal?: HorizontalAlignment, 
/**
 * Wrap long text.
 */
wrap?: boolean, };

/**
 * What to write into one cell.
 */
export type CellInput = null | boolean | number | string | ClearMark | DateInput;

/**
 * A note.
 */
export type CellNote = { 
/**
 * Its cell without sheet.
 */
cell: string, 
/**
 * Its text.
 */
text: string, 
/**
 * Who wrote it.
 */
author?: string, };

/**
 * How many columns and rows a merged cell covers.
 */
export type CellSpan = { 
/**
 * Columns, at least 1.
 */
columns: number, 
/**
 * Rows, at least 1.
 */
rows: number, };

/**
 * A cell's value as read: empty is `null`, an error is its text (`#REF!`), a date is its serial number.
 */
export type CellValue = null | boolean | number | string;

/**
 * How many changes one person tracked.
 */
export type ChangeCount = { 
/**
 * The author as the file has it.
 */
author: string, 
/**
 * Insertions, deletions, moves and changes of formatting together.
 */
changes: number, };

/**
 * One part of a change set.
 */
export type ChangeEntry = { 
/**
 * The document; for a file that is none, its path.
 */
document: DocumentId, 
/**
 * What it is.
 */
kind: DocumentKind, 
/**
 * Its title.
 */
title: string, 
/**
 * Where: an address with sheet, or `slide:<logical id>`; empty for a whole file.
 */
target: string, 
/**
 * How many cells, shapes or lines.
 */
count: number, 
/**
 * Where written figures came from.
 */
sources?: Array<FigureSource>, };

/**
 * A change set as front ends show it.
 */
export type ChangeSet = { 
/**
 * The id.
 */
id: ChangeSetId, 
/**
 * The turn that made it.
 */
turn: TurnId, 
/**
 * The tool call that made it.
 */
call: CallId, 
/**
 * When.
 */
at: number, 
/**
 * What, in a few words: `Formulas in B4:D7`.
 */
title: string, 
/**
 * The parts, one a document and target.
 */
entries: Array<ChangeEntry>, };

/**
 * The answer to an undo or redo.
 */
export type ChangeSetAnswer = { 
/**
 * Places that were left alone because a person changed them since.
 */
kept: Array<string>, };

/**
 * A change set.
 */
export type ChangeSetId = string;

/**
 * `changeSet/undo` and `changeSet/redo`.
 */
export type ChangeSetParams = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * The change set.
 */
changeSet: ChangeSetId, 
/**
 * Undo also what a person changed since.
 */
overwrite?: boolean, };

/**
 * `document/changed`: a person or another program changed cells; the pane tells where.
 */
export type ChangedParams = { 
/**
 * The document.
 */
document: DocumentId, 
/**
 * The addresses with sheet, or slide ids; at most 100.
 */
targets: Array<string>, };

/**
 * `chart.add` in a workbook.
 */
export type ChartAdd = { 
/**
 * The data with sheet, or a table's name. Columns that are not beside each other: `Data!A1:A9,Data!D1:D9`. Labels
 * are told from values as Excel does: a first column or row of texts, dates or years, or beside an empty corner.
 */
range: string, 
/**
 * The kind of chart.
 */
kind: ChartKind, 
/**
 * Whether each column or each row is a series; absent: columns, or rows where there are more columns than rows.
 */
seriesIn?: SeriesIn, 
/**
 * The name of the chart object, unique on its sheet.
 */
name: string, 
/**
 * The title above the chart; none when absent.
 */
title?: string, 
/**
 * The area that the chart covers, with sheet, `Summary!F2:M18`; beside the data when absent.
 */
place?: string, 
/**
 * For a combination: series that are drawn in another way than `kind`, by name or by column of the data.
 */
series?: Array<SeriesLook>, 
/**
 * Titles and formats of axes, and the legend.
 */
look?: ChartLook, };

/**
 * A chart.
 */
export type ChartContent = { 
/**
 * The name of its object.
 */
name: string, 
/**
 * How it is drawn, as of a series; `combination` for several.
 */
kind: string, 
/**
 * Its title.
 */
title?: string, 
/**
 * The cells that it covers, without sheet.
 */
place?: string, 
/**
 * Its series, at most 50.
 */
series?: Array<ChartRange>, };

/**
 * `chart.delete`.
 */
export type ChartDelete = { 
/**
 * The sheet that holds the chart.
 */
sheet: string, 
/**
 * The name of the chart object.
 */
name: string, };

/**
 * The kinds of chart that Office draws natively.
 */
export type ChartKind = "barClustered" | "barStacked" | "barStacked100" | "columnClustered" | "columnStacked" | "columnStacked100" | "line" | "lineMarkers" | "lineStacked" | "area" | "areaStacked" | "pie" | "doughnut" | "scatter" | "scatterLines" | "bubble" | "radar";

/**
 * Titles and formats of axes, and the legend; absent fields stay as they are.
 */
export type ChartLook = { 
/**
 * The title of the category axis; the empty string takes it away.
 */
categoryTitle?: string, 
/**
 * The title of the value axis, alike.
 */
valueTitle?: string, 
/**
 * The title of the secondary axis, alike.
 */
secondaryTitle?: string, 
/**
 * The Excel number format of the value axis.
 */
valueFormat?: string, 
/**
 * Where the value axis begins.
 */
minimum?: number, 
/**
 * Where the value axis ends.
 */
maximum?: number, 
/**
 * How far the marks of the value axis are apart.
 */
majorUnit?: number, 
/**
 * Lines across the plot at the marks of the value axis.
 */
gridlines?: boolean, 
/**
 * The Excel number format of the category axis.
 */
categoryFormat?: string, 
/**
 * Categories from the other end: the first on top of horizontal bars.
 */
reverseCategories?: boolean, 
/**
 * The Excel number format of the secondary axis.
 */
secondaryFormat?: string, 
/**
 * Where the secondary axis begins.
 */
secondaryMinimum?: number, 
/**
 * Where the secondary axis ends.
 */
secondaryMaximum?: number, 
/**
 * How cells without value are shown.
 */
blanks?: BlankCells, 
/**
 * Draw hidden rows and columns, too.
 */
hiddenCells?: boolean, 
/**
 * Where the legend stands.
 */
legend?: LegendPlace, };

/**
 * Where the data of one series stand.
 */
export type ChartRange = { 
/**
 * The name in the legend.
 */
name: string, 
/**
 * How it is drawn: the kind of `chart.add`, or what the file says where that has none, `pie3D`.
 */
kind: string, 
/**
 * True where it is drawn against the secondary axis.
 */
secondary?: boolean, 
/**
 * The formula of its values.
 */
values?: string, 
/**
 * The formula of its categories, or of its x values.
 */
categories?: string, };

/**
 * One series with the data in it, for a chart on a slide.
 */
export type ChartSeries = { 
/**
 * The name in the legend.
 */
name: string, 
/**
 * One value a category; `null` for a gap.
 */
values: Array<CellValue>, 
/**
 * For `scatter`, `scatterLines` and `bubble`: where the values stand on the horizontal axis. When absent the
 * categories have to be numbers.
 */
xValues?: Array<CellValue>, 
/**
 * For `bubble`: the size of each point.
 */
sizes?: Array<CellValue>, 
/**
 * The Excel number format of the values, `#,##0`.
 */
numberFormat?: string, };

/**
 * The data of a chart on a slide: it is stored in the chart and in its embedded workbook.
 */
export type ChartSource = { 
/**
 * The labels along the category axis.
 */
categories: Array<string>, 
/**
 * At least one series.
 */
series: Array<ChartSeries>, };

/**
 * `workbook.check`: no parameters.
 */
export type Check = Record<symbol, never>;

/**
 * The answer to `configuration/check`: what would follow from a draft.
 */
export type CheckAnswer = { 
/**
 * What is wrong with the draft, and what would be wrong under it.
 */
problems: Array<SettingProblem>, 
/**
 * What it would change in effect.
 */
changes: Array<SettingChange>, 
/**
 * What this computer would contact.
 */
egress: Array<EgressView>, 
/**
 * True where it could close something, so that running turns would go on under it at once; otherwise they end first.
 */
atOnce: boolean, };

/**
 * `workbook.check`, `deck.check` and `document.check`.
 */
export type CheckContent = { 
/**
 * The findings, gravest first; at most 500.
 */
findings: Array<Finding>, 
/**
 * How many there are.
 */
count: number, };

/**
 * An answer that may be given.
 */
export type Choice = "allowOnce" | "allowSession" | "allowAlways" | "deny";

/**
 * `{"clear": true}`.
 */
export type ClearMark = { 
/**
 * Always true.
 */
clear: boolean, };

/**
 * What the values of a column are.
 */
export type ColumnKind = "empty" | "integer" | "number" | "date" | "boolean" | "text" | "mixed";

/**
 * `columnWidth`.
 */
export type ColumnWidth = { 
/**
 * The columns with sheet, `Data!B:D`.
 */
range: string, 
/**
 * Width in characters of the default font, 0 to 255; the default width when everything is absent.
 */
width?: number, 
/**
 * Fit to the texts.
 */
fit?: boolean, 
/**
 * Hide or show.
 */
hidden?: boolean, };

/**
 * `columns.delete`: every reference follows; what referred to deleted cells alone becomes `#REF!` and is named.
 */
export type ColumnsDelete = { 
/**
 * The columns with sheet, `Data!C:D`.
 */
range: string, };

/**
 * `columns.insert`: every reference follows.
 */
export type ColumnsInsert = { 
/**
 * The columns that are new afterwards, with sheet: `Data!C:D`.
 */
range: string, };

/**
 * Who ended a command.
 */
export type CommandEnd = "itself" | "agent" | { "person": FrontEndKind } | "mode" | "folder" | "service";

/**
 * A folder of this computer that a command sees.
 */
export type CommandFolder = { 
/**
 * Its path.
 */
path: string, 
/**
 * True where it may only be read.
 */
readOnly: boolean, };

/**
 * A command of the agent that runs.
 */
export type CommandId = string;

/**
 * A command that would run in the sandbox.
 */
export type CommandRequest = { 
/**
 * The whole command, as the shell gets it.
 */
command: string, 
/**
 * The folders of this computer that it sees.
 */
folders: Array<CommandFolder>, 
/**
 * Hosts that it may reach, as policy lists them; at most 30, and empty where it reaches none.
 */
hosts: Array<string>, 
/**
 * How many more there are.
 */
moreHosts: number, 
/**
 * Seconds that it may take.
 */
seconds: number, 
/**
 * True where it is left to run beside what comes next.
 */
background: boolean, };

/**
 * The answer to `command/list`.
 */
export type CommandsAnswer = { 
/**
 * Those that run, the oldest first; at most 17.
 */
commands: Array<RunningCommand>, };

/**
 * A comment of a thread.
 */
export type Comment = { 
/**
 * Who wrote it.
 */
author: string, 
/**
 * Its text.
 */
text: string, 
/**
 * When, ISO 8601.
 */
at?: string, 
/**
 * Who is mentioned in it.
 */
mentions?: Array<string>, };

/**
 * `comment.read`: threads of comments, at most 500.
 */
export type CommentRead = { 
/**
 * Where, a sheet or a range; the whole workbook when absent.
 */
range?: string, };

/**
 * `comment.reply`: answers a thread.
 */
export type CommentReply = { 
/**
 * The cell of the thread, with sheet.
 */
cell: string, 
/**
 * The text.
 */
text: string, 
/**
 * Who answers; the user when absent.
 */
author?: string, 
/**
 * When, ISO 8601 in UTC; given by the service.
 */
at?: string, };

/**
 * A thread of comments.
 */
export type CommentThread = { 
/**
 * Its cell with sheet.
 */
cell: string, 
/**
 * True where it is done with.
 */
resolved?: boolean, 
/**
 * The first comment and its answers, in order.
 */
comments: Array<Comment>, };

/**
 * `comment.read`.
 */
export type CommentThreads = { 
/**
 * The threads.
 */
threads: Array<CommentThread>, 
/**
 * True where there are more.
 */
truncated?: boolean, };

/**
 * How a rule compares.
 */
export type Comparison = "between" | "notBetween" | "equal" | "notEqual" | "greaterThan" | "lessThan" | "greaterThanOrEqual" | "lessThanOrEqual";

/**
 * What a conditional format looks for. Formulas begin with `=` and are relative to the top left cell of the range.
 */
export type Condition = { "when": "value", 
/**
 * How.
 */
operator: Comparison, 
/**
 * With what: a number, a text, or a formula with `=`.
 */
first: CellValue, 
/**
 * The upper end of `between` and `notBetween`.
 */
second?: CellValue, } | { "when": "formula", 
/**
 * The formula with `=`.
 */
formula: string, } | { "when": "contains", 
/**
 * The words.
 */
text: string, } | { "when": "notContains", 
/**
 * The words.
 */
text: string, } | { "when": "beginsWith", 
/**
 * The words.
 */
text: string, } | { "when": "endsWith", 
/**
 * The words.
 */
text: string, } | { "when": "date", 
/**
 * The period.
 */
period: DatePeriod, } | { "when": "duplicate", } | { "when": "unique", } | { "when": "blank", } | { "when": "notBlank", } | { "when": "error", } | { "when": "notError", } | { "when": "top", 
/**
 * How many, 1 to 1,000, or percent.
 */
rank: number, 
/**
 * The rank is percent.
 */
percent?: boolean, 
/**
 * The smallest instead.
 */
bottom?: boolean, } | { "when": "aboveAverage", 
/**
 * Below it instead.
 */
below?: boolean, 
/**
 * The average itself too.
 */
equal?: boolean, 
/**
 * That many standard deviations away from it, 1 to 3; not together with `equal`.
 */
deviations?: number, } | { "when": "colorScale", 
/**
 * The colours.
 */
colors: Array<string>, } | { "when": "dataBar", 
/**
 * The colour, `#RRGGBB`.
 */
color: string, } | { "when": "iconSet", 
/**
 * The set as Excel names it: `3TrafficLights1`, `3Arrows`, `5Rating`.
 */
set: string, 
/**
 * Show icons without values.
 */
iconsOnly?: boolean, };

/**
 * `conditionalFormat.set`: the rules of a range, the first one before the others. Rules of other ranges stay.
 */
export type ConditionalFormatSet = { 
/**
 * A1 with sheet.
 */
range: string, 
/**
 * The rules; none takes all rules of the range away.
 */
rules?: Array<ConditionalRule>, 
/**
 * Add to the rules that the range has, before them.
 */
keep?: boolean, };

/**
 * One rule. Scales, bars and icons have no format of their own.
 */
export type ConditionalRule = { 
/**
 * What it looks for.
 */
condition: Condition, 
/**
 * The look where it is met: bold, italic, font colour, fill colour, number format.
 */
format?: CellFormat, 
/**
 * Later rules do not apply where this one is met.
 */
stop?: boolean, };

/**
 * The answer to `configuration/get` and `configuration/apply`: the settings as the sources have them now.
 */
export type ConfigurationAnswer = { 
/**
 * The state of the user's own values that a draft is based on.
 */
version: string, 
/**
 * When the sources were read.
 */
readAt: number, 
/**
 * True once a managed source exists.
 */
managed: boolean, 
/**
 * True while the service still runs under other settings, because a turn is at work.
 */
waiting: boolean, 
/**
 * Why settings are fixed and whom to ask.
 */
organisation: OrganisationView, 
/**
 * Where settings come from, the strongest first.
 */
sources: Array<SourceView>, 
/**
 * Every setting, by page.
 */
pages: Array<ConfigurationPage>, 
/**
 * Everything that is wrong in the sources.
 */
problems: Array<SettingProblem>, 
/**
 * What this computer contacts under these settings.
 */
egress: Array<EgressView>, 
/**
 * Forms that settings and the list of contacts can be given out in.
 */
exports: Array<ExportView>, };

/**
 * A page of settings.
 */
export type ConfigurationPage = { 
/**
 * Its stable name.
 */
id: ConfigurationPageId, 
/**
 * Its title.
 */
title: string, 
/**
 * Its parts.
 */
sections: Array<ConfigurationSection>, };

/**
 * The pages of settings.
 */
export type ConfigurationPageId = "connection" | "workspace" | "sandbox" | "connectors" | "plugins" | "telemetry" | "usage" | "appearance" | "source";

/**
 * A part of a page.
 */
export type ConfigurationSection = { 
/**
 * Its title.
 */
title: string, 
/**
 * What is in it.
 */
about: string, 
/**
 * Its settings, in order.
 */
settings: Array<SettingView>, };

/**
 * The answer to `provider/test`.
 */
export type ConnectionTest = { 
/**
 * True where no step failed and somebody was asked.
 */
passed: boolean, 
/**
 * The provider's name in the settings; absent where they name none that can be reached.
 */
provider?: string, 
/**
 * Why nobody was asked, where that is so.
 */
stopped?: UserError, 
/**
 * Every step, in its order.
 */
steps: Array<StepResult>, };

/**
 * What a person said of values that name programs, files with credentials, addresses or sign-in.
 */
export type Consent = "waiting" | "given" | "refused";

/**
 * `bootstrap/consent`.
 */
export type ConsentParams = { 
/**
 * The digest of the values that were shown.
 */
digest: string, 
/**
 * Whether they may count.
 */
allow: boolean, };

/**
 * A value that a person is asked about.
 */
export type ConsentValue = { 
/**
 * The key.
 */
key: string, 
/**
 * Its value, whole.
 */
value: unknown, };

/**
 * What `range.copy` takes along.
 */
export type Copied = "all" | "values" | "formulas" | "formats";

/**
 * An estimate of what tokens cost. A whole number, so that sums do not drift.
 */
export type Cost = { 
/**
 * Billionths of a US dollar.
 */
nanodollars: number, 
/**
 * True where some of the tokens have no price: it cost more than this.
 */
partial: boolean, };

/**
 * `session/create`. A repeated `clientId` answers the session that it made before.
 */
export type CreateParams = { 
/**
 * Chosen by the front end, so that a repeated call makes no second session.
 */
clientId: string, 
/**
 * A title.
 */
title?: string, };

/**
 * The format of a range of a new sheet.
 */
export type CreatedFormat = { 
/**
 * A1 without a sheet: `A1:D1`.
 */
range: string, 
/**
 * How it looks.
 */
format: CellFormat, };

/**
 * A sheet of a new workbook.
 */
export type CreatedSheet = { 
/**
 * The name, as for `sheet.add`.
 */
name: string, 
/**
 * Rows of cells from A1, as for `range.write`.
 */
cells?: Array<Array<CellInput>>, 
/**
 * Widths of the columns from A on, in characters of the default font; `null` for the default width.
 */
widths?: Array<number | null>, 
/**
 * How ranges look; where they overlap, later ones add to earlier ones.
 */
formats?: Array<CreatedFormat>, };

/**
 *The answer to a [`CsvOperation`], tagged with the same `op`.
 */
export type CsvAnswer = { "op": "csv.info" } & CsvContent | { "op": "csv.read" } & CsvRows | { "op": "csv.find" } & FoundRows;

/**
 * What a caller knows better than the detection; absent fields are detected.
 */
export type CsvChoice = { 
/**
 * The encoding by a label of the WHATWG standard, `utf-8`.
 */
encoding?: string, 
/**
 * What stands between fields, one ASCII character.
 */
delimiter?: string, 
/**
 * What fields are quoted with, one ASCII character; empty for none.
 */
quote?: string, 
/**
 * Whether the first row names the columns.
 */
header?: boolean, };

/**
 * One column.
 */
export type CsvColumn = { 
/**
 * Its name in the header, or `Column 3`.
 */
name: string, 
/**
 * What its values are.
 */
kind: ColumnKind, 
/**
 * Fields without a value.
 */
empty: number, 
/**
 * Values that are numbers.
 */
numbers: number, 
/**
 * Values that are dates.
 */
dates: number, 
/**
 * How dates are written: `yyyy-mm-dd`, `dd.mm.yyyy`, `mm/dd/yyyy`.
 */
dateForm?: string, 
/**
 * The smallest number.
 */
min?: number, 
/**
 * The largest number.
 */
max?: number, 
/**
 * The numbers' sum.
 */
sum?: number, 
/**
 * Values that a spreadsheet would take for a formula (`=`, `+`, `-`, `@` first, and no number). They are text.
 */
formulaLike?: number, 
/**
 * The first three values that differ.
 */
examples: Array<string>, };

/**
 * What `csv.info` answers.
 */
export type CsvContent = { 
/**
 * Always `csv`.
 */
kind: string, 
/**
 * How it is delimited and encoded.
 */
dialect: CsvDialect, 
/**
 * Rows, the header not counted.
 */
rows: number, 
/**
 * The columns, at most 1,000.
 */
columns: Array<CsvColumn>, 
/**
 * Rows that have more or fewer fields than most.
 */
ragged: number, 
/**
 * What is wrong with the file, as sentences: ragged rows, quotes that are not closed, bytes that are no text.
 */
findings?: Array<string>, };

/**
 * How a file is delimited and encoded.
 */
export type CsvDialect = { 
/**
 * The encoding by its name in the WHATWG standard: `UTF-8`, `windows-1252`, `Shift_JIS`.
 */
encoding: string, 
/**
 * True where the file begins with a byte order mark.
 */
bom: boolean, 
/**
 * What stands between fields, one character.
 */
delimiter: string, 
/**
 * What fields are quoted with, one character.
 */
quote: string, 
/**
 * True where a backslash, and not a second quote, escapes a quote.
 */
backslash: boolean, 
/**
 * True where the first row names the columns.
 */
header: boolean, 
/**
 * `.` or `,` where numbers have decimals.
 */
decimal?: string, 
/**
 * What groups thousands, where numbers are grouped.
 */
thousands?: string, 
/**
 * How sure this is and what else it could be, where it is not sure.
 */
doubts?: Array<string>, };

/**
 * `csv.find`: at most 200 rows an answer.
 */
export type CsvFind = { 
/**
 * The words to look for, without regard to case.
 */
text: string, 
/**
 * The column by its name in the header or its number from 1; all when absent.
 */
column?: string, 
/**
 * The row to begin with, from 1; the first when absent.
 */
fromRow?: number, 
/**
 * What is known better than detected.
 */
dialect?: CsvChoice, };

/**
 * `csv.info`: reads the whole file, in constant memory.
 */
export type CsvInfo = { 
/**
 * What is known better than detected.
 */
dialect?: CsvChoice, };

/**
 *An operation on a Csv, tagged with `op`.
 */
export type CsvOperation = { "op": "csv.info" } & CsvInfo | { "op": "csv.read" } & CsvRead | { "op": "csv.find" } & CsvFind;

/**
 * `csv.read`: at most 5,000 rows and 400,000 characters an answer.
 */
export type CsvRead = { 
/**
 * The row to begin with, from 1, the header not counted; the first when absent.
 */
fromRow?: number, 
/**
 * How many rows at the most, 200 when absent.
 */
maxRows?: number, 
/**
 * What is known better than detected.
 */
dialect?: CsvChoice, };

/**
 * What `csv.read` answers. Every field is text as it stands in the file: a leading `=` is no formula.
 */
export type CsvRows = { 
/**
 * The names of the columns, where the file has a header.
 */
header?: Array<string>, 
/**
 * The number of the first row.
 */
fromRow: number, 
/**
 * The fields, row by row, as long as each row is.
 */
rows: Array<Array<string>>, 
/**
 * The row to go on with, where there are more.
 */
next?: number, 
/**
 * How the file is delimited and encoded.
 */
dialect: CsvDialect, 
/**
 * What is wrong with these rows, as sentences.
 */
findings?: Array<string>, };

/**
 * `dataValidation.set`: what may be entered into a range; replaces what stood there.
 */
export type DataValidationSet = { 
/**
 * A1 with sheet.
 */
range: string, 
/**
 * What may be entered.
 */
allowed: Allowed, 
/**
 * Blank is not valid.
 */
refuseBlank?: boolean, 
/**
 * What happens otherwise; refused when absent.
 */
style?: ErrorStyle, 
/**
 * The message then.
 */
error?: ValidationMessage, 
/**
 * The message when the cell is selected.
 */
prompt?: ValidationMessage, };

/**
 * A date, a time or both, ISO 8601 without a zone.
 */
export type DateInput = { 
/**
 * `2026-03-31`, `2026-03-31T14:30:00` or `14:30:00`; from 1900 (or 1904) to 9999.
 */
date: string, 
/**
 * The number format. Where it is absent, a cell that shows dates keeps its own; others get one that shows the date.
 */
format?: string, };

/**
 * A period that moves with today. Weeks begin on Sunday, as in Excel's rules.
 */
export type DatePeriod = "yesterday" | "today" | "tomorrow" | "last7Days" | "lastWeek" | "thisWeek" | "nextWeek" | "lastMonth" | "thisMonth" | "nextMonth";

/**
 * What one step of a series of dates is.
 */
export type DateUnit = "day" | "weekday" | "month" | "year";

/**
 *The answer to a [`DeckOperation`], tagged with the same `op`.
 */
export type DeckAnswer = { "op": "deck.info" } & DeckContent | { "op": "deck.create" } & Applied | { "op": "slide.read" } & SlideContent | { "op": "slide.add" } & SlideContent | { "op": "slide.duplicate" } & SlideContent | { "op": "slide.fromTemplate" } & SlideContent | { "op": "slide.move" } & Applied | { "op": "slide.hide" } & Applied | { "op": "slide.delete" } & Applied | { "op": "text.set" } & Applied | { "op": "text.replace" } & Replacements | { "op": "notes.set" } & Applied | { "op": "shape.add" } & Applied | { "op": "shape.move" } & Applied | { "op": "shape.resize" } & Applied | { "op": "shape.format" } & Applied | { "op": "shape.delete" } & Applied | { "op": "table.add" } & Applied | { "op": "table.set" } & Applied | { "op": "chart.add" } & Applied | { "op": "chart.update" } & Applied | { "op": "picture.add" } & Applied | { "op": "picture.replace" } & Applied | { "op": "deck.check" } & CheckContent | { "op": "slide.export" } & SlidePackage | { "op": "slide.replace" } & SlideContent;

/**
 * `chart.add` on a slide.
 */
export type DeckChartAdd = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The name of the new shape, unique on the slide.
 */
name: string, 
/**
 * The kind of chart.
 */
kind: ChartKind, 
/**
 * The title above the chart; none when absent.
 */
title?: string, 
/**
 * The data.
 */
data: ChartSource, 
/**
 * Where it stands; the largest free placeholder when absent.
 */
frame?: SlideFrame, 
/**
 * Where the figures came from.
 */
sources?: Array<FigureSource>, };

/**
 * `chart.update` on a slide: absent fields stay as they are. The embedded workbook follows.
 */
export type DeckChartUpdate = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The shape's id on the slide.
 */
shape: string, 
/**
 * New data.
 */
data?: ChartSource, 
/**
 * Another kind.
 */
kind?: ChartKind, 
/**
 * The title; the empty text takes it away.
 */
title?: string, 
/**
 * Axes and legend.
 */
look?: ChartLook, 
/**
 * Where the figures came from.
 */
sources?: Array<FigureSource>, };

/**
 * `deck.check`.
 */
export type DeckCheck = { 
/**
 * Slides to look at, by logical id; all when absent.
 */
slides?: Array<string>, };

/**
 * `deck.info`.
 */
export type DeckContent = { 
/**
 * Always `deck`.
 */
kind: string, 
/**
 * Width of a slide in points; 0 where the back end cannot tell.
 */
width: number, 
/**
 * Height of a slide in points; 0 where the back end cannot tell.
 */
height: number, 
/**
 * Masters with fonts and colours of their themes, where the back end can tell.
 */
masters?: Array<SlideMaster>, 
/**
 * Layouts by name.
 */
layouts: Array<SlideLayout>, 
/**
 * Sections in order, where the deck has any.
 */
sections?: Array<DeckSection>, 
/**
 * Slides in order.
 */
slides: Array<SlideContent>, 
/**
 * The sensitivity label, where the file carries one.
 */
label?: string, 
/**
 * How many sources of written figures the file keeps; `slide.read` tells them.
 */
sources?: number, };

/**
 * `deck.create`: a new file; one that is there is never overwritten. Without a template it has a plain master with the
 * layouts `Title Slide`, `Title and Content`, `Section Header`, `Two Content`, `Comparison`, `Title Only`, `Blank`,
 * `Content with Caption` and `Picture with Caption`, and no slides.
 */
export type DeckCreate = { 
/**
 * The deck or template (.pptx, .pptm, .potx, .potm) whose masters and layouts it takes over: its path.
 */
template?: string, 
/**
 * The template itself, base64; in place of `template`, or filled in by whoever reads the path.
 */
package?: string, 
/**
 * Take the template's slides over too.
 */
keepSlides?: boolean, 
/**
 * The shape of the slides; a template has its own.
 */
size?: SlideSize, 
/**
 * The title in the file's properties.
 */
title?: string, };

/**
 * `deck.info`: no parameters.
 */
export type DeckInfo = Record<symbol, never>;

/**
 *An operation on a Deck, tagged with `op`.
 */
export type DeckOperation = { "op": "deck.info" } & DeckInfo | { "op": "deck.create" } & DeckCreate | { "op": "slide.read" } & SlideRead | { "op": "slide.add" } & SlideAdd | { "op": "slide.duplicate" } & SlideDuplicate | { "op": "slide.fromTemplate" } & SlideFromTemplate | { "op": "slide.move" } & SlideMove | { "op": "slide.hide" } & SlideHide | { "op": "slide.delete" } & SlideDelete | { "op": "text.set" } & TextSet | { "op": "text.replace" } & DeckTextReplace | { "op": "notes.set" } & NotesSet | { "op": "shape.add" } & ShapeAdd | { "op": "shape.move" } & ShapeMove | { "op": "shape.resize" } & ShapeResize | { "op": "shape.format" } & ShapeFormat | { "op": "shape.delete" } & ShapeDelete | { "op": "table.add" } & DeckTableAdd | { "op": "table.set" } & DeckTableSet | { "op": "chart.add" } & DeckChartAdd | { "op": "chart.update" } & DeckChartUpdate | { "op": "picture.add" } & PictureAdd | { "op": "picture.replace" } & PictureReplace | { "op": "deck.check" } & DeckCheck | { "op": "slide.export" } & SlideExport | { "op": "slide.replace" } & SlideReplace;

/**
 * A section of a deck.
 */
export type DeckSection = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its slides by logical id, in order.
 */
slides: Array<string>, };

/**
 * `table.add` on a slide: at most 75 rows and 25 columns.
 */
export type DeckTableAdd = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The name of the new shape, unique on the slide.
 */
name: string, 
/**
 * The texts, row by row; the first row is the header.
 */
rows: Array<Array<string>>, 
/**
 * Where it stands; the largest free placeholder when absent.
 */
frame?: SlideFrame, 
/**
 * Where figures in the table came from.
 */
sources?: Array<FigureSource>, };

/**
 * `table.set`: changes an existing table. Lines are deleted first, then inserted, then cells are written; each step counts lines as the step before left them.
 */
export type DeckTableSet = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The shape's id on the slide.
 */
shape: string, 
/**
 * Rows to delete.
 */
deleteRows?: TableLines, 
/**
 * Columns to delete.
 */
deleteColumns?: TableLines, 
/**
 * Rows to insert before row `at`, formatted like the row above; one more than there are rows appends.
 */
insertRows?: TableLines, 
/**
 * Columns to insert before column `at`, formatted like the column to the left.
 */
insertColumns?: TableLines, 
/**
 * The first row that `cells` are for, from 1; 1 when absent.
 */
row?: number, 
/**
 * The first column that `cells` are for, from 1; 1 when absent.
 */
column?: number, 
/**
 * The texts, row by row; `null` leaves a cell as it is.
 */
cells?: Array<Array<string | null>>, 
/**
 * Where figures in the table came from.
 */
sources?: Array<FigureSource>, };

/**
 * `text.replace`: the formatting of the first replaced character stays.
 */
export type DeckTextReplace = { 
/**
 * The words to look for, in one paragraph.
 */
find: string, 
/**
 * What to put in their place.
 */
replace: string, 
/**
 * The slide, by logical id; the whole deck when absent.
 */
slide?: string, 
/**
 * The shape's id on that slide; every shape when absent.
 */
shape?: string, 
/**
 * Tell upper from lower case.
 */
matchCase?: boolean, 
/**
 * Whole words only.
 */
wholeWords?: boolean, 
/**
 * Look into speaker notes too.
 */
notes?: boolean, 
/**
 * Where figures in the text came from.
 */
sources?: Array<FigureSource>, };

/**
 * A defined name.
 */
export type DefinedName = { 
/**
 * The name.
 */
name: string, 
/**
 * What it refers to, a formula without `=`.
 */
refersTo: string, 
/**
 * True where Excel does not list it; formulas reach through it all the same.
 */
hidden?: boolean, };

/**
 * `document/detach`.
 */
export type DetachParams = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * The document.
 */
document: DocumentId, };

/**
 * The answer to `diagnostics/show`.
 */
export type DiagnosticsAnswer = { 
/**
 * Every category, also those that are closed.
 */
categories: Array<DiagnosticsView>, };

/**
 * A category of records.
 */
export type DiagnosticsView = { 
/**
 * What it holds, in a few words.
 */
category: string, 
/**
 * The policy key that closes it.
 */
key: string, 
/**
 * True where that key is set: nothing is recorded, and what was is gone.
 */
closed: boolean, 
/**
 * How many records there are.
 */
count: number, 
/**
 * The newest of them, the oldest first, each as the JSON that is kept.
 */
records: Array<string>, };

/**
 * A folder that the model asks for. It is attached only as a person answers.
 */
export type DirectoryRequest = { 
/**
 * What the model says it needs the folder for: its own words on one line, checked by nobody.
 */
reason: string, 
/**
 * True where the folder could be read only; false also where none is named.
 */
readOnly: boolean, };

/**
 * A formula for which engines or the file disagree.
 */
export type Disagreement = { 
/**
 * The cell with sheet.
 */
cell: string, 
/**
 * Its formula with `=`.
 */
formula: string, 
/**
 * The value in the file.
 */
cached: CellValue, 
/**
 * What the first engine computes.
 */
first?: CellValue, 
/**
 * What the second engine computes.
 */
second?: CellValue, 
/**
 * What LibreOffice computes, where it was asked and can be compared.
 */
third?: CellValue, };

/**
 * The answer to `document/open` and `document/attach`.
 */
export type DocumentAnswer = { 
/**
 * The document as registered. The pane embeds the id in the document.
 */
document: DocumentView, };

/**
 * One block: a paragraph or a table.
 */
export type DocumentBlock = { 
/**
 * `p12` or `t3`, in a header, a note or a comment with that before it: `header1/p1`, `footnote2/p1`. Counted
 * from 1 in the order of the file; insertions before it move it.
 */
id: string, 
/**
 * What it is.
 */
kind: BlockKind, 
/**
 * The text with tracked changes accepted: insertions in it, deletions not. A vertical tab is a line break.
 */
text: string, 
/**
 * The text without the tracked changes, where it differs.
 */
original?: string, 
/**
 * Of a heading 1 to 9, of a list item from 1.
 */
level?: number, 
/**
 * The number or bullet that Word puts before it: `2.1`, `(a)`, `•`.
 */
number?: string, 
/**
 * The name of the paragraph's style, where it has one.
 */
style?: string, 
/**
 * The runs with their formatting, where they were asked for.
 */
runs?: Array<TextRun>, 
/**
 * Hyperlinks.
 */
links?: Array<LinkMark>, 
/**
 * Pictures, charts and other drawings.
 */
images?: Array<ImageMark>, 
/**
 * Footnotes, endnotes and comments that hang on the block.
 */
notes?: Array<NoteMark>, 
/**
 * Fields and content controls.
 */
fields?: Array<FieldMark>, 
/**
 * Tracked changes.
 */
changes?: Array<TrackedChange>, 
/**
 * The rows of a table.
 */
rows?: Array<DocumentRow>, 
/**
 * How many rows of the table were left out at the end, because it is long.
 */
moreRows?: number, };

/**
 * What `document.read` answers.
 */
export type DocumentBlocks = { 
/**
 * The blocks.
 */
blocks: Array<DocumentBlock>, 
/**
 * The block to go on with, where there are more.
 */
next?: string, 
/**
 * A mark of the document's text: two reads with the same mark saw the same document.
 */
fingerprint: string, };

/**
 * A cell of a table.
 */
export type DocumentCell = { 
/**
 * The column that it begins in, from 1.
 */
column: number, 
/**
 * Where it is merged, how far it reaches.
 */
span?: CellSpan, 
/**
 * What stands in it.
 */
blocks: Array<DocumentBlock>, };

/**
 * `document.check`: no parameters.
 */
export type DocumentCheck = Record<symbol, never>;

/**
 * What `document.info` answers; lists end after 500 entries.
 */
export type DocumentContent = { 
/**
 * Always `document`.
 */
kind: string, 
/**
 * The title in the file's properties, where it has one.
 */
title?: string, 
/**
 * Paragraphs of the main text, those in tables among them.
 */
paragraphs: number, 
/**
 * Tables of the main text, nested ones among them.
 */
tables: number, 
/**
 * Words of the main text as it would be with tracked changes accepted.
 */
words: number, 
/**
 * The headings in order, without their details.
 */
headings: Array<DocumentBlock>, 
/**
 * Texts of headers and footers, by the id of their story: `header1`, `footer2`.
 */
margins: Array<DocumentBlock>, 
/**
 * Comments in the order of the file.
 */
comments: Array<NoteMark>, 
/**
 * Footnotes.
 */
footnotes: number, 
/**
 * Endnotes.
 */
endnotes: number, 
/**
 * Pictures, charts and other drawings of the main text.
 */
images: number, 
/**
 * Tracked changes by their authors.
 */
changes: Array<ChangeCount>, 
/**
 * True where Word tracks what a person types.
 */
tracking: boolean, 
/**
 * True where the file is signed: any change breaks the signature.
 */
signed: boolean, 
/**
 * What Word lets people edit, where the document is protected: `readOnly`, `comments`, `trackedChanges`, `forms`.
 */
protection?: string, 
/**
 * The sensitivity label, where the file carries one.
 */
label?: string, };

/**
 * `document.create`: at most 2,000 blocks and 1,000,000 characters.
 */
export type DocumentCreate = { 
/**
 * The title in the file's properties.
 */
title?: string, 
/**
 * The paper; A4 when absent.
 */
paper?: Paper, 
/**
 * The language of the text as BCP 47, `en-GB` when absent.
 */
language?: string, 
/**
 * The blocks.
 */
blocks: Array<NewBlock>, };

/**
 * `document.find`: at most 200 paragraphs an answer.
 */
export type DocumentFind = { 
/**
 * The words to look for.
 */
text: string, 
/**
 * Tell upper from lower case.
 */
matchCase?: boolean, };

/**
 * A document, the same while it is open in Office and closed on disk.
 */
export type DocumentId = string;

/**
 * `document.info`: no parameters.
 */
export type DocumentInfo = Record<symbol, never>;

/**
 * `document.insert`: at most 2,000 blocks and 1,000,000 characters.
 */
export type DocumentInsert = { 
/**
 * The block to stand after, `p12` or `t3`; before the first block when `start`; at the end when absent.
 */
after?: string, 
/**
 * The blocks.
 */
blocks: Array<NewBlock>, 
/**
 * False to insert without tracking.
 */
tracked?: boolean, 
/**
 * The mark of `document.read`; refused when the document is another by now.
 */
fingerprint?: string, };

/**
 * What a document is. Workbooks and decks may be live; the others are files on disk.
 */
export type DocumentKind = "workbook" | "deck" | "document" | "pdf" | "csv" | "legacy" | "file";

/**
 * A document alone.
 */
export type DocumentParams = { 
/**
 * The document.
 */
document: DocumentId, };

/**
 * `document.read`: at most 500 blocks and 400,000 characters an answer.
 */
export type DocumentRead = { 
/**
 * The block to begin with, `p120` or `t3`; a story by its name (`header1`, `footnotes`); the beginning when absent.
 */
from?: string, 
/**
 * The row of the table in `from` to begin with, from 1; for tables that were cut.
 */
fromRow?: number, 
/**
 * How many blocks at the most, 100 when absent.
 */
maxBlocks?: number, 
/**
 * Answer runs with their formatting too.
 */
runs?: boolean, };

/**
 * `document.replace`: either `find` and `replace`, in one paragraph or everywhere, or `paragraph` and `text`. At most
 * 2,000 places.
 */
export type DocumentReplace = { 
/**
 * The words to look for, case told apart. They may be split over formatting, not over paragraphs.
 */
find?: string, 
/**
 * What stands there instead; empty to delete.
 */
replace?: string, 
/**
 * The paragraph to change, `p12`.
 */
paragraph?: string, 
/**
 * The paragraph's new text, in one line; only the words that differ are changed.
 */
text?: string, 
/**
 * False to change the text without tracking.
 */
tracked?: boolean, 
/**
 * The mark of `document.read`; refused when the document is another by now.
 */
fingerprint?: string, };

/**
 * A row of a table.
 */
export type DocumentRow = { 
/**
 * True for a row that is repeated at the top of each page.
 */
header?: boolean, 
/**
 * The cells that begin in this row; a cell merged with the one above it is not listed again.
 */
cells: Array<DocumentCell>, 
/**
 * What was tracked for the row as a whole.
 */
change?: TrackedChange, };

/**
 * Where a document is.
 */
export type DocumentState = "live" | "closed" | "gone";

/**
 * A document as front ends show it.
 */
export type DocumentView = { 
/**
 * The id.
 */
id: DocumentId, 
/**
 * What it is.
 */
kind: DocumentKind, 
/**
 * The file's name, or what Office calls it.
 */
title: string, 
/**
 * The path or address, where known.
 */
path?: string, 
/**
 * Where it is.
 */
state: DocumentState, };

/**
 * The answer to `document/list`.
 */
export type DocumentsAnswer = { 
/**
 * Documents that are open in Office, and those of the session.
 */
documents: Array<DocumentView>, };

/**
 * A draft: what the user would set, and with null no longer set.
 */
export type DraftParams = { 
/**
 * Values by key, secrets included.
 */
changes: Record<string, unknown>, };

/**
 * What a filter compares with that changes by itself (ECMA-376 part 1, 18.18.26).
 */
export type DynamicFilter = "aboveAverage" | "belowAverage" | "yesterday" | "today" | "tomorrow" | "lastWeek" | "thisWeek" | "nextWeek" | "lastMonth" | "thisMonth" | "nextMonth" | "lastQuarter" | "thisQuarter" | "nextQuarter" | "lastYear" | "thisYear" | "nextYear" | "yearToDate" | "q1" | "q2" | "q3" | "q4" | "m1" | "m2" | "m3" | "m4" | "m5" | "m6" | "m7" | "m8" | "m9" | "m10" | "m11" | "m12";

/**
 * What becomes of sessions from before the deployment had its name (`deploymentOrganizationUuid`).
 */
export type EarlierSessions = "takeOver" | "leave";

/**
 * The parameters of `history/choose`.
 */
export type EarlierSessionsParams = { 
/**
 * What the person chose.
 */
choice: EarlierSessions, };

/**
 * One way out of this computer.
 */
export type EgressView = { 
/**
 * The destination's stable name.
 */
destination: string, 
/**
 * The host, or a pattern of hosts; none while it is closed.
 */
host?: string, 
/**
 * The ports; none for every port.
 */
ports: Array<number>, 
/**
 * Why it exists.
 */
why: string, 
/**
 * The key that closes it, or that opens it where it is closed.
 */
key: string, 
/**
 * `service`, `sandbox`, `browser` or `pane`.
 */
openedBy: string, 
/**
 * True where prompts, answers or documents travel there.
 */
carriesContent: boolean, 
/**
 * False where nothing in this build connects there.
 */
built: boolean, };

/**
 * The answer to `command/end`.
 */
export type EndCommandAnswer = { 
/**
 * False where it did not run any more. That it ended is told by an event.
 */
ended: boolean, };

/**
 * `command/end`.
 */
export type EndCommandParams = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * The command.
 */
command: CommandId, };

/**
 * How many formulas an engine computed.
 */
export type EngineShare = { 
/**
 * The engine and its version.
 */
engine: string, 
/**
 * How many.
 */
formulas: number, };

/**
 * A stable code.
 */
export type ErrorCode = "INF_NOT_CONFIGURED" | "INF_UNREACHABLE" | "INF_PROXY" | "INF_TLS" | "INF_AUTH" | "INF_SIGN_IN" | "INF_MODEL_UNKNOWN" | "INF_RATE_LIMITED" | "INF_OVERLOADED" | "INF_TIMEOUT" | "INF_STREAM_CUT" | "INF_BAD_REQUEST" | "INF_TOO_LONG" | "INF_BAD_ANSWER" | "INF_TESTING" | "TURN_CAP" | "TURN_BUDGET" | "USE_LIMIT" | "TURN_REPEATS" | "TURN_INTERRUPTED" | "INS_REFUSED" | "SES_NOT_FOUND" | "SES_BUSY" | "DOC_NOT_FOUND" | "DOC_PANE_CLOSED" | "DOC_CELL_EDIT" | "DOC_PARTIAL" | "DOC_CHANGED" | "DOC_IN_USE" | "DOC_ENCRYPTED" | "DOC_CORRUPT" | "DOC_WRONG_KIND" | "DOC_REFUSED" | "DOC_UNDO_CONFLICT" | "FOLDER_REFUSED" | "DOC_LABEL_DENIED" | "NET_PORT_TAKEN" | "NET_OTHER_USER" | "NET_SERVICE" | "TLS_EXPIRED" | "TLS_UNTRUSTED" | "PAIR_REQUIRED" | "PAIR_REFUSED" | "RPC_NOT_PERMITTED" | "RPC_VERSION" | "RPC_BAD_REQUEST" | "RPC_TOO_LARGE" | "DB_LOCKED" | "DB_CORRUPT" | "DB_NEWER" | "DB_WRONG_KEY" | "DB_DISK_FULL" | "JOURNAL_FULL" | "SEC_STORE" | "SEC_CRYPTOGRAPHY" | "SBX_UNAVAILABLE" | "POL_DISABLED" | "POL_INVALID" | "POL_NOT_ENFORCEABLE" | "BOOT_AWAITED" | "BOOT_SIGN_IN" | "BOOT_UNREACHABLE" | "BOOT_ANSWER" | "BOOT_CONSENT" | "POL_CREDENTIAL" | "POL_COLLECTOR" | "POL_PANE" | "POL_LOCKED" | "CFG_REFUSED" | "CFG_STALE" | "CFG_UNUSABLE" | "CFG_FILE" | "CFG_SAVE" | "INTERNAL";

/**
 * What happens to an entry that is not valid.
 */
export type ErrorStyle = "stop" | "warning" | "information";

/**
 * What happened, tagged with `type`.
 */
export type EventBody = { "type": "sessionCreated", 
/**
 * Its title.
 */
title: string, 
/**
 * True in the tour.
 */
tour: boolean, } | { "type": "sessionRenamed", 
/**
 * The title.
 */
title: string, } | { "type": "documentAttached", 
/**
 * The document.
 */
document: DocumentView, } | { "type": "documentDetached", 
/**
 * The document.
 */
document: DocumentId, } | { "type": "folderAttached", 
/**
 * Its path.
 */
path: string, 
/**
 * True where the folder may be read only.
 */
readOnly: boolean, } | { "type": "folderDetached", 
/**
 * Its path.
 */
path: string, } | { "type": "promptAccepted", 
/**
 * The turn that takes it.
 */
turn: TurnId, 
/**
 * The front end's id for it.
 */
clientId: string, 
/**
 * The person's words.
 */
text: string, 
/**
 * Where they were typed.
 */
from: FrontEndKind, 
/**
 * The chosen documents.
 */
documents: Array<DocumentId>, 
/**
 * What was selected.
 */
selection?: string, 
/**
 * The model; empty for the default.
 */
model: string, 
/**
 * How much may be done without asking.
 */
mode: PermissionMode, 
/**
 * Tokens that the person lets the turn use.
 */
budget?: number, 
/**
 * True when it joins a turn that runs.
 */
steering: boolean, } | { "type": "contextGiven", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The text.
 */
text: string, } | { "type": "turnResumed", 
/**
 * The turn.
 */
turn: TurnId, } | { "type": "cancelRequested", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * Where.
 */
from: FrontEndKind, } | { "type": "messageStarted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The message.
 */
message: MessageId, } | { "type": "textDelta", 
/**
 * The message.
 */
message: MessageId, 
/**
 * The words.
 */
text: string, } | { "type": "messageReset", 
/**
 * The message.
 */
message: MessageId, } | { "type": "messageCompleted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The message.
 */
message: MessageId, 
/**
 * All it said.
 */
blocks: Array<Block>, 
/**
 * Why it stopped.
 */
stop: StopReason, 
/**
 * Tokens.
 */
usage: Usage, } | { "type": "compactionStarted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The message that is to be the summary.
 */
message: MessageId, } | { "type": "contextCompacted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The message that is the summary.
 */
message: MessageId, 
/**
 * The model's words; empty where it could give none.
 */
summary: string, 
/**
 * How many of the newest messages the model still gets word for word.
 */
kept: number, 
/**
 * Bytes at which results of tools in those messages are cut, where they alone are too much.
 */
cutAt?: number, 
/**
 * Tokens of the conversation before, about.
 */
before: number, 
/**
 * Tokens that the summary took.
 */
usage: Usage, } | { "type": "planUpdated", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The call by which the model set it.
 */
call: CallId, 
/**
 * At most seven steps.
 */
steps: Array<PlanStep>, } | { "type": "toolCallStarted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The call.
 */
call: CallId, 
/**
 * The tool.
 */
name: string, 
/**
 * Its input.
 */
input: unknown, 
/**
 * What the card says: `Reading`, `Writing formulas to`.
 */
title: string, 
/**
 * The document it works on.
 */
document?: DocumentId, 
/**
 * Where in it: an address, or `slide:<id>`.
 */
target?: string, } | { "type": "toolCallWaiting", 
/**
 * The call.
 */
call: CallId, 
/**
 * What it waits for.
 */
error: UserError, } | { "type": "toolCallOutput", 
/**
 * The call.
 */
call: CallId, 
/**
 * Some lines.
 */
text: string, } | { "type": "sandboxSeen", 
/**
 * The call that ran meanwhile; none where only what was left to run in the background did.
 */
call?: CallId, 
/**
 * At most 200.
 */
seen: Array<Sight>, 
/**
 * How many were left out, beyond what is kept of a session.
 */
leftOut: number, } | { "type": "backgroundStarted", 
/**
 * The command.
 */
command: BackgroundCommand, } | { "type": "commandEnded", 
/**
 * The command.
 */
command: CommandId, 
/**
 * The call that started it.
 */
call: CallId, 
/**
 * Who ended it.
 */
by: CommandEnd, 
/**
 * How, in a few words: `ended with code 1`.
 */
how: string, } | { "type": "toolCallCompleted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The call.
 */
call: CallId, 
/**
 * How.
 */
outcome: ToolOutcome, 
/**
 * What the card says: `Read`, `Wrote 8 formulas`.
 */
title: string, 
/**
 * What the model is told.
 */
output: string, 
/**
 * Pictures and PDFs that it is shown.
 */
attachments?: Array<Attachment>, 
/**
 * Where it ran, for code.
 */
tier?: SandboxTier, 
/**
 * Milliseconds.
 */
durationMs: number, } | { "type": "permissionRequested", 
/**
 * The question.
 */
request: PermissionRequest, } | { "type": "permissionSettled", 
/**
 * The request.
 */
permission: PermissionId, 
/**
 * The answer.
 */
choice: Choice, 
/**
 * By whom.
 */
by: SettledBy, 
/**
 * The folder that a person allowed, where the model asked for one.
 */
folder?: string, } | { "type": "callAllowed", 
/**
 * The call.
 */
call: CallId, 
/**
 * By what.
 */
by: SettledBy, 
/**
 * The grant, where it was one.
 */
grant?: PermissionId, } | { "type": "grantRevoked", 
/**
 * The grant.
 */
grant: PermissionId, } | { "type": "changeSetApplied", 
/**
 * The change set.
 */
changeSet: ChangeSet, } | { "type": "changeSetUndone", 
/**
 * The change set.
 */
changeSet: ChangeSetId, 
/**
 * Places left alone because a person changed them since.
 */
kept: Array<string>, } | { "type": "changeSetRedone", 
/**
 * The change set.
 */
changeSet: ChangeSetId, } | { "type": "changedSince", 
/**
 * The change set.
 */
changeSet: ChangeSetId, 
/**
 * The places.
 */
targets: Array<string>, } | { "type": "fileSaved", 
/**
 * The document.
 */
document: DocumentId, 
/**
 * Its path.
 */
path: string, 
/**
 * Bytes.
 */
size: number, 
/**
 * What was done, in a few words.
 */
title: string, } | { "type": "retryScheduled", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * Why.
 */
error: UserError, 
/**
 * The number of the next try, from 2.
 */
attempt: number, 
/**
 * Milliseconds until it.
 */
waitMs: number, } | { "type": "notice", 
/**
 * One sentence.
 */
text: string, 
/**
 * A code, where it is of the registry.
 */
error?: UserError, } | { "type": "turnEnded", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * How.
 */
outcome: TurnOutcome, 
/**
 * Tokens of the whole turn.
 */
usage: Usage, };

/**
 * `session/export`.
 */
export type ExportAnswer = { 
/**
 * The session.
 */
session: SessionSummary, 
/**
 * Every event.
 */
events: Array<SessionEvent>, };

/**
 * What a form holds.
 */
export type ExportContent = "values" | "template" | "egress";

/**
 * The form of an export of the audit.
 */
export type ExportFormat = "jsonl" | "csv" | "ocsf";

/**
 * `configuration/export` and `configuration/save`: settings as they would be with a draft, or what would be contacted.
 */
export type ExportSettingsParams = { 
/**
 * An [`ExportView::format`].
 */
format: string, 
/**
 * The draft.
 */
changes: Record<string, unknown>, };

/**
 * A form that settings or the list of contacts can be given out in.
 */
export type ExportView = { 
/**
 * Its stable name.
 */
format: string, 
/**
 * Its name for people.
 */
title: string, 
/**
 * The name of its file.
 */
fileName: string, 
/**
 * What it holds.
 */
holds: ExportContent, };

/**
 * The answer to `configuration/export`.
 */
export type ExportedSettings = { 
/**
 * The file.
 */
file: SettingsFile, 
/**
 * What the file is without because it is secret: keys, and parts of them with `/` between.
 */
leftOut: Array<string>, };

/**
 * `sandbox/fetch`: the image that is used from now on.
 */
export type FetchedImage = { 
/**
 * Its id: the SHA-256 of its list.
 */
id: string, 
/**
 * What it takes on the disk, in bytes.
 */
bytes: number, 
/**
 * Bytes of it that came over the network.
 */
fetched: number, 
/**
 * Whether another one was used before, or none.
 */
isNew: boolean, };

/**
 * A field (`PAGE`, `REF …`) or a content control.
 */
export type FieldMark = { 
/**
 * `field` or `control`.
 */
kind: string, 
/**
 * A field's instruction; a control's title, or its tag where it has none.
 */
name: string, 
/**
 * What it shows.
 */
text: string, };

/**
 * One figure beside its source.
 */
export type FigureCheck = { 
/**
 * The change set that wrote it.
 */
changeSet: ChangeSetId, 
/**
 * The document it stands in.
 */
document: DocumentId, 
/**
 * Its title.
 */
title: string, 
/**
 * Where it was written: an address with sheet, or `slide:<logical id>`.
 */
target: string, 
/**
 * The cell or the words that show it.
 */
figure: string, 
/**
 * Where it comes from.
 */
source: FigurePlace, 
/**
 * What the source held when the figure was written, the sum where it is several cells.
 */
then: CellValue | null, 
/**
 * What it holds now.
 */
now: CellValue | null, 
/**
 * What follows from both.
 */
state: FigureState, 
/**
 * When the figure was written.
 */
at: number, };

/**
 * Where a figure comes from.
 */
export type FigurePlace = { 
/**
 * The document.
 */
document: DocumentId, 
/**
 * Its title; empty where the document is no longer part of the session.
 */
title: string, 
/**
 * The address with its sheet.
 */
address: string, };

/**
 * The source of one figure: recorded when the figure is written, kept in the journal, never added afterwards.
 */
export type FigureSource = { 
/**
 * The cell (in a workbook) or the words (in a text) that show the figure: `B4`, or `1,248,300`.
 */
figure: string, 
/**
 * The document that the figure comes from, by its id in the session.
 */
document: string, 
/**
 * The name of that document, so that it is known also outside of the session. Filled in by the service when absent.
 */
title?: string, 
/**
 * The address with its sheet in that document: `Revenue!F2:F486`.
 */
address: string, 
/**
 * The value at that place when the figure was written. Filled in by the service when absent.
 */
value?: CellValue, };

/**
 * How a figure stands to its source.
 */
export type FigureState = "match" | "changed" | "unreachable";

/**
 * The answer to `figure/check`.
 */
export type FiguresAnswer = { 
/**
 * The figures that stand, oldest first.
 */
figures: Array<FigureCheck>, };

/**
 * What was done to a file or folder.
 */
export type FileChange = "created" | "written" | "removed" | "renamed" | "metadata" | "conflict" | "discarded" | "refused";

/**
 * How `range.fill` goes on.
 */
export type FillKind = "copy" | "series" | "formats";

/**
 * The filter of one column: `values` and `dates`, or `conditions`, or one of the others.
 */
export type FilterColumn = { 
/**
 * The column by its letters or by its header.
 */
column: string, 
/**
 * Rows with one of these values are shown, as the sheet shows them; `null` for blank cells.
 */
values?: Array<CellValue>, 
/**
 * Rows whose date lies in one of these are shown, beside those of `values`: `2026`, `2026-03`, `2026-03-31`, or with
 * the time, `2026-03-31T09`, `2026-03-31T09:30`, `2026-03-31T09:30:15`.
 */
dates?: Array<string>, 
/**
 * Rows that meet these are shown; at most two.
 */
conditions?: Array<FilterCondition>, 
/**
 * One of two conditions is enough.
 */
any?: boolean, 
/**
 * The largest or smallest numbers are shown, equal ones together.
 */
top?: FilterTop, 
/**
 * What changes by itself: averages and spans of time, which need `today`.
 */
dynamic?: DynamicFilter, 
/**
 * Cells with this fill, `#RRGGBB`; empty for cells without fill.
 */
fillColor?: string, 
/**
 * Cells with this font colour, `#RRGGBB`.
 */
fontColor?: string, };

/**
 * One comparison of a filter.
 */
export type FilterCondition = { 
/**
 * How.
 */
operator: FilterOperator, 
/**
 * With what.
 */
value: CellValue, };

/**
 * How a filter compares.
 */
export type FilterOperator = "equal" | "notEqual" | "greaterThan" | "greaterThanOrEqual" | "lessThan" | "lessThanOrEqual" | "beginsWith" | "endsWith" | "contains" | "doesNotContain";

/**
 * `filter.set`: sets the filter of a range or table and hides the rows that it leaves out; without columns all rows are shown.
 */
export type FilterSet = { 
/**
 * The range with its header row, with sheet.
 */
range?: string, 
/**
 * Instead of a range: a table by name.
 */
table?: string, 
/**
 * What is filtered.
 */
columns?: Array<FilterColumn>, 
/**
 * Filters of columns that are not named stay; otherwise they go.
 */
keep?: boolean, 
/**
 * The day from which spans of time such as `thisMonth` count, `2026-03-31`.
 */
today?: string, 
/**
 * Take the filter away.
 */
remove?: boolean, };

/**
 * The largest or smallest numbers of a column.
 */
export type FilterTop = { 
/**
 * How many, or what share in percent: 1 to 500, at most 100 as a share.
 */
count: number, 
/**
 * A share of the numbers instead of a count.
 */
percent?: boolean, 
/**
 * The smallest instead of the largest.
 */
bottom?: boolean, };

/**
 * A finding of a check.
 */
export type Finding = { 
/**
 * Its stable code, `sheet.cellOrder`.
 */
code: string, 
/**
 * How grave it is.
 */
severity: Severity, 
/**
 * The part of the package, where it is about the file.
 */
part?: string, 
/**
 * The cells with sheet, or the slide and shape.
 */
location?: string, 
/**
 * One sentence for a person.
 */
sentence: string, };

/**
 * `range.find`.
 */
export type FoundCells = { 
/**
 * The cells found, at most 200, in the order of sheets and rows.
 */
cells: Array<Cell>, 
/**
 * True when there are more.
 */
more: boolean, };

/**
 * A line that was found.
 */
export type FoundLine = { 
/**
 * The page, from 1.
 */
page: number, 
/**
 * The line.
 */
text: string, };

/**
 * What `pdf.find` answers.
 */
export type FoundLines = { 
/**
 * The lines.
 */
lines: Array<FoundLine>, 
/**
 * True when there are more, or pages were not looked at.
 */
more: boolean, };

/**
 * What `document.find` answers.
 */
export type FoundParagraphs = { 
/**
 * The paragraphs, in headers, notes and comments too.
 */
paragraphs: Array<DocumentBlock>, 
/**
 * True when there are more.
 */
more: boolean, };

/**
 * A row that was found.
 */
export type FoundRow = { 
/**
 * Its number, from 1, the header not counted.
 */
row: number, 
/**
 * Its fields.
 */
fields: Array<string>, };

/**
 * What `csv.find` answers.
 */
export type FoundRows = { 
/**
 * The rows.
 */
rows: Array<FoundRow>, 
/**
 * The row to go on with, where not all of the file was looked at.
 */
next?: number, };

/**
 * `freeze`: keeps the first rows and columns in view. Both zero or absent takes the freeze away.
 */
export type Freeze = { 
/**
 * The sheet's name.
 */
sheet: string, 
/**
 * How many rows.
 */
rows?: number, 
/**
 * How many columns.
 */
columns?: number, };

/**
 * What kind of front end speaks. A token is bound to the kind it was made for.
 */
export type FrontEndKind = "window" | "excel" | "powerpoint" | "terminal";

/**
 * Something that a person allowed for longer than once.
 */
export type GrantView = { 
/**
 * Its id: the id of the question that was answered so.
 */
id: PermissionId, 
/**
 * The kind of action.
 */
reason: AskReason, 
/**
 * The document, for a grant of a session.
 */
document?: DocumentId, 
/**
 * The folder.
 */
folder?: string, 
/**
 * The host on the web, for a grant of a session.
 */
host?: string, 
/**
 * When it was given; absent for a grant of a session.
 */
grantedAt?: number, 
/**
 * When it ends; absent for one that ends with its session.
 */
expiresAt?: number, };

/**
 * The answer to `permission/grants`.
 */
export type GrantsAnswer = { 
/**
 * Lasting grants that count now, then those of the session.
 */
grants: Array<GrantView>, };

/**
 * `permission/grants`.
 */
export type GrantsParams = { 
/**
 * The session whose own grants are listed, too.
 */
session?: SessionId, };

/**
 * A text that the model is told in each session, or in those with a folder.
 */
export type Guidance = { 
/**
 * The attached folder that it is for; none for all sessions.
 */
folder?: string, 
/**
 * The name of a note that the agent keeps about the folder; none for the person's instructions.
 */
note?: string, 
/**
 * The text, Markdown.
 */
text: string, 
/**
 * True while the model is not told.
 */
paused: boolean, 
/**
 * When it was written.
 */
changedAt: number, 
/**
 * True where the agent wrote it last, and a person allowed it.
 */
byAgent: boolean, };

/**
 * The answer to `hello`.
 */
export type HelloAnswer = { 
/**
 * The service's version.
 */
version: string, 
/**
 * What the front end shows of policy and state.
 */
view: ServiceView, 
/**
 * The newest sessions, at most 200.
 */
sessions: Array<SessionSummary>, 
/**
 * Documents that are open in Office now.
 */
documents: Array<DocumentView>, 
/**
 * The document that this pane stands in, as registered.
 */
document?: DocumentView, };

/**
 * `hello`.
 */
export type HelloParams = { 
/**
 * [`crate::PROTOCOL`].
 */
protocol: number, 
/**
 * The kind of front end.
 */
frontEnd: FrontEndKind, 
/**
 * The token from pairing or from the local channel.
 */
token: string, 
/**
 * The version of the page or program.
 */
version: string, 
/**
 * The document that a pane stands in.
 */
document?: LiveDocument, };

/**
 * Where text stands in a cell.
 */
export type HorizontalAlignment = "general" | "left" | "center" | "right";

/**
 * A picture or another drawing in a block.
 */
export type ImageMark = { 
/**
 * `picture`, `chart`, `diagram`, `shape` or `object`.
 */
kind: string, 
/**
 * The object's name.
 */
name?: string, 
/**
 * Alternative text, where it has one.
 */
altText?: string, 
/**
 * Width in points, where the file says it.
 */
width?: number, 
/**
 * Height in points, where the file says it.
 */
height?: number, 
/**
 * The part that holds the picture.
 */
part?: string, };

/**
 * Something to know of a key in an imported file.
 */
export type ImportDifference = { 
/**
 * The line, where the form has lines.
 */
line?: number, 
/**
 * The key as the file writes it; empty where it is about something else in the file.
 */
key: string, 
/**
 * What there is to know.
 */
sentence: string, };

/**
 * The answer to `configuration/import`: nothing is written before it is applied.
 */
export type ImportSettingsAnswer = { 
/**
 * The draft that the file makes.
 */
changes: Record<string, unknown>, 
/**
 * What is not taken over, or does something else than it did before.
 */
differences: Array<ImportDifference>, 
/**
 * What of the draft names an address to connect to, or a program or file of this computer to use: to be looked at before
 * it is applied.
 */
reaches: Array<ImportDifference>, };

/**
 * The answer to `instructions/list`.
 */
export type InstructionsAnswer = { 
/**
 * What the organisation tells the model, first of all.
 */
organization?: string, 
/**
 * The person's instructions for all sessions, then those for folders with their notes, by path.
 */
guidance: Array<Guidance>, 
/**
 * True where the organisation lets the agent keep no notes; those that are there are not told.
 */
notesClosed: boolean, };

/**
 * The answer to `journal/list`.
 */
export type JournalAnswer = { 
/**
 * The newest first, at most 1,000.
 */
entries: Array<JournalEntry>, };

/**
 * A file that the journal can bring back.
 */
export type JournalEntry = { 
/**
 * The session that changed it.
 */
session: SessionId, 
/**
 * The change set; undoing it brings the file back.
 */
changeSet: ChangeSetId, 
/**
 * When it was changed.
 */
at: number, 
/**
 * The file.
 */
path: string, 
/**
 * What was done, in a few words: `notes.txt moved to the journal`.
 */
title: string, 
/**
 * True where it was brought back already.
 */
undone: boolean, };

/**
 * `journal/list`.
 */
export type JournalParams = { 
/**
 * Of this session alone.
 */
session?: SessionId, };

/**
 * A source as a file keeps it.
 */
export type KeptSource = { 
/**
 * The cell (in a workbook) or the words (in a text) that show the figure.
 */
figure: string, 
/**
 * The document that the figure came from, by the id that it had in the session.
 */
document: string, 
/**
 * The name of that document.
 */
title?: string, 
/**
 * The address in that document.
 */
address: string, 
/**
 * What stood there when the figure was written.
 */
value?: CellValue, 
/**
 * True where the figure is not what was written with this source any more: it says nothing of what stands there now.
 */
outdated?: boolean, };

/**
 *The answer to a [`LegacyOperation`], tagged with the same `op`.
 */
export type LegacyAnswer = { "op": "legacy.info" } & LegacyContent | { "op": "legacy.read" } & LegacyRange;

/**
 * What `legacy.info` answers.
 */
export type LegacyContent = { 
/**
 * `xls`, `xlsb` or `ods`.
 */
kind: string, 
/**
 * The sheets in the order of their tabs.
 */
sheets: Array<LegacySheet>, 
/**
 * Defined names with what they refer to.
 */
names: Array<DefinedName>, };

/**
 * `legacy.info`: no parameters.
 */
export type LegacyInfo = Record<symbol, never>;

/**
 *An operation on a Legacy, tagged with `op`.
 */
export type LegacyOperation = { "op": "legacy.info" } & LegacyInfo | { "op": "legacy.read" } & LegacyRead;

/**
 * What `legacy.read` answers. Grids have one row a row of `address`.
 */
export type LegacyRange = { 
/**
 * The range that was read, with sheet.
 */
address: string, 
/**
 * Values; an error is its name, a date is text in ISO 8601.
 */
values: Array<Array<CellValue>>, 
/**
 * Formulas with `=` where cells hold them, otherwise empty; absent where they were not asked for.
 */
formulas?: Array<Array<string>>, 
/**
 * Merged areas that touch the range, without sheet; known for .xls alone.
 */
merged?: Array<string>, 
/**
 * The range of the rows that were left out, with sheet.
 */
rest?: string, };

/**
 * `legacy.read`: at most 100,000 cells an answer.
 */
export type LegacyRead = { 
/**
 * A1 with sheet, `Data!B2:D9`; `Data` alone is the sheet's used range. Trimmed to the used range.
 */
range: string, 
/**
 * Answer formulas too.
 */
formulas?: boolean, 
/**
 * How many rows at the most; the answer names the range of the rest. 2,000 when absent.
 */
maxRows?: number, };

/**
 * One sheet.
 */
export type LegacySheet = { 
/**
 * The name on the tab.
 */
name: string, 
/**
 * False where the sheet is hidden.
 */
visible: boolean, 
/**
 * The used range without sheet, `A1:H1841`; absent where the sheet is empty or holds no cells.
 */
usedRange?: string, 
/**
 * Why the sheet cannot be read, where it cannot.
 */
problem?: string, };

/**
 * Where the legend stands.
 */
export type LegendPlace = "right" | "left" | "top" | "bottom" | "none";

/**
 * A hyperlink in a block.
 */
export type LinkMark = { 
/**
 * The words that are the link.
 */
text: string, 
/**
 * Where it leads; `#name` is a bookmark of the document.
 */
target: string, };

/**
 * The answer to `session/list`.
 */
export type ListAnswer = { 
/**
 * The sessions.
 */
sessions: Array<SessionSummary>, };

/**
 * `session/list`: newest first.
 */
export type ListParams = { 
/**
 * Only sessions last used before this time.
 */
before?: number, 
/**
 * How many; at most 200.
 */
limit?: number, };

/**
 * The document a pane stands in, as the pane knows it.
 */
export type LiveDocument = { 
/**
 * What it is.
 */
kind: DocumentKind, 
/**
 * The title.
 */
title: string, 
/**
 * Path or address, as Office gives it.
 */
path?: string, 
/**
 * The id that is embedded in the document by an earlier registration, where it is there.
 */
embeddedId?: DocumentId, 
/**
 * Requirement sets that the host has, `ExcelApi 1.15`.
 */
sets?: Array<string>, 
/**
 * One line about what is in it: `3 sheets, 1,840 rows`.
 */
summary?: string, };

/**
 * Why a machine ended.
 */
export type MachineEnd = "idle" | "room" | "changed" | "over" | "failed";

/**
 * Margins in points.
 */
export type Margins = { 
/**
 * Left.
 */
left?: number, 
/**
 * Right.
 */
right?: number, 
/**
 * Top.
 */
top?: number, 
/**
 * Bottom.
 */
bottom?: number, 
/**
 * From the edge to the header.
 */
header?: number, 
/**
 * From the edge to the footer.
 */
footer?: number, };

/**
 * A message of the agent.
 */
export type MessageId = string;

/**
 * A model to choose.
 */
export type ModelView = { 
/**
 * The id that the provider knows; with `[1m]` at its end, that model with room for a million tokens.
 */
id: string, 
/**
 * The name to show.
 */
label: string, 
/**
 * The family it belongs to, as a name to show.
 */
family?: string, 
/**
 * True for the one that the name of its family stands for.
 */
familyDefault: boolean, 
/**
 * Tokens that it is given at once at the most.
 */
context?: number, 
/**
 * A few words about where it may be answered, where that is not the region of the settings alone.
 */
leaves?: string, };

/**
 * `name.delete`: refused where formulas use it.
 */
export type NameDelete = { 
/**
 * The name.
 */
name: string, 
/**
 * The sheet that it is local to.
 */
sheet?: string, };

/**
 * `name.set`: adds a defined name, or gives it another meaning.
 */
export type NameSet = { 
/**
 * The name: letters, digits, `_`, `.` and `\\`; no address. `Print_Area` and `Print_Titles` of a sheet too.
 */
name: string, 
/**
 * What it stands for: a range with sheet, or a formula with `=`. For what is printed: areas of the sheet, or the rows
 * and columns that repeat, with commas between.
 */
refersTo: string, 
/**
 * The sheet that it is local to; the whole workbook when absent.
 */
sheet?: string, 
/**
 * What it is for.
 */
comment?: string, };

/**
 * A name for an area.
 */
export type NamedArea = { 
/**
 * The name.
 */
name: string, 
/**
 * The range without sheet.
 */
range: string, 
/**
 * The column headers.
 */
columns?: Array<string>, };

/**
 * A block to insert.
 */
export type NewBlock = { "kind": "heading", 
/**
 * 1 to 9.
 */
level: number, 
/**
 * The text.
 */
text: NewText, } | { "kind": "paragraph", 
/**
 * The text.
 */
text: NewText, 
/**
 * A paragraph style of the document by name; its normal one when absent.
 */
style?: string, } | { "kind": "listItem", 
/**
 * The text.
 */
text: NewText, 
/**
 * Numbered instead of bulleted.
 */
numbered?: boolean, 
/**
 * 1 to 9; 1 when absent.
 */
level?: number, } | { "kind": "table", 
/**
 * The texts, row by row. Short rows are filled up.
 */
rows: Array<Array<NewText>>, 
/**
 * The first row is the header: bold, repeated on each page.
 */
header?: boolean, } | { "kind": "pageBreak", } | { "kind": "picture", 
/**
 * The picture, base64.
 */
data: string, 
/**
 * What it shows, for people who cannot see it.
 */
altText: string, 
/**
 * Width in points; its own, at most the text's width, when absent. The ratio stays.
 */
width?: number, };

/**
 * Text for a new block: plain, or in runs.
 */
export type NewText = string | Array<TextRun>;

/**
 * A formula whose value was kept as it stood, because it cannot be computed here.
 */
export type NotComputed = { 
/**
 * The cell with sheet.
 */
cell: string, 
/**
 * Its formula with `=`.
 */
formula: string, 
/**
 * Why.
 */
reason: string, };

/**
 * `note.delete`.
 */
export type NoteDelete = { 
/**
 * The cell with sheet.
 */
cell: string, };

/**
 * A footnote, an endnote or a comment.
 */
export type NoteMark = { 
/**
 * `footnote`, `endnote` or `comment`.
 */
kind: string, 
/**
 * Its id in the file.
 */
id: string, 
/**
 * Its text, paragraphs as lines.
 */
text: string, 
/**
 * Who wrote it; comments only.
 */
author?: string, 
/**
 * When, as the file has it (ISO 8601); comments only.
 */
date?: string, };

/**
 * `note.set`: adds a note (a legacy comment) to a cell, or replaces its text.
 */
export type NoteSet = { 
/**
 * The cell with sheet.
 */
cell: string, 
/**
 * The text, at most 32,000 characters.
 */
text: string, 
/**
 * Who wrote it; the user when absent.
 */
author?: string, };

/**
 * `notes.set`: the speaker notes of a slide.
 */
export type NotesSet = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The text; lines become paragraphs. The empty text empties them.
 */
text: string, 
/**
 * Where figures in the text came from.
 */
sources?: Array<FigureSource>, };

/**
 * Nothing.
 */
export type Nothing = Record<symbol, never>;

/**
 * What a validated number is.
 */
export type NumberKind = "whole" | "decimal" | "date" | "time" | "textLength";

/**
 * `document/open`: registers the pane's document, or tells that it got another name.
 */
export type OpenParams = { 
/**
 * The document.
 */
document: LiveDocument, };

/**
 * One operation on one document. Which half it belongs to follows from its fields: a deck's `table.add` names a
 * `slide`, a workbook's a `range`.
 */
export type Operation = WorkbookOperation | DeckOperation | TextOperation;

/**
 * What the organisation shows to everybody.
 */
export type OrganisationView = { 
/**
 * The name of the deployment.
 */
name?: string, 
/**
 * The line below it.
 */
subtitle?: string, 
/**
 * Why settings are fixed, in the organisation's words.
 */
reason?: string, 
/**
 * Whom to ask about them.
 */
contact?: string, 
/**
 * A line at the top of every front end that nobody can dismiss.
 */
banner?: BannerView, };

/**
 * How a page stands.
 */
export type Orientation = "portrait" | "landscape";

/**
 * `pageSetup`: absent fields stay as they are.
 */
export type PageSetup = { 
/**
 * The sheet's name.
 */
sheet: string, 
/**
 * How the page stands.
 */
orientation?: Orientation, 
/**
 * The paper.
 */
paper?: PaperSize, 
/**
 * Scale in percent, 10 to 400; takes fitting away.
 */
scale?: number, 
/**
 * Pages across that everything is fitted to; 0 for as many as it takes.
 */
fitWidth?: number, 
/**
 * Pages down that everything is fitted to; 0 for as many as it takes.
 */
fitHeight?: number, 
/**
 * What is printed, without sheet, `A1:H40`; the empty string takes it away.
 */
printArea?: string, 
/**
 * Rows on every page, `1:2`; the empty string takes them away.
 */
titleRows?: string, 
/**
 * Columns on every page, `A:B`; the empty string takes them away.
 */
titleColumns?: string, 
/**
 * Margins.
 */
margins?: Margins, 
/**
 * The header with its codes, `&L&"Arial"Left&CPage &P`; the empty string takes it away.
 */
header?: string, 
/**
 * The footer, alike.
 */
footer?: string, 
/**
 * Print gridlines.
 */
gridlines?: boolean, };

/**
 * `pairing/answer`, from the window or the terminal.
 */
export type PairingAnswerParams = { 
/**
 * The attempt.
 */
pairing: string, 
/**
 * Allow or refuse.
 */
allow: boolean, };

/**
 * An attempt as the window and the terminal show it; `pairing/requested` from the service.
 */
export type PairingView = { 
/**
 * Names the attempt.
 */
pairing: string, 
/**
 * The kind of pane.
 */
frontEnd: FrontEndKind, 
/**
 * The number to compare.
 */
number: string, 
/**
 * Until when it may be allowed.
 */
expiresAt: number, };

/**
 * The answer to `pairing/list`.
 */
export type PairingsAnswer = { 
/**
 * Attempts that wait.
 */
pairings: Array<PairingView>, };

/**
 * The paper of a new document.
 */
export type Paper = "a4" | "letter";

/**
 * The paper.
 */
export type PaperSize = "a3" | "a4" | "a5" | "letter" | "legal" | "tabloid";

/**
 *The answer to a [`PdfOperation`], tagged with the same `op`.
 */
export type PdfAnswer = { "op": "pdf.info" } & PdfContent | { "op": "pdf.read" } & PdfPages | { "op": "pdf.find" } & FoundLines;

/**
 * What `pdf.info` answers.
 */
export type PdfContent = { 
/**
 * Always `pdf`.
 */
kind: string, 
/**
 * How many pages it has.
 */
pages: number, 
/**
 * How many pages were looked at for text: the first 200.
 */
examined: number, 
/**
 * Of these, how many hold text.
 */
withText: number, 
/**
 * True where pages hold pictures and no text: they were scanned, and nothing can be read without recognising text.
 */
scanned: boolean, 
/**
 * The title in the file's properties, where it has one.
 */
title?: string, 
/**
 * True where it is encrypted; without a password to open it could be read all the same.
 */
encrypted: boolean, };

/**
 * `pdf.find`: at most 200 lines an answer, in the first 2,000 pages.
 */
export type PdfFind = { 
/**
 * The words to look for, without regard to case.
 */
text: string, };

/**
 * `pdf.info`: no parameters.
 */
export type PdfInfo = Record<symbol, never>;

/**
 *An operation on a Pdf, tagged with `op`.
 */
export type PdfOperation = { "op": "pdf.info" } & PdfInfo | { "op": "pdf.read" } & PdfRead | { "op": "pdf.find" } & PdfFind;

/**
 * One page.
 */
export type PdfPage = { 
/**
 * Its number, from 1.
 */
page: number, 
/**
 * The text by line from top to bottom, tables included.
 */
text: string, 
/**
 * The tables, top to bottom.
 */
tables?: Array<PdfTable>, 
/**
 * How many pictures it shows.
 */
images: number, 
/**
 * What could not be read, as a sentence.
 */
warning?: string, };

/**
 * What `pdf.read` answers.
 */
export type PdfPages = { 
/**
 * The pages.
 */
pages: Array<PdfPage>, 
/**
 * The page to go on with, where there are more.
 */
next?: number, };

/**
 * `pdf.read`: at most 50 pages and 400,000 characters an answer.
 */
export type PdfRead = { 
/**
 * The page to begin with, from 1; the first when absent.
 */
from?: number, 
/**
 * How many pages at the most, 10 when absent.
 */
maxPages?: number, };

/**
 * A table on a page, found by its lines or by how words are aligned. Check figures against the text.
 */
export type PdfTable = { 
/**
 * The texts, row by row; rows are equally long.
 */
rows: Array<Array<string>>, 
/**
 * True where drawn lines bound the cells; otherwise the columns follow from alignment.
 */
ruled: boolean, };

/**
 * A permission request.
 */
export type PermissionId = string;

/**
 * How much the agent may do without asking.
 */
export type PermissionMode = "ask" | "act" | "readOnly";

/**
 * What a person is asked.
 */
export type PermissionRequest = { 
/**
 * The request.
 */
id: PermissionId, 
/**
 * The turn that waits.
 */
turn: TurnId, 
/**
 * The tool call that waits.
 */
call: CallId, 
/**
 * The question with its count: `Overwrite 8 cells on Summary?`
 */
question: string, 
/**
 * Why it is asked.
 */
reason: AskReason, 
/**
 * What stays: `The other cells stay as they are.`
 */
scope: string, 
/**
 * The document that would change.
 */
document?: DocumentId, 
/**
 * The file that would be made, changed or removed, or read where a rule asks, by its whole path; or the folder that
 * would be attached, absent where a person has to name one.
 */
path?: string, 
/**
 * The attached folder that an answer for longer than once is about.
 */
folder?: string, 
/**
 * What the model says of a folder that it asks for; only where it asks for one.
 */
directory?: DirectoryRequest, 
/**
 * Where a call on the web would go, and what it would send there; only for such a call.
 */
web?: WebRequest, 
/**
 * What would run in the sandbox, and what it could reach; only for such a call.
 */
command?: CommandRequest, 
/**
 * What was read in this turn before it came to this question, the newest first; at most 20.
 */
read?: Array<ReadBefore>, 
/**
 * What stands there now and what would stand there after; at most 200 rows.
 */
rows: Array<BeforeAfter>, 
/**
 * How many cells there are in all.
 */
total: number, 
/**
 * What a person should weigh; empty where no formula reaches outside.
 */
risks: Array<RiskNote>, 
/**
 * The answers that may be given, the main one first.
 */
choices: Array<Choice>, };

/**
 * `picture.add`: PNG or JPEG, at most 10 MB.
 */
export type PictureAdd = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The name of the new shape, unique on the slide.
 */
name: string, 
/**
 * The picture, base64.
 */
data: string, 
/**
 * What the picture shows, for people who cannot see it.
 */
altText: string, 
/**
 * Where it stands; with one side zero the other decides and the ratio stays.
 */
frame: SlideFrame, };

/**
 * A picture.
 */
export type PictureContent = { 
/**
 * The name of its object.
 */
name: string, 
/**
 * The cells that it covers, without sheet.
 */
place?: string, 
/**
 * What it shows, for people who cannot see it.
 */
altText?: string, };

/**
 * How a new picture fills the frame of the old one.
 */
export type PictureFit = "fill" | "keepCrop" | "stretch";

/**
 * `picture.replace`: PNG or JPEG, at most 10 MB; place, frame and effects stay.
 */
export type PictureReplace = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The shape's id on the slide.
 */
shape: string, 
/**
 * The picture, base64.
 */
data: string, 
/**
 * What the picture shows, for people who cannot see it.
 */
altText: string, 
/**
 * How it fills the frame.
 */
fit?: PictureFit, };

/**
 * `pivot.info`.
 */
export type PivotContent = { 
/**
 * The pivot tables.
 */
pivots: Array<PivotTable>, };

/**
 * A field of a pivot table.
 */
export type PivotField = { 
/**
 * Its name.
 */
name: string, 
/**
 * How values are summarised: `sum`, `count`, `average`.
 */
function?: string, 
/**
 * Its formula, where it is a calculated field.
 */
formula?: string, };

/**
 * `pivot.info`.
 */
export type PivotInfo = { 
/**
 * One pivot table by name; all when absent.
 */
name?: string, };

/**
 * `pivot.refresh`: marked for refresh when Excel opens the workbook.
 */
export type PivotRefresh = { 
/**
 * One pivot table by name; all when absent.
 */
name?: string, };

/**
 * A pivot table.
 */
export type PivotTable = { 
/**
 * Its name.
 */
name: string, 
/**
 * The sheet it stands on.
 */
sheet: string, 
/**
 * Its cells without sheet.
 */
range: string, 
/**
 * Where its data come from: a range with sheet, a table, a name, or words for what lies outside.
 */
source?: string, 
/**
 * True where a refresh reaches outside of the workbook: a connection, another workbook, the data model.
 */
outside?: boolean, 
/**
 * How many records its cache holds.
 */
records?: number, 
/**
 * Row fields.
 */
rows?: Array<PivotField>, 
/**
 * Column fields.
 */
columns?: Array<PivotField>, 
/**
 * Value fields.
 */
values?: Array<PivotField>, 
/**
 * Filter fields.
 */
filters?: Array<PivotField>, 
/**
 * Fields of the source that the table does not show.
 */
unused?: Array<PivotField>, 
/**
 * Slicers and timelines that act on it.
 */
slicers?: Array<string>, 
/**
 * True where Excel refreshes it on opening.
 */
refreshOnOpen?: boolean, 
/**
 * When it was last refreshed, ISO 8601.
 */
refreshed?: string, };

/**
 * A placeholder of a layout.
 */
export type Placeholder = { 
/**
 * The shape's name.
 */
name: string, 
/**
 * Its kind: `title`, `ctrTitle`, `subTitle`, `body`, `obj`, `pic`, `chart`, `tbl`, `dt`, `ftr`, `sldNum`.
 */
kind: string, 
/**
 * Its place, where the layout or master gives one.
 */
frame?: SlideFrame, };

/**
 * The text for one placeholder of a new slide.
 */
export type PlaceholderText = { 
/**
 * The placeholder's name or kind in the layout: `title`, `body`, `Content Placeholder 2`.
 */
placeholder: string, 
/**
 * The text; lines become paragraphs.
 */
text: string, };

/**
 * How far a step is.
 */
export type PlanState = "pending" | "active" | "done";

/**
 * A step of the plan.
 */
export type PlanStep = { 
/**
 * A few words.
 */
title: string, 
/**
 * How far it is.
 */
state: PlanState, };

/**
 * How much a problem weighs.
 */
export type ProblemWeight = "note" | "stopsSessions" | "refused";

/**
 * The answer to `session/prompt`.
 */
export type PromptAnswer = { 
/**
 * The turn that takes the prompt.
 */
turn: TurnId, 
/**
 * The number of the prompt's event.
 */
seq: number, };

/**
 * `session/prompt`. Answered once the prompt is safe on disk. While a turn runs the text joins it at its next step.
 */
export type PromptParams = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * Chosen by the front end: a repeated call with the same id is answered with the first one's answer.
 */
clientId: string, 
/**
 * The person's words, at most 200,000 characters.
 */
text: string, 
/**
 * Documents that the person chose as context.
 */
documents?: Array<DocumentId>, 
/**
 * What is selected in the front end's document, `Summary!B4:D7`.
 */
selection?: string, 
/**
 * The model; the default when absent.
 */
model?: string, 
/**
 * How much may be done without asking.
 */
mode?: PermissionMode, 
/**
 * Tokens that the turn may use, in and out and those of the provider's cache: it ends before the step that comes once they are used.
 * One of the settings counts beside it, the smaller of both. A prompt that joins a turn sets it anew.
 */
budget?: number, };

/**
 * How far a person's sign-in for the provider of the model is.
 */
export type ProviderSignInView = { 
/**
 * Whom people sign in with: the host of the identity provider, or its name.
 */
at: string, 
/**
 * Where what the sign-in gives is sent: the origin of the model, in full. Absent where the settings close the way to it, and
 * for panes.
 */
sentTo?: string, 
/**
 * What is under way. `Idle` while somebody is signed in.
 */
state: SignInState, 
/**
 * Who began the sign-in that is under way. What the window or a terminal began, a pane does not cancel.
 */
begunBy?: FrontEndKind, 
/**
 * Why the last sign-in did not come about.
 */
problem?: UserError, 
/**
 * True where a person is signed in, and may sign out.
 */
signedIn: boolean, 
/**
 * When a person has to sign in again, Unix milliseconds; absent where that is not known or never.
 */
endsAt?: number, };

/**
 * `instructions/put`: writes, pauses or, with an empty text, deletes.
 */
export type PutInstructionsParams = { 
/**
 * The folder's whole path; none for all sessions.
 */
folder?: string, 
/**
 * The note; none for instructions.
 */
note?: string, 
/**
 * The text.
 */
text: string, 
/**
 * True so that the model is not told.
 */
paused: boolean, };

/**
 * `range.clear`.
 */
export type RangeClear = { 
/**
 * A1 with sheet.
 */
range: string, };

/**
 * `range.read`. Grids have one row a row of `address`; a grid that was not asked for is absent.
 */
export type RangeContent = { 
/**
 * The range that was read, with sheet.
 */
address: string, 
/**
 * Values.
 */
values?: Array<Array<CellValue>>, 
/**
 * Formulas with `=` where cells hold them, otherwise the value.
 */
formulas?: Array<Array<CellValue>>, 
/**
 * Number formats.
 */
numberFormats?: Array<Array<string>>, 
/**
 * Formats.
 */
formats?: Array<Array<CellFormat>>, 
/**
 * Texts as shown.
 */
texts?: Array<Array<string>>, 
/**
 * Notes.
 */
notes?: Array<CellNote>, 
/**
 * The range as one text table.
 */
table?: string, 
/**
 * Where written figures came from, by the cells that show them: a cell may have several.
 */
sources?: Array<KeptSource>, 
/**
 * The range of the rows that were left out, with sheet.
 */
rest?: string, 
/**
 * A mark of formulas and values of the range: two reads with the same mark saw the same cells. It is made and
 * compared by one back end only and means nothing elsewhere.
 */
fingerprint: string, };

/**
 * `range.copy`: at most 200,000 cells, whole columns and rows as far as cells reach; hidden rows too. Relative references in
 * formulas follow, as in Excel.
 */
export type RangeCopy = { 
/**
 * What to copy, A1 with sheet.
 */
from: string, 
/**
 * Where to: an area of the same size or a multiple of it, or its top left cell, with sheet.
 */
to: string, 
/**
 * All when absent.
 */
what?: Copied, 
/**
 * Rows become columns.
 */
transpose?: boolean, };

/**
 * What `range.read` answers beside the values.
 */
export type RangeFacet = "values" | "formulas" | "numberFormats" | "formats" | "texts" | "notes" | "table" | "sources";

/**
 * `range.fill`: at most 200,000 cells.
 */
export type RangeFill = { 
/**
 * The source, A1 with sheet.
 */
from: string, 
/**
 * The source and the cells to fill after it, in one direction.
 */
to: string, 
/**
 * Copy when absent.
 */
kind?: FillKind, 
/**
 * The step of a series; what the source shows when absent, and 1 where it is a single cell.
 */
step?: number, 
/**
 * What a step of dates is; what the source shows when absent.
 */
unit?: DateUnit, };

/**
 * `range.find`: at most 200 cells an answer.
 */
export type RangeFind = { 
/**
 * The words to look for, without regard to case.
 */
text: string, 
/**
 * Where to look, `Data!A:C` or `Data`; the whole workbook when absent.
 */
range?: string, 
/**
 * Look in formulas instead of values.
 */
inFormulas?: boolean, };

/**
 * `range.format`: at most 200,000 cells.
 */
export type RangeFormatting = { 
/**
 * A1 with sheet.
 */
range: string, 
/**
 * What to set.
 */
format: CellFormat, 
/**
 * Fit the columns to their text afterwards.
 */
fitColumns?: boolean, };

/**
 * `range.merge`: the contents of the top left cell stay, those of the others go.
 */
export type RangeMerge = { 
/**
 * A1 with sheet.
 */
range: string, 
/**
 * Merge each row on its own.
 */
across?: boolean, };

/**
 * `range.read`: at most 100,000 cells an answer.
 */
export type RangeRead = { 
/**
 * A1 with sheet, `Data!B2:D9`; `Data` alone is the sheet's used range. Trimmed to the used range.
 */
range: string, 
/**
 * What to answer; values when absent.
 */
what?: Array<RangeFacet>, 
/**
 * How many rows at the most; the answer names the range of the rest. 2,000 when absent.
 */
maxRows?: number, };

/**
 * `range.restore`: the image is a `range.read` answer with formulas, and number formats and formats where those
 * were changed.
 */
export type RangeRestore = { 
/**
 * The range as it was.
 */
image: RangeContent, 
/**
 * Addresses inside it to leave as they are now, because a person changed them since.
 */
except?: Array<string>, };

/**
 * `range.sort`: at most 200,000 cells. Rows move whole within the range; numbers come before texts, blank cells last.
 */
export type RangeSort = { 
/**
 * A1 with sheet.
 */
range: string, 
/**
 * What to sort by, the most important first; at most 64.
 */
by: Array<SortKey>, 
/**
 * The first row stays where it is.
 */
hasHeader?: boolean, 
/**
 * Capital letters differ from small ones.
 */
caseSensitive?: boolean, };

/**
 * `range.unmerge`: takes apart every merged cell that the range touches.
 */
export type RangeUnmerge = { 
/**
 * A1 with sheet.
 */
range: string, };

/**
 * `range.write`: at most 200,000 cells. The range may be the top left cell alone.
 */
export type RangeWrite = { 
/**
 * A1 with sheet. Of the size of `cells`, or its top left cell.
 */
range: string, 
/**
 * Rows of cells: a number, text, TRUE/FALSE, `"=…"` for a formula, null to leave, `{"clear":true}` to empty.
 */
cells: Array<Array<CellInput>>, 
/**
 * Where the written figures came from.
 */
sources?: Array<FigureSource>, };

/**
 * What was read back after a write.
 */
export type ReadBack = { 
/**
 * The written formulas with the values that they answer, at most 50.
 */
formulas: Array<Cell>, 
/**
 * The addresses of all written formulas that answer an error.
 */
errors: Array<string>, 
/**
 * How many formulas were written.
 */
formulaCount: number, 
/**
 * The fingerprint of the range after the write.
 */
fingerprint: string, };

/**
 * Something that was read before a question: where its words come from, if they were planted.
 */
export type ReadBefore = { 
/**
 * The document.
 */
document?: DocumentId, 
/**
 * The place in it, the file, the address of a web page, or what was looked for.
 */
target: string, };

/**
 * `workbook.recalculate`: no parameters.
 */
export type Recalculate = Record<symbol, never>;

/**
 * `workbook.recalculate`.
 */
export type Recalculation = { 
/**
 * Formulas that were computed.
 */
computed: number, 
/**
 * Formulas whose value differed from the one in the file and was written.
 */
changed: number, 
/**
 * Which engine computed how many.
 */
engines?: Array<EngineShare>, 
/**
 * Formulas that answer an error, at most 200.
 */
errors?: Array<Cell>, 
/**
 * How many answer an error.
 */
errorCount: number, 
/**
 * Formulas that were not computed, at most 500.
 */
notComputed?: Array<NotComputed>, 
/**
 * How many were not computed.
 */
notComputedCount: number, 
/**
 * What a person should know.
 */
warnings?: Array<string>, };

/**
 * A refused operation: a code and one sentence.
 */
export type Refusal = { 
/**
 * The stable reason.
 */
code: RefusalCode, 
/**
 * One sentence for a person.
 */
message: string, };

/**
 * The stable reason for a refusal.
 */
export type RefusalCode = "badInput" | "notFound" | "nameTaken" | "changed" | "protected" | "tooLarge" | "unsupported" | "busy" | "inUse" | "encrypted" | "corrupt" | "failed";

/**
 * `session/open`, from the service: a pane joins this session.
 */
export type RemovedParams = { 
/**
 * The session that is gone.
 */
session: SessionId, };

/**
 * `session/rename`.
 */
export type RenameParams = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * The new title, at most 120 characters.
 */
title: string, };

/**
 * One shape in which words were replaced.
 */
export type ReplacedText = { 
/**
 * The slide by logical id.
 */
slide: string, 
/**
 * The shape's id; empty where it is the notes.
 */
shape: string, 
/**
 * How often.
 */
count: number, };

/**
 * `text.replace`.
 */
export type Replacements = { 
/**
 * How often the words were replaced.
 */
count: number, 
/**
 * Where, at most 500 shapes.
 */
shapes: Array<ReplacedText>, 
/**
 * Where the words stand and were not replaced, and why.
 */
warnings?: Array<string>, };

/**
 * `permission/revoke`.
 */
export type RevokeGrantParams = { 
/**
 * The grant.
 */
id: PermissionId, 
/**
 * Its session, for a grant of one.
 */
session?: SessionId, };

/**
 * `pairing/revoke`: the token is good no longer, and panes that are connected with it are closed.
 */
export type RevokeParams = { 
/**
 * The token's id.
 */
id: string, };

/**
 * Something to weigh.
 */
export type RiskNote = { 
/**
 * The cells, `D4:D7`.
 */
cells: string, 
/**
 * What they reach: `read another file, Rates.xlsx`.
 */
reach: string, 
/**
 * The rule: `Formulas that reach outside this workbook ask every time.`
 */
rule: string, };

/**
 * `rowHeight`.
 */
export type RowHeight = { 
/**
 * The rows with sheet, `Data!2:4`.
 */
range: string, 
/**
 * Height in points, 0 to 409; by content when everything is absent.
 */
height?: number, 
/**
 * Hide or show.
 */
hidden?: boolean, };

/**
 * `rows.delete`: every reference follows; what referred to deleted cells alone becomes `#REF!` and is named.
 */
export type RowsDelete = { 
/**
 * The rows with sheet, `Data!5:7`.
 */
range: string, };

/**
 * `rows.insert`: every reference follows.
 */
export type RowsInsert = { 
/**
 * The rows that are new afterwards, with sheet: `Data!5:7` inserts three above what was row 5.
 */
range: string, };

/**
 * A JSON-RPC error: `data` carries what a person sees.
 */
export type RpcError = { 
/**
 * A number of the JSON-RPC specification, or -32000 for errors with `data`.
 */
code: number, 
/**
 * The stable code, or the specification's words.
 */
message: string, 
/**
 * What a person sees.
 */
data?: UserError, };

/**
 * A frame in either direction. Requests have `method` and `id`, notifications `method` alone, answers `id` and
 * either `result` or `error`.
 */
export type RpcFrame = { 
/**
 * Always `2.0`.
 */
jsonrpc: string, 
/**
 * Chosen by the sender of the request; each direction counts for itself.
 */
id?: number, 
/**
 * The method.
 */
method?: string, 
/**
 * Its parameters, an object.
 */
params?: unknown, 
/**
 * The answer.
 */
result?: unknown, 
/**
 * The error.
 */
error?: RpcError, };

/**
 * A command that runs now.
 */
export type RunningCommand = { 
/**
 * The id.
 */
id: CommandId, 
/**
 * What the model calls it; absent for one that a call waits for.
 */
number?: number, 
/**
 * The call that started it.
 */
call: CallId, 
/**
 * The whole command, as the shell got it.
 */
command: string, 
/**
 * The folders of this computer that it sees.
 */
folders: Array<CommandFolder>, 
/**
 * When it began.
 */
startedAt: number, 
/**
 * Bytes that it wrote so far, to standard output and error.
 */
outputBytes: number, 
/**
 * The last line of that with words in it, at most 200 characters; empty where there is none. The command wrote it.
 */
lastLine: string, };

/**
 * Whether code can run.
 */
export type SandboxState = "vm" | "vmEmulated" | "processes" | "unavailable" | "notNeeded";

/**
 * Where code ran.
 */
export type SandboxTier = "vm" | "vmEmulated" | "processes";

/**
 * The answer to `configuration/save`.
 */
export type SavedFile = { 
/**
 * Where the file is.
 */
path: string, 
/**
 * What the file is without because it is secret: keys, and parts of them with `/` between.
 */
leftOut: Array<string>, };

/**
 * The answer to `session/search`.
 */
export type SearchAnswer = { 
/**
 * The hits, newest first.
 */
hits: Array<SearchHit>, };

/**
 * One hit.
 */
export type SearchHit = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * Its title.
 */
title: string, 
/**
 * The event that holds the words.
 */
seq: number, 
/**
 * Some words around the hit.
 */
excerpt: string, 
/**
 * When.
 */
at: number, };

/**
 * `session/search`: words in prompts, answers and titles of all sessions.
 */
export type SearchParams = { 
/**
 * The words; all must be there.
 */
text: string, 
/**
 * How many hits; at most 100.
 */
limit?: number, };

/**
 * `document/select`, in both directions: show a place in a document. From a front end the service passes it on to the
 * pane that owns the document.
 */
export type SelectParams = { 
/**
 * The document.
 */
document: DocumentId, 
/**
 * An address with sheet, or `slide:<logical id>`.
 */
target: string, };

/**
 * Where the series of a chart lie.
 */
export type SeriesIn = "columns" | "rows";

/**
 * How one series of a combination is drawn; absent fields stay as they are.
 */
export type SeriesLook = { 
/**
 * The series' name, or the column of its values by letters.
 */
series: string, 
/**
 * Its kind.
 */
kind?: ChartKind, 
/**
 * Draw it against the secondary axis.
 */
secondary?: boolean, 
/**
 * Its colour: `#RRGGBB`, or one of the theme, `accent1` to `accent6`.
 */
color?: string, 
/**
 * Write the values beside it.
 */
labels?: boolean, };

/**
 * State and policy as a front end shows them; worked out by the service (Invariant 2).
 */
export type ServiceView = { 
/**
 * True in the tour: scripted answers, no model.
 */
tour: boolean, 
/**
 * True when the organisation manages this computer's settings.
 */
managed: boolean, 
/**
 * True when a provider is configured.
 */
configured: boolean, 
/**
 * Models to choose from; the first is the default.
 */
models: Array<ModelView>, 
/**
 * True when the organisation closes the mode that acts without asking.
 */
actLocked: boolean, 
/**
 * True when the person may not choose another model.
 */
modelLocked: boolean, 
/**
 * What may be said of where content goes, with the provider and the region of the settings; absent where none is set. Names
 * no address.
 */
promise?: string, 
/**
 * Whether code can run.
 */
sandbox: SandboxState, 
/**
 * Which step failed, why, and what helps; where code cannot run.
 */
sandboxFault?: UserError, 
/**
 * Where the master key lies: `operatingSystem` or `keyFile`.
 */
secretStore: string, 
/**
 * What has to be said and stays said: an invalid policy value, an expiring certificate.
 */
notices: Array<string>, 
/**
 * True while the person has not said what becomes of sessions from before the deployment had its name.
 */
earlierSessions: boolean, 
/**
 * Why no turn starts, and who says so; absent where turns start.
 */
stopped?: UserError, 
/**
 * What the organisation shows to everybody.
 */
organisation: OrganisationView, 
/**
 * How far the settings are that an address of the organisation hands out; absent where there is no such address.
 */
bootstrap?: BootstrapView, 
/**
 * How far the sign-in for the provider of the model is; absent where the settings ask for none.
 */
signIn?: ProviderSignInView, 
/**
 * Tokens against the limit of the settings; absent where there is none.
 */
usage?: UsageView, 
/**
 * Tokens that the settings let a turn use; absent where they say nothing.
 */
turnBudget?: number, 
/**
 * Tokens of the last 24 hours, in all sessions.
 */
lastDay: Usage, };

/**
 * The answer to `session/create` and `session/show`.
 */
export type SessionAnswer = { 
/**
 * The session.
 */
session: SessionSummary, };

/**
 * One event with its number.
 */
export type SessionEvent = { 
/**
 * Its number in the session, from 1, never reused.
 */
seq: number, 
/**
 * The first number it stands for, where the deltas of a finished message were folded into it. A front end that
 * has seen some of them replaces the message by this event.
 */
firstSeq?: number, 
/**
 * When it was written.
 */
at: number, 
/**
 * The version of its fields.
 */
version: number, } & ({ "type": "sessionCreated", 
/**
 * Its title.
 */
title: string, 
/**
 * True in the tour.
 */
tour: boolean, } | { "type": "sessionRenamed", 
/**
 * The title.
 */
title: string, } | { "type": "documentAttached", 
/**
 * The document.
 */
document: DocumentView, } | { "type": "documentDetached", 
/**
 * The document.
 */
document: DocumentId, } | { "type": "folderAttached", 
/**
 * Its path.
 */
path: string, 
/**
 * True where the folder may be read only.
 */
readOnly: boolean, } | { "type": "folderDetached", 
/**
 * Its path.
 */
path: string, } | { "type": "promptAccepted", 
/**
 * The turn that takes it.
 */
turn: TurnId, 
/**
 * The front end's id for it.
 */
clientId: string, 
/**
 * The person's words.
 */
text: string, 
/**
 * Where they were typed.
 */
from: FrontEndKind, 
/**
 * The chosen documents.
 */
documents: Array<DocumentId>, 
/**
 * What was selected.
 */
selection?: string, 
/**
 * The model; empty for the default.
 */
model: string, 
/**
 * How much may be done without asking.
 */
mode: PermissionMode, 
/**
 * Tokens that the person lets the turn use.
 */
budget?: number, 
/**
 * True when it joins a turn that runs.
 */
steering: boolean, } | { "type": "contextGiven", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The text.
 */
text: string, } | { "type": "turnResumed", 
/**
 * The turn.
 */
turn: TurnId, } | { "type": "cancelRequested", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * Where.
 */
from: FrontEndKind, } | { "type": "messageStarted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The message.
 */
message: MessageId, } | { "type": "textDelta", 
/**
 * The message.
 */
message: MessageId, 
/**
 * The words.
 */
text: string, } | { "type": "messageReset", 
/**
 * The message.
 */
message: MessageId, } | { "type": "messageCompleted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The message.
 */
message: MessageId, 
/**
 * All it said.
 */
blocks: Array<Block>, 
/**
 * Why it stopped.
 */
stop: StopReason, 
/**
 * Tokens.
 */
usage: Usage, } | { "type": "compactionStarted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The message that is to be the summary.
 */
message: MessageId, } | { "type": "contextCompacted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The message that is the summary.
 */
message: MessageId, 
/**
 * The model's words; empty where it could give none.
 */
summary: string, 
/**
 * How many of the newest messages the model still gets word for word.
 */
kept: number, 
/**
 * Bytes at which results of tools in those messages are cut, where they alone are too much.
 */
cutAt?: number, 
/**
 * Tokens of the conversation before, about.
 */
before: number, 
/**
 * Tokens that the summary took.
 */
usage: Usage, } | { "type": "planUpdated", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The call by which the model set it.
 */
call: CallId, 
/**
 * At most seven steps.
 */
steps: Array<PlanStep>, } | { "type": "toolCallStarted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The call.
 */
call: CallId, 
/**
 * The tool.
 */
name: string, 
/**
 * Its input.
 */
input: unknown, 
/**
 * What the card says: `Reading`, `Writing formulas to`.
 */
title: string, 
/**
 * The document it works on.
 */
document?: DocumentId, 
/**
 * Where in it: an address, or `slide:<id>`.
 */
target?: string, } | { "type": "toolCallWaiting", 
/**
 * The call.
 */
call: CallId, 
/**
 * What it waits for.
 */
error: UserError, } | { "type": "toolCallOutput", 
/**
 * The call.
 */
call: CallId, 
/**
 * Some lines.
 */
text: string, } | { "type": "sandboxSeen", 
/**
 * The call that ran meanwhile; none where only what was left to run in the background did.
 */
call?: CallId, 
/**
 * At most 200.
 */
seen: Array<Sight>, 
/**
 * How many were left out, beyond what is kept of a session.
 */
leftOut: number, } | { "type": "backgroundStarted", 
/**
 * The command.
 */
command: BackgroundCommand, } | { "type": "commandEnded", 
/**
 * The command.
 */
command: CommandId, 
/**
 * The call that started it.
 */
call: CallId, 
/**
 * Who ended it.
 */
by: CommandEnd, 
/**
 * How, in a few words: `ended with code 1`.
 */
how: string, } | { "type": "toolCallCompleted", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * The call.
 */
call: CallId, 
/**
 * How.
 */
outcome: ToolOutcome, 
/**
 * What the card says: `Read`, `Wrote 8 formulas`.
 */
title: string, 
/**
 * What the model is told.
 */
output: string, 
/**
 * Pictures and PDFs that it is shown.
 */
attachments?: Array<Attachment>, 
/**
 * Where it ran, for code.
 */
tier?: SandboxTier, 
/**
 * Milliseconds.
 */
durationMs: number, } | { "type": "permissionRequested", 
/**
 * The question.
 */
request: PermissionRequest, } | { "type": "permissionSettled", 
/**
 * The request.
 */
permission: PermissionId, 
/**
 * The answer.
 */
choice: Choice, 
/**
 * By whom.
 */
by: SettledBy, 
/**
 * The folder that a person allowed, where the model asked for one.
 */
folder?: string, } | { "type": "callAllowed", 
/**
 * The call.
 */
call: CallId, 
/**
 * By what.
 */
by: SettledBy, 
/**
 * The grant, where it was one.
 */
grant?: PermissionId, } | { "type": "grantRevoked", 
/**
 * The grant.
 */
grant: PermissionId, } | { "type": "changeSetApplied", 
/**
 * The change set.
 */
changeSet: ChangeSet, } | { "type": "changeSetUndone", 
/**
 * The change set.
 */
changeSet: ChangeSetId, 
/**
 * Places left alone because a person changed them since.
 */
kept: Array<string>, } | { "type": "changeSetRedone", 
/**
 * The change set.
 */
changeSet: ChangeSetId, } | { "type": "changedSince", 
/**
 * The change set.
 */
changeSet: ChangeSetId, 
/**
 * The places.
 */
targets: Array<string>, } | { "type": "fileSaved", 
/**
 * The document.
 */
document: DocumentId, 
/**
 * Its path.
 */
path: string, 
/**
 * Bytes.
 */
size: number, 
/**
 * What was done, in a few words.
 */
title: string, } | { "type": "retryScheduled", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * Why.
 */
error: UserError, 
/**
 * The number of the next try, from 2.
 */
attempt: number, 
/**
 * Milliseconds until it.
 */
waitMs: number, } | { "type": "notice", 
/**
 * One sentence.
 */
text: string, 
/**
 * A code, where it is of the registry.
 */
error?: UserError, } | { "type": "turnEnded", 
/**
 * The turn.
 */
turn: TurnId, 
/**
 * How.
 */
outcome: TurnOutcome, 
/**
 * Tokens of the whole turn.
 */
usage: Usage, });

/**
 * A session.
 */
export type SessionId = string;

/**
 * A session alone.
 */
export type SessionParams = { 
/**
 * The session.
 */
session: SessionId, };

/**
 * What a session is doing.
 */
export type SessionStatus = "idle" | "working" | "waiting" | "stopped" | "failed";

/**
 * A line of the session list.
 */
export type SessionSummary = { 
/**
 * The id.
 */
id: SessionId, 
/**
 * The title: the first words of the first prompt until it is renamed.
 */
title: string, 
/**
 * When it began.
 */
createdAt: number, 
/**
 * When its last event was written.
 */
updatedAt: number, 
/**
 * What it is doing.
 */
status: SessionStatus, 
/**
 * The number of its last event.
 */
lastSeq: number, 
/**
 * Kinds of its documents, for the glyphs: `workbook`, `deck`.
 */
documents: Array<string>, 
/**
 * How many change sets it made.
 */
changes: number, 
/**
 * How many commands run in the background.
 */
background: number, };

/**
 * A setting whose effective value would be another one.
 */
export type SettingChange = { 
/**
 * Its key.
 */
key: string, 
/**
 * Its name in words.
 */
title: string, 
/**
 * The value now, masked where it is secret.
 */
before: unknown, 
/**
 * The value then, masked where it is secret.
 */
after: unknown, 
/**
 * True where it could close something.
 */
atOnce: boolean, };

/**
 * What a person gives for a setting.
 */
export type SettingInput = { "type": "switch" } | { "type": "choice", 
/**
 * The words as sources write them.
 */
words: Array<string>, } | { "type": "number", 
/**
 * The least; none where only its type limits it.
 */
least?: number, 
/**
 * The most.
 */
most?: number, 
/**
 * True where fractions are none of its values.
 */
whole: boolean, 
/**
 * What is counted, in the plural.
 */
unit?: string, } | { "type": "text", 
/**
 * The most characters.
 */
longest: number, 
/**
 * True where it may have several lines.
 */
lines: boolean, } | { "type": "secret", 
/**
 * The most characters.
 */
longest: number, } | { "type": "list", 
/**
 * The most entries; none where only the size of the file limits them.
 */
most?: number, 
/**
 * The only words that it may hold; empty for any text.
 */
words: Array<string>, 
/**
 * True where an entry may also be an object.
 */
objects: boolean, } | { "type": "json", 
/**
 * Type and limits in words.
 */
kind: string, };

/**
 * Where a value comes from.
 */
export type SettingOrigin = "default" | "managed" | "managedForUser" | "bootstrap" | "user";

/**
 * Something wrong with a value or a source.
 */
export type SettingProblem = { 
/**
 * The key; empty where it is about a whole source.
 */
key: string, 
/**
 * The source; empty for a draft.
 */
place: string, 
/**
 * The line, where the source has lines.
 */
line?: number, 
/**
 * What is wrong, never with a secret.
 */
sentence: string, 
/**
 * How much it weighs.
 */
weight: ProblemWeight, };

/**
 * A setting.
 */
export type SettingView = { 
/**
 * Its name in every source.
 */
key: string, 
/**
 * Its name in words.
 */
title: string, 
/**
 * What it does, plain text.
 */
help: string, 
/**
 * What a person gives for it.
 */
input: SettingInput, 
/**
 * The value in effect; null where it is unset, never a secret.
 */
value: unknown, 
/**
 * The value where no source sets it; null for none.
 */
default: unknown, 
/**
 * Where the value comes from.
 */
origin: SettingOrigin, 
/**
 * The file, preference domain, registry key or address that it comes from; empty for the default.
 */
place: string, 
/**
 * True where the organisation fixes it.
 */
locked: boolean, 
/**
 * True where the user may give it another value.
 */
editable: boolean, 
/**
 * True where the user has a value of their own for it, in effect or not.
 */
own: boolean, 
/**
 * True where it does nothing, or stops sessions alone, in this build: it is not edited.
 */
inert: boolean, 
/**
 * True where a value may hold secrets: a front end sends it and keeps it nowhere.
 */
secrets: boolean, 
/**
 * Why it does nothing, or not all of what it says, in this build.
 */
effect?: string, 
/**
 * What is wrong with what its source says.
 */
problem?: string, };

/**
 * A file by its content.
 */
export type SettingsFile = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its bytes, Base64 (RFC 4648, section 4).
 */
bytes: string, };

/**
 * Who settled a request.
 */
export type SettledBy = { "person": FrontEndKind } | "sessionGrant" | "lastingGrant" | "mode" | "policy" | "void";

/**
 * `pairing/settled`, from the service to the pane that asked.
 */
export type SettledParams = { 
/**
 * The attempt.
 */
pairing: string, 
/**
 * The token, when it was allowed. Bound to the kind of front end and to its origin.
 */
token?: string, };

/**
 * How grave a finding is.
 */
export type Severity = "error" | "warning" | "note";

/**
 * `shape.add`.
 */
export type ShapeAdd = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The name of the new shape, unique on the slide.
 */
name: string, 
/**
 * What to add.
 */
kind: ShapePreset, 
/**
 * Where it stands. Lines go from its top left to its bottom right corner, and may have a side of zero.
 */
frame: SlideFrame, 
/**
 * For lines: from the bottom left to the top right corner instead.
 */
rising?: boolean, 
/**
 * For connectors: the shape to begin at, by id; the frame gives way.
 */
from?: string, 
/**
 * For connectors: the shape to end at, by id.
 */
to?: string, 
/**
 * Its text; lines become paragraphs.
 */
text?: string, 
/**
 * How it looks; the theme's look when absent.
 */
look?: ShapeLook, 
/**
 * What it shows, for people who cannot see it.
 */
altText?: string, 
/**
 * Where figures in the text came from.
 */
sources?: Array<FigureSource>, };

/**
 * `shape.delete`.
 */
export type ShapeDelete = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The shape's id on the slide.
 */
shape: string, };

/**
 * `shape.format`.
 */
export type ShapeFormat = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The shape's id on the slide.
 */
shape: string, 
/**
 * How it is to look.
 */
look: ShapeLook, 
/**
 * What it shows, for people who cannot see it; the empty text marks it as decoration.
 */
altText?: string, };

/**
 * How a shape looks; absent fields stay as they are. Colours are names of the theme (`accent1`, `dark1`, `light2`, `hyperlink`) or `#RRGGBB`.
 */
export type ShapeLook = { 
/**
 * The fill: a colour, or `none`.
 */
fill?: string, 
/**
 * The outline: a colour, or `none`.
 */
line?: string, 
/**
 * Width of the outline in points.
 */
lineWidth?: number, 
/**
 * The font: `heading` or `body` of the theme, or a name.
 */
font?: string, 
/**
 * Size of the text in points, 1 to 4000.
 */
size?: number, 
/**
 * Bold text.
 */
bold?: boolean, 
/**
 * Italic text.
 */
italic?: boolean, 
/**
 * Underlined text.
 */
underline?: boolean, 
/**
 * Colour of the text.
 */
color?: string, 
/**
 * How paragraphs stand.
 */
align?: SlideTextAlign, 
/**
 * Where the text stands in the height.
 */
anchor?: SlideTextAnchor, };

/**
 * `shape.move`: to a place in points from the top left corner of the slide.
 */
export type ShapeMove = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The shape's id on the slide.
 */
shape: string, 
/**
 * From the left edge.
 */
left: number, 
/**
 * From the top edge.
 */
top: number, };

/**
 * The shapes that can be added: the presets of DrawingML that decks use.
 */
export type ShapePreset = "textBox" | "rectangle" | "roundedRectangle" | "ellipse" | "triangle" | "rightTriangle" | "diamond" | "parallelogram" | "trapezoid" | "pentagon" | "hexagon" | "chevron" | "homePlate" | "rightArrow" | "leftArrow" | "upArrow" | "downArrow" | "leftRightArrow" | "star" | "callout" | "leftBrace" | "rightBrace" | "line" | "arrow" | "elbowConnector" | "curvedConnector";

/**
 * `shape.resize`: the top left corner stays; a group is scaled with its members.
 */
export type ShapeResize = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The shape's id on the slide.
 */
shape: string, 
/**
 * Width in points; stays when absent.
 */
width?: number, 
/**
 * Height in points; stays when absent.
 */
height?: number, };

/**
 * `sheet.add`.
 */
export type SheetAdd = { 
/**
 * The name, at most 31 characters, none of `\ / ? * [ ] :`.
 */
name: string, 
/**
 * The sheet to stand after; the last one when absent.
 */
after?: string, };

/**
 * One sheet in `workbook.info`, and the answer to `sheet.add`.
 */
export type SheetContent = { 
/**
 * The name on the tab.
 */
name: string, 
/**
 * False where the sheet is hidden.
 */
visible: boolean, 
/**
 * The used range without sheet, `A1:H1841`; absent where the sheet is empty.
 */
usedRange?: string, 
/**
 * Tables on the sheet.
 */
tables: Array<NamedArea>, 
/**
 * Charts on the sheet.
 */
charts: Array<string>, 
/**
 * Names of the pivot tables on the sheet.
 */
pivots: Array<string>, 
/**
 * What the tab is where it has no cells: `chart`, `dialog`, `macro`.
 */
kind?: string, 
/**
 * True where the sheet is hidden so that Excel does not offer to show it.
 */
veryHidden?: boolean, 
/**
 * True where locked cells cannot be changed.
 */
protected?: boolean, 
/**
 * The charts with kind, title, place and where their data stand.
 */
chartDetails?: Array<ChartContent>, 
/**
 * The pictures.
 */
pictures?: Array<PictureContent>, };

/**
 * `sheet.copy`: cells, formats, charts, pictures, notes and tables (under new names) come along.
 */
export type SheetCopy = { 
/**
 * The sheet to copy.
 */
name: string, 
/**
 * The name of the copy.
 */
to: string, 
/**
 * The sheet to stand after; the copied one when absent.
 */
after?: string, };

/**
 * `sheet.delete`.
 */
export type SheetDelete = { 
/**
 * The sheet's name.
 */
name: string, };

/**
 * `sheet.hide`: hides a sheet or shows it again. One sheet must stay visible.
 */
export type SheetHide = { 
/**
 * The sheet's name.
 */
name: string, 
/**
 * Hidden when absent.
 */
visibility?: Visibility, };

/**
 * `sheet.move`.
 */
export type SheetMove = { 
/**
 * The sheet's name.
 */
name: string, 
/**
 * The sheet to stand after; the first one when absent.
 */
after?: string, };

/**
 * `sheet.rename`: every formula, name and chart follows.
 */
export type SheetRename = { 
/**
 * The present name.
 */
name: string, 
/**
 * The new name, at most 31 characters, none of `\ / ? * [ ] :`.
 */
to: string, };

/**
 * Something that was seen in the sandbox or at its edge, tagged with `sight`.
 */
export type Sight = { "sight": "machineStarted", 
/**
 * What it is.
 */
tier: SandboxTier, 
/**
 * True where it went on from a kept state.
 */
resumed: boolean, 
/**
 * Milliseconds until it was ready.
 */
tookMs: number, } | { "sight": "machineEnded", 
/**
 * Why.
 */
why: MachineEnd, } | { "sight": "started", 
/**
 * When, by the guest's clock.
 */
at: number, 
/**
 * The process, as the guest counts.
 */
process: number, 
/**
 * The one that started it.
 */
parent: number, 
/**
 * Its user in the guest.
 */
user: number, 
/**
 * The program and its arguments, cut to some kilobytes.
 */
arguments: Array<string>, } | { "sight": "ended", 
/**
 * When, by the guest's clock.
 */
at: number, 
/**
 * The process.
 */
process: number, 
/**
 * Its exit code, or the signal that ended it as a negative number.
 */
code: number, } | { "sight": "lost", 
/**
 * How many, as far as it knows.
 */
count: number, } | { "sight": "file", 
/**
 * What was done.
 */
change: FileChange, 
/**
 * Its path on this computer.
 */
path: string, 
/**
 * The new path, where it has another.
 */
to?: string, 
/**
 * Bytes that it has, or had.
 */
bytes?: number, } | { "sight": "connection", 
/**
 * The host, empty where none was understood.
 */
host: string, 
/**
 * The port, 0 where none was understood.
 */
port: number, 
/**
 * Absent where it was let through; else the code of the refusal or the failure.
 */
refused?: string, 
/**
 * Bytes sent.
 */
sent: number, 
/**
 * Bytes received.
 */
received: number, 
/**
 * Milliseconds.
 */
durationMs: number, };

/**
 * The answer to `bootstrap/signIn` and `provider/signIn`.
 */
export type SignInAnswer = { 
/**
 * The page that the browser was sent to, for the window and the terminal where it did not open.
 */
page?: string, };

/**
 * What is under way.
 */
export type SignInState = { "kind": "checking" } | { "kind": "signIn", 
/**
 * True where that happens in the browser, false where a code is entered on a page.
 */
browser: boolean, } | { "kind": "browser" } | { "kind": "code", 
/**
 * The code.
 */
code: string, 
/**
 * The page to enter it on, in full.
 */
address: string, 
/**
 * The same page with the code in its address, where there is one.
 */
complete?: string, 
/**
 * Until when, Unix milliseconds.
 */
endsAt: number, } | { "kind": "elsewhere" } | { "kind": "idle" };

/**
 * `slide.add`.
 */
export type SlideAdd = { 
/**
 * The logical id that the new slide gets; given by the service.
 */
id?: string, 
/**
 * The layout by name.
 */
layout: string, 
/**
 * Texts for its placeholders; placeholders without a text are removed.
 */
texts?: Array<PlaceholderText>, 
/**
 * The slide to stand after, by logical id; last when absent.
 */
after?: string, 
/**
 * Where figures in the texts came from.
 */
sources?: Array<FigureSource>, };

/**
 * A slide: in `deck.info` with shapes and their texts only, in `slide.read` whole.
 */
export type SlideContent = { 
/**
 * Logical id: ours from the slide's tag, otherwise the id in the file.
 */
id: string, 
/**
 * Position, from 1.
 */
index: number, 
/**
 * The layout's name.
 */
layout: string, 
/**
 * The title's text, where there is one.
 */
title?: string, 
/**
 * True where the show leaves it out.
 */
hidden?: boolean, 
/**
 * Shapes in reading order.
 */
shapes: Array<SlideShape>, 
/**
 * The speaker notes, in `slide.read`, where there are any.
 */
notes?: string, 
/**
 * Where figures in the notes came from, in `slide.read`.
 */
notesSources?: Array<KeptSource>, 
/**
 * How many effects the animations have, in `slide.read`.
 */
animations?: number, 
/**
 * True where the slide comes with a transition, in `slide.read`.
 */
transition?: boolean, 
/**
 * How many comments there are, in `slide.read`.
 */
comments?: number, 
/**
 * A mark of the slide's content, of the same meaning as a range's.
 */
fingerprint?: string, 
/**
 * What a person should know, where the slide was added: sources of figures that the file does not keep.
 */
warnings?: Array<string>, };

/**
 * `slide.delete`.
 */
export type SlideDelete = { 
/**
 * The slide's logical id.
 */
slide: string, };

/**
 * `slide.duplicate`: the copy has its own charts and notes; comments stay with the original.
 */
export type SlideDuplicate = { 
/**
 * The logical id that the new slide gets; given by the service.
 */
id?: string, 
/**
 * The slide to copy, by logical id.
 */
slide: string, 
/**
 * The slide to stand after, by logical id; after the original when absent.
 */
after?: string, };

/**
 * `slide.export`.
 */
export type SlideExport = { 
/**
 * The slide's logical id.
 */
slide: string, };

/**
 * A place on a slide, in points.
 */
export type SlideFrame = { 
/**
 * From the left edge.
 */
left: number, 
/**
 * From the top edge.
 */
top: number, 
/**
 * Width.
 */
width: number, 
/**
 * Height.
 */
height: number, };

/**
 * `slide.fromTemplate`: a slide of another deck.
 */
export type SlideFromTemplate = { 
/**
 * The logical id that the new slide gets; given by the service.
 */
id?: string, 
/**
 * The other deck, by its document id in the session; the service takes the slide out of it.
 */
from?: string, 
/**
 * The slide in the other deck, by its logical id there.
 */
slide?: string, 
/**
 * The other deck itself; in place of `from`, or filled in by the service.
 */
package?: SlidePackage, 
/**
 * How it is to look.
 */
look?: TemplateLook, 
/**
 * The layout of this deck to put it on, by name; worked out when absent. Only where it is mapped to this deck.
 */
layout?: string, 
/**
 * Texts for its placeholders, by name or kind; the others keep their text.
 */
texts?: Array<PlaceholderText>, 
/**
 * The slide to stand after, by logical id; last when absent.
 */
after?: string, 
/**
 * Where figures in the texts came from.
 */
sources?: Array<FigureSource>, };

/**
 * `slide.hide`: a hidden slide is left out of the show.
 */
export type SlideHide = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * True to hide it, false to show it again.
 */
hidden: boolean, };

/**
 * A slide layout.
 */
export type SlideLayout = { 
/**
 * The layout's name.
 */
name: string, 
/**
 * Its type, where the file tells: `title`, `obj`, `twoObj`, `secHead`, `blank`.
 */
kind?: string, 
/**
 * The master's name.
 */
master: string, 
/**
 * The placeholders, where the back end can tell.
 */
placeholders: Array<Placeholder>, };

/**
 * A slide master with its theme.
 */
export type SlideMaster = { 
/**
 * The theme's name, as PowerPoint shows it.
 */
name: string, 
/**
 * The font of headings.
 */
headingFont: string, 
/**
 * The font of texts.
 */
bodyFont: string, 
/**
 * The twelve colours of the theme.
 */
colors: Array<ThemeColor>, };

/**
 * `slide.move`: where the deck has sections, the slide joins the section of the slide that it then stands behind.
 */
export type SlideMove = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The position that it gets, from 1.
 */
to: number, };

/**
 * `slide.export`: a package in base64 that holds the slide.
 */
export type SlidePackage = { 
/**
 * A .pptx, base64.
 */
data: string, 
/**
 * The id of the slide inside the package (`sldId/@id`); the package may hold the whole deck.
 */
slideId: string, };

/**
 * A paragraph with its runs; what stands on it and its runs themselves, not what they inherit.
 */
export type SlideParagraph = { 
/**
 * The level, from 0.
 */
level?: number, 
/**
 * How it stands.
 */
align?: SlideTextAlign, 
/**
 * Its runs.
 */
runs: Array<SlideRun>, };

/**
 * `slide.read`.
 */
export type SlideRead = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * Also tell how each run of text is formatted.
 */
runs?: boolean, };

/**
 * `slide.replace`.
 */
export type SlideReplace = { 
/**
 * The logical id of the slide to put in; a slide that has it goes out.
 */
slide: string, 
/**
 * The package that holds the slide.
 */
package: SlidePackage, 
/**
 * The slide to stand after when none goes out, by logical id; first when absent.
 */
after?: string, };

/**
 * Text of one formatting.
 */
export type SlideRun = { 
/**
 * The text.
 */
text: string, 
/**
 * The font by name; `heading` and `body` are those of the theme.
 */
font?: string, 
/**
 * Size in points.
 */
size?: number, 
/**
 * Bold.
 */
bold?: boolean, 
/**
 * Italic.
 */
italic?: boolean, 
/**
 * Underlined.
 */
underline?: boolean, 
/**
 * Its colour: a name of the theme or `#RRGGBB`.
 */
color?: string, 
/**
 * Where its link leads to.
 */
link?: string, };

/**
 * A shape on a slide.
 */
export type SlideShape = { 
/**
 * The id on the slide.
 */
id: string, 
/**
 * The name.
 */
name: string, 
/**
 * `placeholder`, `text`, `shape`, `table`, `chart`, `picture`, `group`, `line` or `other`.
 */
kind: string, 
/**
 * The placeholder's kind, where it is one.
 */
placeholder?: string, 
/**
 * The text, paragraphs as lines.
 */
text?: string, 
/**
 * The paragraphs with their runs, where they were asked for.
 */
paragraphs?: Array<SlideParagraph>, 
/**
 * The id of the group that it is in.
 */
group?: string, 
/**
 * The rows, where it is a table.
 */
rows?: Array<Array<string>>, 
/**
 * The data, where it is a chart and the back end can tell.
 */
chart?: ChartSource, 
/**
 * The kind of chart, as the vocabulary or the file names it.
 */
chartKind?: string, 
/**
 * The title of the chart.
 */
chartTitle?: string, 
/**
 * Alternative text.
 */
altText?: string, 
/**
 * True where an animation plays on it.
 */
animated?: boolean, 
/**
 * True where it is hidden.
 */
hidden?: boolean, 
/**
 * Its place.
 */
frame?: SlideFrame, 
/**
 * Where the figures came from that it shows, in `slide.read`.
 */
sources?: Array<KeptSource>, };

/**
 * The shape of the slides of a new deck.
 */
export type SlideSize = "wide" | "standard";

/**
 * How paragraphs stand in a shape.
 */
export type SlideTextAlign = "left" | "center" | "right" | "justify";

/**
 * Where the text stands in the height of a shape.
 */
export type SlideTextAnchor = "top" | "middle" | "bottom";

/**
 * One column to sort by.
 */
export type SortKey = { 
/**
 * The column by its letters or by its header.
 */
column: string, 
/**
 * Largest first.
 */
descending?: boolean, };

/**
 * A place that holds settings.
 */
export type SourceView = { 
/**
 * Whose it is.
 */
kind: SettingOrigin, 
/**
 * The file, preference domain, registry key or address; empty where there is none.
 */
place: string, 
/**
 * Keys that it holds; none where it is not there.
 */
keys?: number, 
/**
 * Why it cannot be used.
 */
problem?: string, };

/**
 * One step that has ended.
 */
export type StepResult = { 
/**
 * Which.
 */
step: TestStep, 
/**
 * How.
 */
state: TestState, 
/**
 * How long it took; absent where nothing was done.
 */
milliseconds?: number, 
/**
 * One sentence: what was seen, or why it was not tried. Never a secret.
 */
seen: string, 
/**
 * The code of a failure.
 */
code?: ErrorCode, 
/**
 * What a person does about a failure.
 */
remedy?: string, };

/**
 * Why the model stopped.
 */
export type StopReason = "endTurn" | "toolUse" | "maxTokens" | "refusal" | { "other": string };

/**
 * The answer to `session/subscribe`, sent before the first event.
 */
export type SubscribeAnswer = { 
/**
 * The number of the last event at this moment.
 */
lastSeq: number, };

/**
 * `session/subscribe`: events with `seq > after`, then live ones, as `session/update` notifications.
 */
export type SubscribeParams = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * The last number that the front end has; 0 for all.
 */
after: number, };

/**
 * `table.add`.
 */
export type TableAdd = { 
/**
 * A1 with sheet; the first row holds the headers.
 */
range: string, 
/**
 * The table's name: letters, digits, `_` and `.`, unique in the workbook.
 */
name: string, 
/**
 * A built-in style, `TableStyleMedium2` when absent.
 */
style?: string, };

/**
 * `table.delete`.
 */
export type TableDelete = { 
/**
 * The table's name.
 */
name: string, };

/**
 * Rows or columns of a table that lie together.
 */
export type TableLines = { 
/**
 * The first one, from 1.
 */
at: number, 
/**
 * How many.
 */
count: number, };

/**
 * `table.resize`: the header row stays where it is.
 */
export type TableResize = { 
/**
 * The table's name.
 */
name: string, 
/**
 * The new range with sheet, header and totals included.
 */
range: string, };

/**
 * How a slide from another deck is to look.
 */
export type TemplateLook = "deck" | "template";

/**
 * How a step ended.
 */
export type TestState = "passed" | "failed" | "skipped" | "notNeeded";

/**
 * What is tried, in this order.
 */
export type TestStep = "name" | "proxy" | "tls" | "signIn" | "models" | "word";

/**
 * The answer to one operation, tagged like the operation it answers.
 */
export type TextAnswer = WordAnswer | PdfAnswer | CsvAnswer | LegacyAnswer;

/**
 * One operation on a file of these kinds.
 */
export type TextOperation = WordOperation | PdfOperation | CsvOperation | LegacyOperation;

/**
 * A run of text with one formatting.
 */
export type TextRun = { 
/**
 * The text.
 */
text: string, 
/**
 * Bold.
 */
bold?: boolean, 
/**
 * Italic.
 */
italic?: boolean, 
/**
 * Underlined.
 */
underline?: boolean, 
/**
 * Where it leads: an `https:`, `http:` or `mailto:` address.
 */
link?: string, };

/**
 * `text.set`.
 */
export type TextSet = { 
/**
 * The slide's logical id.
 */
slide: string, 
/**
 * The shape's id on the slide.
 */
shape: string, 
/**
 * The text; lines become paragraphs.
 */
text: string, 
/**
 * Where figures in the text came from.
 */
sources?: Array<FigureSource>, };

/**
 * A colour of a theme.
 */
export type ThemeColor = { 
/**
 * `dark1`, `light1`, `dark2`, `light2`, `accent1` to `accent6`, `hyperlink`, `followedHyperlink`.
 */
name: string, 
/**
 * `#RRGGBB`.
 */
color: string, };

/**
 * `workbook.tieOut`.
 */
export type TieOut = { 
/**
 * The relative difference that counts as equal; 1e-9 when absent.
 */
tolerance?: number, 
/**
 * Sheets to look at; all when absent.
 */
sheets?: Array<string>, 
/**
 * True to have LibreOffice in the sandbox compute the saved file as a third engine; takes up to a minute more.
 */
libreOffice?: boolean, };

/**
 * `workbook.tieOut`.
 */
export type TieOutContent = { 
/**
 * Formulas looked at.
 */
formulas: number, 
/**
 * Formulas whose value two computations confirm or deny.
 */
compared: number, 
/**
 * Where they differ beyond the tolerance, at most 500.
 */
disagreements?: Array<Disagreement>, 
/**
 * Errors of modelling: hard-coded numbers in formula columns, ranges that miss a row, totals that count twice; gravest first, at most 500.
 */
findings?: Array<Finding>, 
/**
 * How many disagreements and findings there are, notes left out.
 */
count: number, 
/**
 * Which engine computed how many.
 */
engines?: Array<EngineShare>, 
/**
 * Formulas that could not be computed, at most 500.
 */
notComputed?: Array<NotComputed>, 
/**
 * How many could not be computed.
 */
notComputedCount: number, 
/**
 * What was looked for.
 */
checked: Array<string>, 
/**
 * What was not looked at, and why.
 */
notChecked?: Array<string>, };

/**
 * `workbook.tieOutReport`: writes the findings of `workbook.tieOut` to a new sheet.
 */
export type TieOutReport = { 
/**
 * The name of the new sheet.
 */
sheet: string, 
/**
 * As in `workbook.tieOut`.
 */
tolerance?: number, 
/**
 * As in `workbook.tieOut`.
 */
sheets?: Array<string>, 
/**
 * As in `workbook.tieOut`.
 */
libreOffice?: boolean, };

/**
 * A pane that is paired, as the window and the terminal list it.
 */
export type TokenView = { 
/**
 * Names its token; not the token itself.
 */
id: string, 
/**
 * The kind of pane that it was made for.
 */
frontEnd: FrontEndKind, 
/**
 * The origin of the page that it was made for.
 */
origin: string, 
/**
 * When it was made.
 */
createdAt: number, 
/**
 * How many panes are connected with it now.
 */
connected: number, };

/**
 * The answer to `pairing/tokens`.
 */
export type TokensAnswer = { 
/**
 * Tokens that are good, oldest first.
 */
tokens: Array<TokenView>, };

/**
 * How a tool ended.
 */
export type ToolOutcome = "done" | "failed" | "denied" | "stopped";

/**
 * `workbook.trace`: at most 2,000 cells an answer.
 */
export type Trace = { 
/**
 * The cell or range with sheet, or a name.
 */
cell: string, 
/**
 * Which way.
 */
direction: TraceDirection, 
/**
 * How many steps; the whole chain when absent.
 */
depth?: number, };

/**
 * `workbook.trace`.
 */
export type TraceContent = { 
/**
 * Where the chain begins.
 */
start: string, 
/**
 * The chain, nearest first.
 */
cells: Array<TracedCell>, 
/**
 * Cells on the chain that read other workbooks, and what.
 */
outside?: Array<string>, 
/**
 * Formulas on the chain that decide only when they are computed what they read (INDIRECT, OFFSET), with their addresses.
 */
notFollowed?: Array<string>, 
/**
 * True where the chain goes on beyond the limit.
 */
truncated?: boolean, };

/**
 * Which way to follow formulas.
 */
export type TraceDirection = "precedents" | "dependents";

/**
 * A cell or range on a chain of formulas.
 */
export type TracedCell = { 
/**
 * Its address with sheet.
 */
address: string, 
/**
 * Steps from the start.
 */
depth: number, 
/**
 * What it is about, from the texts to its left and above: `Revenue / 2026`.
 */
label?: string, 
/**
 * Its value, where it is one cell.
 */
value?: CellValue, 
/**
 * Its formula with `=`; the first cell's, where several below each other hold the same one, each from its own place.
 */
formula?: string, 
/**
 * How many cells hold that formula, where there are several.
 */
alike?: number, 
/**
 * What a range holds, in words: `12 numbers, sum 4,500`.
 */
holds?: string, 
/**
 * The addresses that it leads to, one step on; at most 200.
 */
links?: Array<string>, 
/**
 * True where the chain ends here: it holds no formula.
 */
input?: boolean, };

/**
 * One tracked change.
 */
export type TrackedChange = { 
/**
 * What it does.
 */
kind: TrackedKind, 
/**
 * Who made it.
 */
author?: string, 
/**
 * When, as the file has it (ISO 8601).
 */
date?: string, 
/**
 * The words; empty where the change is to a paragraph's end, a row or to formatting alone.
 */
text: string, };

/**
 * What a tracked change does.
 */
export type TrackedKind = "inserted" | "deleted" | "movedFrom" | "movedTo" | "formatted";

/**
 * A turn: a prompt and everything until the agent rests.
 */
export type TurnId = string;

/**
 * How a turn ended.
 */
export type TurnOutcome = "completed" | "cancelled" | { "failed": UserError };

/**
 * `session/update`, from the service: events in order.
 */
export type UpdateParams = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * The events.
 */
events: Array<SessionEvent>, };

/**
 * Tokens counted by the provider.
 */
export type Usage = { 
/**
 * Read, outside the cache.
 */
input: number, 
/**
 * Written by the model.
 */
output: number, 
/**
 * Read from the prompt cache.
 */
cacheRead: number, 
/**
 * Written to the prompt cache.
 */
cacheWrite: number, 
/**
 * What they cost, estimated from the prices of the settings at that time; absent where none of them has a price.
 */
cost?: Cost, };

/**
 * Tokens that were used in a window of time, and its limit.
 */
export type UsageView = { 
/**
 * Used so far, in and out, with those of the cache.
 */
tokens: number, 
/**
 * How many may be used.
 */
limit: number, 
/**
 * When the count starts anew, in Unix milliseconds; absent before the first answer of a window.
 */
endsAt?: number, };

/**
 * An error for a person.
 */
export type UserError = { 
/**
 * The stable code.
 */
code: ErrorCode, 
/**
 * One sentence: what happened.
 */
happened: string, 
/**
 * One sentence: what was kept.
 */
kept: string, 
/**
 * One sentence: what to do.
 */
action: string, 
/**
 * What an expert wants to know beside the code; bounded, never a secret.
 */
detail?: string, 
/**
 * The HTTP status with which a server refused, where one did.
 */
status?: number, };

/**
 * A message box.
 */
export type ValidationMessage = { 
/**
 * Its title, at most 32 characters.
 */
title: string, 
/**
 * Its text, at most 255 characters.
 */
text: string, };

/**
 * Whether a sheet is shown.
 */
export type Visibility = "visible" | "hidden" | "veryHidden";

/**
 * What would leave this computer for the web, and for where.
 */
export type WebRequest = { 
/**
 * The host without its port; an answer for the session is about it.
 */
host: string, 
/**
 * All that is sent: the whole address of the page, or the words that are looked for.
 */
sent: string, };

/**
 *The answer to a [`WordOperation`], tagged with the same `op`.
 */
export type WordAnswer = { "op": "document.info" } & DocumentContent | { "op": "document.read" } & DocumentBlocks | { "op": "document.find" } & FoundParagraphs | { "op": "document.check" } & CheckContent | { "op": "document.replace" } & Applied | { "op": "document.insert" } & Applied | { "op": "document.create" } & Applied;

/**
 *An operation on a Document, tagged with `op`.
 */
export type WordOperation = { "op": "document.info" } & DocumentInfo | { "op": "document.read" } & DocumentRead | { "op": "document.find" } & DocumentFind | { "op": "document.check" } & DocumentCheck | { "op": "document.replace" } & DocumentReplace | { "op": "document.insert" } & DocumentInsert | { "op": "document.create" } & DocumentCreate;

/**
 *The answer to a [`WorkbookOperation`], tagged with the same `op`.
 */
export type WorkbookAnswer = { "op": "workbook.info" } & WorkbookContent | { "op": "workbook.create" } & Applied | { "op": "range.read" } & RangeContent | { "op": "range.find" } & FoundCells | { "op": "range.write" } & Applied | { "op": "range.format" } & Applied | { "op": "range.clear" } & Applied | { "op": "range.copy" } & Applied | { "op": "range.fill" } & Applied | { "op": "range.merge" } & Applied | { "op": "range.unmerge" } & Applied | { "op": "range.sort" } & Applied | { "op": "range.restore" } & Applied | { "op": "rows.insert" } & Applied | { "op": "rows.delete" } & Applied | { "op": "columns.insert" } & Applied | { "op": "columns.delete" } & Applied | { "op": "columnWidth" } & Applied | { "op": "rowHeight" } & Applied | { "op": "freeze" } & Applied | { "op": "pageSetup" } & Applied | { "op": "sheet.add" } & SheetContent | { "op": "sheet.rename" } & Applied | { "op": "sheet.move" } & Applied | { "op": "sheet.copy" } & SheetContent | { "op": "sheet.delete" } & Applied | { "op": "sheet.hide" } & Applied | { "op": "table.add" } & Applied | { "op": "table.resize" } & Applied | { "op": "table.delete" } & Applied | { "op": "name.set" } & Applied | { "op": "name.delete" } & Applied | { "op": "filter.set" } & Applied | { "op": "conditionalFormat.set" } & Applied | { "op": "dataValidation.set" } & Applied | { "op": "note.set" } & Applied | { "op": "note.delete" } & Applied | { "op": "comment.read" } & CommentThreads | { "op": "comment.reply" } & Applied | { "op": "chart.add" } & Applied | { "op": "chart.update" } & Applied | { "op": "chart.delete" } & Applied | { "op": "picture.add" } & Applied | { "op": "pivot.info" } & PivotContent | { "op": "pivot.refresh" } & Applied | { "op": "workbook.recalculate" } & Recalculation | { "op": "workbook.trace" } & TraceContent | { "op": "workbook.check" } & CheckContent | { "op": "workbook.tieOut" } & TieOutContent | { "op": "workbook.tieOutReport" } & SheetContent;

/**
 * `chart.update`: absent fields stay as they are.
 */
export type WorkbookChartUpdate = { 
/**
 * The sheet that holds the chart.
 */
sheet: string, 
/**
 * The name of the chart object.
 */
name: string, 
/**
 * New data, as in `chart.add`.
 */
range?: string, 
/**
 * With new data: where its series lie.
 */
seriesIn?: SeriesIn, 
/**
 * Another kind.
 */
kind?: ChartKind, 
/**
 * The title; the empty string takes it away.
 */
title?: string, 
/**
 * Another place, with sheet.
 */
place?: string, 
/**
 * How single series are drawn.
 */
series?: Array<SeriesLook>, 
/**
 * Axes and legend.
 */
look?: ChartLook, };

/**
 * `workbook.info`.
 */
export type WorkbookContent = { 
/**
 * Always `workbook`.
 */
kind: string, 
/**
 * Sheets in the order of their tabs.
 */
sheets: Array<SheetContent>, 
/**
 * Defined names with what they refer to.
 */
names: Array<DefinedName>, 
/**
 * The selected range with its sheet, where the workbook is open.
 */
selection?: string, 
/**
 * The sensitivity label, where the file carries one.
 */
label?: string, 
/**
 * How Excel calculates it, where not automatically: `manual` or `automaticExceptTables`.
 */
calculation?: string, 
/**
 * Other workbooks that formulas refer to.
 */
externalLinks?: Array<string>, 
/**
 * Names of connections to data outside.
 */
connections?: Array<string>, 
/**
 * What else is to be known of the file: `macros`, `signed`, `structureProtected`, `dates1904`, `iterates`,
 * `precisionAsShown`, `strict`.
 */
features?: Array<string>, 
/**
 * How many sources of written figures the file keeps; `range.read` tells them.
 */
sources?: number, };

/**
 * `workbook.create`: a new file; one that is there is never overwritten. Formulas are computed.
 */
export type WorkbookCreate = { 
/**
 * The sheets in the order of their tabs, 1 to 255; together at most 2,000,000 cells.
 */
sheets: Array<CreatedSheet>, };

/**
 * `workbook.info`: no parameters.
 */
export type WorkbookInfo = Record<symbol, never>;

/**
 *An operation on a Workbook, tagged with `op`.
 */
export type WorkbookOperation = { "op": "workbook.info" } & WorkbookInfo | { "op": "workbook.create" } & WorkbookCreate | { "op": "range.read" } & RangeRead | { "op": "range.find" } & RangeFind | { "op": "range.write" } & RangeWrite | { "op": "range.format" } & RangeFormatting | { "op": "range.clear" } & RangeClear | { "op": "range.copy" } & RangeCopy | { "op": "range.fill" } & RangeFill | { "op": "range.merge" } & RangeMerge | { "op": "range.unmerge" } & RangeUnmerge | { "op": "range.sort" } & RangeSort | { "op": "range.restore" } & RangeRestore | { "op": "rows.insert" } & RowsInsert | { "op": "rows.delete" } & RowsDelete | { "op": "columns.insert" } & ColumnsInsert | { "op": "columns.delete" } & ColumnsDelete | { "op": "columnWidth" } & ColumnWidth | { "op": "rowHeight" } & RowHeight | { "op": "freeze" } & Freeze | { "op": "pageSetup" } & PageSetup | { "op": "sheet.add" } & SheetAdd | { "op": "sheet.rename" } & SheetRename | { "op": "sheet.move" } & SheetMove | { "op": "sheet.copy" } & SheetCopy | { "op": "sheet.delete" } & SheetDelete | { "op": "sheet.hide" } & SheetHide | { "op": "table.add" } & TableAdd | { "op": "table.resize" } & TableResize | { "op": "table.delete" } & TableDelete | { "op": "name.set" } & NameSet | { "op": "name.delete" } & NameDelete | { "op": "filter.set" } & FilterSet | { "op": "conditionalFormat.set" } & ConditionalFormatSet | { "op": "dataValidation.set" } & DataValidationSet | { "op": "note.set" } & NoteSet | { "op": "note.delete" } & NoteDelete | { "op": "comment.read" } & CommentRead | { "op": "comment.reply" } & CommentReply | { "op": "chart.add" } & ChartAdd | { "op": "chart.update" } & WorkbookChartUpdate | { "op": "chart.delete" } & ChartDelete | { "op": "picture.add" } & WorkbookPictureAdd | { "op": "pivot.info" } & PivotInfo | { "op": "pivot.refresh" } & PivotRefresh | { "op": "workbook.recalculate" } & Recalculate | { "op": "workbook.trace" } & Trace | { "op": "workbook.check" } & Check | { "op": "workbook.tieOut" } & TieOut | { "op": "workbook.tieOutReport" } & TieOutReport;

/**
 * `picture.add` on a sheet: PNG, JPEG or GIF, at most 10 MB.
 */
export type WorkbookPictureAdd = { 
/**
 * The top left cell, or the area that it covers, with sheet.
 */
place: string, 
/**
 * The name of the picture, unique on its sheet.
 */
name: string, 
/**
 * The picture, base64.
 */
data: string, 
/**
 * What the picture shows, for people who cannot see it.
 */
altText: string, };

/** Methods of the service. */
export interface Methods {
  /** Says who is there; the first call of every front end. */
  'hello': { params: HelloParams; answer: HelloAnswer };
  /** Asks for a number to compare. */
  'pairing/begin': { params: BeginParams; answer: BeginAnswer };
  /** Lists attempts that wait. */
  'pairing/list': { params: Nothing; answer: PairingsAnswer };
  /** Allows or refuses an attempt. */
  'pairing/answer': { params: PairingAnswerParams; answer: Nothing };
  /** Lists paired panes by their tokens. */
  'pairing/tokens': { params: Nothing; answer: TokensAnswer };
  /** Ends a pairing and closes its panes. */
  'pairing/revoke': { params: RevokeParams; answer: Nothing };
  /** Lists sessions, newest first. */
  'session/list': { params: ListParams; answer: ListAnswer };
  /** Makes a session. */
  'session/create': { params: CreateParams; answer: SessionAnswer };
  /** Shows one line about a session. */
  'session/show': { params: SessionParams; answer: SessionAnswer };
  /** Gives a session another title. */
  'session/rename': { params: RenameParams; answer: SessionAnswer };
  /** Deletes a session and its key. */
  'session/delete': { params: SessionParams; answer: Nothing };
  /** Gives out a session whole. */
  'session/export': { params: SessionParams; answer: ExportAnswer };
  /** Searches all sessions. */
  'session/search': { params: SearchParams; answer: SearchAnswer };
  /** Sends events from a cursor on, then live ones. */
  'session/subscribe': { params: SubscribeParams; answer: SubscribeAnswer };
  /** Ends a subscription. */
  'session/unsubscribe': { params: SessionParams; answer: Nothing };
  /** Gives the agent a prompt, or steers the turn that runs. */
  'session/prompt': { params: PromptParams; answer: PromptAnswer };
  /** Stops the turn that runs. */
  'session/cancel': { params: SessionParams; answer: Nothing };
  /** Lists the commands of the agent that run now. */
  'command/list': { params: SessionParams; answer: CommandsAnswer };
  /** Ends one of them; the turn goes on. */
  'command/end': { params: EndCommandParams; answer: EndCommandAnswer };
  /** Answers a permission request. */
  'permission/answer': { params: AnswerParams; answer: AnswerAnswer };
  /** Lists what was allowed for longer than once. */
  'permission/grants': { params: GrantsParams; answer: GrantsAnswer };
  /** Takes such a grant back, with effect on turns that run. */
  'permission/revoke': { params: RevokeGrantParams; answer: Nothing };
  /** Lists what the model is told beside the conversation, in its order. */
  'instructions/list': { params: Nothing; answer: InstructionsAnswer };
  /** Writes, pauses or deletes instructions and notes of the person's own. */
  'instructions/put': { params: PutInstructionsParams; answer: InstructionsAnswer };
  /** Gives every setting with its value, where that comes from and what may be done with it. */
  'configuration/get': { params: Nothing; answer: ConfigurationAnswer };
  /** Says what would follow from a draft of the user's own values; writes nothing. */
  'configuration/check': { params: DraftParams; answer: CheckAnswer };
  /** Writes the user's own values, all or none; refused where they are others than the draft is based on. */
  'configuration/apply': { params: ApplyDraftParams; answer: ConfigurationAnswer };
  /** Gives out settings, or what would be contacted, in one of several forms. */
  'configuration/export': { params: ExportSettingsParams; answer: ExportedSettings };
  /** Saves such a file in the person's folder of downloads, beside what is there. */
  'configuration/save': { params: ExportSettingsParams; answer: SavedFile };
  /** Makes a draft of a file of settings; writes nothing. */
  'configuration/import': { params: SettingsFile; answer: ImportSettingsAnswer };
  /** Tests the connection to the provider of a draft, step by step; one test at a time. */
  'provider/test': { params: DraftParams; answer: ConnectionTest };
  /** Ends the test that is under way. */
  'provider/cancelTest': { params: Nothing; answer: Nothing };
  /** Shows how far the settings are that an address of the organisation hands out, and what of them a person is asked about. */
  'bootstrap/show': { params: Nothing; answer: BootstrapAnswer };
  /** Asks the address now, and begins a sign-in where it needs one. */
  'bootstrap/signIn': { params: Nothing; answer: SignInAnswer };
  /** Ends a sign-in that is under way. */
  'bootstrap/cancel': { params: Nothing; answer: Nothing };
  /** Signs out: the sign-in and the settings that came with it are forgotten. */
  'bootstrap/signOut': { params: Nothing; answer: Nothing };
  /** Says whether the values that a person is asked about may count. */
  'bootstrap/consent': { params: ConsentParams; answer: Nothing };
  /** Begins a sign-in for the provider of the model. */
  'provider/signIn': { params: Nothing; answer: SignInAnswer };
  /** Ends such a sign-in that is under way. */
  'provider/cancelSignIn': { params: Nothing; answer: Nothing };
  /** Signs out: the sign-in is forgotten here, and ended where that can be told. */
  'provider/signOut': { params: Nothing; answer: Nothing };
  /** Shows what is recorded of failures, times and use on this computer. */
  'diagnostics/show': { params: Nothing; answer: DiagnosticsAnswer };
  /** Says what becomes of sessions from before the deployment had its name. */
  'history/choose': { params: EarlierSessionsParams; answer: Nothing };
  /** Fetches the image of the sandbox now; answers once it is here, whole and in use, which may take minutes. */
  'sandbox/fetch': { params: Nothing; answer: FetchedImage };
  /** Records that the audit was read. */
  'audit/note': { params: AuditNote; answer: Nothing };
  /** Registers the document that the pane stands in. */
  'document/open': { params: OpenParams; answer: DocumentAnswer };
  /** Tells that cells or slides were changed by somebody else. */
  'document/changed': { params: ChangedParams; answer: Nothing };
  /** Tells that the document is about to be closed. */
  'document/closed': { params: DocumentParams; answer: Nothing };
  /** Lists documents that are open in Office. */
  'document/list': { params: Nothing; answer: DocumentsAnswer };
  /** Makes a closed file part of a session. */
  'document/attach': { params: AttachParams; answer: DocumentAnswer };
  /** Takes a document out of a session. */
  'document/detach': { params: DetachParams; answer: Nothing };
  /** Makes a folder part of a session. */
  'folder/attach': { params: AttachParams; answer: Nothing };
  /** Takes a folder out of a session, with effect on turns that run. */
  'folder/detach': { params: AttachParams; answer: Nothing };
  /** Shows a place in a document. */
  'document/select': { params: SelectParams; answer: Nothing };
  /** Undoes a change set. */
  'changeSet/undo': { params: ChangeSetParams; answer: ChangeSetAnswer };
  /** Does an undone change set again. */
  'changeSet/redo': { params: ChangeSetParams; answer: ChangeSetAnswer };
  /** Lists the files that the journal can bring back. */
  'journal/list': { params: JournalParams; answer: JournalAnswer };
  /** Compares every figure that stands with the source it was written from. */
  'figure/check': { params: SessionParams; answer: FiguresAnswer };
}

/** Notifications from the service. */
export interface Notifications {
  /** Events of a session that the front end subscribed to. */
  'session/update': { params: UpdateParams; answer: Nothing };
  /** A line of the session list is new or another. */
  'session/changed': { params: SessionAnswer; answer: Nothing };
  /** A session is gone. */
  'session/removed': { params: RemovedParams; answer: Nothing };
  /** The documents that are open in Office are others. */
  'document/listChanged': { params: DocumentsAnswer; answer: Nothing };
  /** What front ends show of policy and state is another. */
  'service/changed': { params: ServiceView; answer: Nothing };
  /** A step of the test that this front end began has ended; a later one of the same step takes its place. */
  'provider/tested': { params: StepResult; answer: Nothing };
  /** A pane asks to be paired. */
  'pairing/requested': { params: PairingView; answer: Nothing };
  /** The pairing that this pane asked for is settled. */
  'pairing/settled': { params: SettledParams; answer: Nothing };
}

/** Requests from the service to a pane. */
export interface ServiceCalls {
  /** Does operations on the pane's document. */
  'document/apply': { params: ApplyParams; answer: ApplyAnswer };
  /** Shows a place in the pane's document. */
  'document/select': { params: SelectParams; answer: Nothing };
}

/** What happened, what was kept, what to do, by code. */
export const errorSentences: Record<ErrorCode, readonly [string, string, string]> = {
  INF_NOT_CONFIGURED: ["No model provider is configured.","Your prompt is kept.","Ask your administrator for a provider, or set one with `deskhand config`."],
  INF_UNREACHABLE: ["The model provider could not be reached.","Your prompt is kept.","Check the network and the address, then try again."],
  INF_PROXY: ["The proxy of this network did not let the connection through.","Your prompt is kept.","The details say which proxy and why; show them to your administrator."],
  INF_TLS: ["No protected connection to the model provider came about.","Nothing was sent.","The details say why. If this computer does not trust the certificate, ask your administrator to install its authority."],
  INF_AUTH: ["The model provider refused the credential.","Nothing was sent to another place.","Ask your administrator for a new one."],
  INF_SIGN_IN: ["You have to sign in for the model.","Your prompt is kept.","Sign in with `deskhand sign-in` or in Deskhand."],
  INF_MODEL_UNKNOWN: ["The model provider does not know this model.","Your prompt is kept.","Choose another model."],
  INF_RATE_LIMITED: ["The model provider limits requests at the moment.","Your prompt is kept.","Wait a little, then try again."],
  INF_OVERLOADED: ["The model is overloaded.","Your prompt is kept.","Wait a little, then try again."],
  INF_TIMEOUT: ["The model provider did not answer in time.","Your prompt is kept.","Try again, or check the address."],
  INF_STREAM_CUT: ["The answer was cut off.","What arrived is kept.","Go on, or try again."],
  INF_BAD_REQUEST: ["The model provider refused the request.","Your prompt is kept.","Shorten the request, or show this code to your administrator."],
  INF_TOO_LONG: ["The conversation is too long for this model.","The whole session is kept.","Ask for smaller ranges, or go on in a new session."],
  INF_BAD_ANSWER: ["The model provider's answer could not be read.","Your prompt is kept.","Show this code to your administrator."],
  INF_TESTING: ["A test of the connection is under way.","It goes on.","Wait for its end, or stop it."],
  TURN_CAP: ["The turn reached its limit of steps and was ended.","Everything done so far is kept.","Say “go on” to continue."],
  TURN_BUDGET: ["The turn used its budget of tokens and was ended.","Everything done so far is kept.","Say “go on” to continue with as many again."],
  USE_LIMIT: ["The limit of tokens in the settings is reached.","Everything done so far is kept.","Go on once the count starts anew, or ask your administrator."],
  TURN_REPEATS: ["The same step was repeated without a new result, so the turn was ended.","Everything done so far is kept.","Say what to do differently."],
  TURN_INTERRUPTED: ["The service stopped in the middle of this turn.","Everything up to that point is kept.","Say “go on” to continue."],
  INS_REFUSED: ["This cannot be kept.","What stood there before is kept.","Shorten it, or delete what is not needed any more."],
  SES_NOT_FOUND: ["This session is not there any more.","Other sessions are kept.","Choose another session."],
  SES_BUSY: ["This session is working on a turn.","Nothing was changed.","Stop the turn first."],
  DOC_NOT_FOUND: ["The document was not found.","Nothing was changed.","Open it, or attach it again."],
  DOC_PANE_CLOSED: ["The pane of this document is closed.","Nothing was changed.","Open the Deskhand pane in that document."],
  DOC_CELL_EDIT: ["Excel is editing a cell.","Nothing was changed.","Press Enter or Esc there; I go on by myself."],
  DOC_PARTIAL: ["The pane closed while writing, and only a part was written.","The state before is kept.","Finish the change or undo it."],
  DOC_CHANGED: ["The cells changed since they were read.","Nothing was changed.","They are read again before the next try."],
  DOC_IN_USE: ["The file is open in another program.","Nothing was changed.","Close it there, or open the Deskhand pane in it."],
  DOC_ENCRYPTED: ["The file is protected with a password.","Nothing was changed.","Remove the password, or open the file in Office."],
  DOC_CORRUPT: ["The file is damaged.","Nothing was changed.","Open it in Office to repair it."],
  DOC_WRONG_KIND: ["The file is of no kind that can be read here.","Nothing was changed.","Choose a workbook, deck, Word document, PDF or .csv file."],
  DOC_REFUSED: ["The document operation was refused.","Nothing was changed.","The reason is in the details."],
  DOC_UNDO_CONFLICT: ["The cells were changed since.","Your values are kept.","Compare, then choose what to keep."],
  FOLDER_REFUSED: ["This folder cannot be attached.","Nothing was changed.","Choose another folder."],
  DOC_LABEL_DENIED: ["Your organisation does not let documents with this sensitivity label be read.","The document was not opened.","Ask your administrator, or choose another document."],
  NET_PORT_TAKEN: ["Another program uses Deskhand's port.","Your sessions are kept.","Close that program, or give another port."],
  NET_OTHER_USER: ["This Deskhand belongs to another user of this computer.","Nothing was sent.","Start your own Deskhand."],
  NET_SERVICE: ["The Deskhand service does not answer.","Your text is kept.","Start the service."],
  TLS_EXPIRED: ["Deskhand's local certificate has expired.","Your sessions are kept.","Restart the service; it makes a new one."],
  TLS_UNTRUSTED: ["This computer does not trust Deskhand's local authority.","Your sessions are kept.","Run `deskhand trust` once, or ask your administrator."],
  PAIR_REQUIRED: ["This pane is not paired yet.","Nothing was sent.","Compare the number in the Deskhand window and allow it there."],
  PAIR_REFUSED: ["The pairing was refused or has expired.","Nothing was sent.","Start again for a new number."],
  RPC_NOT_PERMITTED: ["This front end may not do that.","Nothing was changed.","Use the Deskhand window."],
  RPC_VERSION: ["This page is of another version than the service.","Your text is kept.","Reload the page."],
  RPC_BAD_REQUEST: ["The request could not be understood.","Nothing was changed.","Reload the page."],
  RPC_TOO_LARGE: ["The message is too large.","Nothing was changed.","Send less at once."],
  DB_LOCKED: ["Another program holds Deskhand's database.","Your sessions are kept.","Close the other Deskhand, then try again."],
  DB_CORRUPT: ["Deskhand's database is damaged.","A backup from the last upgrade is beside it.","Run `deskhand status` for the places of both."],
  DB_NEWER: ["The database was made by a newer Deskhand.","Your sessions are kept.","Install the newer version again."],
  DB_WRONG_KEY: ["The secret store holds another key than the one that Deskhand's data is sealed with.","The data is kept, sealed.","Restore the key in the secret store, or show this code to your administrator."],
  DB_DISK_FULL: ["The disk is full.","Everything up to the last step is kept.","Free some space, then try again."],
  JOURNAL_FULL: ["The journal has no room for the way back.","Nothing was changed; all that was changed before can still be undone.","Delete sessions that you do not need any more, or ask your administrator for more room."],
  SEC_STORE: ["The secret store of this computer could not be opened.","Your sessions are kept.","Unlock the keyring, then start Deskhand again."],
  SEC_CRYPTOGRAPHY: ["The validated cryptography that this build of Deskhand promises is not in force.","Nothing was started.","Install this build again, or show this code to your administrator."],
  SBX_UNAVAILABLE: ["Code cannot run on this computer now.","Workbooks and decks still work.","Ask your administrator about virtual machines."],
  POL_DISABLED: ["Deskhand is switched off by your organisation.","Your sessions are kept.","Ask your administrator."],
  POL_INVALID: ["A managed setting could not be read, so its strictest meaning applies.","Nothing was sent.","Show this code to your administrator."],
  POL_NOT_ENFORCEABLE: ["Your organisation asks for a protection that this version of Deskhand does not have.","Nothing was sent.","Show this code to your administrator."],
  BOOT_AWAITED: ["The settings that your organisation hands out to you are not here, or have ended.","Your sessions are kept.","Sign in with `deskhand sign-in` or in the Deskhand window; offline, connect to your organisation's network first."],
  BOOT_SIGN_IN: ["The sign-in for your organisation's settings did not come about.","Settings that are here count until they end.","Sign in again, or show the details to your administrator."],
  BOOT_UNREACHABLE: ["Your organisation's settings could not be fetched.","Settings that are here count until they end.","Check the network, then try again; it is also tried again by itself."],
  BOOT_ANSWER: ["The address of your organisation's settings gave an answer that cannot be used.","Settings that are here count until they end.","Show the details to your administrator."],
  BOOT_CONSENT: ["The values that you were asked about are others now.","Nothing was changed.","Look through them, then answer again."],
  POL_CREDENTIAL: ["A key or password would go to an address that it was not given for.","Nothing was sent.","The details say which; give it again for that address, or ask your administrator."],
  POL_COLLECTOR: ["Your organisation's collector of records takes nothing now, and no turn may start without it.","Your text is kept; nothing was sent to the model.","Try again when the network is there, or show this code to your administrator."],
  POL_PANE: ["Deskhand is switched off in this application by your organisation.","Your sessions are kept, and open in the window.","Ask your administrator."],
  POL_LOCKED: ["A setting is fixed by your organisation.","Nothing was changed.","Take it out of the draft, or ask your administrator."],
  CFG_REFUSED: ["A setting has a value that it cannot have.","Nothing was changed.","Correct it, then apply again."],
  CFG_STALE: ["Your settings were changed somewhere else meanwhile.","Nothing was changed; your draft is kept.","Look through the draft, then apply again."],
  CFG_UNUSABLE: ["Your file of settings cannot be read or written.","Nothing was changed.","The reason is in the details."],
  CFG_FILE: ["This is no file of settings that can be read.","Nothing was changed.","The reason is in the details."],
  CFG_SAVE: ["The file could not be saved in your downloads.","Nothing was overwritten.","Copy its text instead; the reason is in the details."],
  INTERNAL: ["Something went wrong inside Deskhand.","Everything up to the last step is kept.","Try again; if it comes back, show this code to your administrator."],
};

/** Every document operation and what it does to the document. */
export const operationEffects = {
  'Workbook workbook.info': 'Read',
  'Workbook workbook.create': 'Add',
  'Workbook range.read': 'Read',
  'Workbook range.find': 'Read',
  'Workbook range.write': 'Change',
  'Workbook range.format': 'Change',
  'Workbook range.clear': 'Remove',
  'Workbook range.copy': 'Change',
  'Workbook range.fill': 'Change',
  'Workbook range.merge': 'Change',
  'Workbook range.unmerge': 'Change',
  'Workbook range.sort': 'Change',
  'Workbook range.restore': 'Change',
  'Workbook rows.insert': 'Change',
  'Workbook rows.delete': 'Remove',
  'Workbook columns.insert': 'Change',
  'Workbook columns.delete': 'Remove',
  'Workbook columnWidth': 'Change',
  'Workbook rowHeight': 'Change',
  'Workbook freeze': 'Change',
  'Workbook pageSetup': 'Change',
  'Workbook sheet.add': 'Add',
  'Workbook sheet.rename': 'Change',
  'Workbook sheet.move': 'Change',
  'Workbook sheet.copy': 'Add',
  'Workbook sheet.delete': 'Remove',
  'Workbook sheet.hide': 'Change',
  'Workbook table.add': 'Add',
  'Workbook table.resize': 'Change',
  'Workbook table.delete': 'Remove',
  'Workbook name.set': 'Change',
  'Workbook name.delete': 'Remove',
  'Workbook filter.set': 'Change',
  'Workbook conditionalFormat.set': 'Change',
  'Workbook dataValidation.set': 'Change',
  'Workbook note.set': 'Change',
  'Workbook note.delete': 'Remove',
  'Workbook comment.read': 'Read',
  'Workbook comment.reply': 'Add',
  'Workbook chart.add': 'Add',
  'Workbook chart.update': 'Change',
  'Workbook chart.delete': 'Remove',
  'Workbook picture.add': 'Add',
  'Workbook pivot.info': 'Read',
  'Workbook pivot.refresh': 'Change',
  'Workbook workbook.recalculate': 'Change',
  'Workbook workbook.trace': 'Read',
  'Workbook workbook.check': 'Read',
  'Workbook workbook.tieOut': 'Read',
  'Workbook workbook.tieOutReport': 'Add',
  'Deck deck.info': 'Read',
  'Deck deck.create': 'Add',
  'Deck slide.read': 'Read',
  'Deck slide.add': 'Add',
  'Deck slide.duplicate': 'Add',
  'Deck slide.fromTemplate': 'Add',
  'Deck slide.move': 'Change',
  'Deck slide.hide': 'Change',
  'Deck slide.delete': 'Remove',
  'Deck text.set': 'Change',
  'Deck text.replace': 'Change',
  'Deck notes.set': 'Change',
  'Deck shape.add': 'Add',
  'Deck shape.move': 'Change',
  'Deck shape.resize': 'Change',
  'Deck shape.format': 'Change',
  'Deck shape.delete': 'Remove',
  'Deck table.add': 'Add',
  'Deck table.set': 'Change',
  'Deck chart.add': 'Add',
  'Deck chart.update': 'Change',
  'Deck picture.add': 'Add',
  'Deck picture.replace': 'Change',
  'Deck deck.check': 'Read',
  'Deck slide.export': 'Read',
  'Deck slide.replace': 'Change',
  'Document document.info': 'Read',
  'Document document.read': 'Read',
  'Document document.find': 'Read',
  'Document document.check': 'Read',
  'Document document.replace': 'Change',
  'Document document.insert': 'Add',
  'Document document.create': 'Add',
  'Pdf pdf.info': 'Read',
  'Pdf pdf.read': 'Read',
  'Pdf pdf.find': 'Read',
  'Csv csv.info': 'Read',
  'Csv csv.read': 'Read',
  'Csv csv.find': 'Read',
  'Legacy legacy.info': 'Read',
  'Legacy legacy.read': 'Read',
} as const;
