//! The books of one account, or of one copy sleeve, over a period, and what they add up to.

use super::high_water::{HighWater, Settled};
use super::{DocumentError, Period, equal, sum};
use crate::words::money::{Money, Price, Qty};
use crate::words::order::Side;
use crate::words::time::Timestamp;

/// Longest list of trades, of flows, of points and of each other kind of line.
pub const LINES_MAX: usize = 100_000;

/// Where money lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The account itself, its copy sleeves left out.
    #[default]
    Account,
    /// A sleeve that copies a leader.
    Sleeve {
        /// The leader's name as followers see it.
        leader: String,
    },
}

/// What there was at an instant, marked to market; fees that are not due yet are not taken off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worth {
    /// Dollars at hand.
    pub cash: Money,
    /// Value of the open positions.
    pub positions: Money,
    /// How far that value is above what the positions cost.
    pub unrealized: Money,
}

/// Why money came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowKind {
    /// From the owner.
    Deposit,
    /// To the owner, as it was paid out: a fee taken from it is not part of it.
    Withdrawal,
    /// Between the account and a sleeve of the same owner.
    Transfer,
}

/// Money that came (above zero) or went (below).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub kind: FlowKind,
    /// How much.
    pub amount: Money,
}

/// Equity at the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The instant at which it was marked.
    pub at: Timestamp,
    /// Equity then.
    pub equity: Money,
}

/// A fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub symbol: String,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// At which price.
    pub price: Price,
    /// Dollars that changed hands, before the fee.
    pub value: Money,
    /// The venue's fee.
    pub fee: Money,
    /// Profit that it realized, before the fee.
    pub realized: Money,
}

/// What came in, or was taken, without a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncomeKind {
    /// Of shares and funds.
    Dividend,
    /// On cash, or for borrowing.
    Interest,
    /// Of perpetual contracts.
    Funding,
    /// A booking that was put right.
    Correction,
    /// Copy fees of those who copy the account.
    Earned,
    /// What contracts gained or lost up to a settlement, at the end of a day or of the contract.
    Settlement,
}

impl IncomeKind {
    /// All kinds, in the order of the tables.
    pub const ALL: [Self; 6] = [
        Self::Dividend,
        Self::Interest,
        Self::Funding,
        Self::Correction,
        Self::Earned,
        Self::Settlement,
    ];

    /// The word shown to people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Dividend => "dividends",
            Self::Interest => "interest",
            Self::Funding => "funding",
            Self::Correction => "corrections",
            Self::Earned => "copy fees earned",
            Self::Settlement => "contracts settled",
        }
    }
}

/// Income (above zero) or a cost (below) that is no fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Income {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: IncomeKind,
    /// How much.
    pub amount: Money,
    /// On what.
    pub note: String,
}

/// Who a fee is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeKind {
    /// A venue, for trading.
    Venue,
    /// The platform, on profit above the high-water mark.
    Performance,
    /// The leader, on profit of a copy sleeve.
    CopyLeader,
    /// The platform, on profit of a copy sleeve.
    CopyPlatform,
    /// The platform, for the plan.
    Subscription,
}

impl FeeKind {
    /// All kinds, in the order of the tables.
    pub const ALL: [Self; 5] =
        [Self::Venue, Self::Performance, Self::CopyLeader, Self::CopyPlatform, Self::Subscription];

    /// The words shown to people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Venue => "venue fee",
            Self::Performance => "performance fee",
            Self::CopyLeader => "copy fee of the leader",
            Self::CopyPlatform => "copy fee of the platform",
            Self::Subscription => "subscription",
        }
    }
}

/// A fee that belongs to no trade and to no step of the high-water mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// When.
    pub at: Timestamp,
    /// Who it is for.
    pub kind: FeeKind,
    /// How much; below zero where it was given back.
    pub amount: Money,
    /// What for: a number of an invoice, a word of the venue.
    pub note: String,
}

/// An open position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Of what.
    pub symbol: String,
    /// How much; below zero is short.
    pub qty: Qty,
    /// What it cost; nothing of contracts, which nobody pays for.
    pub cost: Money,
    /// The price at which it was marked.
    pub mark: Price,
    /// Its value at that price: of contracts the gain since they were settled last.
    pub value: Money,
    /// How far that is above the cost.
    pub unrealized: Money,
}

