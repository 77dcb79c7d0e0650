//! Any bytes as a frame with the parameters of its method, and as the payload of a stored event.
#![no_main]

use deskhand_protocol::envelope::Frame;
use deskhand_protocol::{
    EventBody, Method, UserError, change, document, hello, pairing, permission, session,
};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    same_again::<EventBody>(serde_json::from_slice(data).ok());
    same_again::<UserError>(serde_json::from_slice(data).ok());
    let Ok(frame) = serde_json::from_slice::<Frame>(data) else {
        return;
    };
    same_again(Some(frame.clone()));
    if let (Some(method), Some(params)) = (frame.method.as_deref().and_then(Method::of_name), frame.params) {
        read(method, params);
    }
    if let Some(result) = frame.result {
        same_again::<document::ApplyAnswer>(serde_json::from_value(result).ok());
    }
});

fn read(method: Method, params: Value) {
    match method {
        Method::Hello => parse::<hello::HelloParams>(params),
        Method::PairingBegin => parse::<pairing::BeginParams>(params),
        Method::PairingAnswer => parse::<pairing::PairingAnswerParams>(params),
        Method::PairingList | Method::DocumentList => parse::<session::Nothing>(params),
        Method::SessionList => parse::<session::ListParams>(params),
        Method::SessionCreate => parse::<session::CreateParams>(params),
        Method::SessionRename => parse::<session::RenameParams>(params),
        Method::SessionSearch => parse::<session::SearchParams>(params),
        Method::SessionSubscribe => parse::<session::SubscribeParams>(params),
        Method::SessionPrompt => parse::<session::PromptParams>(params),
        Method::PermissionAnswer => parse::<permission::AnswerParams>(params),
        Method::DocumentOpen => parse::<document::OpenParams>(params),
        Method::DocumentChanged => parse::<document::ChangedParams>(params),
        Method::DocumentClosed => parse::<document::DocumentParams>(params),
        Method::DocumentAttach | Method::FolderAttach => parse::<document::AttachParams>(params),
        Method::DocumentDetach => parse::<document::DetachParams>(params),
        Method::DocumentSelect => parse::<document::SelectParams>(params),
        Method::ChangeSetUndo | Method::ChangeSetRedo => parse::<change::ChangeSetParams>(params),
        Method::SessionShow
        | Method::SessionDelete
        | Method::SessionExport
        | Method::SessionUnsubscribe
        | Method::SessionCancel
        | Method::FigureCheck => parse::<session::SessionParams>(params),
    }
}

fn parse<T: Serialize + DeserializeOwned>(params: Value) {
    same_again::<T>(serde_json::from_value(params).ok());
}

/// What was read is written and read again as the same.
fn same_again<T: Serialize + DeserializeOwned>(value: Option<T>) {
    let Some(value) = value else {
        return;
    };
    let written = serde_json::to_string(&value).expect("it is JSON");
    let again: T = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).expect("it is JSON"), written);
}
