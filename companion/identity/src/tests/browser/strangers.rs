//! Who is not the person that signs in: other users of the computer, and programs that come again and again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use pretty_assertions::assert_eq;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::*;

/// How long a test waits for what comes at once: less than a connection may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// More idle connections than a wait has room for.
const IDLE: u32 = 40;

/// A wait, and the request that ends it.
struct Waiting {
    client: Client,
    redirect: Redirect,
    attempt: Attempt,
    address: String,
    answer: String,
}

async fn waiting() -> Waiting {
    let client = client().await;
    let redirect = Redirect::bind(None).await.unwrap();
    let address = redirect.address();
    let attempt = attempt(&address);
    let answer = format!("?code=c-1&state={}", state(&attempt, &client));
    Waiting {
        client,
        redirect,
        attempt,
        address,
        answer,
    }
}

impl Waiting {
    /// Waits while somebody does this.
    async fn during<T>(
        self,
        is_own: impl Fn(SocketAddr, SocketAddr) -> bool + Clone + Send + 'static,
        going: impl Future<Output = T>,
    ) -> (T, String) {
        let wait = self.redirect.wait(&self.client, &self.attempt, &[], is_own);
        let (went, code) = tokio::join!(going, wait);
        (went, code.unwrap().expose().to_owned())
    }
}

#[tokio::test]
async fn a_connection_that_is_not_the_users_own_is_told_why_and_the_wait_goes_on() {
    let waiting = waiting().await;
    let (address, theirs) = (waiting.address.clone(), waiting.answer.replace("c-1", "evil"));
    let answer = waiting.answer.clone();
    // The first that comes is somebody else's.
    let first = Arc::new(Mutex::new(None));
    let is_own = move |_, peer| *first.lock().unwrap().get_or_insert(peer) != peer;
    let going = async {
        let told = visit(&address, &theirs, "").await;
        (told, visit(&address, &answer, "").await.0)
    };
    let (((status, page), done), code) = waiting.during(is_own, going).await;
    assert_eq!((status, done), (StatusCode::FORBIDDEN, StatusCode::OK));
    assert!(
        page.contains("belongs to another user of this computer"),
        "{page}"
    );
    assert_eq!(code, "c-1");
}

#[tokio::test]
async fn no_number_of_connections_ends_the_wait() {
    let waiting = waiting().await;
    let (address, answer) = (waiting.address.clone(), waiting.answer.clone());
    let going = async {
        for _ in 0..300 {
            let (status, _) = visit(&address, "?code=evil&state=wrong", "").await;
            assert_eq!(status, StatusCode::BAD_REQUEST);
        }
        visit(&address, &answer, "").await.0
    };
    let ended = waiting.during(|_, _| true, going).await;
    assert_eq!(ended, (StatusCode::OK, "c-1".to_owned()));
}

#[tokio::test]
async fn idle_connections_of_other_users_leave_room_for_the_browser() {
    let waiting = waiting().await;
    let (address, answer) = (waiting.address.clone(), waiting.answer.clone());
    let looked = Arc::new(Semaphore::new(0));
    let (seen, count) = (Arc::clone(&looked), Arc::new(AtomicU32::new(0)));
    let is_own = move |_, _| {
        seen.add_permits(1);
        count.fetch_add(1, Ordering::Relaxed) >= IDLE
    };
    let going = async {
        let mut strangers = Vec::new();
        for _ in 0..IDLE {
            strangers.push(connect(&address).await.unwrap());
        }
        // Each of them is there before the browser is.
        drop(looked.acquire_many(IDLE).await.unwrap());
        visit(&address, &answer, "").await.0
    };
    let ended = timeout(PATIENCE, waiting.during(is_own, going)).await;
    assert_eq!(ended.unwrap(), (StatusCode::OK, "c-1".to_owned()));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn another_user_of_the_computer_who_knows_the_state_does_not_finish_the_sign_in() {
    use std::os::unix::fs::MetadataExt as _;

    /// `nobody` of every Linux.
    const NOBODY: u32 = 65_534;
    if !std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        eprintln!("SKIPPED: only root can start a process of another user");
        return;
    }
    let waiting = waiting().await;
    let (address, answer) = (waiting.address.clone(), waiting.answer.clone());
    let at = Url::parse(&address).unwrap();
    let (port, path) = (at.port().unwrap(), at.path());
    let theirs = answer.replace("c-1", "evil");
    let request = format!("GET {path}{theirs} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n\\r\\n");
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port} && printf '{request}' >&3 && cat <&3");
    let going = async {
        let mut bash = tokio::process::Command::new("/bin/bash");
        bash.args(["-c", &script])
            .uid(NOBODY)
            .gid(NOBODY)
            .current_dir("/");
        let told = bash.output().await.unwrap();
        (told, visit(&address, &answer, "").await.0)
    };
    let ((told, done), code) = waiting.during(is_same_user, going).await;
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.starts_with("HTTP/1.1 403"), "{told}");
    assert!(
        told.contains("belongs to another user of this computer"),
        "{told}"
    );
    assert_eq!((done, code), (StatusCode::OK, "c-1".to_owned()));
}