/// The books of one place over a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Where.
    pub place: Place,
    /// What there was when the period began.
    pub opening: Worth,
    /// What there was when it ended.
    pub closing: Worth,
    /// Money that came and went.
    pub flows: Vec<Flow>,
    /// Fills.
    pub trades: Vec<Trade>,
    /// Income without a trade.
    pub income: Vec<Income>,
    /// Fees taken from this place outside of trades and of the mark's steps.
    pub charges: Vec<Charge>,
    /// The mark, where fees are charged on profit.
    pub high_water: Option<HighWater>,
    /// Equity day by day, in order. The last is the closing equity; it is added where it is missing.
    pub points: Vec<Point>,
    /// What was open at the end.
    pub positions: Vec<Holding>,
}

/// What a section, or several, add up to: the way from the opening to the closing equity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Equity when the period began.
    pub opening: Money,
    /// Deposits.
    pub deposits: Money,
    /// Withdrawals, below zero.
    pub withdrawals: Money,
    /// Transfers from and to other places of the same owner.
    pub transfers: Money,
    /// Realized profit before fees.
    pub realized: Money,
    /// How much unrealized profit changed.
    pub unrealized: Money,
    /// Income by kind.
    pub income: [Money; IncomeKind::ALL.len()],
    /// Fees by kind, as they were taken from equity.
    pub fees: [Money; FeeKind::ALL.len()],
    /// Fees on profit by kind that an invoice paid; equity did not feel them.
    pub invoiced: [Money; FeeKind::ALL.len()],
    /// Equity when the period ended.
    pub closing: Money,
}

impl Worth {
    /// Cash and positions.
    ///
    /// # Errors
    /// Beyond the range.
    pub fn equity(&self) -> Result<Money, DocumentError> {
        self.cash.checked_add(self.positions).ok_or(DocumentError::OutOfRange)
    }
}

impl Place {
    /// The words shown to people.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Account => "Main account".into(),
            Self::Sleeve { leader } => format!("Copy of {leader}"),
        }
    }
}

impl Sums {
    /// Adds up a section.
    fn of(section: &Section) -> Result<Self, DocumentError> {
        let flows = |kind| {
            sum(section.flows.iter().filter(|flow| flow.kind == kind).map(|flow| flow.amount))
        };
        let mut sums = Self {
            opening: section.opening.equity()?,
            deposits: flows(FlowKind::Deposit)?,
            withdrawals: flows(FlowKind::Withdrawal)?,
            transfers: flows(FlowKind::Transfer)?,
            realized: sum(section.trades.iter().map(|trade| trade.realized))?,
            unrealized: sum([section.closing.unrealized, section.opening.unrealized.negated()])?,
            closing: section.closing.equity()?,
            ..Self::default()
        };
        let add = |to: &mut Money, amount| {
            *to = sum([*to, amount])?;
            Ok::<(), DocumentError>(())
        };
        for income in &section.income {
            add(&mut sums.income[income.kind as usize], income.amount)?;
        }
        for trade in &section.trades {
            add(&mut sums.fees[FeeKind::Venue as usize], trade.fee)?;
        }
        for charge in &section.charges {
            add(&mut sums.fees[charge.kind as usize], charge.amount)?;
        }
        let steps = section.high_water.iter().flat_map(|mark| &mark.steps);
        for fee in steps.flat_map(|step| &step.fees) {
            let to = match fee.settled {
                Settled::FromAccount => &mut sums.fees,
                Settled::ByInvoice => &mut sums.invoiced,
            };
            add(&mut to[fee.kind as usize], fee.amount)?;
        }
        Ok(sums)
    }

    /// Adds another place's.
    pub(super) fn with(mut self, other: &Self) -> Result<Self, DocumentError> {
        let mut other = *other;
        for (own, its) in self.figures().into_iter().zip(other.figures()) {
            *own = sum([*own, *its])?;
        }
        Ok(self)
    }

