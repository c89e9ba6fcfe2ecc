"""Signs each call in: as a new user with a session of their own, so that no call, not even one that
ends the session or deletes the account, stands in the way of the next."""

import base64
import hashlib
import hmac
import json
import os
import time
import uuid

import pg8000.native
import schemathesis
from urllib.parse import urlsplit

SECRET = os.environ["JWT_SECRET"].encode()
DATABASE = urlsplit(os.environ["DATABASE_URL"])


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def access_token(user: str, session: str) -> str:
    """As `shared::jwt` signs it."""
    kid = hmac.digest(SECRET, b"alternatefutures kid", hashlib.sha256)[:6].hex()
    now = int(time.time())
    claims = {
        "iss": "alternatefutures-auth",
        "aud": "alternatefutures-app",
        "sub": user,
        "userId": user,
        "sessionId": session,
        "type": "access",
        "iat": now,
        "nbf": now,
        "exp": now + 900,
        "jti": str(uuid.uuid4()),
    }
    head = {"alg": "HS256", "typ": "JWT", "kid": kid}
    signed = ".".join(encode(json.dumps(part).encode()) for part in (head, claims))
    return f"{signed}.{encode(hmac.digest(SECRET, signed.encode(), hashlib.sha256))}"


@schemathesis.auth(refresh_interval=None)
class Session:
    def __init__(self):
        self.database = pg8000.native.Connection(
            DATABASE.username,
            host=DATABASE.hostname,
            port=DATABASE.port or 5432,
            database=DATABASE.path.lstrip("/"),
            password=DATABASE.password,
        )

    def get(self, case, context):
        user, session = str(uuid.uuid4()), str(uuid.uuid4())
        self.database.run("insert into auth.users (id) values (:user)", user=user)
        self.database.run(
            "insert into auth.wallets (id, user_id, address, is_primary)"
            " values (gen_random_uuid(), :user, :address, true)",
            user=user,
            address="0x" + os.urandom(20).hex(),
        )
        self.database.run(
            "insert into auth.sessions (id, user_id, expires_at)"
            " values (:session, :user, now() + interval '1 day')",
            session=session,
            user=user,
        )
        return access_token(user, session)

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"
