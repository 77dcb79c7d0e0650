// A row of tabs: arrows move, one stop in the tab order.
import { type KeyboardEvent, type ReactElement, useRef } from "react";

export interface TabItem<T extends string> {
  id: T;
  label: string;
  count?: number;
}

interface TabsProps<T extends string> {
  label: string;
  items: readonly TabItem<T>[];
  selected: T;
  panel: string;
  onSelect: (id: T) => void;
}

export function Tabs<T extends string>({ label, items, selected, panel, onSelect }: TabsProps<T>): ReactElement {
  const row = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent): void => {
    const backwards = document.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
    const step = event.key === backwards ? -1 : event.key === "ArrowLeft" || event.key === "ArrowRight" ? 1 : 0;
    const at = items.findIndex((item) => item.id === selected);
    const next = items[(at + step + items.length) % items.length];
    if (step !== 0 && next !== undefined) {
      event.preventDefault();
      onSelect(next.id);
      row.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
    }
  };
  return (
    <div className="tabs" role="tablist" aria-label={label} ref={row} onKeyDown={onKey} data-area>
      {items.map((item) => (
        <button
          key={item.id}
          type="button"
          role="tab"
          className="tab"
          data-tab={item.id}
          aria-selected={item.id === selected}
          aria-controls={panel}
          tabIndex={item.id === selected ? 0 : -1}
          onClick={() => {
            onSelect(item.id);
          }}
        >
          {item.label}
          {item.count !== undefined && item.count > 0 && <span className="count num">{item.count}</span>}
        </button>
      ))}
    </div>
  );
}
