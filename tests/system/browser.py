"""Debian's Chromium without a screen, and a site of one page to give it an origin of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = "/usr/bin/chromium"
# Nothing of a first start, and nothing that calls home.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Chromium starts slowly on a busy machine of two cores.
START_LIMIT_S = 60.0
# A page that keeps what its code prints where the test can read it.
PAGE = """<!doctype html><meta charset="utf-8"><title>Page of a test</title>
<link rel="icon" href="data:,"><div id="root"></div>
<script>
  window.told = [];
  for (const level of ['log', 'warn', 'error']) {
    console[level] = (...args) => window.told.push({ what: level, args });
  }
  window.addEventListener('error', (event) => {
    window.told.push({ what: 'crash', args: [event.message] });
  });
</script>
<script>CODE</script>
"""


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A browser of its own, closed at the end."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(FLAGS), timeout=START_LIMIT_S * 1000
        )
        try:
            yield launched
        finally:
            await launched.close()


@asynccontextmanager
async def page_with(code: str, port: int) -> AsyncIterator[Page]:
    """A page of the origin http://127.0.0.1:PORT on which the code runs."""
    text = PAGE.replace("CODE", code.replace("</script", "<\\/script"))
    async with site(text, port), browser() as launched:
        page = await launched.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        yield page


@asynccontextmanager
async def site(page: str, port: int) -> AsyncIterator[None]:
    """A web server that answers everything with one page."""
    body = page.encode()
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head.encode() + body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            # A connection that the browser opened in advance and did not need.
            return
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        yield
