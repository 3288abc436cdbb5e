//! `kt-detect-train train OUT ROWS...` writes weights; `kt-detect-train measure
//! ROWS...` prints what the policy with its default settings finds in rows.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use kt_detect_train::{Row, Settings, generate, measure, read_rows, report, train};

const USAGE: &str = "usage: kt-detect-train train OUT ROWS... | kt-detect-train measure ROWS...";

#[expect(clippy::print_stderr, reason = "a program for developers")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a program for developers")]
fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    match arguments {
        [command, out, files @ ..] if command == "train" => {
            let mut rows = read(files)?;
            rows.extend(generate());
            let trained = train(rows, Settings::default());
            println!("{}", report(&trained));
            fs::write(out, &trained.model)?;
        }
        [command, files @ ..] if command == "measure" && !files.is_empty() => {
            println!("{}", measure(&read(files)?)?);
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

fn read(files: &[String]) -> Result<Vec<Row>, String> {
    let rows = files.iter().map(|file| read_rows(Path::new(file)));
    Ok(rows.collect::<Result<Vec<_>, _>>()?.concat())
}
