//! `cargo xtask faults NAME... [options]`: faults of the world on real processes, one program per row of the
//! goals. Each program ends in a short account for people and one line of JSON; a broken promise is an error.
//! To add one: a file in `faults/` with `run(&Options) -> Result<Outcome>`, and a row in `PROGRAMS`.

mod backup;
mod clock;
mod copying;
mod corruption;
mod disk_full;
mod eio;
mod flood;
mod kill;
mod limits;
mod mutants;
mod options;
mod outcome;
mod overload;
mod power;
mod schemathesis;
mod simulate;
mod slow_clients;
mod soak;
mod stuffing;
mod syscalls;
mod torn;
mod trial;

use anyhow::{Result, bail};
pub(crate) use options::Options;
pub(crate) use outcome::Outcome;
use std::time::Instant;

/// One fault.
struct Program {
    name: &'static str,
    /// Row of the goals.
    row: &'static str,
    says: &'static str,
    run: fn(&Options) -> Result<Outcome>,
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "kill",
        row: "R1",
        says: "SIGKILL at random moments while clients trade; --times kills",
        run: kill::run,
    },
    Program {
        name: "start",
        row: "R1",
        says: "how soon a server is ready that was killed over 90,000 events; --times starts",
        run: kill::start,
    },
    Program {
        name: "syscalls",
        row: "R2",
        says: "SIGKILL at each system call of an order's life and of a start; --times of each call at most",
        run: syscalls::run,
    },
    Program {
        name: "power",
        row: "R3",
        says: "power cuts: the disk is copied while orders flow, and a server starts on it; --times cuts",
        run: power::run,
    },
    Program {
        name: "eio",
        row: "R4",
        says: "the n-th sync of the disk fails, n = 1 ...; --times of each kind at most",
        run: eio::run,
    },
    Program {
        name: "disk_full",
        row: "R5",
        says: "the disk fills up under load and is freed, then single writes fail; --times rounds",
        run: disk_full::run,
    },
    Program {
        name: "corruption",
        row: "R6",
        says: "bits, pages, truncations, swapped and missing records; --times bits, the others in proportion",
        run: corruption::run,
    },
    Program {
        name: "backup",
        row: "R26",
        says: "a recorded history is backed up, restored and replayed; --times minutes, two events each or more",
        run: backup::run,
    },
    Program {
        name: "torn",
        row: "R7",
        says: "the last bytes of the log are gone, or zeros; --times lengths up to 4,096",
        run: torn::run,
    },
    Program {
        name: "clock",
        row: "R14",
        says: "the clock is set forth and back or stands still; leap days and summer time",
        run: clock::run,
    },
    Program {
        name: "flood",
        row: "P5",
        says: "orders by the thousand a second in batches, and SIGKILL; --times kills, --seconds a life",
        run: flood::run,
    },
    Program {
        name: "soak",
        row: "R18",
        says: "seven tenths of the capacity for --seconds: answers stay quick, memory flat",
        run: soak::run,
    },
    Program {
        name: "overload",
        row: "R19",
        says: "ten times too much, and 5,000 callers at once, for --seconds: cancels and kills go on",
        run: overload::run,
    },
    Program {
        name: "limits",
        row: "R20",
        says: "too few descriptors, too little memory and time",
        run: limits::run,
    },
    Program {
        name: "venues",
        row: "R15",
        says: "a simulated venue does everything wrong that venues do; --times orders",
        run: simulate::venues,
    },
    Program {
        name: "simulate",
        row: "R16",
        says: "deterministic simulation of the whole order path; --seeds histories, --from the first",
        run: simulate::run,
    },
    Program {
        name: "copying",
        row: "R1",
        says: "SIGKILL in the middle of fan-outs and of month-end fee runs; --times kills",
        run: copying::run,
    },
    Program {
        name: "days",
        row: "R17",
        says: "days of a thousand users by simulated time, on the real store; --times days",
        run: simulate::days,
    },
    Program {
        name: "stop",
        row: "R21",
        says: "SIGTERM while clients trade; --times stops",
        run: kill::stop,
    },
    Program {
        name: "mutants",
        row: "S1",
        says: "random mutants of every write request; --times of them",
        run: mutants::run,
    },
    Program {
        name: "schemathesis",
        row: "S4",
        says: "schemathesis over the whole description of the API, with a fixed seed",
        run: schemathesis::run,
    },
    Program {
        name: "slow_clients",
        row: "S2",
        says: "slowhttptest with slow headers, bodies and readers; --times connections of each",
        run: slow_clients::run,
    },
    Program {
        name: "stuffing",
        row: "S3",
        says: "logins with stolen lists from a thousand addresses; --times logins, --seconds at most",
        run: stuffing::run,
    },
];

/// Runs the programs that are named; an error when a promise was broken.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let flags = args.iter().position(|arg| arg.starts_with('-')).unwrap_or(args.len());
    let (names, flags) = args.split_at(flags);
    if names.is_empty() {
        bail!("name a fault\n{}", overview());
    }
    let options = Options::read(flags)?;
    let mut broken = 0;
    for program in chosen(names)? {
        let began = Instant::now();
        println!("{} ({}): {}", program.name, program.row, program.says);
        let outcome = (program.run)(&options)?;
        outcome.lines().iter().for_each(|line| println!("  {line}"));
        println!("{}", outcome.json(program.name, program.row, began.elapsed()));
        broken += usize::from(!outcome.passed());
    }
    println!("faults: {} passed, {broken} failed", names.len() - broken);
    if broken > 0 {
        bail!("{broken} faults broke a promise");
    }
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<&'static Program>> {
    let find = |name: &String| match PROGRAMS.iter().find(|program| program.name == name) {
        Some(program) => Ok(program),
        None => bail!("no fault `{name}`\n{}", overview()),
    };
    names.iter().map(find).collect()
}

fn overview() -> String {
    let line =
        |p: &Program| format!("  cargo xtask faults {:<10} {:<4} {}\n", p.name, p.row, p.says);
    let lines: String = PROGRAMS.iter().map(line).collect();
    format!("{lines}options: {}", options::USAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_fault_lists_the_known_ones() {
        for args in [&["nonsense".to_owned()][..], &[]] {
            let refused = run(args).unwrap_err().to_string();
            assert!(PROGRAMS.iter().all(|p| refused.contains(p.name)), "{refused}");
        }
    }

    #[test]
    fn names_are_unique() {
        let names: std::collections::BTreeSet<_> = PROGRAMS.iter().map(|p| p.name).collect();
        assert_eq!(names.len(), PROGRAMS.len());
    }
}
