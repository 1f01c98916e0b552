"""Takes what Apprise's own server takes (POST {title, body, type}) and hands it to Apprise, which passes it on."""

import http.server
import json
import sys

import apprise

target = sys.argv[2]


class Bridge(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        sender = apprise.Apprise()
        assert sender.add(target)
        sent = sender.notify(title=body["title"], body=body["body"], notify_type=body["type"])
        self.send_response(200 if sent else 502)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Bridge).serve_forever()
