// A table with its title above it, which scrolls by itself where it is wider than the page.
import type { ReactElement, ReactNode } from "react";

interface TableProps {
  title: string;
  level: "h1" | "h2";
  /** A few words beside the title. */
  about?: string | undefined;
  columns: readonly string[];
  /** The rows. */
  children: ReactNode;
}

export function Table({ title, level: Title, about, columns, children }: TableProps): ReactElement {
  return (
    <>
      <div className="row table-head">
        <Title className={Title === "h1" ? "page-title grow" : "title grow"}>{title}</Title>
        {about !== undefined && <span className="small detail">{about}</span>}
      </div>
      <div className="card table-card" tabIndex={0} role="region" aria-label={title}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </div>
    </>
  );
}
