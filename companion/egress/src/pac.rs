//! Proxy auto-config: a script of the network says which proxy to use for a host. It runs in an interpreter without any
//! access to this machine, for a bounded time and in bounded memory, and learns addresses of the asked host alone.

use std::cell::Cell;
use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ipnet::IpNet;
use rquickjs::{CatchResultExt as _, Context, Ctx, Function, Runtime, Value};
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;

use crate::dial::{Dialer, Proxies, Route, Scope, Speech, Way};
use crate::resolve::Lookup;
use crate::watch::Watch;
use crate::{Client, Destination, Exchange, Origin, Proxy, ProxyFault};
use deskhand_policy::hosts::Host;

/// Scripts of large networks have some hundred kilobytes.
const MAX_SCRIPT: usize = 1 << 20;
const MAX_MEMORY: usize = 32 << 20;
const MAX_STACK: usize = 256 << 10;
const RUN_WITHIN: Duration = Duration::from_secs(2);
const FETCH_WITHIN: Duration = Duration::from_secs(5);
const RESOLVE_WITHIN: Duration = Duration::from_secs(3);
/// Networks change their scripts now and then; a browser looks again when it starts.
const FRESH_FOR: Duration = Duration::from_mins(30);
/// A notebook comes back into its network soon.
const ABSENT_FOR: Duration = Duration::from_mins(1);
/// Ways that are read of one answer.
const MAX_ROUTES: usize = 10;

const FUNCTIONS: &str = include_str!("pac/functions.js");

/// A proxy script at its address.
#[derive(Debug)]
pub(crate) struct ProxyScript {
    url: Url,
    origin: Origin,
    /// Gives credentials for the proxies that the script names.
    known: Proxy,
    /// What counts where the server of the script is not there.
    otherwise: Option<Proxy>,
    loaded: Mutex<Option<Loaded>>,
}

/// What was found at the address.
#[derive(Debug)]
struct Loaded {
    /// The text of the script; `None` where its server is not there.
    script: Option<Arc<str>>,
    /// When to look again.
    until: Instant,
}

impl ProxyScript {
    /// The script that policy names at an address, http or https, without credentials. It is the only way.
    pub(crate) fn at(address: &str, known: Proxy) -> Result<Self, crate::OriginError> {
        let url = Url::parse(address).map_err(|_| crate::OriginError::NotAnAddress)?;
        let origin = Origin::of_web_url(&url)?;
        Ok(Self {
            url,
            origin,
            known,
            otherwise: None,
            loaded: Mutex::new(None),
        })
    }

    /// The script of the operating system. Outside of the network that serves it, what the system has beside it counts, as
    /// it does for browsers: a notebook at home would else reach nothing.
    pub(crate) fn of_system(url: &Url, known: Proxy, otherwise: Proxy) -> Result<Self, crate::OriginError> {
        Ok(Self {
            otherwise: Some(otherwise),
            ..Self::at(url.as_str(), known)?
        })
    }

    /// The proxies that count where the server of the script is not there.
    pub(crate) fn otherwise(&self) -> Option<&Proxy> {
        self.otherwise.as_ref()
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin.clone()
    }

    /// The ways to a host, best first.
    pub(crate) async fn routes(&self, target: &Origin, way: &Way) -> Result<Vec<Route>, ProxyFault> {
        let script = match (self.script(way).await?, &self.otherwise) {
            (Some(script), _) => script,
            (None, Some(otherwise)) => {
                let route = Route::under(otherwise, target);
                let route =
                    route.map_err(|why| ProxyFault::Script(format!("its server is not there; {why}")))?;
                return Ok(vec![route]);
            }
            (None, None) => return Err(ProxyFault::Script("its server is not there".to_owned())),
        };
        let lookup = Lookup {
            resolver: Arc::clone(&way.resolver),
            rules: None,
            watch: Watch::default(),
        };
        let asked = target.clone();
        let handle = tokio::runtime::Handle::current();
        let world = World {
            addresses: Box::new(move |name| {
                let found = timeout(RESOLVE_WITHIN, lookup.addresses(name));
                handle
                    .block_on(found)
                    .ok()
                    .and_then(Result::ok)
                    .unwrap_or_default()
            }),
            now: SystemTime::now(),
        };
        let answer = tokio::task::spawn_blocking(move || evaluate(&script, &asked, world));
        let answer = answer
            .await
            .map_err(|error| ProxyFault::Script(error.to_string()))??;
        read(&answer, &self.known, self.origin.is_https())
    }

