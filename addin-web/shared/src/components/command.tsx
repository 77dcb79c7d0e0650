// A question about a command: all of it, as the shell would get it, and what it would see and reach.
import { type ReactElement, type RefObject, useLayoutEffect, useRef, useState } from "react";
import type { CommandFolder, CommandRequest } from "../generated/protocol.ts";
import { exactly } from "../text/plain.ts";
import { words } from "../words/en.ts";
import { LinkButton } from "./controls.tsx";
import { ArrowSync16Regular, Folder16Regular, Globe16Regular } from "./icons.tsx";

const HOSTS_NAMED = 3;
const FOLDERS_SHOWN = 4;

/** `scoped` says that the question itself says what is not seen. */
export function CommandAsked({ request, scoped }: { request: CommandRequest; scoped: boolean }): ReactElement {
  return (
    <div className="command-asked">
      <CommandText command={request.command} />
      <ul className="plain-list small command-reach">
        <Folders folders={request.folders} none={!scoped} />
        <Hosts hosts={request.hosts} more={request.moreHosts} />
        {request.background && (
          <li className="row">
            <ArrowSync16Regular className="detail" />
            <span>{words.sandbox.goesOn}</span>
          </li>
        )}
      </ul>
    </div>
  );
}

/** The whole command in a block that wraps and scrolls; how long it is, where it does not fit. */
export function CommandText({ command }: { command: string }): ReactElement {
  const text = exactly(command);
  const block = useRef<HTMLPreElement>(null);
  const scrolls = useScrolls(block, text);
  return (
    <>
      <pre className="mono ltr command-text" ref={block} tabIndex={0} role="group" aria-label={words.sandbox.command}>
        {text}
      </pre>
      {scrolls && (
        <p className="small secondary">{words.sandbox.scroll(command.split("\n").length, command.length)}</p>
      )}
      {text !== command && <p className="small secondary">{words.sandbox.marked}</p>}
    </>
  );
}

/** True where not all of a block is in sight. */
function useScrolls(block: RefObject<HTMLElement | null>, text: string): boolean {
  const [scrolls, setScrolls] = useState(false);
  useLayoutEffect(() => {
    const box = block.current;
    if (box === null) {
      return undefined;
    }
    const look = (): void => {
      setScrolls(box.scrollHeight > box.clientHeight);
    };
    look();
    const resized = new ResizeObserver(look);
    resized.observe(box);
    return () => {
      resized.disconnect();
    };
  }, [block, text]);
  return scrolls;
}

function Folders({ folders, none }: { folders: readonly CommandFolder[]; none: boolean }): ReactElement {
  const [all, setAll] = useState(false);
  const shown = all || folders.length <= FOLDERS_SHOWN + 1 ? folders : folders.slice(0, FOLDERS_SHOWN);
  return (
    <>
      {none && folders.length === 0 && (
        <li className="row">
          <Folder16Regular className="detail" />
          <span>{words.sandbox.noFolder}</span>
        </li>
      )}
      {shown.map(({ path, readOnly }) => (
        <li key={path} className="row">
          <Folder16Regular className="detail" />
          <span className="path">
            <bdi className="ltr">{exactly(path)}</bdi>{" "}
            <span className="secondary access">{readOnly ? words.sandbox.readOnly : words.sandbox.changes}</span>
          </span>
        </li>
      ))}
      {shown.length < folders.length && (
        <li>
          <LinkButton
            inline
            expanded={false}
            onClick={() => {
              setAll(true);
            }}
          >
            {words.sandbox.moreFolders(folders.length - shown.length)}
          </LinkButton>
        </li>
      )}
    </>
  );
}

function Hosts({ hosts, more }: { hosts: readonly string[]; more: number }): ReactElement {
  const [all, setAll] = useState(false);
  const named = hosts.map(exactly);
  const left = hosts.length - HOSTS_NAMED;
  if (hosts.length === 0) {
    return (
      <li className="row">
        <Globe16Regular className="detail" />
        <span>{words.sandbox.noNetwork}</span>
      </li>
    );
  }
  const short = left > 1 && !all ? named.slice(0, HOSTS_NAMED) : named;
  return (
    <li className="row">
      <Globe16Regular className="detail" />
      <span className="path">
        {words.sandbox.reaches(short, hosts.length - short.length + more)}
        {left > 1 && (
          <>
            {" "}
            <LinkButton
              inline
              expanded={all}
              onClick={() => {
                setAll(!all);
              }}
            >
              {all ? words.approval.showFewer : words.sandbox.showHosts}
            </LinkButton>
          </>
        )}
      </span>
    </li>
  );
}
