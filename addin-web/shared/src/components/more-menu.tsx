// What else can be done with a session, and the list of keys.
import {
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Popover,
  PopoverSurface,
} from "@fluentui/react-components";
import { type ReactElement, useRef, useState } from "react";
import { words } from "../words/en.ts";
import { useApp, useSession } from "./context.tsx";
import { IconButton, TextButton } from "./controls.tsx";
import { MoreHorizontal16Regular } from "./icons.tsx";
import { Instructions } from "./instructions.tsx";
import { Permissions } from "./permissions.tsx";
import { metaKey } from "./sessions.tsx";

type Sheet = "keys" | "instructions" | "permissions" | "rename" | "delete";

const titles: Record<Sheet, string> = {
  keys: words.keyboard.title,
  instructions: words.instructions.title,
  permissions: words.permissions.title,
  rename: words.sessions.rename,
  delete: words.sessions.delete,
};

interface MoreMenuProps {
  /** Opened from the keyboard as well. */
  keys: boolean;
  onKeys: (open: boolean) => void;
}

export function MoreMenu({ keys, onKeys }: MoreMenuProps): ReactElement {
  const { kind, store } = useApp();
  const { model, view } = useSession();
  const signIn = view?.signIn;
  const [sheet, setSheet] = useState<Exclude<Sheet, "keys"> | undefined>();
  const button = useRef<HTMLButtonElement>(null);
  const shown: Sheet | undefined = keys ? "keys" : sheet;
  const close = (): void => {
    setSheet(undefined);
    onKeys(false);
  };
  return (
    <>
      <Menu>
        <MenuTrigger disableButtonEnhancement>
          <IconButton label={words.more} icon={<MoreHorizontal16Regular />} ref={button} />
        </MenuTrigger>
        <MenuPopover className="surface">
          <MenuList>
            {model.id !== undefined && (
              <MenuItem
                onClick={() => {
                  setSheet("rename");
                }}
              >
                {words.sessions.rename}
              </MenuItem>
            )}
            {model.id !== undefined && kind === "window" && (
              <MenuItem
                onClick={() => {
                  setSheet("delete");
                }}
              >
                {words.sessions.delete}
              </MenuItem>
            )}
            <MenuItem
              onClick={() => {
                setSheet("instructions");
              }}
            >
              {words.instructions.title}
            </MenuItem>
            <MenuItem
              onClick={() => {
                setSheet("permissions");
              }}
            >
              {words.permissions.title}
            </MenuItem>
            {signIn?.signedIn === true && kind === "window" && (
              <MenuItem
                onClick={() => {
                  store.signOut("provider");
                }}
              >
                {words.modelSignIn.signOut(signIn.at)}
              </MenuItem>
            )}
            <MenuItem
              onClick={() => {
                onKeys(true);
              }}
            >
              {words.keyboard.title}
            </MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
      <Popover
        open={shown !== undefined}
        trapFocus
        positioning={{ target: button.current, position: "below", align: "end" }}
        onOpenChange={(_event, data) => {
          if (!data.open) {
            close();
          }
        }}
      >
        <PopoverSurface
          className={
            shown === "permissions" || shown === "instructions" ? "surface popover popover-wide" : "surface popover"
          }
          aria-label={shown === undefined ? undefined : titles[shown]}
        >
          {shown === "keys" && <KeyList />}
          {shown === "instructions" && <Instructions />}
          {shown === "permissions" && <Permissions />}
          {shown === "rename" && <RenameForm onDone={close} />}
          {shown === "delete" && <DeleteQuestion onDone={close} />}
        </PopoverSurface>
      </Popover>
    </>
  );
}

function KeyList(): ReactElement {
  const { kind } = useApp();
  return (
    <>
      <h2 className="strong">{words.keyboard.title}</h2>
      <dl className="keys small" tabIndex={0}>
        {words.keyboard.rows(metaKey(), kind === "window").map(([key, does]) => (
          <div key={key} className="row">
            <dt className="strong">{key}</dt>
            <dd className="end secondary">{does}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function RenameForm({ onDone }: { onDone: () => void }): ReactElement {
  const { store } = useApp();
  const { model } = useSession();
  const [title, setTitle] = useState(model.title);
  const save = (): void => {
    if (model.id !== undefined && title.trim() !== "") {
      store.rename(model.id, title.trim());
      onDone();
    }
  };
  return (
    <form
      className="attach-path"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <label className="small secondary">
        {words.sessions.renameLabel}
        <input
          className="field"
          value={title}
          maxLength={120}
          onChange={(event) => {
            setTitle(event.target.value);
          }}
        />
      </label>
      <TextButton small look="main" onClick={save}>
        {words.sessions.save}
      </TextButton>
    </form>
  );
}

function DeleteQuestion({ onDone }: { onDone: () => void }): ReactElement {
  const { store } = useApp();
  const { model } = useSession();
  return (
    <>
      <p className="small">{words.sessions.deleteQuestion}</p>
      <div className="row choices">
        <TextButton
          small
          onClick={() => {
            if (model.id !== undefined) {
              store.delete(model.id);
            }
            onDone();
          }}
        >
          {words.sessions.delete}
        </TextButton>
        <TextButton small look="quiet" className="end" onClick={onDone}>
          {words.close}
        </TextButton>
      </div>
    </>
  );
}
