"""Vertex AI through the model's SDK and Google's library for credentials. The argument says where the
stand-in is and what it knows."""

import base64
import hashlib
import json
import os
import sys
import tempfile
import time
from urllib.parse import parse_qsl, urlsplit

known = json.loads(sys.argv[1])
base = known["base"]
# Read when the library is loaded.
os.environ["GCE_METADATA_HOST"] = base.removeprefix("http://")

import anthropic
import jwt
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import compute_engine, identity_pool
from google.auth.transport.requests import Request
from google.oauth2 import credentials as people
from google.oauth2 import service_account

import talk
import words

MODEL = "claude-standin"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPES = "urn:ietf:params:oauth:token-type:"
TARGET = f"{base}/v1/projects/-/serviceAccounts/{known['target']}:generateAccessToken"


def cloud(**credential):
    place = {"region": known["region"], "project_id": known["project"]} | credential
    return anthropic.AnthropicVertex(base_url=f"{base}/v1", max_retries=0, **place)


def asked(client, model=MODEL, **changes):
    request = {"max_tokens": 9, "tools": words.TOOLS, "messages": words.ASK} | changes
    return talk.refusal(lambda: client.messages.create(model=model, **request))


def account(scopes=None):
    return service_account.Credentials.from_service_account_info(
        known["account"], scopes=scopes or [known["scope"]]
    )


def token(credentials=None):
    credentials = credentials or account()
    credentials.refresh(Request())
    return credentials.token


def user():
    # What reads the file would go to Google itself, wherever the file says to.
    names = ["client_id", "client_secret", "refresh_token", "token_uri"]
    return people.Credentials(None, **{name: known["user"][name] for name in names})


