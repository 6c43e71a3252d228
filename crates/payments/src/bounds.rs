//! What every charge and refund is held to before anybody is asked, and cents in place of money.

use nija_core::ports::payments::{Charge, PaymentError, Refund};
use nija_core::words::money::Money;

/// Longest invoice number, in bytes.
const INVOICE_BYTES_MAX: usize = 40;
/// Longest key of a refund, in bytes.
const KEY_BYTES_MAX: usize = 60;
/// Longest description, in characters.
const DESCRIPTION_CHARS_MAX: usize = 250;
/// Largest single amount, in cents: eight digits, which is Stripe's limit.
const CENTS_MAX: i64 = 99_999_999;

/// The charge's amount in cents, once everything about it is in order.
pub(crate) fn charge(charge: &Charge, minimum: Money) -> Result<i64, PaymentError> {
    if !is_name(&charge.invoice, INVOICE_BYTES_MAX) {
        return refuse("an invoice number is 1 to 40 letters, digits and hyphens");
    }
    let description = charge.description.trim();
    if description.is_empty() || description.chars().count() > DESCRIPTION_CHARS_MAX {
        return refuse("a description has 1 to 250 characters");
    }
    if charge.amount < minimum {
        return refuse(&format!(
            "less than ${minimum:.2} is not taken; put it on the next invoice"
        ));
    }
    cents(charge.amount)
}

/// The refund's amount in cents.
pub(crate) fn refund(refund: &Refund) -> Result<i64, PaymentError> {
    if !is_name(&refund.key, KEY_BYTES_MAX) {
        return refuse("a refund's key is 1 to 60 letters, digits and hyphens");
    }
    cents(refund.amount)
}

/// Whether this could be an invoice's number.
pub(crate) fn is_invoice(text: &str) -> bool {
    is_name(text, INVOICE_BYTES_MAX)
}

fn is_name(text: &str, bytes_max: usize) -> bool {
    (1..=bytes_max).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn cents(amount: Money) -> Result<i64, PaymentError> {
    let cent = Money::CENT.raw();
    let cents = amount.raw() / cent;
    if amount.raw() % cent != 0 || !(1..=CENTS_MAX).contains(&cents) {
        return refuse("an amount is whole cents, from $0.01 to $999,999.99");
    }
    Ok(cents)
}

/// Dollars from cents; `None` below zero and beyond the range.
pub(crate) fn dollars(cents: i64) -> Option<Money> {
    let raw = cents.checked_mul(Money::CENT.raw())?;
    (raw >= 0).then(|| Money::from_raw(raw))
}

fn refuse<T>(why: &str) -> Result<T, PaymentError> {
    Err(PaymentError::Rejected(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_and_dollars_are_exact() {
        for (text, expected) in
            [("0.01", Some(1)), ("999999.99", Some(CENTS_MAX)), ("17", Some(1_700))]
        {
            let amount: Money = text.parse().unwrap();
            assert_eq!(cents(amount).ok(), expected);
            assert_eq!(dollars(expected.unwrap()), Some(amount));
        }
        for text in ["0", "-1", "0.001", "1.00000001", "1000000"] {
            assert!(cents(text.parse().unwrap()).is_err(), "{text}");
        }
        assert_eq!((dollars(-1), dollars(i64::MAX)), (None, None));
        assert_eq!(dollars(0), Some(Money::ZERO));
    }

    #[test]
    fn names_are_plain() {
        for bad in ["", "a b", "a/b", "é", "a\n", &"a".repeat(41)] {
            assert!(!is_invoice(bad), "{bad}");
        }
        assert!(is_invoice("NIJA-0003-000017"));
    }
}
