//! The stand-ins of the clouds are known to speak the real protocols: the vendors' own libraries talk to them, sign in, and
//! take their faults for what they are. A stand-in that took everything would prove nothing: what it must refuse, it refuses.

mod bedrock;
mod foundry;
mod oracle;
mod vertex;
