//! LiteLLM's proxy in front of the same stand-in: what an organisation may run today, to compare with.

#![expect(
    clippy::disallowed_methods,
    reason = "waits until the measured program listens"
)]

use std::process::Command;
use std::time::Duration;

use deskhand_test_support::{Child, eventually, free_port, python};
use serde_json::json;

/// A fresh proxy on a busy machine needs most of a minute.
const START: Duration = Duration::from_mins(3);
pub(crate) const KEY: &str = "sk-bench";

/// A running proxy.
#[derive(Debug)]
pub(crate) struct Proxy {
    _config: tempfile::TempDir,
    child: Child,
    /// Its address.
    pub(crate) url: String,
}

impl Proxy {
    /// Starts one in front of a provider.
    pub(crate) async fn start(upstream: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("config.yaml");
        let settings = json!({
            "model_list": [{"model_name": "claude-standin", "litellm_params":
                {"model": "anthropic/claude-standin", "api_base": upstream, "api_key": "bench"}}],
            "general_settings": {"master_key": KEY},
            "router_settings": {"num_retries": 0},
        });
        std::fs::write(&config, settings.to_string()).expect("a file");
        let port = free_port();
        let mut command = Command::new(python().with_file_name("litellm"));
        command
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--config"])
            .arg(config);
        // Without this it would fetch its list of prices from the network first.
        command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        let child = Child::spawn(&mut command);
        let address = format!("127.0.0.1:{port}");
        eventually("the proxy", START, async || {
            tokio::net::TcpStream::connect(&address).await.ok()
        })
        .await;
        Self {
            _config: folder,
            child,
            url: format!("http://{address}"),
        }
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}
