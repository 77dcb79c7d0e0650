//! One stream from its first byte to its record.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use crate::audit::{Carried, Entry, Log};
use crate::peeked::{Client, Far};
use crate::refusal::{Reason, Refusal};
use crate::request::{Asked, Onward, asked};
use crate::{Audit, BoxStream, Clock, Door, Io, Limits, Outcome, Target, exchange, socks, tunnel};

const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// The proxy of one session of the sandbox. Its streams share the cap on their number, the door and the audit.
pub struct Proxy {
    door: Arc<dyn Door>,
    audit: Arc<dyn Audit>,
    clock: Clock,
    limits: Limits,
    slots: Semaphore,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let proxy = &mut formatter.debug_struct("Proxy");
        proxy.field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Proxy {
    /// A proxy without streams.
    pub fn new(door: Arc<dyn Door>, audit: Arc<dyn Audit>, clock: Clock, limits: Limits) -> Self {
        let slots = Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS));
        Self {
            door,
            audit,
            clock,
            limits,
            slots,
        }
    }

    /// Serves one stream of the guest, to its end. Needs a Tokio runtime with its timer. Exactly one record is written, also
    /// when the future is dropped in the middle; the connection to the far side ends with it.
    pub async fn serve(&self, mut stream: impl Io) -> Outcome {
        let mut log = Log::new(&*self.audit, &self.clock);
        let mut client = Client::new(&mut stream);
        let ended = self.run(&mut client, &mut log).await;
        log.end(&ended)
    }

    async fn run(&self, client: &mut Client<'_>, log: &mut Log<'_>) -> Result<(), Refusal> {
        let limits = &self.limits;
        let Ok(_slot) = self.slots.try_acquire() else {
            let most = limits.connections;
            let refusal = Reason::TooManyConnections.because(format!(
                "{most} connections are open, which is all that may be; close some"
            ));
            exchange::refuse(client, &refusal, limits, &log.counts, false).await;
            return Err(refusal);
        };
        let deadline = Instant::now() + limits.head_within;
        let began = timeout_at(deadline, client.input.fill()).await;
        match began {
            Err(_) => return Err(Reason::HeadTimeout.because("the client said nothing in time")),
            Ok(Ok(1..)) => {}
            Ok(_) => return Err(Reason::ClientGone.because("the client said nothing")),
        }
        if client.input.held().first() == Some(&socks::VERSION) {
            return self.socks(client, deadline, log).await;
        }
        let head = match exchange::request_head(client, deadline, limits).await {
            Ok(head) => head,
            Err(refusal) => return self.refuse(client, refusal, log, false).await,
        };
        let head_only = head.method == "HEAD";
        match asked(&head) {
            Err(refusal) => self.refuse(client, refusal, log, head_only).await,
            Ok(Asked::Tunnel(target)) => self.connect(client, &target, log).await,
            Ok(Asked::Exchange(target, onward)) => {
                log.asked(Entry::Forward, Some(&target));
                log.carries(Carried::Http, Some(&onward.method));
                let served = self.forward(client, &target, onward, log).await;
                match served {
                    Err(refusal) => self.refuse(client, refusal, log, head_only).await,
                    Ok(()) => Ok(()),
                }
            }
        }
    }

    async fn connect(
        &self,
        client: &mut Client<'_>,
        target: &Target,
        log: &mut Log<'_>,
    ) -> Result<(), Refusal> {
        log.asked(Entry::Connect, Some(target));
        let far = match self.dial(target).await {
            Ok(far) => far,
            Err(refusal) => return self.refuse(client, refusal, log, false).await,
        };
        self.say(client, ESTABLISHED).await?;
        tunnel::run(client, far, target, &self.limits, log).await
    }

    async fn socks(
        &self,
        client: &mut Client<'_>,
        deadline: Instant,
        log: &mut Log<'_>,
    ) -> Result<(), Refusal> {
        log.asked(Entry::Socks, None);
        let target = socks::request(client, deadline, &self.limits).await?;
        log.asked(Entry::Socks, Some(&target));
        match self.dial(&target).await {
            Ok(far) => {
                self.say(client, &socks::reply(socks::SUCCEEDED)).await?;
                tunnel::run(client, far, &target, &self.limits, log).await
            }
            Err(refusal) => {
                let reply = socks::reply(refusal.socks());
                client.leave(&reply, self.limits.farewell).await;
                Err(refusal)
            }
        }
    }

    async fn forward(
        &self,
        client: &mut Client<'_>,
        target: &Target,
        onward: Onward,
        log: &Log<'_>,
    ) -> Result<(), Refusal> {
        let mut far = Far::new(self.dial(target).await?);
        exchange::run(client, &mut far, onward, &self.limits, &log.counts).await
    }

    /// Has the door open a connection: the only way to the far side.
    async fn dial(&self, target: &Target) -> Result<BoxStream, Refusal> {
        let host = target.host.to_string();
        let dialled = timeout(self.limits.connect_within, self.door.connect(&host, target.port)).await;
        let late = |_| Reason::ConnectTimeout.because(format!("{target} did not answer in time"));
        dialled.map_err(late)?.map_err(Refusal::from)
    }

    async fn refuse(
        &self,
        client: &mut Client<'_>,
        refusal: Refusal,
        log: &Log<'_>,
        head_only: bool,
    ) -> Result<(), Refusal> {
        exchange::refuse(client, &refusal, &self.limits, &log.counts, head_only).await;
        Err(refusal)
    }

    /// Says yes. A guest that does not take so little takes nothing.
    async fn say(&self, client: &mut Client<'_>, words: &[u8]) -> Result<(), Refusal> {
        let gone = || Reason::ClientGone.because("the client does not take the proxy's answer");
        match timeout(self.limits.farewell, client.say(words)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(gone()),
        }
    }
}
