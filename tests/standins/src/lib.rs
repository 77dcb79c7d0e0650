//! Stand-ins for what the product meets outside: a gateway that plays scripts, and a host for task panes.

pub mod gateway;
pub mod office;
pub mod script;
