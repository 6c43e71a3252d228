//! What went before the first day of trading.

use super::data::Data;
use nija_core::desk::input::Input;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::money::Price;
use nija_core::words::time::Timestamp;
use nija_engine::sim::Exchange;
use std::collections::BTreeMap;

/// Shows the analyst and the exchange what lies before `from`. What strategies say then is not
/// heard; how the markets stood at the end of it is given back for the desks.
pub(super) fn pass(
    from: Timestamp,
    data: &mut Data,
    exchange: &mut Exchange,
) -> anyhow::Result<Vec<Input>> {
    let mut sessions: Vec<(Hours, Input)> = Vec::new();
    let mut marks: BTreeMap<InstrumentId, Price> = BTreeMap::new();
    let (mut conditions, mut listed) = (None, Vec::new());
    while data.feed.peek_time()?.is_some_and(|at| at < from) {
        let Some(event) = data.feed.next()? else {
            break;
        };
        exchange.on_market(&event);
        data.trader.step(&[event], |input| match input {
            Input::Session { hours, .. } => {
                sessions.retain(|(known, _)| *known != hours);
                sessions.push((hours, input));
            }
            Input::Mark { instrument, price } => {
                marks.insert(instrument, price);
            }
            Input::Conditions(read) => conditions = Some(read),
            Input::List(_) => listed.push(input),
            _ => {}
        });
    }
    let marks = marks.into_iter().map(|(instrument, price)| Input::Mark { instrument, price });
    let sessions = sessions.into_iter().map(|(_, input)| input);
    let listed = listed.into_iter().chain(sessions);
    Ok(listed.chain(marks).chain(conditions.map(Input::Conditions)).collect())
}