    fn figures(&mut self) -> Vec<&mut Money> {
        let single = [
            &mut self.opening,
            &mut self.deposits,
            &mut self.withdrawals,
            &mut self.transfers,
            &mut self.realized,
            &mut self.unrealized,
            &mut self.closing,
        ];
        let many = self.income.iter_mut().chain(&mut self.fees).chain(&mut self.invoiced);
        single.into_iter().chain(many).collect()
    }

    /// All fees that were taken from equity.
    #[must_use]
    pub fn fees_taken(&self) -> Money {
        self.fees.iter().fold(Money::ZERO, |all, fee| all.saturating_add(*fee))
    }

    /// Profit of the period after the fees that were taken from equity: all that moved it but flows.
    #[must_use]
    pub fn profit(&self) -> Money {
        let gross = self.realized.saturating_add(self.unrealized);
        let income = self.income.iter().fold(gross, |all, income| all.saturating_add(*income));
        income.saturating_sub(self.fees_taken())
    }

    /// What the closing equity has to be.
    fn explained(&self) -> Result<Money, DocumentError> {
        let parts = [self.opening, self.deposits, self.withdrawals, self.transfers];
        let results = [self.realized, self.unrealized];
        let fees = self.fees.iter().map(|fee| fee.negated());
        sum(parts.into_iter().chain(results).chain(self.income).chain(fees))
    }
}

impl Section {
    /// Puts its lists in order of time, holds them to the period and to its sums, and adds it up.
    pub(super) fn settle(&mut self, period: Period) -> Result<Sums, DocumentError> {
        self.check_lengths()?;
        self.flows.sort_by_key(|flow| flow.at);
        self.trades.sort_by_key(|trade| trade.at);
        self.income.sort_by_key(|income| income.at);
        self.charges.sort_by_key(|charge| charge.at);
        self.check_dates(period)?;
        let sums = Sums::of(self)?;
        let name = |what: &'static str| {
            let title = self.place.title();
            move || format!("{what} of \"{title}\"")
        };
        equal(name("closing equity"), sums.closing, sums.explained()?)?;
        let values = sum(self.positions.iter().map(|held| held.value))?;
        equal(name("closing value of positions"), self.closing.positions, values)?;
        let unrealized = sum(self.positions.iter().map(|held| held.unrealized))?;
        equal(name("closing unrealized profit"), self.closing.unrealized, unrealized)?;
        match self.points.last() {
            Some(point) => equal(name("equity of the last day"), point.equity, sums.closing)?,
            None => self.points.push(Point { at: period.to, equity: sums.closing }),
        }
        if let Some(mark) = &self.high_water {
            mark.check(period)?;
        }
        Ok(sums)
    }

    fn check_lengths(&self) -> Result<(), DocumentError> {
        let lists = [
            ("trades", self.trades.len()),
            ("flows", self.flows.len()),
            ("income", self.income.len()),
            ("charges", self.charges.len()),
            ("equity by day", self.points.len()),
            ("open positions", self.positions.len()),
            ("the high-water mark", self.high_water.as_ref().map_or(0, |mark| mark.steps.len())),
        ];
        match lists.into_iter().find(|(_, count)| *count > LINES_MAX) {
            Some((what, count)) => Err(DocumentError::TooMany { what, count, limit: LINES_MAX }),
            None => Ok(()),
        }
    }

    fn check_dates(&self, period: Period) -> Result<(), DocumentError> {
        let flows = self.flows.iter().map(|flow| ("a flow", flow.at));
        let trades = self.trades.iter().map(|trade| ("a trade", trade.at));
        let income = self.income.iter().map(|income| ("income", income.at));
        let charges = self.charges.iter().map(|charge| ("a charge", charge.at));
        let points = self.points.iter().map(|point| ("a day's equity", point.at));
        let mut dated = flows.chain(trades).chain(income).chain(charges).chain(points);
        if let Some((what, at)) = dated.find(|(_, at)| !period.holds(*at)) {
            return Err(DocumentError::Outside { what, at });
        }
        // Two points of one instant, or one behind a later one, leave a day without a flow of its own.
        let ends = self.points.windows(2).find(|pair| pair[0].at >= pair[1].at);
        let outside = |pair: &[Point]| DocumentError::Outside {
            what: "a day's equity, out of order,",
            at: pair[1].at,
        };
        ends.map_or(Ok(()), |pair| Err(outside(pair)))
    }
}
