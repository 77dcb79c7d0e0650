// The configuration window: pages of settings, a search over all of them, and a draft that is applied as a whole.
import { type KeyboardEvent, type ReactElement, useState } from "react";
import type { ConfigurationAnswer, ConfigurationPage, ConfigurationPageId, SettingView } from "../../generated/protocol.ts";
import { when } from "../../text/format.ts";
import { searched, shown } from "../../text/setting.ts";
import { words } from "../../words/en.ts";
import { settingsOf } from "../../session/configuration.ts";
import { ConnectionNote, ServiceNotices } from "../connection.tsx";
import { IconButton, LinkButton, TextButton } from "../controls.tsx";
import {
  ArrowLeft16Regular,
  Box20Regular,
  ChevronDown16Regular,
  ChevronRight16Regular,
  Color20Regular,
  Database20Regular,
  DocumentArrowRight20Regular,
  Folder20Regular,
  Gauge20Regular,
  Globe20Regular,
  LockClosed16Regular,
  Mark,
  PlugDisconnected20Regular,
  Pulse20Regular,
  PuzzlePiece20Regular,
  Search16Regular,
} from "../icons.tsx";
import { ErrorCard } from "../notices.tsx";
import { TestButton, TestReport } from "./connection-test.tsx";
import { Diagnostics } from "./diagnostics.tsx";
import { Egress } from "./egress.tsx";
import { Setting } from "./setting.tsx";
import { SourceParts } from "./source.tsx";
import { useConfiguration, useFresh } from "./use.ts";

type Place = ConfigurationPageId | "egress";

const texts = words.configuration;

const icons: Record<Place, ReactElement> = {
  connection: <Globe20Regular />,
  workspace: <Folder20Regular />,
  sandbox: <Box20Regular />,
  connectors: <PlugDisconnected20Regular />,
  plugins: <PuzzlePiece20Regular />,
  telemetry: <Pulse20Regular />,
  usage: <Gauge20Regular />,
  appearance: <Color20Regular />,
  source: <Database20Regular />,
  egress: <DocumentArrowRight20Regular />,
};

export function Configuration(): ReactElement {
  const { configuration, state } = useConfiguration();
  const [place, setPlace] = useState<Place>("connection");
  const [search, setSearch] = useState("");
  useFresh();
  const { answer, error } = state;
  const go = (to: Place): void => {
    setPlace(to);
    setSearch("");
  };
  return (
    <div className="configuration">
      <Navigation answer={answer} place={search === "" ? place : undefined} search={search} onGo={go} onSearch={setSearch} />
      <div className="configuration-main">
        {/* One key a page, so that each begins at its top. */}
        <main key={search === "" ? place : "search"} className="configuration-scroll" tabIndex={0} aria-label={texts.title} data-area>
          {error !== undefined && (
            <ErrorCard
              error={error}
              open
              action={
                <TextButton
                  small
                  onClick={() => {
                    configuration.dismissError();
                  }}
                >
                  {words.close}
                </TextButton>
              }
            />
          )}
          <ConnectionNote />
          <ServiceNotices />
          {answer === undefined ? (
            <p className="row small detail" role="status">
              <span className="ring" />
              {texts.reading}
            </p>
          ) : search !== "" ? (
            <Found answer={answer} text={search} />
          ) : place === "egress" ? (
            <Egress level="h1" />
          ) : (
            answer.pages.filter((page) => page.id === place).map((page) => <Page key={page.id} page={page} answer={answer} />)
          )}
        </main>
        <Foot />
      </div>
    </div>
  );
}

interface NavigationProps {
  answer: ConfigurationAnswer | undefined;
  place: Place | undefined;
  search: string;
  onGo: (place: Place) => void;
  onSearch: (text: string) => void;
}

function Navigation({ answer, place, search, onGo, onSearch }: NavigationProps): ReactElement {
  const { configuration } = useConfiguration();
  const managed = answer?.sources.find((source) => source.kind === "managed" || source.kind === "managedForUser");
  const pages = (answer?.pages ?? []).map(({ id, title }): { id: Place; title: string } => ({ id, title }));
  return (
    <nav className="configuration-nav" aria-label={texts.pages} data-area>
      <div className="row configuration-brand">
        <IconButton
          label={texts.back}
          icon={<ArrowLeft16Regular />}
          onClick={() => {
            configuration.show(false);
          }}
        />
        <Mark />
        <span className="title grow cut">{texts.title}</span>
      </div>
      <label className="row configuration-search">
        <Search16Regular />
        <input
          type="search"
          className="field"
          aria-label={texts.searchLabel}
          placeholder={texts.search}
          value={search}
          data-setting-search
          onChange={(event) => {
            onSearch(event.target.value);
          }}
        />
      </label>
      <ul className="plain-list" onKeyDown={moveFocus}>
        {pages.concat({ id: "egress", title: texts.egress }).map(({ id, title }) => (
          <li key={id} className={id === "egress" ? "configuration-apart" : undefined}>
            <button
              type="button"
              aria-current={id === place ? "page" : undefined}
              onClick={() => {
                onGo(id);
              }}
            >
              {icons[id]}
              <span className="cut">{title}</span>
            </button>
          </li>
        ))}
      </ul>
      {answer !== undefined && (
        <p className="small detail configuration-read">
          {texts.readAt(when(answer.readAt, Date.now()))}
          {managed?.keys !== undefined && (
            <span className="block">
              {texts.sourceOf.managed}, {texts.sourceKeys(managed.keys)}
            </span>
          )}
        </p>
      )}
    </nav>
  );
}

