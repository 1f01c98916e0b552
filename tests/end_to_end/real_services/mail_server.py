"""A mail server (aiosmtpd) that writes each mail into a directory, as JSON."""

import email
import email.policy
import json
import pathlib
import sys
import time

from aiosmtpd.controller import Controller


class Keep:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.count = 0

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.count += 1
        kept = {
            "recipients": envelope.rcpt_tos,
            "subject": mail["subject"],
            "in_reply_to": mail["in-reply-to"],
            "text": mail.get_body(("plain",)).get_content(),
        }
        part = self.directory / f".{self.count:04}"
        part.write_text(json.dumps(kept))
        part.rename(self.directory / f"{self.count:04}.json")
        return "250 kept"


controller = Controller(Keep(sys.argv[2]), hostname="127.0.0.1", port=int(sys.argv[1]))
controller.start()
while True:
    time.sleep(60)
