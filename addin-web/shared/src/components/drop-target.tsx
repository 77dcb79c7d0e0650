// Files that are dropped on a page. The native window tells where they lie; a browser does not. Nothing that is dropped is
// opened in the place of the page, whatever front end it is.
import { type ReactElement, useEffect, useState } from "react";
import { dropNotRead } from "../session/attaching.ts";
import { words } from "../words/en.ts";
import { useApp } from "./context.tsx";
import { Folder16Regular } from "./icons.tsx";

export function DropTarget(): ReactElement | null {
  const over = useDrops();
  const { kind } = useApp();
  if (!over) {
    return null;
  }
  return (
    <div className="drop-target" role="status">
      <p className="card row strong">
        <Folder16Regular />
        {kind === "window" ? words.attach.drop : words.attach.dropInPane}
      </p>
    </div>
  );
}

/** True while files are held over the page. */
function useDrops(): boolean {
  const { store, shell, kind } = useApp();
  const [over, setOver] = useState(false);
  const native = shell.watchDrops;
  useEffect(
    () =>
      native?.({
        entered: () => {
          setOver(true);
        },
        left: () => {
          setOver(false);
        },
        dropped: (chosen) => {
          setOver(false);
          void store.attachAll(chosen);
        },
      }),
    [native, store],
  );
  useEffect(() => {
    const told = native === undefined;
    const hold = (event: DragEvent): void => {
      if (holdsFiles(event)) {
        // Whoever takes a file only looks at it: nothing is moved to here.
        event.preventDefault();
        if (event.dataTransfer !== null) {
          event.dataTransfer.dropEffect = "copy";
        }
        if (told) {
          setOver(true);
        }
      }
    };
    const leave = (event: DragEvent): void => {
      // Between two elements of the page there is another one to go to.
      if (told && event.relatedTarget === null) {
        setOver(false);
      }
    };
    const drop = (event: DragEvent): void => {
      if (holdsFiles(event)) {
        event.preventDefault();
        if (told) {
          setOver(false);
          store.report(dropNotRead(kind === "window"));
        }
      }
    };
    document.addEventListener("dragenter", hold);
    document.addEventListener("dragover", hold);
    document.addEventListener("dragleave", leave);
    document.addEventListener("drop", drop);
    return () => {
      document.removeEventListener("dragenter", hold);
      document.removeEventListener("dragover", hold);
      document.removeEventListener("dragleave", leave);
      document.removeEventListener("drop", drop);
    };
  }, [native, store, kind]);
  return over;
}

/** Text that is dragged within the page is none of this. */
function holdsFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
