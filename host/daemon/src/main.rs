//! The `dogwatch` command.

fn main() -> std::process::ExitCode {
    dogwatch::cli::main()
}
