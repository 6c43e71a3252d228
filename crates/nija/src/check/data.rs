//! The database that is there already: a schema we know, the settings durability rests on, time that goes on.

use super::{Findings, files};
use crate::config::{Config, Feed};
use nija_core::words::time::{Span, Timestamp};
use nija_store::sqlite::{inspect, schema};

/// How far the journal's last batch may lie ahead of the clock.
const AHEAD: Span = Span::seconds(60);

pub(super) fn look(config: &Config, now: Timestamp, findings: &mut Findings) {
    let path = &config.database;
    // The files that SQLite makes beside an open one would be open, too: that one is to be closed first.
    if !path.is_file() || files::open_mode(path).is_some() {
        return;
    }
    let name = path.display().to_string();
    let found = match inspect(path) {
        Ok(found) => found,
        Err(why) => {
            let why = why.to_string();
            let (found, todo) = why.rsplit_once("; ").unwrap_or((&why, "restore a backup"));
            findings.refuse(&name, found.trim_start_matches(&format!("{name} ")), todo);
            return;
        }
    };
    if found.schema < schema() {
        let told = format!("has schema {} and gets {} at the start", found.schema, schema());
        findings.warn(&name, told, "back it up first: an older program cannot open it afterwards");
    }
    if !found.differing.is_empty() {
        let told = format!("somebody changed {}", found.differing.join(", "));
        findings.refuse(&name, told, "restore a backup, and find out who could write to the file");
    }
    if let (Feed::Generator, Some(last)) = (&config.feed, found.last)
        && last > now.plus(AHEAD)
    {
        let told = format!("its last batch is of {last}, ahead of the clock ({now})");
        let todo = "set the time; until the clock has caught up, desks stand at the later time";
        findings.warn(&name, told, todo);
    }
}
