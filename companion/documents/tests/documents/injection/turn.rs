//! A turn of the real agent over the real tools, with a model that does as it is told by whoever speaks.

use std::collections::VecDeque;

use deskhand_core::instructions::SYSTEM;
use deskhand_core::model::{Capabilities, Content, ModelEvent, ModelRequest};
use deskhand_core::ports::Tools as _;
use deskhand_core::rules::Rules;
use deskhand_core::turn::{Input, Prompt};
use deskhand_core::{Effect, Session, World, handle};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::message::{Block, StopReason, Usage};
use deskhand_protocol::permission::{PermissionRequest, SettledBy};
use deskhand_protocol::session::PermissionMode;
use deskhand_protocol::{CallId, DocumentId, EventBody};
use serde_json::Value;

use crate::stage::Stage;

/// Reads what the task needs, one call after the other, and does what the order says once it has seen it.
pub(super) struct Actor {
    reads: VecDeque<(&'static str, Value)>,
    orders: VecDeque<(String, Value)>,
    bait: &'static str,
    pub(super) obeyed: bool,
    calls: u32,
}

impl Actor {
    pub(super) fn new(
        reads: Vec<(&'static str, Value)>,
        orders: Vec<(String, Value)>,
        bait: &'static str,
    ) -> Self {
        Self {
            reads: reads.into(),
            orders: orders.into(),
            bait,
            obeyed: false,
            calls: 0,
        }
    }

    /// True where what it is shown holds the order. It reads the bytes as others look at a picture.
    fn sees_shown(&self, request: &ModelRequest) -> bool {
        let contents = request.messages.iter().flat_map(|message| &message.content);
        let shown = contents.flat_map(|content| match content {
            Content::ToolResult { attachments, .. } => attachments.as_slice(),
            _ => &[],
        });
        let mut bytes = shown.filter_map(|attachment| request.loaded.bytes(attachment));
        let bait = self.bait.as_bytes();
        bytes.any(|bytes| bait.is_empty() || bytes.windows(bait.len()).any(|window| window == bait))
    }

    fn answers(&mut self, request: &ModelRequest) -> Vec<Block> {
        let read = self
            .reads
            .pop_front()
            .map(|(tool, input)| (tool.to_owned(), input));
        let sees =
            request
                .messages
                .iter()
                .flat_map(|message| &message.content)
                .any(|content| match content {
                    Content::Text(text) | Content::Asked(text) | Content::ToolResult { text, .. } => {
                        text.contains(self.bait)
                    }
                    Content::Said(_) => false,
                });
        let sees = sees || self.sees_shown(request);
        let next = read.or_else(|| {
            self.orders
                .pop_front()
                .filter(|_| sees)
                .inspect(|_| self.obeyed = true)
        });
        let Some((name, input)) = next else {
            return vec![Block::Text {
                text: "Done.".to_owned(),
            }];
        };
        self.calls += 1;
        vec![Block::ToolUse {
            id: CallId::from_text(format!("c{}", self.calls)),
            name,
            input,
        }]
    }
}

/// What came of a turn.
#[derive(Debug, Default)]
pub(super) struct Played {
    pub(super) ends: Vec<ToolOutcome>,
    pub(super) outputs: Vec<String>,
    pub(super) question: Option<PermissionRequest>,
    pub(super) settled: Vec<SettledBy>,
    pub(super) allowed: Vec<SettledBy>,
}

impl Played {
    fn note(&mut self, event: &EventBody) {
        match event {
            EventBody::ToolCallCompleted { outcome, output, .. } => {
                self.ends.push(*outcome);
                self.outputs.push(output.clone());
            }
            EventBody::PermissionRequested { request } => self.question = Some(request.clone()),
            EventBody::PermissionSettled { by, .. } => self.settled.push(*by),
            EventBody::CallAllowed { by, .. } => self.allowed.push(*by),
            _ => {}
        }
    }
}

fn completed(blocks: Vec<Block>) -> ModelEvent {
    ModelEvent::Completed {
        blocks,
        stop: StopReason::EndTurn,
        usage: Usage::default(),
    }
}

const TAKES_ALL: Capabilities = Capabilities {
    streaming: true,
    tools: true,
    prompt_caching: true,
    model_discovery: true,
    attachments: true,
};

/// Plays a turn to its end. Nobody answers a question: the turn is then stopped.
pub(super) async fn play(
    stage: &Stage,
    prompt: &str,
    documents: Vec<DocumentId>,
    mode: PermissionMode,
    actor: &mut Actor,
) -> Played {
    let mut session = Session::new(stage.session.clone());
    let mut played = Played::default();
    let context = stage.tools.context(&stage.session).await;
    let prompt = Prompt {
        client_id: "p".to_owned(),
        text: prompt.to_owned(),
        documents,
        mode,
        context,
        ..Prompt::default()
    };
    let mut inputs = VecDeque::from([Input::Prompt(prompt)]);
    let (rules, mut dice) = (Rules::default(), 0_u8);
    loop {
        let Some(input) = inputs.pop_front() else {
            if session.question().is_none() {
                return played;
            }
            inputs.push_back(Input::Cancel(FrontEndKind::Window));
            continue;
        };
        let mut chance = || {
            dice = dice.wrapping_add(1);
            [dice; 10]
        };
        let mut world = World {
            window: &|_| 200_000,
            now: 1_790_000_000_000,
            chance: &mut chance,
            max_steps: 20,
            budget: None,
            tools: &[],
            rules: &rules,
            lasting: &[],
            system: SYSTEM,
        };
        for effect in handle(&mut session, input, &mut world) {
            match effect {
                Effect::Append(events, _) => events.iter().for_each(|event| played.note(event)),
                Effect::CallModel(message, mut request) => {
                    request.load(&*stage.journal, &stage.session, TAKES_ALL).await;
                    inputs.push_back(Input::Model(message, completed(actor.answers(&request))));
                }
                Effect::Prepare(request) => {
                    let prepared = stage.prepare(&request).await;
                    inputs.push_back(Input::Prepared(request.call, prepared));
                }
                Effect::Run(request) => {
                    let result = stage.run(&request).await;
                    inputs.push_back(Input::ToolDone(request.call, result));
                }
                Effect::StopModel | Effect::StopTool(_) | Effect::Grant(_) | Effect::Heed(_) => {}
            }
        }
    }
}
