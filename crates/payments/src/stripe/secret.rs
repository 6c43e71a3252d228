//! A key of Stripe's in memory: readable inside this room, wiped on drop, never printed.

use zeroize::Zeroizing;

/// A secret key or a webhook's signing secret.
///
/// Printing shows nothing of it:
/// ```
/// let secret = nija_payments::stripe::Secret::new("sk_test_abc".to_owned());
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// ```
/// and it cannot be copied:
/// ```compile_fail
/// let secret = nija_payments::stripe::Secret::new("sk_test_abc".to_owned());
/// let other: nija_payments::stripe::Secret = secret.clone();
/// ```
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller keeps no copy.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is a secret key for real money; `None` when its form does not tell.
    pub(super) fn is_live(&self) -> Option<bool> {
        let (_, rest) = self.0.split_once('_')?;
        match rest.split_once('_')?.0 {
            "live" => Some(true),
            "test" => Some(false),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_whether_money_is_real() {
        let live = |text: &str| Secret::new(text.to_owned()).is_live();
        assert_eq!((live("sk_live_1"), live("rk_test_1")), (Some(true), Some(false)));
        assert_eq!((live("whsec_1"), live("other"), live("sk_dev_1")), (None, None, None));
    }
}
