// Which model answers: by family, with what each takes in, and marked where it may be answered outside of the region.
import type { ReactElement } from "react";
import type { ModelView } from "../generated/protocol.ts";
import { words } from "../words/en.ts";
import { useSession } from "./context.tsx";
import { type Option, Picker } from "./controls.tsx";

export const DEFAULT_MODEL = "";

interface ModelPickerProps {
  value: string;
  onChoose: (model: string) => void;
}

export function ModelPicker({ value, onChoose }: ModelPickerProps): ReactElement {
  const { view } = useSession();
  const models = view?.models ?? [];
  const [first] = models;
  const usual: Option<string> = {
    value: DEFAULT_MODEL,
    text: view?.tour === true ? words.models.tour : words.models.default,
    hint: first?.label ?? "",
    mark: first?.leaves,
  };
  const isGrouped = models.some((model) => model.family !== undefined);
  const options = byFamily(models).map((model) => ({
    ...optionOf(model, model === first),
    group: isGrouped ? (model.family ?? words.models.other) : undefined,
  }));
  return (
    <Picker
      label={words.models.label}
      value={value}
      options={[usual, ...options]}
      note={view?.promise}
      locked={view?.modelLocked === true ? words.models.locked : undefined}
      onChoose={onChoose}
    />
  );
}

function optionOf(model: ModelView, isFirst: boolean): Option<string> {
  const facts = [
    model.context === undefined ? "" : words.models.context(model.context),
    isFirst ? words.models.isDefault : "",
    model.familyDefault && model.family !== undefined ? words.models.ofFamily(model.family) : "",
  ];
  return { value: model.id, text: model.label, hint: facts.filter(Boolean).join(", "), mark: model.leaves };
}

/** The models of a family side by side, families in the order in which they come, those without one last. */
function byFamily(models: readonly ModelView[]): ModelView[] {
  const families = [...new Set(models.map((model) => model.family))];
  const named = families.filter((family) => family !== undefined);
  return [...named, undefined].flatMap((family) => models.filter((model) => model.family === family));
}
