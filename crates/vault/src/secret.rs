//! A plain secret in memory. It can be read and dropped, and nothing else: no printing, no copying,
//! no serializing; its bytes are wiped on drop.

use crate::error::Error;
use zeroize::Zeroizing;

/// The longest secret that is sealed, in bytes; PEM keys of venues stay far below.
pub const SECRET_BYTES_MAX: usize = 16 * 1024;

/// Plain bytes of a venue key, wiped on drop.
///
/// It cannot be printed:
/// ```compile_fail
/// let secret = nija_vault::Secret::new(b"k".to_vec()).unwrap();
/// println!("{secret:?}");
/// ```
/// nor copied:
/// ```compile_fail
/// let secret = nija_vault::Secret::new(b"k".to_vec()).unwrap();
/// let other: nija_vault::Secret = secret.clone();
/// ```
/// Reading is a visible act:
/// ```
/// let secret = nija_vault::Secret::new(b"k".to_vec()).unwrap();
/// assert_eq!(secret.reveal(), b"k");
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over; the caller keeps no copy.
    ///
    /// # Errors
    /// [`Error::BadLength`] when empty or longer than [`SECRET_BYTES_MAX`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, Error> {
        let bytes = Zeroizing::new(bytes);
        match bytes.len() {
            1..=SECRET_BYTES_MAX => Ok(Self(bytes)),
            got => Err(Error::BadLength { got, max: SECRET_BYTES_MAX }),
        }
    }

    /// The plain bytes; hold them no longer than one request to the venue.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_nothing_and_too_much() {
        let of = |got| Secret::new(vec![1; got]).err();
        assert_eq!(of(0), Some(Error::BadLength { got: 0, max: SECRET_BYTES_MAX }));
        assert_eq!(of(1), None);
        assert_eq!(of(SECRET_BYTES_MAX), None);
        let got = SECRET_BYTES_MAX + 1;
        assert_eq!(of(got), Some(Error::BadLength { got, max: SECRET_BYTES_MAX }));
    }
}
