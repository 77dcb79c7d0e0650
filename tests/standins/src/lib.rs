//! Stand-ins for what the product meets outside: a gateway and the clouds that play scripts, a host for task panes, an
//! organisation that hands out settings.

pub mod bedrock;
pub mod foundry;
pub mod gateway;
mod keys;
mod messages;
mod oauth;
pub mod office;
pub mod organisation;
pub mod script;
mod serve;
mod tunnel;
pub mod vertex;

pub use oauth::Device;
pub use tunnel::Tunnel;
