//! Waiting for a condition with a deadline: the one place where a test looks again after a while. Tests themselves
//! never sleep.

use std::time::{Duration, Instant};

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Asks `condition` again and again until it gives a value.
///
/// # Panics
/// When it gave none before `deadline`; `what` names the thing waited for.
#[expect(
    clippy::disallowed_methods,
    reason = "the one sleep of all tests, between two looks"
)]
pub fn wait_for<T>(what: &str, deadline: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + deadline;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < until, "waited {deadline:?} in vain for {what}");
        std::thread::sleep(PAUSE);
    }
}

/// The same inside a tokio runtime: other tasks go on while it waits.
///
/// # Panics
/// As [`wait_for`].
pub async fn eventually<T>(
    what: &str,
    deadline: Duration,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> T {
    let until = Instant::now() + deadline;
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(Instant::now() < until, "waited {deadline:?} in vain for {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_value_of_the_condition() {
        let mut looks = 0;
        let value = wait_for("the third look", Duration::from_secs(10), || {
            looks += 1;
            (looks == 3).then_some("seen")
        });
        assert_eq!(value, "seen");
    }

    #[test]
    #[should_panic(expected = "in vain for a miracle")]
    fn gives_up_at_the_deadline_by_name() {
        wait_for("a miracle", Duration::from_millis(10), || None::<()>);
    }

    #[tokio::test]
    async fn lets_other_tasks_go_on() {
        let (sender, mut receiver) = tokio::sync::oneshot::channel();
        tokio::spawn(async { sender.send(7) });
        let value = eventually("the other task", Duration::from_secs(10), async || {
            receiver.try_recv().ok()
        })
        .await;
        assert_eq!(value, 7);
    }
}
