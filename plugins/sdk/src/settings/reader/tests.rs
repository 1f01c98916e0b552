//! What the reader makes of good and bad tables.

use std::time::Duration;

use super::*;
use crate::settings::Value;

fn table(pairs: &[(&str, Value)]) -> Settings {
    Settings::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn problem_of(value: Value, read: impl FnOnce(&mut Reader<'_>)) -> String {
    let settings = table(&[("x", value)]);
    let mut reader = Reader::new(&settings, &[]);
    read(&mut reader);
    let problems = reader.finish().unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].to_string()
}

#[test]
fn reads_every_kind() {
    let settings = table(&[
        ("count", 3.into()),
        ("loud", true.into()),
        ("name", "one".into()),
        ("names", Value::Texts(vec!["a".into(), "b".into()])),
        ("wait", "10m".into()),
    ]);
    let secrets = ["token".to_owned()];
    let mut read = Reader::new(&settings, &secrets);
    assert_eq!(read.integer::<u32>("count", "").range(1..=5).or(1), 3);
    assert!(read.flag("loud", "").or(false));
    assert_eq!(read.text("name", "").required(), "one");
    assert_eq!(read.texts("names", "").optional(), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(read.duration("wait", "").or(Duration::from_secs(1)), Duration::from_mins(10));
    assert!(read.secret("token", ""));
    assert!(!read.secret("url", ""));
    read.finish().unwrap();
}

#[test]
fn falls_back_when_there_is_nothing() {
    let settings = Settings::default();
    let mut read = Reader::new(&settings, &[]);
    assert_eq!(read.integer::<u64>("count", "How many.").range(1..=9).or(2), 2);
    assert_eq!(read.text("name", "Whose.").or("nobody".to_owned()), "nobody");
    assert_eq!(read.flag("loud", "Whether.").optional(), None);
    let docs = read.into_docs().settings;
    assert_eq!(docs[0].about, "How many. From 1 to 9.");
    let defaults: Vec<_> = docs.iter().map(|doc| doc.default.as_str()).collect();
    assert_eq!(defaults, ["2", "\"nobody\"", "unset"]);
}

#[test]
fn says_what_would_be_right() {
    let said = problem_of(9.into(), |read| {
        read.integer::<u32>("x", "").range(1..=5).or(1);
    });
    assert_eq!(said, "x: must be from 1 to 5, found 9");
    let said = problem_of((-1).into(), |read| {
        read.integer::<u8>("x", "").or(1);
    });
    assert_eq!(said, "x: must be from 0 to 255, found -1");
    let said = problem_of("2".into(), |read| {
        read.integer::<u8>("x", "").required();
    });
    assert_eq!(said, "x: must be a whole number, found the text \"2\"");
    let said = problem_of(90.into(), |read| {
        read.duration("x", "").required();
    });
    assert!(said.contains("\"90s\"") && said.contains("found the number 90"), "{said}");
    let said = problem_of("2h".into(), |read| {
        read.duration("x", "").range(Duration::from_secs(1)..=Duration::from_mins(1)).required();
    });
    assert_eq!(said, "x: must be from \"1s\" to \"1m\", found \"2h\"");
    let said = problem_of("no".into(), |read| {
        read.flag("x", "").or(true);
    });
    assert_eq!(said, "x: must be true or false, found the text \"no\"");
}

#[test]
fn reports_everything_at_once() {
    let settings = table(&[("mises", 3.into()), ("name", 5.into()), ("zzz", true.into())]);
    let secrets = ["tokne".to_owned()];
    let mut read = Reader::new(&settings, &secrets);
    read.integer::<u32>("misses", "How many.").required();
    read.text("name", "Whose.").or("nobody".to_owned());
    read.secret("token", "The token.");
    let problems: Vec<_> = read.finish().unwrap_err().iter().map(Problem::to_string).collect();
    assert_eq!(
        problems,
        [
            "misses: must be given: How many.",
            "name: must be a text in quotes, found the number 5",
            "mises: no such setting; did you mean misses?",
            "zzz: no such setting; there are: misses, name",
            "tokne: no such secret; did you mean token?",
        ]
    );
}
