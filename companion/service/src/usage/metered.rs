//! The provider in force with its answers counted, priced and, where the settings say so, limited.

use std::sync::Arc;

use deskhand_core::estimate::tokens;
use deskhand_core::model::{Capabilities, ModelEvent, ModelRequest};
use deskhand_core::ports::{BoxFuture, ModelStream, Provider};
use deskhand_protocol::hello::{ModelView, ServiceView};
use deskhand_protocol::message::{Cost, Usage};
use deskhand_protocol::{Timestamp, UserError};
use futures_util::{StreamExt as _, stream};
use tokio::runtime::Handle;

use super::{Day, Meter, Prices};
use crate::clock::now;

/// A provider whose tokens are counted and priced, and which is asked no more once the limit is reached.
pub(crate) struct Metered(pub(crate) Arc<Counts>);

/// What a provider's answers are counted by.
pub(crate) struct Counts {
    pub(crate) inner: Arc<dyn Provider>,
    /// The limit of the settings, where they set one.
    pub(crate) meter: Option<Arc<Meter>>,
    pub(crate) day: Arc<Day>,
    /// The prices of the settings, where there are some.
    pub(crate) prices: Option<Prices>,
}

impl Counts {
    /// Puts what was used into what front ends show at `now`.
    pub(crate) fn show(&self, view: &mut ServiceView, now: Timestamp) {
        view.usage = self.meter.as_ref().map(|meter| meter.view(now));
        view.last_day = self.day.view(now);
    }

    /// What an answer cost, where its model has a price.
    async fn cost(&self, model: &str, usage: Usage) -> Option<Cost> {
        let prices = self.prices.as_ref()?;
        if !model.is_empty() {
            return prices.cost(model, usage);
        }
        // The default is the first that is offered.
        let models = self.inner.models().await.ok()?;
        prices.cost(&models.first()?.id, usage)
    }

    /// Counts an answer. It is paid for: it is handed on even where its count cannot be kept.
    async fn count(&self, usage: Usage) {
        let limited = match &self.meter {
            Some(meter) => meter.add(usage).await,
            None => Ok(()),
        };
        for kept in [limited, self.day.add(usage, now()).await] {
            if let Err(error) = kept {
                tracing::error!(code = error.code.as_str(), "the count of tokens was not kept");
            }
        }
    }

    /// Counts what of an answer came before it ended early.
    async fn count_about(&self, model: &str, usage: Usage) {
        let cost = self.cost(model, usage).await;
        self.count(Usage { cost, ..usage }).await;
    }

    async fn counted(
        &self,
        model: &str,
        event: Result<ModelEvent, UserError>,
    ) -> Result<ModelEvent, UserError> {
        let mut event = event?;
        if let ModelEvent::Completed { usage, .. } = &mut event {
            usage.cost = self.cost(model, *usage).await;
            self.count(*usage).await;
        }
        Ok(event)
    }
}

/// An answer that may come to nothing. What of it came was paid for: once there were words, it counts all the same, by an
/// estimate, or else whoever stops each answer before its end would use none.
struct Open {
    counts: Arc<Counts>,
    model: String,
    /// Tokens of the request, about.
    input: u64,
    /// Bytes of the words of this try.
    words: usize,
}

impl Open {
    async fn heard(&mut self, event: Result<ModelEvent, UserError>) -> Result<ModelEvent, UserError> {
        match &event {
            Ok(ModelEvent::TextDelta(words)) => self.words += words.len(),
            Ok(ModelEvent::Completed { .. }) => self.words = 0,
            Ok(ModelEvent::Reset) | Err(_) => {
                if let Some(usage) = self.came_to_nothing() {
                    self.counts.count_about(&self.model, usage).await;
                }
            }
            Ok(ModelEvent::Retrying { .. } | ModelEvent::Body(_)) => {}
        }
        self.counts.counted(&self.model, event).await
    }

    /// What this try used, about, once it is over without a whole answer.
    fn came_to_nothing(&mut self) -> Option<Usage> {
        let words = std::mem::take(&mut self.words);
        (words > 0).then(|| Usage {
            input: self.input,
            output: tokens(words),
            ..Usage::default()
        })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // Somebody stopped it.
        if let (Some(usage), Ok(runtime)) = (self.came_to_nothing(), Handle::try_current()) {
            let (counts, model) = (Arc::clone(&self.counts), std::mem::take(&mut self.model));
            runtime.spawn(async move { counts.count_about(&model, usage).await });
        }
    }
}

impl Provider for Metered {
    fn capabilities(&self) -> Capabilities {
        self.0.inner.capabilities()
    }

    fn stream(&self, request: ModelRequest) -> ModelStream {
        if let Some(Err(error)) = self.0.meter.as_ref().map(|meter| meter.judge(now())) {
            return Box::pin(stream::iter([Err(error)]));
        }
        let open = Open {
            counts: Arc::clone(&self.0),
            model: request.model.clone(),
            input: request.tokens(),
            words: 0,
        };
        let state = (self.0.inner.stream(request), open);
        Box::pin(stream::unfold(state, |(mut events, mut open)| async {
            let event = open.heard(events.next().await?).await;
            Some((event, (events, open)))
        }))
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
        self.0.inner.models()
    }
}
