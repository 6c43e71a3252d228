//! The trials of a sweep: all combinations of the values that were asked for.

use super::super::teaching::Settings;
use anyhow::{Context, bail, ensure};
use nija_core::words::money::Qty;

/// Most trials of one sweep: each is kept until all are judged together.
pub(in super::super) const MOST: usize = 20_000;

/// What a sweep sets parameters of.
pub(in super::super) trait Tunable: Clone {
    /// Sets one.
    fn set(&mut self, name: &str, value: &str) -> anyhow::Result<()>;
    /// Do they go together? Those that do not are left out.
    fn is_sane(&self) -> bool;
}

impl Tunable for Settings {
    fn set(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        self.set(name, value)
    }
    fn is_sane(&self) -> bool {
        self.is_sane()
    }
}

/// One combination.
#[derive(Clone, Debug)]
pub(in super::super) struct Trial<S = Settings> {
    /// Which value of each swept parameter.
    pub(super) places: Vec<usize>,
    /// The swept parameters as they were written.
    pub(super) values: Vec<(String, String)>,
    pub(in super::super) settings: S,
}

/// All trials, and the combinations left out because their averages are no pair.
pub(in super::super) struct Grid<S = Settings> {
    pub(in super::super) trials: Vec<Trial<S>>,
    pub(super) left_out: usize,
}

impl<S: Tunable> Grid<S> {
    /// Combines the values of each `--sweep`; what is not swept stays as `settings` has it.
    pub(in super::super) fn of(settings: &S, sweeps: &[(String, String)]) -> anyhow::Result<Self> {
        let mut axes: Vec<(&str, Vec<String>)> = Vec::new();
        for (name, values) in sweeps {
            let twice = axes.iter().any(|(known, _)| known == name);
            ensure!(!twice, "--sweep {name} is there twice; name all its values at once");
            axes.push((name, read(values).with_context(|| format!("--sweep {name}={values}"))?));
        }
        let count = axes.iter().try_fold(1_usize, |all, (_, values)| all.checked_mul(values.len()));
        let count = count.filter(|count| *count <= MOST);
        let count = count.with_context(|| format!("a sweep has at most {MOST} trials"))?;
        let (mut trials, mut left_out) = (Vec::new(), 0);
        for number in 0..count {
            let trial = trial(settings, &axes, number)?;
            if trial.settings.is_sane() {
                trials.push(trial);
            } else {
                left_out += 1;
            }
        }
        ensure!(!trials.is_empty(), "no combination has fast below slow; widen the values");
        Ok(Self { trials, left_out })
    }

    /// The trials one step away from one of them in one parameter.
    pub(super) fn neighbors(&self, of: usize) -> impl Iterator<Item = usize> {
        let center = self.trials.get(of).map(|trial| trial.places.as_slice()).unwrap_or_default();
        let near = move |trial: &Trial<S>| {
            let steps = trial.places.iter().zip(center).map(|(a, b)| a.abs_diff(*b));
            steps.sum::<usize>() == 1
        };
        self.trials.iter().enumerate().filter(move |(_, trial)| near(trial)).map(|(at, _)| at)
    }
}

fn trial<S: Tunable>(
    settings: &S,
    axes: &[(&str, Vec<String>)],
    number: usize,
) -> anyhow::Result<Trial<S>> {
    let mut settings = settings.clone();
    let (mut places, mut values, mut rest) = (Vec::new(), Vec::new(), number);
    for (name, choices) in axes.iter().rev() {
        let place = rest % choices.len();
        rest /= choices.len();
        let value = choices.get(place).map(String::as_str).unwrap_or_default();
        settings.set(name, value)?;
        places.push(place);
        values.push(((*name).to_owned(), value.to_owned()));
    }
    places.reverse();
    values.reverse();
    Ok(Trial { places, values, settings })
}

/// `5..50:5` (both ends included), `0.2..0.6:0.1`, `5..50`, or `20,50,100`.
fn read(text: &str) -> anyhow::Result<Vec<String>> {
    if let Some((from, rest)) = text.split_once("..") {
        let (to, step) = rest.split_once(':').unwrap_or((rest, "1"));
        let wanted = "write FROM..TO:STEP, for example 5..50:5 or 0.2..0.6:0.1";
        let number = |text: &str| text.trim().parse::<Qty>().context(wanted);
        let (from, to, step) = (number(from)?, number(to)?, number(step)?);
        ensure!(step.is_positive() && from <= to, "{wanted}");
        let all = (i128::from(to.raw()) - i128::from(from.raw())) / i128::from(step.raw());
        ensure!(all < MOST as i128, "a sweep has at most {MOST} trials");
        let values = std::iter::successors(Some(from), |n| n.checked_add(step));
        return Ok(values.take_while(|n| *n <= to).map(|n| n.to_string()).collect());
    }
    let values: Vec<String> = text.split(',').map(|value| value.trim().to_owned()).collect();
    if values.iter().any(String::is_empty) {
        bail!("a value is missing; write 20,50,100");
    }
    let repeated =
        values.iter().enumerate().find(|(at, v)| values.iter().take(*at).any(|b| b == *v));
    if let Some((_, value)) = repeated {
        bail!("{value} is there twice");
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(sweeps: &[(&str, &str)]) -> anyhow::Result<Grid> {
        let owned = sweeps.iter().map(|(name, values)| ((*name).to_owned(), (*values).to_owned()));
        Grid::of(&Settings::default(), &owned.collect::<Vec<_>>())
    }

    #[test]
    fn all_combinations_that_are_pairs() {
        let grid = grid(&[("fast", "5..15:5"), ("slow", "10,20")]).unwrap();
        let pairs: Vec<(usize, usize)> =
            grid.trials.iter().map(|trial| (trial.settings.fast, trial.settings.slow)).collect();
        assert_eq!(pairs, [(5, 10), (5, 20), (10, 20), (15, 20)]);
        assert_eq!(grid.left_out, 2);
        assert_eq!(grid.neighbors(1).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(grid.trials[1].values[1], ("slow".to_owned(), "20".to_owned()));
        assert_eq!(read("0.2..0.35:0.05").unwrap(), ["0.2", "0.25", "0.3", "0.35"]);
    }

    #[test]
    fn what_makes_no_sweep_is_told() {
        for (sweeps, wanted) in [
            (&[("fast", "5..1")][..], "write FROM..TO:STEP"),
            (&[("fast", "1..9:0")], "write FROM..TO:STEP"),
            (&[("fast", "1,,2")], "a value is missing"),
            (&[("fast", "1,1")], "1 is there twice"),
            (&[("fast", "1"), ("fast", "2")], "--sweep fast is there twice"),
            (&[("fast", "1..300"), ("slow", "1..300")], "at most 20000 trials"),
            (&[("fast", "30")], "fast below slow"),
            (&[("quick", "1")], "it has\n"),
        ] {
            let told = format!("{:#}", grid(sweeps).map(drop).unwrap_err());
            assert!(told.contains(wanted), "{told}");
        }
    }
}
