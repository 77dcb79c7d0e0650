// What was allowed for longer than once, each to be taken back.
import { type ReactElement, useCallback, useEffect, useRef, useState } from "react";
import type { GrantView } from "../generated/protocol.ts";
import { documentNow } from "../session/state.ts";
import { date, fileName, shortTitle } from "../text/format.ts";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { TextButton } from "./controls.tsx";
import { Folder16Regular, Globe16Regular, Glyph, WindowConsole20Regular } from "./icons.tsx";

export function Permissions(): ReactElement {
  const { grants, revoke } = useGrants();
  const list = useRef<HTMLDivElement>(null);
  return (
    <div className="permissions" tabIndex={0} ref={list}>
      <h2>{words.permissions.title}</h2>
      <p className="small secondary">{words.permissions.text}</p>
      {grants === undefined && (
        <p className="row small detail">
          <span className="ring" />
          {words.permissions.reading}
        </p>
      )}
      {grants?.length === 0 && <p className="small detail">{words.permissions.none}</p>}
      {grants !== undefined && grants.length > 0 && (
        <ul className="card plain-list">
          {grants.map((grant) => (
            <GrantRow
              key={grant.id}
              grant={grant}
              onRevoke={() => {
                revoke(grant);
                // Its button goes, and the keyboard stays here.
                list.current?.focus();
              }}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

function GrantRow({ grant, onRevoke }: { grant: GrantView; onRevoke: () => void }): ReactElement {
  const document = documentNow(useSession(), grant.document);
  const what = words.permissions.what[grant.reason];
  const place = grant.folder ?? grant.host;
  const noPlace = grant.reason === "runs" ? words.permissions.sandbox : words.permissions.gone;
  const where = place === undefined ? shortTitle(document?.title ?? "") : fileName(place);
  return (
    <li className="grant">
      {grant.folder !== undefined && <Folder16Regular className="detail" />}
      {grant.host !== undefined && <Globe16Regular className="detail" />}
      {grant.reason === "runs" && <WindowConsole20Regular className="detail" />}
      {document !== undefined && <Glyph kind={document.kind} state={document.state} />}
      <div className="grow">
        <div className="strong">{what}</div>
        <div className="small secondary path">
          {place === undefined ? (
            (document?.title ?? noPlace)
          ) : (
            <bdi className="ltr">{place}</bdi>
          )}
        </div>
        <div className="small detail">
          {grant.expiresAt === undefined ? words.permissions.session : words.permissions.until(date(grant.expiresAt))}
        </div>
      </div>
      <TextButton
        small
        label={words.permissions.revokeOf(what, where)}
        onClick={onRevoke}
      >
        {words.permissions.revoke}
      </TextButton>
    </li>
  );
}

/** The grants that count now, read again whenever others may count. */
function useGrants(): { grants: readonly GrantView[] | undefined; revoke: (grant: GrantView) => void } {
  const { store } = useApp();
  const { model, connection } = useSession();
  const [grants, setGrants] = useState<readonly GrantView[] | undefined>();
  const [revoked, setRevoked] = useState(0);
  const online = connection.kind === "online";
  useEffect(() => {
    if (!online) {
      return undefined;
    }
    let current = true;
    void store.grants().then((found) => {
      // What was found before stays where the service does not answer.
      if (current && found !== undefined) {
        setGrants(found);
      }
    });
    return () => {
      current = false;
    };
  }, [store, model.id, model.allowedSeq, online, revoked]);
  const revoke = useCallback(
    (grant: GrantView) => {
      void store.revoke(grant).then(() => {
        setRevoked((count) => count + 1);
      });
    },
    [store],
  );
  return { grants, revoke };
}