def pool(audience, **more):
    """The talk with credentials for another provider's token, which is in a file."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "token")
        with open(file, "w") as subject:
            subject.write(known["subject"])
        info = {
            "type": "external_account",
            "audience": audience,
            "subject_token_type": f"{TYPES}jwt",
            "token_url": f"{base}/v1/token",
            "credential_source": {"file": file},
            "universe_domain": "googleapis.com",
        }
        return talks(identity_pool.Credentials.from_info(info | more, scopes=[known["scope"]]))


def workforce():
    more = {"workforce_pool_user_project": known["user_project"], "subject_token_type": f"{TYPES}id_token"}
    return pool(known["workforce"], **more)


def impersonated():
    return pool(known["workloads"], service_account_impersonation_url=TARGET)


def talks(credentials):
    return talk.greeting(cloud(credentials=credentials), MODEL)


def sent(fields, path="/token"):
    answer = requests.post(f"{base}{path}", data=fields)
    return answer.json()


def said(answer):
    return answer.get("error", "")


def assertions():
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    other = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    now = int(time.time())
    right = {
        "iss": known["account"]["client_email"],
        "aud": "https://oauth2.googleapis.com/token",
        "scope": known["scope"],
        "iat": now,
        "exp": now + 3600,
    }

    def answer(key=known["account"]["private_key"], algorithm="RS256", **changes):
        claims = {name: value for name, value in (right | changes).items() if value is not None}
        assertion = jwt.encode(claims, key, algorithm=algorithm)
        return sent({"grant_type": JWT_BEARER, "assertion": assertion}).get("error_description", "")

    return {
        "right": answer(),
        "own audience": answer(aud=f"{base}/token"),
        "wrong key": answer(key=other),
        "other algorithm": answer(key="a secret that both would have to know", algorithm="HS256"),
        "wrong audience": answer(aud="https://other.example.com/token"),
        "other account": answer(iss="other@example.com"),
        "expired": answer(iat=now - 7200, exp=now - 3600),
        "not yet": answer(iat=now + 3600, exp=now + 7200),
        "two hours": answer(exp=now + 7200),
        "no scope": answer(scope=None),
    }


def exchanges():
    right = {
        "grant_type": EXCHANGE,
        "audience": known["workloads"],
        "scope": known["scope"],
        "requested_token_type": f"{TYPES}access_token",
        "subject_token": known["subject"],
        "subject_token_type": f"{TYPES}jwt",
    }

    def answer(**changes):
        return said(sent(right | changes, "/v1/token"))

    def machine(headers, name="default"):
        path = f"/computeMetadata/v1/instance/service-accounts/{name}/token"
        return requests.get(f"{base}{path}", headers=headers).status_code

    def impersonates(target=TARGET, lifetime="3600s", by=None):
        body = {"scope": [known["scope"]], "lifetime": lifetime}
        answer = requests.post(target, json=body, headers={"Authorization": f"Bearer {by or token()}"})
        return [answer.status_code, answer.json().get("error", {}).get("status", "")]

    flavor = {"Metadata-Flavor": "Google"}
    ended = dict(known["user"], grant_type="refresh_token", refresh_token="other")
    people_without = json.dumps({"userProject": "other"})
    return {
        "wrong token": answer(subject_token="other"),
        "wrong audience": answer(audience="//iam.googleapis.com/other"),
        "wrong type": answer(subject_token_type=f"{TYPES}access_token"),
        "no user project": answer(audience=known["workforce"]),
        "wrong user project": answer(audience=known["workforce"], options=people_without),
        "user project of a workload": answer(options=json.dumps({"userProject": known["user_project"]})),
        "no flavor": machine({}),
        "forwarded": machine(flavor | {"X-Forwarded-For": "192.0.2.1"}),
        "other account": machine(flavor, "other"),
        "impersonates nobody": impersonates(by="other"),
        "impersonates another": impersonates(TARGET.replace(known["target"], "other@example.com")),
        "for two hours": impersonates(lifetime="7200s"),
        "ended refresh": said(sent(ended)),
    }


def browser():
    redirect = "http://127.0.0.1:8400/"

    def code(verifier, **changes):
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "client_id": known["client"],
            "response_type": "code",
            "redirect_uri": redirect,
            "scope": f"openid {known['scope']}",
            "access_type": "offline",
            "state": "a state",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        address = f"{base}/o/oauth2/v2/auth"
        answer = requests.get(address, params=asked | changes, allow_redirects=False)
        if answer.status_code != 302:
            return said(answer.json())
        back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        assert back["state"] == "a state", back
        return back["code"]

    def tokens(code, verifier, secret=known["secret"]):
        grant = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        return sent(grant | {"client_id": known["client"], "client_secret": secret, "redirect_uri": redirect})

    first = code("a" * 43)
    got = tokens(first, "a" * 43)
    known["user"]["refresh_token"] = got["refresh_token"]
    return {
        "talks": asked(cloud(access_token=got["access_token"]))[0],
        "refreshes": asked(cloud(credentials=user()))[0],
        "code again": said(tokens(first, "a" * 43)),
        "wrong verifier": said(tokens(code("a" * 43), "b" * 43)),
        "wrong secret": said(tokens(code("a" * 43), "a" * 43, "other")),
        "plain challenge": code("a" * 43, code_challenge_method="plain"),
        "other redirect": code("a" * 43, redirect_uri="https://other.example.com/"),
        "no offline access": "refresh_token" in tokens(code("a" * 43, access_type="online"), "a" * 43),
    }


def refusals():
    right = token()
    client = cloud(access_token=right)
    place = f"{base}/v1/projects/{known['project']}/locations/{known['region']}/publishers/anthropic/models/{MODEL}"
    body = {"anthropic_version": "vertex-2023-10-16", "max_tokens": 9, "messages": words.ASK, "tools": words.TOOLS}

    def posted(method="rawPredict", **changes):
        answer = requests.post(f"{place}:{method}", json=body | changes, headers={"Authorization": f"Bearer {right}"})
        return [answer.status_code, "" if answer.ok else answer.json()["error"]["type"]]

    stream = talk.refusal(lambda: client.messages.create(model="other", max_tokens=9, messages=words.ASK, stream=True))
    listed = requests.post(f"{place}:streamRawPredict", json=body)
    return {
        "no token": asked(cloud(access_token="other", default_headers={"Authorization": "Basic other"})),
        "unknown token": asked(cloud(access_token="other")),
        "other scope": asked(cloud(access_token=token(account(["https://www.googleapis.com/auth/other"])))),
        "other project": asked(cloud(access_token=right, project_id="other")),
        "other region": asked(cloud(access_token=right, region="other")),
        "other model": stream,
        "broken request": asked(client, messages=[]),
        "model in the body": posted(model=MODEL),
        "its own version": posted(),
        "other version": posted(anthropic_version="other"),
        "stream without its method": posted(stream=True),
        "method without a stream": posted("streamRawPredict"),
        "in a list where it streams": isinstance(listed.json(), list),
    }


def quota():
    try:
        talk.greeting(cloud(access_token="standin-key"), MODEL)
    except anthropic.RateLimitError as error:
        return error.body


def count():
    counted = cloud(access_token=token()).messages.count_tokens(model=MODEL, messages=words.ASK)
    return counted.input_tokens > 0


words.serve(
    {
        "account": lambda: talks(account()),
        "user": lambda: talks(user()),
        "workload": lambda: pool(known["workloads"]),
        "workforce": workforce,
        "impersonated": impersonated,
        "machine": lambda: talks(compute_engine.Credentials()),
        "count": count,
        "browser": browser,
        "assertions": assertions,
        "exchanges": exchanges,
        "refusals": refusals,
        "token": token,
        "use": lambda token: asked(cloud(access_token=token)),
        "faults": lambda: talk.faults(cloud(access_token="standin-key"), MODEL, 10),
        "quota": quota,
    }
)
