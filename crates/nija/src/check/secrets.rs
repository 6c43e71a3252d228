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
    match &config.jwt_secret {
        None => findings.refuse(KEY, "is not set", "make one with `openssl rand -hex 32`"),
        Some(secret) => {
            if let Err(why) = Settings::check_secret(secret) {
                let why = why.to_string();
                let (found, todo) = why.split_once("; ").unwrap_or((&why, "use another one"));
                findings.refuse(KEY, found.trim_start_matches("JWT_SECRET_KEY "), todo);
            }
        }
    }
    if config.metrics_token.as_ref().is_some_and(|token| token.len() < TOKEN) {
        let found = format!("is shorter than {TOKEN} letters");
        findings.refuse("NIJA_METRICS_TOKEN", found, "make one with `openssl rand -hex 16`");
    }
    if let Some(path) = &config.jwt_secret_file {
        files::private(path, findings);
    }
    if variables.env_file_is_secret() {
        files::private(Path::new(ENV_FILE), findings);
    }
}
