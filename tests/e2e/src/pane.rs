//! A task pane in Excel at the level of the protocol: paired once by comparing a number, standing in a workbook, doing
//! what it is asked, remembering batches as long as its page lives.

use std::collections::HashMap;

use deskhand_protocol::document::{ApplyAnswer, ApplyParams, DocumentKind, LiveDocument};
use deskhand_protocol::hello::{FrontEndKind, ServiceView};
use deskhand_protocol::pairing::{
    BeginAnswer, BeginParams, PairingAnswerParams, PairingsAnswer, SettledParams,
};
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{DocumentId, Method, Notification, ServiceCall, UserError};

use crate::{CallError, Cut, FrontEnd, Service, Workbook};

/// A request of the service to change or read the workbook.
#[derive(Clone, Debug)]
pub struct ApplyRequest {
    /// The number to answer under.
    pub id: u64,
    /// What is asked.
    pub params: ApplyParams,
}

/// The pane. Its connection comes and goes; the workbook belongs to Excel and stays.
#[derive(Debug)]
pub struct Pane {
    token: String,
    live: LiveDocument,
    connection: Option<FrontEnd>,
    memory: HashMap<String, ApplyAnswer>,
    /// The workbook.
    pub workbook: Workbook,
    /// The document as the service knows it.
    pub document: DocumentId,
    /// What the service showed as it connected last.
    pub view: Option<Box<ServiceView>>,
}

impl Pane {
    /// Pairs a pane by its number, which `desktop` compares and allows, and opens it in a workbook.
    pub async fn pair(
        service: &Service,
        desktop: &mut FrontEnd,
        live: LiveDocument,
        workbook: Workbook,
    ) -> Self {
        let attachment = service.attachment(FrontEndKind::Terminal).await;
        let mut connection = FrontEnd::connect(&attachment, None, Some(service.address())).await;
        let begin = BeginParams {
            front_end: FrontEndKind::Excel,
        };
        let begun: BeginAnswer = connection
            .call(Method::PairingBegin, begin)
            .await
            .expect("a number to compare");
        let waiting: PairingsAnswer = desktop
            .call(Method::PairingList, Nothing {})
            .await
            .expect("attempts that wait");
        let same = waiting
            .pairings
            .iter()
            .find(|pairing| pairing.number == begun.number);
        let answer = PairingAnswerParams {
            pairing: same.expect("the same number on both sides").pairing.clone(),
            allow: true,
        };
        let _: Nothing = desktop
            .call(Method::PairingAnswer, answer)
            .await
            .expect("the pairing is allowed");
        let token = loop {
            let frame = connection.next().await.expect("the pane stays connected");
            if frame.method.as_deref() == Some(Notification::PairingSettled.name()) {
                let settled: SettledParams =
                    serde_json::from_value(frame.params.unwrap_or_default()).expect("a settled pairing");
                break settled.token.expect("a token");
            }
        };
        let mut pane = Self {
            token,
            live,
            connection: None,
            memory: HashMap::new(),
            workbook,
            document: DocumentId::from_text(""),
            view: None,
        };
        Box::pin(pane.open(service)).await;
        pane
    }

    /// What a pane says of a workbook at `path`.
    pub fn workbook_at(path: &str) -> LiveDocument {
        LiveDocument {
            kind: DocumentKind::Workbook,
            title: path.rsplit('/').next().unwrap_or(path).to_owned(),
            path: Some(path.to_owned()),
            embedded_id: None,
            sets: Vec::new(),
            summary: None,
        }
    }

    /// Connects, or connects again, with the token it has.
    pub async fn open(&mut self, service: &Service) {
        let attachment = service.attachment(FrontEndKind::Terminal).await;
        let mut connection = FrontEnd::connect(&attachment, None, Some(service.address())).await;
        let hello = connection
            .hello(FrontEndKind::Excel, &self.token, Some(self.live.clone()))
            .await
            .expect("a paired pane is let in");
        self.document = hello.document.expect("the document it stands in").id;
        self.view = Some(Box::new(hello.view));
        self.live.embedded_id = Some(self.document.clone());
        self.connection = Some(connection);
    }

