// What this computer would contact with these settings, and its list for a firewall.
import type { ReactElement } from "react";
import type { EgressView } from "../../generated/protocol.ts";
import { words } from "../../words/en.ts";
import { CheckmarkCircle16Filled, Circle16Regular } from "../icons.tsx";
import { Exports } from "./exports.tsx";
import { Table } from "./table.tsx";
import { useConfiguration } from "./use.ts";

const texts = words.configuration;

export function Egress({ level }: { level: "h1" | "h2" }): ReactElement {
  const { state } = useConfiguration();
  const rows = (state.check ?? state.answer)?.egress ?? [];
  return (
    <section>
      <Table level={level} title={texts.egress} about={texts.contacts} columns={Object.values(texts.columns)}>
        {rows.map((row) => (
          <Way key={`${row.destination} ${row.host ?? ""} ${row.ports.join(" ")}`} row={row} />
        ))}
      </Table>
      <Exports holds="egress" />
    </section>
  );
}

function Way({ row }: { row: EgressView }): ReactElement {
  const open = row.host !== undefined;
  return (
    <tr>
      <td className={open ? "mono ltr" : "detail"}>{row.host ?? texts.noHost}</td>
      <td className="num">{open ? (row.ports.length === 0 ? texts.everyPort : row.ports.join(", ")) : ""}</td>
      <td>
        {row.why}{" "}
        <span className="detail small">
          ({texts.openedBy(row.openedBy)}
          {row.carriesContent && `, ${texts.content}`})
        </span>
      </td>
      <td>
        <code className="mono detail ltr">{row.key}</code>
      </td>
      <td>
        <span className="row">
          {open && row.built ? <CheckmarkCircle16Filled className="is-ok" /> : <Circle16Regular className="detail" />}
          {open ? (row.built ? texts.openState : texts.notBuilt) : texts.closedState}
        </span>
      </td>
    </tr>
  );
}
