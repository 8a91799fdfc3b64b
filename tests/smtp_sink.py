#!/usr/bin/python3
"""A real SMTP server for tests: accepts everything, writes a line a message.

    smtp_sink.py LOG [PORT [SECONDS]]

Prints its port. LOG gets RECIPIENT, Message-ID and Subject with tabs between
them, before the client hears 250, SECONDS later. PORT 0 is any. Ends when its standard
input does.
"""

import asyncio
import email
import email.header
import sys

from aiosmtpd.controller import Controller


class Sink:
    def __init__(self, log, seconds):
        self.log = log
        self.seconds = seconds

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content)
        subject = str(email.header.make_header(email.header.decode_header(message["Subject"])))
        for recipient in envelope.rcpt_tos:
            self.log.write(f"{recipient}\t{message['Message-ID']}\t{subject}\n")
        self.log.flush()
        await asyncio.sleep(self.seconds)
        return "250 2.0.0 taken"


def main():
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 0
    with open(sys.argv[1], "a", encoding="utf-8") as log:
        controller = Controller(Sink(log, seconds), hostname="127.0.0.1", port=port)
        if port == 0:
            # aiosmtpd connects to its own port to know that it stands: it must have a number
            import socket
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                controller.port = s.getsockname()[1]
        controller.start()
        print(controller.port, flush=True)
        sys.stdin.read()
        controller.stop()


main()
