//! The configurations with which each proxy serves the same endpoints.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::server::Server;
use crate::stage::Stage;

/// The line in the chain's section after which its limit is inserted.
const IN_CHAIN: &str = "profile = \"custom\"\n";

/// Writes the daemon's configuration. Its rate limits are raised out of reach, since they are not what is measured.
pub(crate) fn dogwatch(stage: &Stage, server: &Server, listen: SocketAddr) -> anyhow::Result<PathBuf> {
    let path = stage.write(&server.urls(), "")?;
    let text = std::fs::read_to_string(&path)?;
    let (before, after) = text.split_once(IN_CHAIN).context("the configuration has no chain")?;
    let text = format!(
        "{before}{IN_CHAIN}requests_per_minute = 4000000000\n{after}\n\
         [gateway]\nlisten = \"{listen}\"\ncalls_per_second = 1000000\n"
    );
    std::fs::write(&path, text)?;
    Ok(path)
}

/// HAProxy much as Hive's public API nodes run it: it checks endpoints with requests, and retries failed requests
/// elsewhere.
pub(crate) fn haproxy(stage: &Stage, server: &Server, listen: SocketAddr) -> anyhow::Result<PathBuf> {
    let mut text = format!(
        "global
    nbthread 2
    maxconn 400
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 30s
    option redispatch
    retries 3
    retry-on all-retryable-errors
frontend gateway
    bind {listen}
    default_backend endpoints
backend endpoints
    balance roundrobin
    http-reuse always
    option httpchk
    http-check send meth POST uri / ver HTTP/1.1 hdr Host localhost hdr Content-Type application/json body {QUESTION}
    http-check expect status 200
    default-server check inter 2s fall 3 rise 2
"
    );
    for (address, number) in server.addresses().iter().zip(1..) {
        writeln!(text, "    server endpoint{number} {address}")?;
    }
    write(stage.path(), "haproxy.cfg", &text)
}

const QUESTION: &str =
    r#"'{"jsonrpc":"2.0","id":0,"method":"condenser_api.get_dynamic_global_properties","params":[]}'"#;

/// nginx with all its measures against failing endpoints, and without a limit on the reuse of connections.
pub(crate) fn nginx(stage: &Stage, server: &Server, listen: SocketAddr) -> anyhow::Result<PathBuf> {
    let directory = stage.path().display();
    let mut endpoints = String::new();
    for address in server.addresses() {
        writeln!(endpoints, "        server {address};")?;
    }
    let mut places = String::new();
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(places, "    {kind}_temp_path \"{directory}/{kind}\";")?;
    }
    let text = format!(
        "daemon off;
worker_processes 2;
pid \"{directory}/nginx.pid\";
error_log /dev/null crit;
events {{
    worker_connections 512;
}}
http {{
    access_log off;
    keepalive_requests 1000000000;
{places}    upstream endpoints {{
{endpoints}        keepalive 64;
        keepalive_requests 1000000000;
    }}
    server {{
        listen {listen};
        location / {{
            proxy_pass http://endpoints;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_connect_timeout 5s;
            proxy_read_timeout 30s;
            proxy_next_upstream error timeout http_502 http_503 non_idempotent;
        }}
    }}
}}
"
    );
    write(stage.path(), "nginx.conf", &text)
}

fn write(directory: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let path = directory.join(name);
    std::fs::write(&path, text)?;
    Ok(path)
}
