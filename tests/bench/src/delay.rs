//! What the way through Deskhand adds to each delta, from the provider's socket to the front end's, with TLS on and the
//! event in the log; beside LiteLLM's proxy and no proxy at all, on the same stand-in in the same run.

use deskhand_e2e::{Service, Setup};
use deskhand_protocol::Method;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::{PermissionMode, PromptParams};

use crate::figure::{Aim, Report, quantile, say};
use crate::litellm::{KEY, Proxy};
use crate::process::resident;
use crate::provider::Provider;
use crate::stream::{Measured, Watch, ask};

/// Measures all three paths.
pub(crate) async fn delay(report: &mut Report) {
    let provider = Provider::start();
    let direct = ask(&provider.url, "bench").await;
    let through = Box::pin(deskhand(&provider.url)).await;
    let proxy = Proxy::start(&provider.url).await;
    let beside = ask(&proxy.url, KEY).await;
    let memory = resident(proxy.id());
    let again = ask(&provider.url, "bench").await;

    say("delay of a delta from the provider's socket to the reader's:");
    let no_proxy = [&direct.delays[..], &again.delays[..]].concat();
    let added =
        |measured: &Measured, share: f64| quantile(&measured.delays, share) - quantile(&no_proxy, 0.5);
    report.add("  no proxy, p50", quantile(&no_proxy, 0.5), "ms", Aim::None);
    report.add("  no proxy, p99", quantile(&no_proxy, 0.99), "ms", Aim::None);
    report.add("  LiteLLM, p50", quantile(&beside.delays, 0.5), "ms", Aim::None);
    report.add("  LiteLLM, p99", quantile(&beside.delays, 0.99), "ms", Aim::None);
    report.add("  Deskhand, p50", quantile(&through.delays, 0.5), "ms", Aim::None);
    report.add("  LiteLLM, added at p50", added(&beside, 0.5), "ms", Aim::None);
    let half = added(&beside, 0.5) / 2.0;
    report.add(
        "  Deskhand, added at p50",
        added(&through, 0.5),
        "ms",
        Aim::AtMost(half),
    );
    report.add(
        "  Deskhand, p99, nothing taken off",
        quantile(&through.delays, 0.99),
        "ms",
        Aim::Below(1.0),
    );
    say("first delta of a fresh process, from the request on, less the same without a proxy:");
    let first = |measured: &Measured| measured.first - direct.first.min(again.first);
    report.add("  LiteLLM", first(&beside), "ms", Aim::None);
    report.add("  Deskhand", first(&through), "ms", Aim::Below(10.0));
    report.add(
        "memory of LiteLLM after one answer, resident",
        memory,
        "MiB",
        Aim::None,
    );
}

/// One turn of a service that was just started.
async fn deskhand(provider: &str) -> Measured {
    let setup = Setup::with_gateway(provider);
    setup.configure("inferenceModels", r#"["claude-standin"]"#);
    let service = Service::start(&setup, 0);
    let mut window = service.join(FrontEndKind::Window).await;
    let session = window.create("delay").await;
    window.follow(&session, 0).await;
    let prompt = PromptParams {
        session,
        client_id: "delay".to_owned(),
        text: "Speak".to_owned(),
        documents: Vec::new(),
        selection: None,
        model: None,
        mode: PermissionMode::Ask,
        budget: None,
    };
    let mut watch = Watch::begin();
    window
        .begin(Method::SessionPrompt, prompt)
        .await
        .expect("the service is there");
    while !watch.is_whole() {
        let text = window.text().await.expect("the service stays");
        watch.take(text.as_bytes());
    }
    watch.end()
}