    /// The text of the script, fetched directly: it says how to reach everything else. One that came stays until another
    /// comes: whoever keeps its server out of reach must not open another way.
    async fn script(&self, way: &Way) -> Result<Option<Arc<str>>, ProxyFault> {
        let mut loaded = self.loaded.lock().await;
        let fresh = |loaded: &&Loaded| Instant::now() < loaded.until;
        if let Some(loaded) = loaded.as_ref().filter(fresh) {
            return Ok(loaded.script.clone());
        }
        let before = loaded.as_ref().and_then(|loaded| loaded.script.clone());
        let direct = Dialer {
            way: Arc::new(Way {
                proxies: Proxies::Rules(Proxy::direct()),
                tls: way.tls.clone(),
                resolver: Arc::clone(&way.resolver),
                named_by: way.named_by,
                sign_in: None,
            }),
            scope: Scope::Fetch(self.origin.clone()),
            destination: Destination::ProxyScript,
            speech: Speech::Http1,
            audit: None,
            watch: Watch::default(),
        };
        let fetched = timeout(FETCH_WITHIN, fetch(Client::new(direct), &self.url)).await;
        let fetched = fetched.unwrap_or(Err(NoScript::Absent("it did not come in time".to_owned())));
        let (script, fresh_for) = match fetched {
            Ok(script) => (Some(script), FRESH_FOR),
            Err(_) if before.is_some() => (before, ABSENT_FOR),
            Err(NoScript::Absent(_)) if self.otherwise.is_some() => (None, ABSENT_FOR),
            Err(NoScript::Absent(why) | NoScript::Broken(why)) => return Err(ProxyFault::Script(why)),
        };
        *loaded = Some(Loaded {
            script: script.clone(),
            until: Instant::now() + fresh_for,
        });
        Ok(script)
    }
}

/// Why there is no script.
enum NoScript {
    /// Its server is not there.
    Absent(String),
    Broken(String),
}

impl From<crate::EgressError> for NoScript {
    fn from(error: crate::EgressError) -> Self {
        match &error {
            crate::EgressError::Failed {
                exchange: Exchange::Unresolved(_) | Exchange::Unreachable(_) | Exchange::TimedOut,
                ..
            } => Self::Absent(error.to_string()),
            _ => Self::Broken(error.to_string()),
        }
    }
}

async fn fetch(client: Client, url: &Url) -> Result<Arc<str>, NoScript> {
    let request = http::Request::get(url.as_str()).body(Bytes::new());
    let request = request.map_err(|error| NoScript::Broken(error.to_string()))?;
    let answer = client.send(request).await?;
    if !answer.status().is_success() {
        let why = format!("its server answers with {}", answer.status());
        return Err(NoScript::Broken(why));
    }
    let body = answer.body_up_to(MAX_SCRIPT).await?;
    Ok(String::from_utf8_lossy(&body).into())
}

type Addresses = Box<dyn Fn(&str) -> Vec<IpAddr> + Send>;

/// What a script may ask of the world.
pub(crate) struct World {
    /// The addresses of the host that is asked for.
    pub(crate) addresses: Addresses,
    pub(crate) now: SystemTime,
}

/// Asks the script for the way to a host: the text that `FindProxyForURL` gives.
pub(crate) fn evaluate(script: &str, target: &Origin, world: World) -> Result<String, ProxyFault> {
    let broken = |error: rquickjs::Error| ProxyFault::Script(error.to_string());
    let runtime = Runtime::new().map_err(broken)?;
    runtime.set_memory_limit(MAX_MEMORY);
    runtime.set_max_stack_size(MAX_STACK);
    let started = Instant::now();
    runtime.set_interrupt_handler(Some(Box::new(move || started.elapsed() > RUN_WITHIN)));
    let context = Context::full(&runtime).map_err(broken)?;
    context.with(|ctx| run(&ctx, script, target, world))
}