    /// Connects with the token it has, and is told why there is no pane here.
    pub async fn refused(&self, service: &Service) -> UserError {
        let attachment = service.attachment(FrontEndKind::Terminal).await;
        let mut connection = FrontEnd::connect(&attachment, None, Some(service.address())).await;
        let hello = connection.hello(FrontEndKind::Excel, &self.token, Some(self.live.clone()));
        match hello.await {
            Err(CallError::Refused(error)) => *error,
            other => panic!("the pane was not refused: {other:?}"),
        }
    }

    /// What the service tells it next of its state.
    pub async fn shown(&mut self) -> ServiceView {
        let connection = self.connection.as_mut().expect("the pane is connected");
        loop {
            let frame = connection.next().await.expect("the pane stays connected");
            if frame.method.as_deref() == Some(Notification::ServiceChanged.name()) {
                return serde_json::from_value(frame.params.unwrap_or_default()).expect("a view");
            }
        }
    }

    /// Calls a method that panes may not call, and is told so.
    pub async fn refusal(&mut self, method: Method) -> UserError {
        let connection = self.connection.as_mut().expect("the pane is connected");
        match connection.call::<serde_json::Value>(method, Nothing {}).await {
            Err(CallError::Refused(error)) => *error,
            other => panic!("the pane was not refused: {other:?}"),
        }
    }

    /// Calls a method without parameters, and gets its answer.
    pub async fn answer_of(&mut self, method: Method) -> serde_json::Value {
        let connection = self.connection.as_mut().expect("the pane is connected");
        let answer = connection.call::<serde_json::Value>(method, Nothing {}).await;
        answer.expect("the pane may call it")
    }

    /// The page is loaded anew: the connection and what it remembered are gone.
    pub fn reload(&mut self) {
        self.connection = None;
        self.memory.clear();
    }

    /// The next request; never, while it is not connected.
    pub async fn next(&mut self) -> Result<ApplyRequest, Cut> {
        let Some(connection) = &mut self.connection else {
            return std::future::pending().await;
        };
        loop {
            let frame = match connection.next().await {
                Ok(frame) => frame,
                Err(cut) => {
                    self.connection = None;
                    return Err(cut);
                }
            };
            let (Some(id), Some(method)) = (frame.id, frame.method.as_deref()) else {
                continue;
            };
            if method == ServiceCall::DocumentApply.name() {
                let params = serde_json::from_value(frame.params.unwrap_or_default());
                return Ok(ApplyRequest {
                    id,
                    params: params.expect("a batch in the form of the protocol"),
                });
            }
        }
    }

    /// Does what is asked; a batch that came before is answered from memory.
    pub fn perform(&mut self, request: &ApplyRequest) -> ApplyAnswer {
        let id = &request.params.apply_id;
        if let Some(known) = self.memory.get(id).filter(|_| !id.is_empty()) {
            return known.clone();
        }
        let outcomes = request
            .params
            .steps
            .iter()
            .map(|step| self.workbook.perform(step))
            .collect();
        let answer = ApplyAnswer { outcomes };
        let busy = serde_json::to_string(&answer).is_ok_and(|text| text.contains("\"busy\""));
        if !id.is_empty() && !busy {
            self.memory.insert(id.clone(), answer.clone());
        }
        answer
    }

    /// Answers a request, if it is still connected.
    pub async fn answer(&mut self, request: &ApplyRequest, answer: ApplyAnswer) {
        if let Some(connection) = &mut self.connection
            && connection.answer(request.id, answer).await.is_err()
        {
            self.connection = None;
        }
    }

    /// Does and answers one request.
    pub async fn serve(&mut self, request: &ApplyRequest) {
        let answer = self.perform(request);
        self.answer(request, answer).await;
    }
}
