//! The provider in force with its answers counted, priced and, where the settings say so, limited.

use std::sync::Arc;

use deskhand_core::model::{Capabilities, ModelEvent, ModelRequest};
use deskhand_core::ports::{BoxFuture, ModelStream, Provider};
use deskhand_protocol::hello::{ModelView, ServiceView};
use deskhand_protocol::message::{Cost, Usage};
use deskhand_protocol::{Timestamp, UserError};
use futures_util::{StreamExt as _, stream};

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

impl Provider for Metered {
    fn capabilities(&self) -> Capabilities {
        self.0.inner.capabilities()
    }

    fn stream(&self, request: ModelRequest) -> ModelStream {
        if let Some(Err(error)) = self.0.meter.as_ref().map(|meter| meter.judge(now())) {
            return Box::pin(stream::iter([Err(error)]));
        }
        let model: Arc<str> = request.model.as_str().into();
        let counts = Arc::clone(&self.0);
        let counted = self.0.inner.stream(request).then(move |event| {
            let (counts, model) = (Arc::clone(&counts), Arc::clone(&model));
            async move { counts.counted(&model, event).await }
        });
        Box::pin(counted)
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
        self.0.inner.models()
    }
}
