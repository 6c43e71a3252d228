//! The encodings that a forger writes and a searcher looks for.

const DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Base64 without padding; the last two digits tell the alphabets apart.
pub(super) fn base64(bytes: &[u8], last: [u8; 2]) -> String {
    let digit = |n: u32| DIGITS.get(n as usize).copied().unwrap_or_else(|| last[n as usize - 62]);
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |n: usize| u32::from(chunk.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..=chunk.len() {
            text.push(char::from(digit(bits >> (18 - 6 * n) & 63)));
        }
    }
    text
}

/// The alphabet of tokens.
pub(super) fn base64url(bytes: &[u8]) -> String {
    base64(bytes, *b"-_")
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_encodings_are_the_usual_ones() {
    let bytes = [0xfb, 0xff, 0x00, 0x61, 0x62];
    assert_eq!(base64(&bytes, *b"+/"), "+/8AYWI");
    assert_eq!(base64url(&bytes), "-_8AYWI");
    assert_eq!(base64(b"Man", *b"+/"), "TWFu");
    assert_eq!(hex(&bytes), "fbff006162");
}
