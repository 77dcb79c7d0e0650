// What is always to be seen: where code runs, what is managed, what was used.
import { Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import type { ReactElement } from "react";
import { when } from "../text/format.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { LockClosed16Regular, Shield16Regular, Warning16Filled } from "./icons.tsx";

export function SandboxBadge({ long }: { long: boolean }): ReactElement | null {
  const { view } = useSession();
  if (view === undefined) {
    return null;
  }
  const { sandbox } = view;
  return (
    <span title={words.sandbox.hint[sandbox]}>
      {sandbox === "unavailable" ? <Warning16Filled className="is-warning" /> : <Shield16Regular />}
      {long ? words.sandbox.long[sandbox] : words.sandbox.short[sandbox]}
    </span>
  );
}

export function ManagedMark({ long }: { long: boolean }): ReactElement | null {
  const { view } = useSession();
  const { store, kind } = useApp();
  if (view?.managed !== true) {
    return null;
  }
  const { organisation } = view;
  return (
    <Popover positioning="above">
      <PopoverTrigger disableButtonEnhancement>
        <button type="button" aria-label={words.managed.long}>
          <LockClosed16Regular />
          <span className="word">{long ? words.managed.long : words.managed.short}</span>
        </button>
      </PopoverTrigger>
      <PopoverSurface className="surface popover">
        <p className="strong">{organisation.name ?? words.managed.long}</p>
        {organisation.subtitle !== undefined && <p className="small secondary">{organisation.subtitle}</p>}
        <p className="small">{words.managed.text}</p>
        <p className="small secondary">{words.managed.store(view.secretStore)}</p>
        {organisation.reason !== undefined && <p className="small">{words.managed.quote(organisation.reason)}</p>}
        {view.bootstrap?.signedIn === true && kind === "window" && (
          <TextButton
            small
            onClick={() => {
              store.signOut("bootstrap");
            }}
          >
            {words.settings.signOut}
          </TextButton>
        )}
        {organisation.contact === undefined ? (
          <p className="small secondary">{words.managed.ask}</p>
        ) : (
          <p className="small secondary">
            {words.managed.questions}: {organisation.contact}
          </p>
        )}
      </PopoverSurface>
    </Popover>
  );
}

/** What the organisation shows to everybody; nobody can dismiss it. */
export function OrganisationBanner(): ReactElement | null {
  const { view } = useSession();
  const banner = view?.organisation.banner;
  if (banner === undefined) {
    return null;
  }
  return (
    <aside
      className="organisation-banner"
      aria-label={words.managed.banner}
      style={{ background: banner.background, color: banner.color }}
    >
      <span>{banner.text}</span>
      {banner.link !== undefined && (
        <a href={banner.link} target="_blank" rel="noopener noreferrer" style={{ color: banner.color }}>
          {words.managed.more}
        </a>
      )}
    </aside>
  );
}

/** From which share of the limit on the meter warns. */
const WARNS_FROM = 80;

export function UsageMeter(): ReactElement {
  const { model, view } = useSession();
  const { input, output, cacheRead, cacheWrite } = model.usage;
  const total = input + output + cacheRead + cacheWrite;
  const session = total === 0 ? words.usage.none : words.usage.tokens(total);
  const usage = view?.usage;
  if (usage === undefined) {
    return (
      <span className="num" title={words.usage.hint}>
        {session}
      </span>
    );
  }
  const share = Math.min(100, Math.floor((100 * usage.tokens) / usage.limit));
  const ends = usage.endsAt === undefined ? undefined : when(usage.endsAt, Date.now());
  return (
    <Popover positioning="above">
      <PopoverTrigger disableButtonEnhancement>
        <button
          type="button"
          className={share < WARNS_FROM ? "num" : "num is-warning"}
          aria-label={words.usage.ofLimit(share)}
        >
          {share >= WARNS_FROM && <Warning16Filled />}
          <span className="usage-bar" aria-hidden>
            <span style={{ width: `${String(share)}%` }} />
          </span>
          {words.usage.share(share)}
          <span className="word">{words.usage.ofWhat}</span>
        </button>
      </PopoverTrigger>
      <PopoverSurface className="surface popover" role="dialog" aria-label={words.usage.hint}>
        <p className="strong">{words.usage.limited(usage.tokens, usage.limit)}</p>
        <p className="small">{words.usage.atLimit(share === 100, ends)}</p>
        <p className="small secondary">
          {words.usage.hint}: {session}
        </p>
      </PopoverSurface>
    </Popover>
  );
}

export function Foot(): ReactElement {
  return (
    <footer className="foot" aria-label={words.areas.status} data-area>
      <SandboxBadge long={false} />
      <ManagedMark long={false} />
      <span className="end">
        <UsageMeter />
      </span>
    </footer>
  );
}
