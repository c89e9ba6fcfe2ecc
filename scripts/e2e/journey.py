"""What a person does, over HTTPS: the site, signing in with a wallet, GraphQL, a token, signing out."""

import asyncio

from eth_account import Account
from eth_account.messages import encode_defunct

from client import Browser, fetch
from report import check
from traefik import Traefik

WWW, API, AUTH = "www.alternatefutures.ai", "api.alternatefutures.ai", "auth.alternatefutures.ai"
CLIENT = "203.0.113.77"


class Journey:
    def __init__(self, traefik: Traefik, trust):
        self.traefik, self.trust = traefik, trust
        self.wallet = Account.create()
        self.access = self.refresh = self.pat = ""

    async def ask(self, host: str, method: str, path: str, body=None, token: str = "", address: str = CLIENT, **headers: str):
        lines = {key.replace("_", "-"): value for key, value in headers.items()}
        if token:
            lines["Authorization"] = f"Bearer {token}"
        return await fetch(Browser(self.traefik.websecure, host, address, self.trust), method, path, body, lines)

    async def graphql(self, query: str, token: str = "", **variables):
        return await self.ask(API, "POST", "/graphql", {"query": query, "variables": variables}, token)

    async def site(self):
        for path in ("/", "/consulting", "/products", "/products/web-services"):
            answer = await self.ask(WWW, "GET", path)
            check(f"{WWW}{path} answers 200 (A12.1)", answer.status == 200 and b"<html" in answer.body, answer.status)
        check("HSTS for a year, with subdomains (A4.5)", answer.headers.get("strict-transport-security") == "max-age=31536000; includeSubDomains", answer.headers)
        check("nosniff, no frames, no Server", answer.headers.get("x-content-type-options") == "nosniff" and answer.headers.get("x-frame-options") == "DENY" and "server" not in answer.headers, answer.headers)
        check("the site brings its Content-Security-Policy through", "content-security-policy" in answer.headers, answer.headers)
        for host, service in ((API, "backend"), (AUTH, "auth")):
            answer = await self.ask(host, "GET", "/health")
            check(f"{host} is {service} (A4.2)", answer.status == 200 and answer.json()["service"] == service, answer.body[:200])
        health = answer.json()
        check("auth reaches PostgreSQL and Redis", health["status"] == "ok" and set(health["checks"].values()) == {"ok"}, health)

    async def sign_in(self):
        # The address and the spoofed header: only what the load balancer says may count.
        answer = await self.ask(AUTH, "POST", "/auth/wallet/challenge", {"address": self.wallet.address, "chainId": 1}, X_Forwarded_For="192.0.2.1, 192.0.2.2")
        message = answer.json().get("message", "")
        check("the challenge names the site (A8.4)", answer.status == 200 and message.startswith(f"{WWW} wants you to sign in"), message or answer.body)
        signature = "0x" + bytes(self.wallet.sign_message(encode_defunct(text=message)).signature).hex()
        answer = await self.ask(AUTH, "POST", "/auth/wallet/verify", {"message": message, "signature": signature})
        check("a signed challenge signs in", answer.status == 200, answer.body[:300])
        self.access, self.refresh = answer.json()["accessToken"], answer.json()["refreshToken"]
        again = await self.ask(AUTH, "POST", "/auth/wallet/verify", {"message": message, "signature": signature})
        check("the same signature works once", again.status == 404, again.status)
        sessions = (await self.ask(AUTH, "GET", "/auth/sessions", token=self.access)).json()
        check("auth knows the client's real address (A4.8)", CLIENT in str(sessions), sessions)

    async def work(self):
        answer = await self.graphql("{ me { id walletAddress } }", self.access)
        check("GraphQL knows who signed in (A9.4)", answer.status == 200 and self.wallet.address.lower() in answer.body.decode().lower(), answer.body[:300])
        answer = await self.graphql("mutation($d: CreateProjectDataInput!) { createProject(data: $d) { id name } }", self.access, d={"name": "End to end"})
        check("a project is made and stored (A9.3)", b"End to end" in answer.body and b"errors" not in answer.body, answer.body[:300])
        answer = await self.ask(AUTH, "POST", "/tokens", {"name": "e2e"}, self.access)
        check("a personal access token is made", answer.status == 201, answer.body[:300])
        self.pat = answer.json()["token"]["token"]
        answer = await self.graphql("{ projects { data { name } totalCount } }", self.pat)
        check("and reads the project through both services", b"End to end" in answer.body, answer.body[:300])
        answer = await self.graphql("{ projects { totalCount } }", "af_live_" + "0" * 38)
        check("a made-up token is Unauthorized (A9.4)", b"Unauthorized" in answer.body, answer.body[:300])
        answer = await self.graphql("{ __schema { queryType { name } } }")
        check("introspection is off in production", b"queryType" not in answer.body, answer.body[:200])

    async def limits(self):
        """A8.6: counted in Redis over both replicas, by the client's address alone."""
        answers = [await self.ask(AUTH, "POST", "/auth/wallet/challenge", {"address": Account.create().address}, address="203.0.113.88") for _ in range(7)]
        statuses = [answer.status for answer in answers]
        check("the sixth challenge of an address in 15 minutes is refused (A8.6)", statuses == [200] * 5 + [429] * 2, statuses)
        check("429 says when to come back", int(answers[-1].headers.get("retry-after", 0)) > 0, answers[-1].headers)
        spoofed = await self.ask(AUTH, "POST", "/auth/wallet/challenge", {"address": self.wallet.address}, address="203.0.113.88", X_Forwarded_For="192.0.2.99")
        check("a forged X-Forwarded-For is no way around", spoofed.status == 429, spoofed.status)
        other = await self.ask(AUTH, "POST", "/auth/wallet/challenge", {"address": self.wallet.address}, address="203.0.113.89")
        check("another client is not affected", other.status == 200, other.status)

    async def sign_out(self):
        answer = await self.ask(AUTH, "POST", "/auth/logout", {"refreshToken": self.refresh}, self.access)
        check("signing out works", answer.status == 200, answer.body[:200])
        await asyncio.sleep(5.5)
        answer = await self.graphql("{ me { id } }", self.access)
        check("within 5 s the session's token is refused", b"Unauthorized" in answer.body, answer.body[:300])
        answer = await self.graphql("{ me { id } }", self.pat)
        check("the personal access token goes on working", b"errors" not in answer.body, answer.body[:300])
