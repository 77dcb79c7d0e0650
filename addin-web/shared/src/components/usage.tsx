// What was used: by the turn, the session and the day, with the share of the cache, an estimate of the cost, and the limit.
import { Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import type { ButtonHTMLAttributes, ReactElement, Ref } from "react";
import type { Cost, Usage, UsageView } from "../generated/protocol.ts";
import { usedBy } from "../session/model.ts";
import { cachedShare, total } from "../session/usage.ts";
import { dollars, number, share, when } from "../text/format.ts";
import { words } from "../words/en.ts";
import { Budget } from "./budget.tsx";
import { useSession } from "./context.tsx";
import { Warning16Filled } from "./icons.tsx";

/** From which share of the limit on the meter warns. */
const WARNS_FROM = 80;

export function UsageMeter(): ReactElement {
  const { model, view, budget } = useSession();
  const limit = view?.usage;
  return (
    <Popover positioning={{ position: "above", align: "end", overflowBoundaryPadding: 8 }}>
      <PopoverTrigger disableButtonEnhancement>
        {limit === undefined ? <Used usage={usedBy(model)} budget={budget} /> : <OfLimit limit={limit} />}
      </PopoverTrigger>
      <PopoverSurface className="surface popover" role="dialog" aria-label={words.usage.title}>
        {limit !== undefined && <LimitWords limit={limit} />}
        <UsageTable />
        <Budget />
      </PopoverSurface>
    </Popover>
  );
}

type TriggerProps = ButtonHTMLAttributes<HTMLButtonElement> & { ref?: Ref<HTMLButtonElement> };

interface UsedProps {
  usage: Usage;
  budget: number | undefined;
}

function Used({ usage, budget, ...trigger }: UsedProps & TriggerProps): ReactElement {
  const count = total(usage);
  const tokens = count === 0 ? words.usage.none : words.usage.tokens(count);
  const cost = usage.cost === undefined ? undefined : estimate(usage.cost);
  return (
    <button type="button" {...trigger} className="num" title={words.usage.hint}>
      <span className="visually-hidden">{words.usage.hint}: </span>
      {tokens}
      {cost !== undefined && <span className="usage-cost">{words.usage.about(cost)}</span>}
      {budget !== undefined && <span className="word">{words.budget.ofTask(budget)}</span>}
    </button>
  );
}

const percent = ({ tokens, limit }: UsageView): number => Math.min(100, Math.floor((100 * tokens) / limit));

function OfLimit({ limit, ...trigger }: { limit: UsageView } & TriggerProps): ReactElement {
  const used = percent(limit);
  return (
    <button
      type="button"
      {...trigger}
      className={used < WARNS_FROM ? "num" : "num is-warning"}
      aria-label={words.usage.ofLimit(used)}
    >
      {used >= WARNS_FROM && <Warning16Filled />}
      <span className="usage-bar" aria-hidden>
        <span style={{ width: `${String(used)}%` }} />
      </span>
      {words.usage.share(used)}
      <span className="word">{words.usage.ofWhat}</span>
    </button>
  );
}

function LimitWords({ limit }: { limit: UsageView }): ReactElement {
  const ends = limit.endsAt === undefined ? undefined : when(limit.endsAt, Date.now());
  return (
    <>
      <p className="strong">{words.usage.limited(limit.tokens, limit.limit)}</p>
      <p className="small">{words.usage.atLimit(percent(limit) === 100, ends)}</p>
    </>
  );
}

function UsageTable(): ReactElement {
  const { model, view } = useSession();
  const rows: [string, Usage][] = [
    [model.turn === undefined ? words.usage.lastTurn : words.usage.thisTurn, model.turnUsage],
    [words.usage.session, usedBy(model)],
    ...(view === undefined ? [] : [[words.usage.day, view.lastDay] as [string, Usage]]),
  ];
  const isPriced = rows.some(([, usage]) => usage.cost !== undefined);
  const isPartial = rows.some(([, usage]) => usage.cost?.partial === true);
  return (
    <>
      <table className="usage-table small num">
        <thead>
          <tr>
            <td />
            <th scope="col">{words.usage.columns.tokens}</th>
            <th scope="col">{words.usage.columns.cached}</th>
            {isPriced && <th scope="col">{words.usage.columns.cost}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, usage]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{number(total(usage))}</td>
              <td>{shareOf(usage)}</td>
              {isPriced && <td>{costOf(usage)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {isPriced && <p className="small secondary">{words.usage.estimated}</p>}
      {isPartial && <p className="small secondary">{words.usage.partial}</p>}
    </>
  );
}

function shareOf(usage: Usage): string {
  const cached = cachedShare(usage);
  return cached === undefined ? words.usage.nothing : share(cached);
}

function costOf(usage: Usage): string {
  if (usage.cost !== undefined) {
    return estimate(usage.cost);
  }
  return total(usage) === 0 ? words.usage.nothing : words.usage.noPrice;
}

/** Billionths of a dollar in one. */
const DOLLAR = 1_000_000_000;

function estimate({ nanodollars, partial }: Cost): string {
  const amount = dollars(nanodollars / DOLLAR);
  return partial ? words.usage.atLeast(amount) : amount;
}
