//! Windows: the Security Support Provider Interface, with the credentials of the logged-in user.

use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::{
    SEC_E_OK, SEC_I_COMPLETE_AND_CONTINUE, SEC_I_COMPLETE_NEEDED, SEC_I_CONTINUE_NEEDED,
};
use windows_sys::Win32::Security::Authentication::Identity::{
    AcquireCredentialsHandleW, CompleteAuthToken, DeleteSecurityContext, FreeCredentialsHandle,
    ISC_REQ_CONNECTION, InitializeSecurityContextW, SECBUFFER_TOKEN, SECBUFFER_VERSION, SECPKG_CRED_OUTBOUND,
    SECURITY_NATIVE_DREP, SecBuffer, SecBufferDesc,
};
use windows_sys::Win32::Security::Credentials::SecHandle;
use windows_sys::core::HRESULT;

use super::Package;

pub(super) const IS_HERE: bool = true;

/// Bytes of a message: as many as Windows gives a ticket with many groups (`MaxTokenSize`).
const MAX_MESSAGE: usize = 65_535;

/// The credentials and the context of one sign-in.
pub(super) struct Context {
    credentials: SecHandle,
    context: Option<SecHandle>,
    target: Vec<u16>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Context").finish_non_exhaustive()
    }
}

impl Context {
    #[expect(unsafe_code, reason = "the logon belongs to the platform")]
    pub(super) fn new(package: Package, target: &str) -> io::Result<Self> {
        let package = wide(match package {
            Package::Negotiate => "Negotiate",
            Package::Ntlm => "NTLM",
        });
        let mut credentials = SecHandle::default();
        let mut expires = 0;
        // SAFETY: the name ends with a null, the places for the answers are live; null stands for the logged-in user.
        let done = unsafe {
            AcquireCredentialsHandleW(
                ptr::null(),
                package.as_ptr(),
                SECPKG_CRED_OUTBOUND,
                ptr::null(),
                ptr::null(),
                None,
                ptr::null(),
                &raw mut credentials,
                &raw mut expires,
            )
        };
        if done != SEC_E_OK {
            return Err(told(done));
        }
        Ok(Self {
            credentials,
            context: None,
            target: wide(target),
        })
    }

    #[expect(unsafe_code, reason = "the messages come from the platform")]
    pub(super) fn next(&mut self, said: &[u8]) -> io::Result<Vec<u8>> {
        let mut said = said.to_vec();
        let mut message = vec![0; MAX_MESSAGE];
        let mut given = token(&mut said)?;
        let mut taken = token(&mut message)?;
        let given = one(&mut given);
        let mut taken_list = one(&mut taken);
        let before = self.context;
        let mut context = before.unwrap_or_default();
        let (mut attributes, mut expires) = (0, 0);
        // SAFETY: the credentials live as long as this value; a context is passed on only after the platform made it; the
        // lists point to one buffer each, of the size that they say; the target ends with a null.
        let mut done = unsafe {
            InitializeSecurityContextW(
                &raw const self.credentials,
                before.as_ref().map_or(ptr::null(), ptr::from_ref),
                self.target.as_ptr(),
                ISC_REQ_CONNECTION,
                0,
                SECURITY_NATIVE_DREP,
                before.map_or(ptr::null(), |_| &raw const given),
                0,
                &raw mut context,
                &raw mut taken_list,
                &raw mut attributes,
                &raw mut expires,
            )
        };
        if done >= 0 {
            self.context = Some(context);
        }
        if matches!(done, SEC_I_COMPLETE_NEEDED | SEC_I_COMPLETE_AND_CONTINUE) {
            // SAFETY: the platform made the context and the message just now.
            done = unsafe { CompleteAuthToken(&raw const context, &raw const taken_list) };
        }
        if !matches!(done, SEC_E_OK | SEC_I_CONTINUE_NEEDED) {
            return Err(told(done));
        }
        message.truncate(taken.cbBuffer as usize);
        Ok(message)
    }
}

impl Drop for Context {
    #[expect(unsafe_code, reason = "what the platform made is given back to it")]
    fn drop(&mut self) {
        // SAFETY: both handles came from the platform and are given back once.
        unsafe {
            if let Some(context) = &self.context {
                DeleteSecurityContext(ptr::from_ref(context));
            }
            FreeCredentialsHandle(&raw const self.credentials);
        }
    }
}

fn token(bytes: &mut [u8]) -> io::Result<SecBuffer> {
    Ok(SecBuffer {
        cbBuffer: u32::try_from(bytes.len()).map_err(io::Error::other)?,
        BufferType: SECBUFFER_TOKEN,
        pvBuffer: bytes.as_mut_ptr().cast(),
    })
}

fn one(buffer: &mut SecBuffer) -> SecBufferDesc {
    SecBufferDesc {
        ulVersion: SECBUFFER_VERSION,
        cBuffers: 1,
        pBuffers: ptr::from_mut(buffer),
    }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn told(code: HRESULT) -> io::Error {
    io::Error::from_raw_os_error(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_begins_with_a_message_or_the_systems_reason() {
        match Context::new(Package::Ntlm, "HTTP/proxy.example").and_then(|mut context| context.next(&[])) {
            Ok(message) => assert!(message.starts_with(b"NTLMSSP\0")),
            Err(error) => assert!(error.raw_os_error().is_some(), "{error}"),
        }
    }

    #[test]
    fn what_is_no_answer_of_a_server_is_refused() {
        let context = Context::new(Package::Ntlm, "HTTP/proxy.example");
        let Ok(mut context) = context else { return };
        if context.next(&[]).is_ok() {
            context.next(b"no message").expect_err("a refusal");
        }
    }
}
