// A button that opens the dialog of the system, where a native window is around the page; elsewhere there is none.
import { type ReactElement, type ReactNode, useState } from "react";
import type { Chosen } from "../session/attaching.ts";
import { words } from "../words/en.ts";
import { type Picked, useApp } from "./context.tsx";
import { TextButton } from "./controls.tsx";

interface PickButtonProps {
  what: Picked;
  children: ReactNode;
  /** Called where the person chose something. */
  onChosen: (chosen: Chosen) => void;
}

export function PickButton({ what, children, onChosen }: PickButtonProps): ReactElement | null {
  const { pick } = useApp().shell;
  const [open, setOpen] = useState(false);
  if (pick === undefined) {
    return null;
  }
  return (
    <TextButton
      small
      blocked={open ? words.attach.choosing : undefined}
      onClick={() => {
        setOpen(true);
        void pick(what).then((chosen) => {
          setOpen(false);
          if (chosen.total > 0) {
            onChosen(chosen);
          }
        });
      }}
    >
      {children}
    </TextButton>
  );
}
