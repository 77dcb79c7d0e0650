//! `deskhand provider test`: each step of a call apart. Works without the service, under the settings in force.

use std::process::ExitCode;

use deskhand_inference::Extent;
use deskhand_platform::Paths;
use deskhand_protocol::provider::{ConnectionTest, StepResult, TestState, TestStep};

use super::sessions::{print, print_json};
use crate::provider::Keeper;
use crate::serve::{gate, open_secrets};
use crate::settings::Settings;
use crate::trial;

/// Exit 0 where the test passes, 1 otherwise.
pub(crate) async fn test(paths: &Paths, json: bool) -> anyhow::Result<ExitCode> {
    paths.create()?;
    let secrets = open_secrets(paths).await?;
    let settings = Settings::load(paths, &secrets)?;
    let gate = gate(&settings, None, None);
    let keeper = Keeper(paths, &secrets);
    let test = trial::test(
        settings.stopped,
        &settings.policy,
        &gate,
        keeper,
        Extent::Whole,
        |_| {},
    );
    let test = Box::pin(test).await;
    if json {
        print_json(&test)?;
    } else {
        print(&told(&test))?;
    }
    Ok(if test.passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn told(test: &ConnectionTest) -> String {
    if let Some(why) = &test.stopped {
        let detail = why.detail.as_ref().map(|detail| format!(" ({detail})"));
        let detail = detail.unwrap_or_default();
        let code = why.code.as_str();
        return format!(
            "Nobody was asked. {}{detail} [{code}]\n{}",
            why.happened, why.action
        );
    }
    let lines: Vec<String> = test.steps.iter().map(line).collect();
    lines.join("\n")
}

/// One line, with what to do below it.
fn line(result: &StepResult) -> String {
    let state = match result.state {
        TestState::Passed => "ok",
        TestState::Failed => "FAILED",
        TestState::Skipped => "skipped",
        TestState::NotNeeded => "not needed",
    };
    let time = result.milliseconds.map(|time| format!("{time} ms"));
    let code = result.code.map(|code| format!(" [{}]", code.as_str()));
    let line = format!(
        "{state:<10}  {:<9}  {:>9}  {}{}",
        label(result.step),
        time.unwrap_or_default(),
        result.seen,
        code.unwrap_or_default()
    );
    match &result.remedy {
        Some(remedy) => format!("{line}\n{:34}{remedy}", ""),
        None => line,
    }
}

fn label(step: TestStep) -> &'static str {
    match step {
        TestStep::Name => "DNS",
        TestStep::Proxy => "proxy",
        TestStep::Tls => "TLS",
        TestStep::SignIn => "sign-in",
        TestStep::Models => "models",
        TestStep::Word => "one token",
    }
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::ErrorCode;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn each_step_has_a_line_and_the_remedy_stands_below_the_one_that_failed() {
        let failed = StepResult {
            state: TestState::Failed,
            milliseconds: Some(1_182),
            code: Some(ErrorCode::InferenceAuth),
            remedy: Some("Give another one.".to_owned()),
            ..StepResult::skipped(TestStep::SignIn, "The gateway refused the credential.")
        };
        let passed = StepResult {
            state: TestState::Passed,
            milliseconds: Some(3),
            ..StepResult::skipped(TestStep::Name, "gateway.example.com is 10.1.2.3.")
        };
        let direct = StepResult {
            state: TestState::NotNeeded,
            ..StepResult::skipped(TestStep::Proxy, "No proxy is in force.")
        };
        let test = ConnectionTest::cut_short(&[passed, direct, failed], "A step before it failed.");
        let wanted = "\
ok          DNS             3 ms  gateway.example.com is 10.1.2.3.
not needed  proxy                 No proxy is in force.
skipped     TLS                   A step before it failed.
FAILED      sign-in      1182 ms  The gateway refused the credential. [INF_AUTH]
                                  Give another one.
skipped     models                A step before it failed.
skipped     one token             A step before it failed.";
        assert_eq!(told(&test), wanted);
    }
}
