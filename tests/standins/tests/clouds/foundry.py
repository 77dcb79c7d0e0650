"""Azure AI Foundry through the model's SDK and Microsoft's identity library. The argument says where the stand-in is and what it
knows."""

import json
import sys
from urllib.parse import parse_qsl, urlencode, urlsplit

import anthropic
import jwt
import msal
import requests

import talk
import words

known = json.loads(sys.argv[1])
base, login, tenant, client_id, scope = (known[name] for name in ["base", "login", "tenant", "client", "scope"])
MODEL = "claude-standin"


class Front:
    """Reaches the stand-in under the name that its documents have: the library takes https alone."""

    def get(self, url, params=None, headers=None, **kwargs):
        return requests.get(url.replace(login, base), params=params, headers=headers, allow_redirects=False)

    def post(self, url, data=None, headers=None, **kwargs):
        return requests.post(url.replace(login, base), data=data, headers=headers)

    def close(self):
        pass


def resource(**credential):
    return anthropic.AnthropicFoundry(base_url=f"{base}/anthropic", max_retries=0, **credential)


def asked(client, model=MODEL, messages=words.ASK):
    return talk.refusal(
        lambda: client.messages.create(model=model, max_tokens=9, tools=words.TOOLS, messages=messages)
    )


def by_token(token):
    return resource(azure_ad_token_provider=lambda: token)


def application():
    authority = f"{login}/{tenant}"
    return msal.PublicClientApplication(client_id, authority=authority, http_client=Front(), instance_discovery=False)


def by_device(scope):
    app = application()
    flow = app.initiate_device_flow([scope])
    return app.acquire_token_by_device_flow(flow, exit_condition=lambda flow: True)


def sent_back(address, **changes):
    """Where the browser is sent back to from an address, with other fields in it."""
    parts = urlsplit(address.replace(login, base))
    query = urlencode(dict(parse_qsl(parts.query)) | changes)
    response = Front().get(parts._replace(query=query).geturl())
    if response.status_code != 302:
        return response.json()
    return dict(parse_qsl(urlsplit(response.headers["location"]).query))


def token_of(**fields):
    address = f"{base}/{tenant}/oauth2/v2.0/token"
    return requests.post(address, data={"client_id": client_id, **fields}).json()


def by_code(code, verifier):
    grant = {"grant_type": "authorization_code", "redirect_uri": "http://localhost:8400"}
    return token_of(code=code, code_verifier=verifier, **grant).get("error")


def browser():
    app = application()

    def begun():
        return app.initiate_auth_code_flow([scope], redirect_uri="http://localhost:8400")

    flow = begun()
    back = sent_back(flow["auth_uri"])
    tokens = app.acquire_token_by_auth_code_flow(flow, back)
    keys = Front().get(f"{login}/{tenant}/discovery/v2.0/keys").json()["keys"]
    jwt.decode(
        tokens["id_token"],
        jwt.PyJWK(keys[0]).key,
        algorithms=["RS256"],
        audience=client_id,
        issuer=f"{login}/{tenant}/v2.0",
    )
    account = app.get_accounts()[0]
    fresh = app.acquire_token_silent([scope], account, force_refresh=True)
    other = begun()
    device = f"{base}/{tenant}/oauth2/v2.0/devicecode"
    return {
        "name": account["username"],
        "signed by": jwt.get_unverified_header(tokens["id_token"])["kid"],
        "refreshed": fresh["access_token"] != tokens["access_token"],
        "talks": asked(by_token(fresh["access_token"]))[0],
        "code again": by_code(back["code"], flow["code_verifier"]),
        "wrong verifier": by_code(sent_back(other["auth_uri"])["code"], flow["code_verifier"]),
        "refresh again": token_of(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).get("error"),
        "plain challenge": sent_back(other["auth_uri"], code_challenge_method="plain").get("error"),
        "other redirect": sent_back(other["auth_uri"], redirect_uri="https://other.example.com/").get("error"),
        "other client": requests.post(device, data={"client_id": "other", "scope": scope}).json().get("error"),
        "other tenant": requests.post(device.replace(tenant, "other"), data={}).json().get("error"),
    }


def declined():
    flow = application().initiate_auth_code_flow([scope], redirect_uri="http://localhost:8400")
    return sent_back(flow["auth_uri"])["error"]


def device():
    tokens = by_device(scope)
    if "error" in tokens:
        return [tokens["error"], str(tokens["error_codes"][0])]
    return talk.greeting(by_token(tokens["access_token"]), MODEL)


def refusals():
    right = resource(api_key="standin-key")
    return {
        "wrong key": asked(resource(api_key="other")),
        "no key": asked(resource(api_key="")),
        "unknown token": asked(by_token("other")),
        "unknown deployment": asked(right, model="other"),
        "broken request": asked(right, messages=[]),
    }


words.serve(
    {
        "key": lambda: talk.greeting(resource(api_key="standin-key"), MODEL),
        "refusals": refusals,
        "device": device,
        "browser": browser,
        "declined": declined,
        "audience": lambda: asked(by_token(by_device("https://other.example.com/.default")["access_token"])),
        "token": lambda: by_device(scope)["access_token"],
        "use": lambda token: asked(by_token(token)),
        "faults": lambda: talk.faults(resource(api_key="standin-key"), MODEL, 10),
    }
)
