//! Stand-ins for what the product meets outside: a gateway that plays scripts, a host for task panes, an
//! organisation that hands out settings.

pub mod gateway;
pub mod office;
pub mod organisation;
pub mod script;
