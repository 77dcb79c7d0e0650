// What is always to be seen: where code runs, what is managed.
import { Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import type { ReactElement } from "react";
import type { UserError } from "../generated/protocol.ts";
import { plain } from "../text/plain.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { LockClosed16Regular, Shield16Regular, Warning16Filled } from "./icons.tsx";
import { UsageMeter } from "./usage.tsx";

export function SandboxBadge({ long }: { long: boolean }): ReactElement | null {
  const { view } = useSession();
  if (view === undefined) {
    return null;
  }
  const { sandbox, sandboxFault: fault } = view;
  const says = long ? words.sandbox.long[sandbox] : words.sandbox.short[sandbox];
  return (
    <Popover positioning="above">
      <PopoverTrigger disableButtonEnhancement>
        <button type="button" aria-label={words.sandbox.badge(says)}>
          {sandbox === "unavailable" ? <Warning16Filled className="is-warning" /> : <Shield16Regular />}
          {says}
        </button>
      </PopoverTrigger>
      <PopoverSurface className="surface popover" role="dialog" aria-label={words.sandbox.long[sandbox]}>
        <p className="strong">{words.sandbox.long[sandbox]}</p>
        <p className="small">{words.sandbox.hint[sandbox]}</p>
        {fault !== undefined && <SandboxFault fault={fault} />}
      </PopoverSurface>
    </Popover>
  );
}

/** Which step failed and why, and what helps. */
function SandboxFault({ fault }: { fault: UserError }): ReactElement {
  return (
    <>
      <p className="small">{fault.happened}</p>
      {fault.detail !== undefined && <p className="small secondary path">{plain(fault.detail)}</p>}
      {fault.kept !== "" && <p className="small secondary">{fault.kept}</p>}
      <p className="small">{fault.action}</p>
      <p className="small secondary">
        <code className="mono">{fault.code}</code>
      </p>
    </>
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
