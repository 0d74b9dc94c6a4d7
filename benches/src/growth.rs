//! How cost grows with N: the same scenario at several sizes, each in a process of its own, drawn.

use crate::Fallible;
use crate::cli::subprocess;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::path::Path;
use std::time::Duration;

const SIZES: [u32; 5] = [1_000, 3_000, 10_000, 30_000, 100_000];
const WIDTH_AND_HEIGHT: (u32, u32) = (760, 420);
const TITLE: (&str, i32) = ("sans-serif", 18);
const TEXT: (&str, i32) = ("sans-serif", 13);
/// Colours that the colour-blind tell apart (Okabe and Ito).
const COLOURS: [RGBColor; 5] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167), RGBColor(90, 90, 90)];

/// One drawing: lines that share their axes.
struct Drawing {
    file: &'static str,
    title: &'static str,
    unit: &'static str,
    /// Nanoseconds in the unit.
    nanoseconds: f64,
    /// Names, and the commands without `--ops`.
    lines: &'static [(&'static str, &'static str)],
    bar: Option<Bar>,
}

/// The bar that is set, as a line of its own.
struct Bar {
    name: &'static str,
    at: fn(f64) -> f64,
}

const DRAWINGS: [Drawing; 3] = [
    Drawing {
        file: "growth-linear.svg",
        title: "One after the other: CPU an op, its state hash checked",
        unit: "µs an op",
        nanoseconds: 1_000.0,
        lines: &[("linear: N members added", "linear"), ("toggle: 10 members, N changes", "toggle")],
        bar: Some(Bar {
            name: "bar of linear: 4 µs at 1,000, 7 µs at 100,000",
            at: |ops| 4.0 + 1.5 * (ops / 1_000.0).log10(),
        }),
    },
    Drawing {
        file: "growth-late.svg",
        title: "One op that comes N ops late: CPU of the slowest",
        unit: "µs",
        nanoseconds: 1_000.0,
        lines: &[
            ("it conflicts with what came after", "late"),
            ("it commutes with what came after", "late-commuting"),
            ("its signer was removed", "late-removed"),
        ],
        bar: Some(Bar { name: "bar where it conflicts: 0.2 µs × N + 50 µs", at: |ops| 0.2 * ops + 50.0 }),
    },
    Drawing {
        file: "growth-branches.svg",
        title: "Branches, N ops in all, then merged: CPU an op",
        unit: "µs an op",
        nanoseconds: 1_000.0,
        lines: &[
            ("2 branches, in turn", "branches --branches 2"),
            ("8 branches, in turn", "branches --branches 8"),
            ("8 branches, one after the other", "branches-batches --branches 8"),
            ("2 branches, the same 10 members", "branches-same --branches 2"),
        ],
        bar: None,
    },
];

/// Measures, and writes the drawings and the figures into a folder.
///
/// # Errors
/// If a run fails or takes longer than the limit, or a file cannot be written.
pub(crate) fn draw(folder: &Path, inputs: Option<&Path>, limit: Duration) -> Fallible<()> {
    std::fs::create_dir_all(folder)?;
    for drawing in &DRAWINGS {
        let mut lines = Vec::new();
        for (name, command) in drawing.lines {
            let points: Vec<(f64, f64)> = SIZES
                .iter()
                .map(|ops| Ok((f64::from(*ops), measured(command, *ops, inputs, limit)? / drawing.nanoseconds)))
                .collect::<Fallible<_>>()?;
            println!("{command}: {points:.2?} {}", drawing.unit);
            lines.push((*name, points));
        }
        plot(drawing, &lines, &folder.join(drawing.file)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn measured(command: &str, ops: u32, inputs: Option<&Path>, limit: Duration) -> Fallible<f64> {
    let (ops, folder) = (ops.to_string(), inputs.map(|folder| folder.display().to_string()));
    let mut arguments: Vec<&str> = command.split(' ').collect();
    arguments.extend(["--ops", &ops]);
    arguments.extend(folder.iter().flat_map(|folder| ["--inputs", folder.as_str()]));
    let account = subprocess(&arguments, limit)?;
    account["cpu_ns_per_op"].as_f64().ok_or_else(|| format!("{command}: no figure").into())
}

fn plot(drawing: &Drawing, lines: &[(&str, Vec<(f64, f64)>)], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let values = || lines.iter().flat_map(|(_, points)| points.iter().map(|(_, value)| *value));
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    let area = SVGBackend::new(path, WIDTH_AND_HEIGHT).into_drawing_area();
    area.fill(&WHITE)?;
    // What spans decades is drawn by decades.
    if high > 100.0 * low {
        plot_on(drawing, lines, &area, (low / 2.0..high * 2.0).log_scale())?;
    } else {
        plot_on(drawing, lines, &area, 0.0..high * 1.5)?;
    }
    area.present()?;
    Ok(())
}

fn plot_on<Y>(
    drawing: &Drawing,
    lines: &[(&str, Vec<(f64, f64)>)],
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    y: Y,
) -> Result<(), Box<dyn std::error::Error>>
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    let mut chart = ChartBuilder::on(area)
        .caption(drawing.title, TITLE)
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(74)
        .build_cartesian_2d((900.0..120_000.0f64).log_scale(), y)?;
    chart
        .configure_mesh()
        .x_desc("N")
        .y_desc(drawing.unit)
        .label_style(TEXT)
        .axis_desc_style(TEXT)
        .light_line_style(WHITE)
        .x_label_formatter(&|ops| with_commas(*ops))
        .y_label_formatter(&|value| if *value < 10.0 { format!("{value:.1}") } else { with_commas(*value) })
        .draw()?;
    for ((name, points), colour) in lines.iter().zip(COLOURS) {
        let style = colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
    }
    if let Some(bar) = &drawing.bar {
        let points = SIZES.iter().map(|ops| (f64::from(*ops), (bar.at)(f64::from(*ops))));
        let style = COLOURS[4].stroke_width(1);
        chart
            .draw_series(DashedLineSeries::new(points, 5, 4, style))?
            .label(bar.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    let legend = TextStyle::from(TEXT).pos(Pos::new(HPos::Left, VPos::Center));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.9))
        .label_font(legend)
        .draw()?;
    Ok(())
}

fn with_commas(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_drawing_is_drawn_with_its_lines_and_its_bar() {
        let folder = std::env::temp_dir().join(format!("folkmoot-growth-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        for drawing in &DRAWINGS {
            let points: Vec<(f64, f64)> = SIZES.iter().map(|ops| (f64::from(*ops), f64::from(*ops) / 100.0)).collect();
            let lines: Vec<(&str, Vec<(f64, f64)>)> =
                drawing.lines.iter().map(|(name, _)| (*name, points.clone())).collect();
            let path = folder.join(drawing.file);
            plot(drawing, &lines, &path).expect("a drawing");
            let drawn = std::fs::read_to_string(&path).expect("the drawing");
            assert!(drawn.contains(drawing.title) && lines.iter().all(|(name, _)| drawn.contains(name)), "{drawn}");
            assert!(drawing.bar.as_ref().is_none_or(|bar| drawn.contains(bar.name)));
        }
        std::fs::remove_dir_all(&folder).expect("the folder");
    }

    #[test]
    fn numbers_are_written_in_threes() {
        assert_eq!([1.0, 999.0, 1_000.0, 1_234_567.0].map(with_commas), ["1", "999", "1,000", "1,234,567"]);
    }
}
