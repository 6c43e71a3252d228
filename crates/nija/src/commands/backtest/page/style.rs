//! How a report looks.

/// The style sheet of the page; light or dark as the reader's system is.
pub(super) const SHEET: &str = "\
:root{--ink:#1c2430;--soft:#667085;--line:#dfe3ea;--paper:#fff;--panel:#f7f8fa;--main:#2457c5;--up:#1a7f4b;--down:#c23b2e;--shade:#c23b2e26;--band:.55}\
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#98a2b3;--line:#313a49;--paper:#12161d;--panel:#1a202a;--main:#7aa5ff;--up:#4cc38a;--down:#ff8b7e;--shade:#ff8b7e33;--band:.22}}\
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\
main{max-width:1040px;margin:0 auto;padding:28px 20px 60px}h1{font-size:22px;margin:0 0 12px}h2{font-size:16px;margin:34px 0 8px}\
dl{margin:0 0 14px;display:grid;gap:6px}\
dl.about{grid-template-columns:repeat(auto-fill,minmax(240px,1fr))}dl.figures{grid-template-columns:repeat(auto-fill,minmax(158px,1fr))}\
dl div{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:7px 12px}dt{color:var(--soft);font-size:12px}dd{margin:0;overflow-wrap:anywhere}dl.figures dd{font-size:17px;font-variant-numeric:tabular-nums}\
.note{color:var(--soft);margin:4px 0}svg{display:block;width:100%;height:auto;border:1px solid var(--line);border-radius:8px;background:var(--panel)}\
svg text{fill:var(--soft);font-size:11px;font-family:inherit}svg .grid{stroke:var(--line);stroke-width:1}svg .line{fill:none;stroke:var(--main);stroke-width:1.6;stroke-linejoin:round}\
svg .shade{fill:var(--shade)}svg .under{fill:var(--shade);stroke:var(--down);stroke-width:1}svg .band{opacity:var(--band)}\
svg .wick{stroke-width:1}svg .rise{stroke:var(--up);fill:var(--up)}svg .fall{stroke:var(--down);fill:var(--down)}svg .won{stroke:var(--up)}svg .lost{stroke:var(--down)}svg .trip{stroke-width:1.4;stroke-dasharray:4 3}\
svg .buy{fill:var(--up);stroke:var(--paper)}svg .sell{fill:var(--down);stroke:var(--paper)}\
.key{display:flex;flex-wrap:wrap;gap:4px 16px;margin:6px 2px;color:var(--soft);font-size:12px}.key i{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:5px;vertical-align:-1px}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums}.wide{overflow-x:auto}th{font-weight:500;color:var(--soft);text-align:left;font-size:12px}th.n{text-align:right}\
.months{width:100%}.months td,.months th{text-align:right;padding:5px 7px;border:1px solid var(--line)}.months td:last-child{font-weight:600}\
.bars{width:100%}.bars th,.bars td{padding:4px 10px 4px 0}.bars .bar{width:60%}.bars i{display:block;height:12px;border-radius:3px;min-width:1px}.bars .cost{background:var(--down)}.bars .gain{background:var(--up)}\
.list{width:100%;font-size:13px}.list td,.list th{padding:4px 9px;border-bottom:1px solid var(--line);white-space:nowrap}.n{text-align:right}.up{color:var(--up)}.down{color:var(--down)}";

/// The color of a regime's band.
pub(super) fn band(regime: &str) -> &'static str {
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
