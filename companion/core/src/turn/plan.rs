//! The plan that the person sees, kept by the model through one tool.

use deskhand_protocol::event::{PlanState, PlanStep};
use serde_json::{Value, json};

use crate::model::ToolDefinition;
use crate::tool::PLAN_TOOL;

/// Steps that a plan has at the most.
pub const MAX_PLAN_STEPS: usize = 7;
/// Characters that a step's title has at the most.
const MAX_TITLE: usize = 80;

/// The tool as the model sees it.
pub fn plan_tool() -> ToolDefinition {
    ToolDefinition {
        name: PLAN_TOOL.to_owned(),
        description:
            "Shows the user a short plan and how far it is. Give all steps each time, at most seven, a few \
                      words each; one is active."
                .to_owned(),
        input_schema: json!({
            "type": "object",
            "properties": { "steps": {
                "type": "array",
                "maxItems": MAX_PLAN_STEPS,
                "items": {
                    "type": "object",
                    "properties": {
                        "title": { "type": "string" },
                        "state": { "type": "string", "enum": ["pending", "active", "done"] }
                    },
                    "required": ["title", "state"],
                    "additionalProperties": false
                }
            } },
            "required": ["steps"],
            "additionalProperties": false
        }),
    }
}

/// Reads the tool's input; the error is for the model.
pub(super) fn parse(input: &Value) -> Result<Vec<PlanStep>, String> {
    let steps = input
        .get("steps")
        .and_then(Value::as_array)
        .ok_or("`steps` must be a list")?;
    if steps.is_empty() || steps.len() > MAX_PLAN_STEPS {
        return Err(format!(
            "a plan has one to {MAX_PLAN_STEPS} steps, not {}",
            steps.len()
        ));
    }
    steps
        .iter()
        .map(|step| {
            let title = step
                .get("title")
                .and_then(Value::as_str)
                .map(str::trim)
                .filter(|title| !title.is_empty());
            let title = title
                .ok_or("each step needs a `title`")?
                .chars()
                .take(MAX_TITLE)
                .collect();
            let state = match step.get("state").and_then(Value::as_str) {
                Some("pending") => PlanState::Pending,
                Some("active") => PlanState::Active,
                Some("done") => PlanState::Done,
                _ => return Err("`state` is pending, active or done".to_owned()),
            };
            Ok(PlanStep { title, state })
        })
        .collect()
}
