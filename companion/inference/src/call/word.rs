//! The smallest call: one token of one model, asked once.

use deskhand_core::attached::Loaded;
use deskhand_core::model::{Content, Message, ModelEvent, ModelRequest, Role};
use deskhand_protocol::message::Usage;

use super::reading::Reading;
use crate::backend::Asked;
use crate::connection::Shared;
use crate::credential::Credential;
use crate::fault::Fault;

/// Asks the model for one token, and reads its answer to the end. The caller bounds the time.
pub(crate) async fn one_word(shared: &Shared, credential: &Credential, model: &str) -> Result<Usage, Fault> {
    let request = ModelRequest {
        model: model.to_owned(),
        system: String::new(),
        messages: vec![Message {
            role: Role::User,
            content: vec![Content::Text("Hello".to_owned())],
        }],
        tools: Vec::new(),
        max_tokens: 1,
        loaded: Loaded::default(),
    };
    let asked = Asked {
        model: model.to_owned(),
        body: shared.backend.encode(&request, model)?,
    };
    let answer = shared.backend.ask(&asked, credential).await;
    let mut reading = Reading::new(answer.map_err(|refused| refused.fault)?, false);
    let mut secrets = shared.secrets();
    secrets.extend(credential.secrets().cloned());
    let mut counted = None;
    while !reading.is_whole() {
        let read = reading.more(shared.config.manner.stall_after, &secrets, |event| {
            if let ModelEvent::Completed { usage, .. } = event {
                counted = Some(usage);
            }
        });
        read.await?;
    }
    Ok(counted.unwrap_or_default())
}
