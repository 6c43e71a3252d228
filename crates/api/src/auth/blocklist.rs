//! Passwords that are long enough and still guessed first: a modest list, repetitions, runs along
//! the alphabet or the keyboard, and what the account or the platform gives away. No rules of
//! composition.

/// Long passwords that lists of leaked ones begin with.
const LEAKED: &str = include_str!("../../data/passwords.txt");
/// Rows of keyboards and the usual sequences.
const ROWS: [&str; 9] = [
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "abcdefghijklmnopqrstuvwxyz",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
];
/// So much must be left of a password without what anybody could know about the account.
const OWN_PART: usize = 8;

/// Would it be among the first guesses? The password is in NFKC already.
pub(crate) fn is_guessable(password: &str, email: &str) -> bool {
    let lower = password.to_lowercase();
    let letters: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    LEAKED.lines().any(|leaked| leaked == lower || leaked == letters)
        || is_repetition(&lower)
        || is_run(&letters)
        || tells_the_account(&lower, email)
}

/// A part of at most eight characters over and over, or hardly any different characters.
fn is_repetition(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let repeats = |p: usize| chars.iter().zip(chars.iter().skip(p)).all(|(a, b)| a == b);
    let mut distinct = chars.clone();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() < 5 || (1..=8).any(repeats)
}

/// Almost every character follows its neighbor in some row, in either direction.
fn is_run(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let follows = |a: char, b: char| {
        a == b
            || ROWS.iter().any(|row| {
                let at = |c: char| row.chars().position(|r| r == c);
                at(a)
                    .zip(at(b))
                    .map(|(x, y)| x.abs_diff(y))
                    .is_some_and(|d| d == 1 || d + 1 == row.len())
            })
    };
    let breaks = chars.windows(2).filter(|pair| !follows(pair[0], pair[1])).count();
    chars.len() > 1 && breaks * 4 < chars.len()
}

fn tells_the_account(lower: &str, email: &str) -> bool {
    let email = email.to_lowercase();
    let (local, domain) = email.split_once('@').unwrap_or((&email, ""));
    let site = domain.split('.').next().unwrap_or("");
    let mut rest = lower.to_owned();
    for known in [email.as_str(), local, domain, site, "nija"] {
        if known.chars().count() >= 3 {
            rest = rest.replace(known, "");
        }
    }
    let left = rest.chars().filter(|c| c.is_alphanumeric()).count();
    rest.len() < lower.len() && left < OWN_PART
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_guesses_are_refused() {
        for (password, email) in [
            ("aaaaaaaaaaaaaaaaaaaa", "a@b.c"),
            ("passwordpassword", "a@b.c"),
            ("abc123abc123abc123", "a@b.c"),
            ("123456789012345678", "a@b.c"),
            ("qwertyuiopasdfghjkl", "a@b.c"),
            ("abcdefghijklmnopqrstuvwxyz", "a@b.c"),
            ("zyxwvutsrqponmlkji", "a@b.c"),
            ("1qaz2wsx3edc4rfv", "a@b.c"),
            ("NIJA-nija-nija-2026", "a@b.c"),
            ("jane.doe@mail.example", "jane.doe@mail.example"),
            ("jane.doe jane.doe1", "jane.doe@mail.example"),
            ("correct horse battery staple", "a@b.c"),
            ("CorrectHorseBatteryStaple", "a@b.c"),
            ("password12345678", "a@b.c"),
        ] {
            assert!(is_guessable(password, email), "{password}");
        }
    }

    #[test]
    fn good_ones_pass_and_so_does_the_blueprints_example() {
        for password in [
            "secure_password",
            "eleven purple tractors sing",
            "8301749265510387",
            "k9#vT2!mQ7$xZ4&b",
            "the nija river runs past my window",
        ] {
            assert!(!is_guessable(password, "user@example.com"), "{password}");
        }
    }
}