/** Arrows move between the pages of the list. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const next = buttons[buttons.findIndex((button) => button === document.activeElement) + step];
  if (step !== 0 && next !== undefined) {
    event.preventDefault();
    next.focus();
  }
}

function Page({ page, answer }: { page: ConfigurationPage; answer: ConfigurationAnswer }): ReactElement {
  const all = page.sections.flatMap((section) => section.settings);
  const parts = page.sections.filter((section) => section.settings.some((setting) => !setting.inert));
  const inert = all.filter((setting) => setting.inert);
  return (
    <>
      {answer.managed && (
        <p className="note configuration-managed">
          <LockClosed16Regular className="is-brand" />
          <span>
            <span className="strong">{texts.managed}</span>{" "}
            {texts.fixed(all.filter((setting) => setting.locked).length, all.length)}
          </span>
        </p>
      )}
      <div className="row configuration-head">
        <h1 className="page-title grow">{page.title}</h1>
        {page.id === "connection" && <TestButton />}
      </div>
      {page.id === "connection" && <TestReport />}
      {page.id === "source" && <SourceParts />}
      {parts.map((section) => (
        <section key={section.title} aria-label={section.title}>
          {section.title !== page.title && parts.length > 1 && <h2 className="title">{section.title}</h2>}
          <Settings settings={section.settings.filter((setting) => !setting.inert)} />
        </section>
      ))}
      {inert.length > 0 && <Inert settings={inert} open={parts.length === 0} />}
      {page.id === "connection" && <Egress level="h2" />}
      {page.id === "telemetry" && <Diagnostics />}
    </>
  );
}

/** What does nothing in this build, folded where there is something else. */
function Inert({ settings, open }: { settings: readonly SettingView[]; open: boolean }): ReactElement {
  const [unfolded, setUnfolded] = useState(open);
  return (
    <div>
      <LinkButton
        expanded={unfolded}
        icon={unfolded ? <ChevronDown16Regular /> : <ChevronRight16Regular />}
        onClick={() => {
          setUnfolded(!unfolded);
        }}
      >
        {texts.inert(settings.length)}
      </LinkButton>
      {unfolded && <Settings settings={settings} />}
    </div>
  );
}

function Settings({ settings }: { settings: readonly SettingView[] }): ReactElement {
  return (
    <div className="settings">
      {settings.map((setting) => (
        <Setting key={setting.key} setting={setting} />
      ))}
    </div>
  );
}

function Found({ answer, text }: { answer: ConfigurationAnswer; text: string }): ReactElement {
  const found = searched(answer, text);
  const count = found.reduce((sum, { settings }) => sum + settings.length, 0);
  return (
    <>
      <div role="status">
        <h1 className="page-title">{texts.found(count, text)}</h1>
        {count === 0 && <p className="secondary">{texts.nothingFound}</p>}
      </div>
      {found.map(({ page, settings }) => (
        <section key={page.id} aria-label={page.title}>
          <h2 className="title">{page.title}</h2>
          <Settings settings={settings} />
        </section>
      ))}
    </>
  );
}

function Foot(): ReactElement {
  const { configuration, state } = useConfiguration();
  const { draft, check, answer, appliedAt, busy } = state;
  const count = Object.keys(draft).length;
  const wrong = new Set(check?.problems.flatMap(({ key, weight }) => (weight === "refused" ? [key] : []))).size;
  const blocked = count === 0 ? texts.applyNothing : wrong > 0 ? texts.applyWrong(wrong) : undefined;
  const settings = new Map(settingsOf(answer).map((setting) => [setting.key, setting]));
  const steps = check?.changes.map(({ key, title, before, after }) => {
    const setting = settings.get(key);
    return texts.step(title, shown(setting, before), shown(setting, after));
  });
  const nothing = `${appliedAt === undefined ? texts.noChanges : texts.applied(when(appliedAt, Date.now()))}${answer?.waiting === true ? ` ${texts.waiting}` : ""}`;
  return (
    <footer className="configuration-foot" aria-label={words.areas.status} data-area>
      <p className="small secondary grow" role="status">
        {busy === "applying" ? texts.applying : count === 0 ? nothing : texts.pending(count)}
        {count > 0 && check !== undefined && (
          <>
            {steps !== undefined && steps.length > 0 && `: ${steps.slice(0, 2).join("; ")}${steps.length > 2 ? "; …" : ""}`}
            . {wrong > 0 ? `${texts.applyWrong(wrong)}.` : check.atOnce ? texts.atOnce : texts.waits}
          </>
        )}
      </p>
      {count > 0 && (
        <TextButton
          onClick={() => {
            configuration.discard();
          }}
        >
          {texts.discard}
        </TextButton>
      )}
      <TextButton
        look="main"
        blocked={blocked}
        onClick={() => {
          if (blocked === undefined) {
            void configuration.apply();
          }
        }}
      >
        {texts.apply}
      </TextButton>
    </footer>
  );
}
