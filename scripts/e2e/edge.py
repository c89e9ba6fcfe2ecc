"""The way in: redirects, TLS, certificates, PROXY protocol, empty services, the operators' dashboard."""

import asyncio
import ssl

from client import Browser, fetch
from report import check
from traefik import Traefik

WWW, TRAEFIK = "www.alternatefutures.ai", "traefik.alternatefutures.ai"


async def redirects(traefik: Traefik):
    for host in traefik.hosts():
        answer = await fetch(Browser(traefik.web, host, "203.0.113.1"), "GET", "/some/path?and=query")
        where = answer.headers.get("location", "")
        check(f"http://{host} is sent to https (A4.3)", answer.status in (301, 308) and where in (f"https://{host}/some/path?and=query", f"https://{host}:443/some/path?and=query"), (answer.status, where))


async def handshake(traefik: Traefik, host: str, context: ssl.SSLContext) -> str:
    """The protocol that was agreed on, or why not."""
    try:
        browser = await Browser(traefik.websecure, host, "203.0.113.1", context).open()
    except (ssl.SSLError, ConnectionError, EOFError) as error:
        return f"refused: {error}"
    version = browser.writer.get_extra_info("ssl_object").version()
    browser.close()
    return version


async def tls(traefik: Traefik, root):
    trust = ssl.create_default_context(cafile=root)
    for host in traefik.hosts():
        version = await handshake(traefik, host, trust)
        check(f"{host} has a valid certificate of its own (A4.4)", version == "TLSv1.3", version)
    old = ssl.create_default_context(cafile=root)
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    answer = await handshake(traefik, WWW, old)
    check("TLS 1.1 is refused (A4.5)", answer.startswith("refused"), answer)
    twelve = ssl.create_default_context(cafile=root)
    twelve.maximum_version = ssl.TLSVersion.TLSv1_2
    answer = await handshake(traefik, WWW, twelve)
    check("TLS 1.2 is accepted", answer == "TLSv1.2", answer)
    blind = ssl.create_default_context()
    blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
    answer = await handshake(traefik, "unknown.example.org", blind)
    check("an unknown host gets no certificate at all", answer.startswith("refused"), answer)


async def proxy_protocol(traefik: Traefik, trust: ssl.SSLContext):
    """From a source that is not trusted the header is skipped: nobody can choose to be an operator."""
    password = {"Authorization": "Basic b3BlcmF0b3I6b3BlcmF0b3I="}
    browser = Browser(traefik.websecure, TRAEFIK, "192.0.2.10", trust)
    await browser.open(source="127.0.0.2")
    answer = await browser.request("GET", "/dashboard/", None, password)
    browser.close()
    check("a PROXY header from elsewhere is not believed", answer.status == 403, answer.status)


async def empty_service(traefik: Traefik, trust: ssl.SSLContext):
    ready = traefik.endpoints["home"]
    traefik.publish("home", [])
    await asyncio.sleep(3)
    answer = await fetch(Browser(traefik.websecure, WWW, "203.0.113.1", trust), "GET", "/")
    check("a service without ready pods answers 503 (A4.6)", answer.status == 503, answer.status)
    traefik.publish("home", ready)
    # Traefik takes at most one change in two seconds.
    await asyncio.sleep(3)
    answer = await fetch(Browser(traefik.websecure, WWW, "203.0.113.1", trust), "GET", "/")
    check("and comes back with them", answer.status == 200, answer.status)


async def dashboard(traefik: Traefik, trust: ssl.SSLContext):
    async def ask(address: str, **headers: str):
        return await fetch(Browser(traefik.websecure, TRAEFIK, address, trust), "GET", "/dashboard/", None, headers)

    password = {"Authorization": "Basic b3BlcmF0b3I6b3BlcmF0b3I="}
    answer = await ask("203.0.113.1", **password)
    check("the dashboard is closed to strangers, password or not (A4.7)", answer.status == 403, answer.status)
    answer = await ask("192.0.2.10")
    check("and asks operators for a password", answer.status == 401, answer.status)
    answer = await ask("192.0.2.10", **password)
    check("which lets them in", answer.status == 200, answer.status)
    answer = await fetch(Browser(traefik.websecure, WWW, "192.0.2.10", trust), "GET", "/dashboard/")
    check("and it is on no other host", answer.status == 404, answer.status)
