//! Projects in Python and JavaScript, compiled by the tools of their languages.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::BuildProblem;
use crate::kind::{Kind, Language};

/// Where the result lies before it is put in place, as is ignored by version control.
const RESULT: &str = ".built.wasm";

/// Builds it; returns the component's path.
pub(super) fn build(project: &Path, language: Language) -> Result<PathBuf, BuildProblem> {
    let (wit, world) = world(project)?;
    let (wit, world) = (wit.as_str(), world.as_str());
    let (program, arguments) = if language == Language::JavaScript {
        let arguments = ["--js", "app.js", "--wit", wit, "--world", world, "--stub-wasi", "--sync", "--output", RESULT];
        (tool(project, "componentize-qjs", "node_modules/.bin", "npm install")?, arguments.to_vec())
    } else {
        let remedy = "python3 -m venv .venv && .venv/bin/pip install componentize-py";
        let arguments = ["-d", wit, "-w", world, "componentize", "--stub-wasi", "app", "-o", RESULT];
        (tool(project, "componentize-py", ".venv/bin", remedy)?, arguments.to_vec())
    };
    let status = Command::new(&program).args(arguments).current_dir(project).status();
    let status = status.map_err(|source| BuildProblem::Tool { program: program.clone(), source })?;
    if status.success() { Ok(project.join(RESULT)) } else { Err(BuildProblem::Failed { program, status }) }
}

/// The folder of the interface that the project has, and its world: the newest version of the one kind that is there.
fn world(project: &Path) -> Result<(String, String), BuildProblem> {
    for kind in Kind::ALL {
        let folder = format!("wit/{}", kind.as_str());
        let versions = fs::read_dir(project.join(&folder)).into_iter().flatten().flatten();
        if let Some(newest) = versions.map(|entry| entry.file_name().to_string_lossy().into_owned()).max() {
            return Ok((format!("{folder}/{newest}"), format!("{}-plugin", kind.as_str())));
        }
    }
    let why = "it holds neither policy/ nor channel/: dogwatch plugin new puts the interface there".to_owned();
    Err(BuildProblem::Project { path: project.join("wit"), why })
}

/// The program: the project's own, or the one in the PATH.
fn tool(project: &Path, tool: &'static str, own: &str, remedy: &'static str) -> Result<PathBuf, BuildProblem> {
    let paths = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(project.join(own)).chain(env::split_paths(&paths));
    folders
        .map(|folder| folder.join(tool))
        .find(|program| program.is_file())
        .ok_or(BuildProblem::NoTool { tool, remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interface_that_is_there_is_the_one_that_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        assert!(world(folder.path()).unwrap_err().to_string().contains("dogwatch plugin new"));
        for version in ["v0.1", "v0.2"] {
            fs::create_dir_all(folder.path().join("wit/channel").join(version)).unwrap();
        }
        assert_eq!(world(folder.path()).unwrap(), ("wit/channel/v0.2".to_owned(), "channel-plugin".to_owned()));
    }

    #[test]
    fn a_missing_tool_comes_with_the_way_to_it() {
        let error =
            tool(Path::new("/nonexistent"), "componentize-nothing", "bin", "npm install").unwrap_err().to_string();
        assert_eq!(error, "componentize-nothing is not there; once, in the project's folder: npm install");
    }
}
