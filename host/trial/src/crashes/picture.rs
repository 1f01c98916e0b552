//! The distribution of what crashes cost, as an SVG picture.

use std::fmt::Write as _;

use crate::crashes::AllFigures;

/// Columns: blocks lost, on a scale that doubles.
const COLUMNS: [(&str, u32, u32); 9] = [
    ("0", 0, 0),
    ("1", 1, 1),
    ("2", 2, 2),
    ("3", 3, 3),
    ("4", 4, 4),
    ("5", 5, 5),
    ("6-7", 6, 7),
    ("8-31", 8, 31),
    ("32+", 32, u32::MAX),
];

const LEFT: usize = 190;
const CELL: usize = 62;
const ROW: usize = 38;
const TOP: usize = 56;

/// Draws it: a row for each rescue, in each cell the share of crashes that cost so many blocks. It is readable on light and
/// on dark.
pub fn svg(all: &AllFigures) -> String {
    let (width, height) = (
        LEFT.saturating_add(CELL.saturating_mul(10)),
        TOP.saturating_add(ROW.saturating_mul(all.order.len())).saturating_add(16),
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<title>Blocks lost per crash</title>\n<style>\n\
         text {{ fill: #1f2328 }} .bar {{ fill: #0969da }} .faint {{ fill: #59636e }}\n\
         @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} .bar {{ fill: #4493f8 }} .faint {{ fill: #9198a1 }} \
         }}\n</style>\n"
    );
    let place = |column: usize| LEFT.saturating_add(CELL.saturating_mul(column));
    let _ = writeln!(
        out,
        "<text x=\"8\" y=\"20\" class=\"faint\">blocks lost per crash: share of crashes, bars by logarithm</text>"
    );
    for (column, (label, ..)) in COLUMNS.iter().enumerate() {
        let _ = writeln!(out, "<text x=\"{}\" y=\"44\" class=\"faint\">{label}</text>", place(column));
    }
    let _ = writeln!(out, "<text x=\"{}\" y=\"44\" class=\"faint\">mean</text>", place(9));
    for (row, (name, figures)) in all.in_order().enumerate() {
        let y = TOP.saturating_add(ROW.saturating_mul(row));
        let _ = writeln!(out, "<text x=\"8\" y=\"{}\">{name}</text>", y.saturating_add(22));
        let crashes: u64 = figures.costs.values().sum();
        for (column, (_, least, most)) in COLUMNS.iter().enumerate() {
            let count: u64 = figures.costs.range(least..=most).map(|(_, count)| *count).sum();
            if count == 0 {
                continue;
            }
            let share = share(count, crashes);
            let x = place(column);
            // From one in ten thousand, which is a sliver, to all, which fills the cell.
            let tall = ((share.log10() + 4.0) / 4.0).clamp(0.04, 1.0) * 16.0;
            let _ = writeln!(
                out,
                "<rect class=\"bar\" x=\"{x}\" y=\"{:.1}\" width=\"44\" height=\"{tall:.1}\" rx=\"2\"/>\
                 <text x=\"{x}\" y=\"{}\" font-size=\"11\">{}</text>",
                f64::from(u32::try_from(y).unwrap_or(0)) + 17.0 - tall,
                y.saturating_add(30),
                percent(share)
            );
        }
        let _ =
            writeln!(out, "<text x=\"{}\" y=\"{}\">{:.2}</text>", place(9), y.saturating_add(22), figures.mean_lost);
    }
    out.push_str("</svg>\n");
    out
}

#[expect(clippy::cast_precision_loss, reason = "far fewer crashes than a double counts exactly")]
fn share(count: u64, all: u64) -> f64 {
    count as f64 / all.max(1) as f64
}

fn percent(share: f64) -> String {
    if share >= 0.1 { format!("{:.0} %", share * 100.0) } else { format!("{:.1} %", share * 100.0) }
}
