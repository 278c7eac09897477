"""Talks to the chat with Debian's python3-websockets: another reading of RFC 6455 than ours and .NET's."""
import asyncio
import json
import os
import signal
import struct
import sys

import websockets

URL, SERVER = sys.argv[1], int(sys.argv[2])
FINAL, MASKED = 0x80, 0x80
CONTINUATION, TEXT, CLOSE, PING, UNKNOWN = 0, 1, 8, 9, 11


async def hear(client, text):
    while True:
        message = json.loads(await client.recv())
        if message.get("text") == text:
            return message


async def closed_with(send):
    async with websockets.connect(URL) as client:
        await send(client)
        try:
            while True:
                await client.recv()
        except websockets.ConnectionClosed as end:
            return end.rcvd and end.rcvd.code


async def raw(client, first, payload):
    """Sends a frame that the library would not; the mask is of zeros."""
    client.transport.write(bytes([first, MASKED | len(payload)]) + bytes(4) + payload)


async def what_is_said_is_heard():
    async with websockets.connect(URL) as one, websockets.connect(URL) as other:
        await one.send("Grüße")
        await hear(one, "Grüße")
        await hear(other, "Grüße")


async def fragments_with_pings_between_are_one_message():
    async with websockets.connect(URL) as client:
        async def pieces():
            for piece in ("frag", "men", "ted"):
                yield piece
                await (await client.ping())  # its pong comes before the message is whole

        await client.send(pieces())
        await hear(client, "fragmented")


async def pongs_keep_a_silent_client():
    async with websockets.connect(URL) as client:
        listening = asyncio.create_task(hear(client, "still here"))
        await asyncio.sleep(2.5)  # more than twice the read timeout
        await client.send("still here")
        await listening


async def close_codes():
    expected = {
        1000: lambda client: client.close(),
        4000: lambda client: client.close(4000, "mine"),
        1007: lambda client: raw(client, FINAL | TEXT, b"\xc3\x28"),
        1009: lambda client: client.send("x" * 513),
        1003: lambda client: client.send(b"binary"),
    }
    for code, send in expected.items():
        assert await closed_with(send) == code, code
    wrong = [
        lambda client: raw(client, FINAL | CLOSE, struct.pack("!H", 1005)),
        lambda client: raw(client, FINAL | CLOSE, struct.pack("!H", 999)),
        lambda client: raw(client, FINAL | CLOSE, b"x"),
        lambda client: raw(client, PING, b""),
        lambda client: raw(client, FINAL | CONTINUATION, b"continues nothing"),
        lambda client: raw(client, FINAL | UNKNOWN, b""),
    ]
    for number, send in enumerate(wrong):
        code = await closed_with(send)
        assert code == 1002, (number, code)


async def unmasked(client):
    client.transport.write(b"\x81\x02hi")


async def an_unmasked_frame_is_refused():
    assert await closed_with(unmasked) == 1002


async def another_origin_is_refused():
    try:
        async with websockets.connect(URL, origin="https://elsewhere.example"):
            assert False, "let in"
    except websockets.InvalidStatusCode as refusal:
        assert refusal.status_code == 403, refusal


async def a_server_that_stops_says_goodbye():
    async with websockets.connect(URL) as client:
        os.kill(SERVER, signal.SIGTERM)
        try:
            while True:
                await client.recv()
        except websockets.ConnectionClosed as end:
            assert end.rcvd and end.rcvd.code == 1001, end


async def main():
    for case in (
        what_is_said_is_heard,
        fragments_with_pings_between_are_one_message,
        pongs_keep_a_silent_client,
        close_codes,
        an_unmasked_frame_is_refused,
        another_origin_is_refused,
        a_server_that_stops_says_goodbye,
    ):
        await asyncio.wait_for(case(), 20)
        print(case.__name__, "ok", flush=True)


asyncio.run(main())