fn run(ctx: &Ctx<'_>, script: &str, target: &Origin, world: World) -> Result<String, ProxyFault> {
    offer(ctx, target, world).map_err(|error| ProxyFault::Script(error.to_string()))?;
    ctx.eval::<(), _>(FUNCTIONS)
        .catch(ctx)
        .map_err(|error| told(&error))?;
    let mut sloppy = rquickjs::context::EvalOptions::default();
    sloppy.strict = false;
    ctx.eval_with_options::<(), _>(script, sloppy)
        .catch(ctx)
        .map_err(|error| told(&error))?;
    let find = ctx.globals().get::<_, Function<'_>>("FindProxyForURL");
    let find = find.map_err(|_| ProxyFault::Script("it has no FindProxyForURL".to_owned()))?;
    // Paths and queries of https addresses are nobody's business on the way, as in browsers.
    let address = format!("{target}/");
    let host = target.host().trim_start_matches('[').trim_end_matches(']');
    let answer = find
        .call::<_, Value<'_>>((address, host))
        .catch(ctx)
        .map_err(|error| told(&error))?;
    if answer.is_null() {
        return Ok("DIRECT".to_owned());
    }
    let text = answer.as_string().map(rquickjs::String::to_string);
    let text = text.ok_or_else(|| ProxyFault::Script("it gives no text".to_owned()))?;
    text.map_err(|error| ProxyFault::Script(error.to_string()))
}

/// The functions of the host.
fn offer(ctx: &Ctx<'_>, target: &Origin, world: World) -> rquickjs::Result<()> {
    let globals = ctx.globals();
    let permitted = Host::parse(target.host());
    let asked: Cell<Option<Vec<String>>> = Cell::new(None);
    let World { addresses, now } = world;
    let answer = move |name: String| -> Vec<String> {
        let host = Host::parse(&name);
        match host {
            Some(Host::Address(address)) => vec![address.to_string()],
            Some(Host::Name(name)) if permitted == Some(Host::Name(name.clone())) => {
                let found = asked
                    .take()
                    .unwrap_or_else(|| addresses(&name).iter().map(ToString::to_string).collect());
                asked.set(Some(found.clone()));
                found
            }
            // A script must not use the resolver to tell names to others, or to find out about other hosts.
            Some(Host::Name(_)) | None => Vec::new(),
        }
    };
    let millis = now
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_millis() as f64);
    globals.set("__addresses", Function::new(ctx.clone(), answer)?)?;
    globals.set("__own", Function::new(ctx.clone(), own_addresses)?)?;
    globals.set("__now", Function::new(ctx.clone(), move || millis)?)?;
    globals.set("__within", Function::new(ctx.clone(), within)?)
}

/// The addresses that this machine would send from. Connecting a datagram socket sends nothing; the far addresses are
/// for documentation (RFC 5737 and RFC 3849).
#[expect(clippy::disallowed_methods, reason = "the socket sends nothing")]
fn own_addresses() -> Vec<String> {
    let own = |from: &str, to: &str| {
        let socket = UdpSocket::bind((from, 0)).ok()?;
        socket.connect((to, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip().to_string())
    };
    [own("0.0.0.0", "192.0.2.1"), own("::", "2001:db8::1")]
        .into_iter()
        .flatten()
        .collect()
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the interpreter hands owned text over"
)]
fn within(address: String, network: String) -> bool {
    let address = address.parse::<IpAddr>();
    let network = network.parse::<IpNet>();
    matches!((address, network), (Ok(address), Ok(network)) if network.contains(&address))
}

/// What a script threw, cut: it may throw anything.
fn told(error: &rquickjs::CaughtError<'_>) -> ProxyFault {
    ProxyFault::Script(
        error
            .to_string()
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect(),
    )
}

/// Reads `PROXY host:port; HTTPS host:port; DIRECT`. SOCKS is not spoken: such an entry is passed over.
fn read(answer: &str, known: &Proxy, is_trusted: bool) -> Result<Vec<Route>, ProxyFault> {
    let mut routes = Vec::new();
    let entries = answer.split(';').map(str::trim).filter(|entry| !entry.is_empty());
    for entry in entries.take(MAX_ROUTES) {
        let mut words = entry.split_ascii_whitespace();
        let kind = words.next().unwrap_or_default().to_ascii_uppercase();
        let (place, rest) = (words.next(), words.next());
        let through = |scheme| {
            place
                .filter(|_| rest.is_none())
                .and_then(|place| known.named(scheme, place, is_trusted))
        };
        let route = match kind.as_str() {
            "DIRECT" => place.is_none().then_some(Route::Direct),
            "PROXY" | "HTTP" => through("http").map(Route::Through),
            "HTTPS" => through("https").map(Route::Through),
            _ => None,
        };
        routes.extend(route);
    }
    if routes.is_empty() {
        let said: String = answer.chars().filter(|c| !c.is_control()).take(100).collect();
        return Err(ProxyFault::Script(format!(
            "it answers `{said}`; http and https proxies are used"
        )));
    }
    Ok(routes)
}

#[cfg(test)]
mod tests;
