//! Secrets: strong enough, and readable by their owner only.

use super::{Findings, files};
use crate::config::variables::Variables;
use crate::config::{Config, ENV_FILE};
use nija_api::Settings;
use std::path::Path;

/// The fewest letters of a token that nobody guesses.
const TOKEN: usize = 24;

pub(super) fn look(config: &Config, variables: &Variables, findings: &mut Findings) {
    const KEY: &str = "JWT_SECRET_KEY";
    const PREVIOUS: &str = "JWT_SECRET_KEY_PREVIOUS";
    if config.jwt_secret.is_none() {
        findings.refuse(KEY, "is not set", "make one with `openssl rand -hex 32`");
    }
    for (name, secret) in [(KEY, &config.jwt_secret), (PREVIOUS, &config.jwt_previous)] {
        if let Some(Err(why)) = secret.as_ref().map(|secret| Settings::check_secret(secret)) {
            let why = why.to_string();
            let (found, todo) = why.split_once("; ").unwrap_or((&why, "use another one"));
            findings.refuse(name, found.trim_start_matches("JWT_SECRET_KEY "), todo);
        }
    }
    if config.jwt_previous.is_some() {
        let todo = "unset it and start again 15 minutes after the change";
        findings.warn(PREVIOUS, "is set: tokens of the secret before pass, too", todo);
    }
    if config.metrics_token.as_ref().is_some_and(|token| token.len() < TOKEN) {
        let found = format!("is shorter than {TOKEN} letters");
        findings.refuse("NIJA_METRICS_TOKEN", found, "make one with `openssl rand -hex 16`");
    }
    for path in config.jwt_secret_file.iter().chain(&config.billing.files) {
        files::private(path, findings);
    }
    if let Err(why) = config.billing.door() {
        findings.refuse("NIJA_PAYMENTS", why, "mend it, or write `transfer`");
    }
    if variables.env_file_is_secret() {
        files::private(Path::new(ENV_FILE), findings);
    }
}
