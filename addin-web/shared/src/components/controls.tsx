// Buttons and pickers in the sizes of the design, on Fluent's.
import {
  Button,
  Menu,
  MenuGroup,
  MenuGroupHeader,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Popover,
  PopoverSurface,
} from "@fluentui/react-components";
import { type ButtonHTMLAttributes, type ReactElement, type ReactNode, type Ref, useRef, useState } from "react";
import { Checkmark16Regular, ChevronDown16Regular, Copy16Regular, Globe16Regular, LockClosed16Regular } from "./icons.tsx";

type Look = "main" | "outline" | "quiet";

interface TextButtonProps {
  children: ReactNode;
  look?: Look;
  small?: boolean;
  icon?: ReactElement;
  className?: string;
  label?: string | undefined;
  /** Why it cannot be used; it stays focusable and says so. */
  blocked?: string | undefined;
  onClick: () => void;
}

const appearance = { main: "primary", outline: "outline", quiet: "subtle" } as const;

export function TextButton(props: TextButtonProps): ReactElement {
  const { children, look = "outline", small = false, icon, className = "", label, blocked, onClick } = props;
  const classes = ["btn", look === "main" ? "main" : "", look === "quiet" ? "btn-quiet" : "", small ? "btn-small" : ""];
  return (
    <Button
      appearance={appearance[look]}
      className={[...classes, className].filter(Boolean).join(" ")}
      aria-label={label}
      title={blocked}
      disabledFocusable={blocked !== undefined}
      onClick={onClick}
      {...(icon === undefined ? {} : { icon })}
    >
      {children}
    </Button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
  icon: ReactElement;
  small?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

/** An icon with a name; popovers hand it the rest of their trigger's properties. */
export function IconButton({ label, icon, small = false, className = "", ...rest }: IconButtonProps): ReactElement {
  return (
    <Button
      appearance="subtle"
      {...rest}
      className={`icon-btn${small ? " icon-small" : ""} ${className}`}
      aria-label={label}
      title={label}
      icon={icon}
    />
  );
}

/** Where a person types a path; it reads from left to right in every language. */
export function PathField({
  label,
  path,
  onPath,
}: {
  label: string;
  path: string;
  onPath: (path: string) => void;
}): ReactElement {
  return (
    <label className="small secondary">
      {label}
      <input
        className="field ltr"
        value={path}
        onChange={(event) => {
          onPath(event.target.value);
        }}
      />
    </label>
  );
}

interface LinkButtonProps {
  children: ReactNode;
  icon?: ReactElement;
  inline?: boolean;
  label?: string;
  /** Whether what it folds is shown. */
  expanded?: boolean;
  onClick: () => void;
}

export function LinkButton({ children, icon, inline = false, label, expanded, onClick }: LinkButtonProps): ReactElement {
  return (
    <button
      type="button"
      className={`link-btn${inline ? " link-inline" : ""}`}
      aria-label={label}
      aria-expanded={expanded}
      onClick={onClick}
    >
      {icon}
      {children}
    </button>
  );
}

export interface Option<T extends string> {
  value: T;
  text: string;
  hint?: string;
  /** The name that it stands under with others. */
  group?: string | undefined;
  /** A few words of warning. */
  mark?: string | undefined;
  /** Why this one cannot be chosen: shown in place of choosing it. */
  locked?: ReactElement | undefined;
}

interface PickerProps<T extends string> {
  label: string;
  value: T;
  options: readonly Option<T>[];
  /** What is said below the choices. */
  note?: string | undefined;
  /** Why another choice is not open to this person. */
  locked?: string | undefined;
  onChoose: (value: T) => void;
}

/** One choice of a few, as a quiet button with a menu. */
export function Picker<T extends string>(props: PickerProps<T>): ReactElement {
  const { label, value, options, note, locked, onChoose } = props;
  const option = options.find((option) => option.value === value);
  const chosen = { text: option?.text ?? value, mark: option?.mark };
  if (locked !== undefined) {
    return (
      <TextButton
        look="quiet"
        small
        label={`${label}: ${inWords(chosen)}. ${locked}`}
        blocked={[locked, chosen.mark].filter(Boolean).join(". ")}
        onClick={nothing}
      >
        {chosen.mark !== undefined && <Globe16Regular className="is-warning" />}
        {chosen.text}
        <LockClosed16Regular />
      </TextButton>
    );
  }
  return <PickerMenu label={label} chosen={chosen} value={value} options={options} note={note} onChoose={onChoose} />;
}

/** What the chosen option says. */
interface Chosen {
  text: string;
  mark: string | undefined;
}

function inWords({ text, mark }: Chosen): string {
  return mark === undefined ? text : `${text}, ${mark}`;
}

/** Options that follow one another under one name. */
function groups<T extends string>(options: readonly Option<T>[]): { name: string | undefined; options: Option<T>[] }[] {
  const found: { name: string | undefined; options: Option<T>[] }[] = [];
  for (const option of options) {
    const last = found.at(-1);
    if (last !== undefined && last.name === option.group) {
      last.options.push(option);
    } else {
      found.push({ name: option.group, options: [option] });
    }
  }
  return found;
}

function PickerOption<T extends string>({ option }: { option: Option<T> }): ReactElement {
  const { value, text, hint, mark, locked } = option;
  const below = mark === undefined ? hint : (
    <>
      {hint}
      <span className="row picker-mark">
        <Globe16Regular className="is-warning" />
        {mark}
      </span>
    </>
  );
  return (
    <MenuItemRadio
      name="choice"
      value={value}
      subText={below}
      {...(locked === undefined ? {} : { secondaryContent: <LockClosed16Regular /> })}
    >
      {text}
    </MenuItemRadio>
  );
}

interface PickerMenuProps<T extends string> extends Omit<PickerProps<T>, "locked"> {
  chosen: Chosen;
}

function PickerMenu<T extends string>(props: PickerMenuProps<T>): ReactElement {
  const { label, chosen, value, options, note, onChoose } = props;
  const [reason, setReason] = useState<ReactElement | undefined>();
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <Menu
        checkedValues={{ choice: [value] }}
        onCheckedValueChange={(_event, { checkedItems }) => {
          const next = options.find((option) => option.value === checkedItems[0]);
          if (next?.locked !== undefined) {
            setReason(next.locked);
          } else if (next !== undefined) {
            onChoose(next.value);
          }
        }}
      >
        <MenuTrigger disableButtonEnhancement>
          <Button
            appearance="subtle"
            className="btn btn-small btn-quiet"
            aria-label={`${label}: ${inWords(chosen)}`}
            title={chosen.mark}
            ref={button}
          >
            {chosen.mark !== undefined && <Globe16Regular className="is-warning" />}
            {chosen.text}
            <ChevronDown16Regular />
          </Button>
        </MenuTrigger>
        <MenuPopover className="surface picker">
          <MenuList>
            {groups(options).map((group) => (
              <MenuGroup key={group.name ?? ""}>
                {group.name !== undefined && <MenuGroupHeader>{group.name}</MenuGroupHeader>}
                {group.options.map((option) => (
                  <PickerOption key={option.value} option={option} />
                ))}
              </MenuGroup>
            ))}
          </MenuList>
          {note !== undefined && <p className="small secondary picker-note">{note}</p>}
        </MenuPopover>
      </Menu>
      <Popover
        open={reason !== undefined}
        trapFocus
        positioning={{ target: button.current, position: "above", align: "start" }}
        onOpenChange={(_event, data) => {
          if (!data.open) {
            setReason(undefined);
          }
        }}
      >
        <PopoverSurface className="surface popover" aria-label={label} tabIndex={-1}>
          {reason}
        </PopoverSurface>
      </Popover>
    </>
  );
}

/** A code that people pass on as it is, with a button that copies it. */
export function CopyCode(props: {
  code: string;
  className: string;
  /** What the button does, and once it did. */
  label: string;
  copied: string;
}): ReactElement {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      className={`link-btn ${props.className}`}
      aria-label={copied ? props.copied : props.label}
      onClick={() => {
        void navigator.clipboard.writeText(props.code).then(() => {
          setCopied(true);
        });
      }}
    >
      <code className="mono ltr">{props.code}</code>
      {copied ? <Checkmark16Regular /> : <Copy16Regular />}
    </button>
  );
}

const nothing = (): void => undefined;
