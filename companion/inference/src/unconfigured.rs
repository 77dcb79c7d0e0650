//! The provider while no provider is configured: every call says so, and the prompt is kept.

use deskhand_core::model::{Capabilities, ModelRequest};
use deskhand_core::ports::{BoxFuture, ModelStream, Provider};
use deskhand_protocol::hello::ModelView;
use deskhand_protocol::{ErrorCode, UserError};
use futures_util::stream;

/// Answers every call with the reason why there is no provider.
#[derive(Clone, Debug)]
pub struct Unconfigured(UserError);

impl Unconfigured {
    /// With the reason that setting up the configured provider gave.
    pub fn because(error: UserError) -> Self {
        Self(error)
    }
}

impl Default for Unconfigured {
    fn default() -> Self {
        Self(UserError::new(ErrorCode::InferenceNotConfigured))
    }
}

impl Provider for Unconfigured {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            streaming: false,
            tools: false,
            prompt_caching: false,
            model_discovery: false,
            attachments: false,
        }
    }

    fn stream(&self, _: ModelRequest) -> ModelStream {
        let error = self.0.clone();
        Box::pin(stream::once(async { Err(error) }))
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
        Box::pin(async { Err(self.0.clone()) })
    }
}
