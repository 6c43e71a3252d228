//! How a report looks.

/// The style sheet of the page; light or dark as the reader's system is.
pub(in crate::commands) const SHEET: &str = include_str!("style.css");

/// The color of a regime's band.
pub(in crate::commands) fn band(regime: &str) -> &'static str {
    match regime {
        "trending_up" => "#bfe8cf",
        "trending_down" => "#f6c4bc",
        "ranging" => "#dfe3ea",
        "high_volatility" => "#fbe0a3",
        "low_volatility" => "#c3dcf7",
        "risk_off" => "#dcc2ee",
        _ => "none",
    }
}
