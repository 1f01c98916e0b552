//! What the reader makes of good and bad tables.

use std::time::Duration;

use super::*;
use crate::settings::value::Value;

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
    let mut read = Reader::documenting(&settings);
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

#[test]
fn wants_addresses() {
    let whole = |read: &mut Reader<'_>| drop(read.text("x", "").address("https://a.example/b").required());
    let base = |read: &mut Reader<'_>| drop(read.text("x", "").base_address("https://a.example").required());
    for bad in
        ["a.example", "https://", "https:///b", "https://?b", "https://#", "ftp://a", "https://a b", "https://a\n"]
    {
        assert_eq!(problem_of(bad.into(), whole), "x: must be an address such as https://a.example/b", "{bad}");
        assert_eq!(problem_of(bad.into(), base), "x: must be an address such as https://a.example", "{bad}");
    }
    for bad in ["https://a?b", "https://a/#", "http://a/b/?"] {
        let problem = problem_of(bad.into(), base);
        assert_eq!(problem, "x: must be an address without ? and #, such as https://a.example", "{bad}");
    }
    for (written, whole, base) in [
        ("https://a", "https://a", Some("https://a")),
        ("http://a:1/b//", "http://a:1/b//", Some("http://a:1/b")),
        ("https://[::1]/", "https://[::1]/", Some("https://[::1]")),
        ("https://a/b?c=d", "https://a/b?c=d", None),
    ] {
        let settings = table(&[("x", written.into())]);
        let mut read = Reader::new(&settings, &[]);
        assert_eq!(read.text("x", "").address("").required(), whole);
        assert_eq!(read.text("x", "").base_address("").optional().as_deref(), base);
    }
    let settings = Settings::default();
    let mut read = Reader::new(&settings, &[]);
    assert_eq!(read.text("x", "").base_address("").or("https://b".to_owned()), "https://b");
}

#[test]
fn takes_a_setting_or_a_secret() {
    let read = |value: Option<Value>, secrets: &[&str], required: bool| {
        let settings = table(&value.map(|value| ("x", value)).into_iter().collect::<Vec<_>>());
        let secrets: Vec<_> = secrets.iter().map(|name| (*name).to_owned()).collect();
        let mut read = Reader::new(&settings, &secrets);
        let setting = read.text("x", "Set.").address("https://a");
        let given = if required { Some(setting.or_required_secret("Secret.")) } else { setting.or_secret("Secret.") };
        assert_eq!((read.known.settings.len(), read.known.secrets.len()), (1, 1));
        let problems = read.finish().err().unwrap_or_default();
        (given, problems.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    for required in [false, true] {
        assert_eq!(
            read(Some("https://b".into()), &[], required),
            (Some(SettingOrSecret::Setting("https://b".into())), vec![])
        );
        assert_eq!(read(None, &["x"], required), (Some(SettingOrSecret::Secret("x")), vec![]));
        let (_, problems) = read(Some("https://b".into()), &["x"], required);
        assert_eq!(problems, ["x: is both a setting and a secret; keep one of them"]);
        let (_, problems) = read(Some("b".into()), &[], required);
        assert_eq!(problems, ["x: must be an address such as https://a"], "one complaint is enough");
    }
    assert_eq!(read(None, &[], false), (None, vec![]));
    assert_eq!(read(None, &[], true).1, ["x: must be given, as a setting or as a secret"]);
}

#[test]
fn demands_secrets() {
    let (settings, secrets) = (Settings::default(), ["token".to_owned()]);
    let mut read = Reader::new(&settings, &secrets);
    read.required_secret("token", "From the first page.");
    read.required_secret("user", "From the last page.");
    let problems = read.finish().unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].to_string(), "user: must be given as a secret: From the last page.");
}
