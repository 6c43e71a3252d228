//! A form as Stripe reads it: flat pairs whose names carry the structure, `metadata[key]`.

use sha2::{Digest, Sha256};

/// The metadata that routes a payment back to its invoice.
pub(super) const INVOICE: &str = "nija_invoice";
/// The metadata that routes a payment back to its account.
pub(super) const ACCOUNT: &str = "nija_account";
/// Says whose it is, to whoever looks at the provider's screens.
pub(super) const USER: &str = "nija_user";

/// Pairs of one request's body.
#[derive(Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// With one more pair.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// With what routes the payment back, under this name.
    pub(super) fn with_origin(
        self,
        name: &str,
        charge: &nija_core::ports::payments::Charge,
    ) -> Self {
        self.with(&format!("{name}[{INVOICE}]"), &*charge.invoice)
            .with(&format!("{name}[{ACCOUNT}]"), charge.account.to_string())
            .with(&format!("{name}[{USER}]"), charge.user.to_string())
    }

    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// 128 bits that differ when any pair or the salt does, in hexadecimal digits.
    pub(super) fn digest(&self, salt: &str) -> String {
        let mut hash = Sha256::new();
        let texts = self.0.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        for text in texts.chain([salt]) {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        let digest: [u8; 32] = hash.finalize().into();
        digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_pairs_apart() {
        let of = |pairs: &[(&str, &str)], salt: &str| {
            pairs.iter().fold(Form::default(), |form, (k, v)| form.with(k, *v)).digest(salt)
        };
        let digests = [
            of(&[("a", "bc")], ""),
            of(&[("ab", "c")], ""),
            of(&[("a", "b"), ("c", "")], ""),
            of(&[("a", "bc")], "x"),
            of(&[], "abc"),
        ];
        let distinct: std::collections::BTreeSet<_> = digests.iter().collect();
        assert_eq!(distinct.len(), digests.len());
        assert_eq!(of(&[("a", "bc")], ""), digests[0]);
        assert_eq!(digests[0].len(), 32);
    }
}
