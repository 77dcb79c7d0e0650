// Buttons and pickers in the sizes of the design, on Fluent's.
import {
  Button,
  Menu,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Popover,
  PopoverSurface,
} from "@fluentui/react-components";
import { type ButtonHTMLAttributes, type ReactElement, type ReactNode, type Ref, useRef, useState } from "react";
import { Checkmark16Regular, ChevronDown16Regular, Copy16Regular, LockClosed16Regular } from "./icons.tsx";

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

interface Option<T extends string> {
  value: T;
  text: string;
  hint?: string;
  /** Why this one cannot be chosen: shown in place of choosing it. */
  locked?: ReactElement | undefined;
}

interface PickerProps<T extends string> {
  label: string;
  value: T;
  options: readonly Option<T>[];
  /** Why another choice is not open to this person. */
  locked?: string | undefined;
  onChoose: (value: T) => void;
}

/** One choice of a few, as a quiet button with a menu. */
export function Picker<T extends string>({ label, value, options, locked, onChoose }: PickerProps<T>): ReactElement {
  const chosen = options.find((option) => option.value === value)?.text ?? value;
  if (locked !== undefined) {
    return (
      <TextButton look="quiet" small label={`${label}: ${chosen}. ${locked}`} blocked={locked} onClick={nothing}>
        {chosen}
        <LockClosed16Regular />
      </TextButton>
    );
  }
  return <PickerMenu label={label} chosen={chosen} value={value} options={options} onChoose={onChoose} />;
}

interface PickerMenuProps<T extends string> extends Omit<PickerProps<T>, "locked"> {
  /** What the chosen option says. */
  chosen: string;
}

function PickerMenu<T extends string>({ label, chosen, value, options, onChoose }: PickerMenuProps<T>): ReactElement {
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
            aria-label={`${label}: ${chosen}`}
            ref={button}
          >
            {chosen}
            <ChevronDown16Regular />
          </Button>
        </MenuTrigger>
        <MenuPopover className="surface">
          <MenuList>
            {options.map((option) => (
              <MenuItemRadio
                key={option.value}
                name="choice"
                value={option.value}
                subText={option.hint}
                {...(option.locked === undefined ? {} : { secondaryContent: <LockClosed16Regular /> })}
              >
                {option.text}
              </MenuItemRadio>
            ))}
          </MenuList>
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
