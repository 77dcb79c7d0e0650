"""Amazon Bedrock through AWS's library and the model's SDK. The argument says where the stand-in is and what it knows.
Each question brings its keys."""

import json
import sys
import time
from email.utils import parsedate_to_datetime

import boto3
import botocore.eventstream
import botocore.exceptions
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
import urllib3.exceptions

import words

known = json.loads(sys.argv[1])
base = known["base"]
MODEL = known["model"]
VERSION = "bedrock-2023-05-31"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
LOOK = [{"role": "user", "content": [{"text": "Look."}]}]
PNG = b"\x89PNG\r\n\x1a\n"
PDF = b"%PDF-1.7"


def service(name, wait=60, **keys):
    once = Config(retries={"total_max_attempts": 1}, read_timeout=wait)
    keys = keys or {
        "aws_access_key_id": known["id"],
        "aws_secret_access_key": known["secret"],
        "aws_session_token": known["token"],
    }
    return boto3.client(name, region_name=known["region"], endpoint_url=base, config=once, **keys)


def refusal(call):
    """The status of a call, and the name of its exception."""
    try:
        call()
        return [200, ""]
    except botocore.exceptions.ClientError as error:
        return [error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]]


def sdk(**credential):
    # Loaded where it is needed: it is large.
    import anthropic

    import talk

    keys = {"aws_access_key": known["id"], "aws_secret_key": known["secret"], "aws_session_token": known["token"]}
    client = anthropic.AnthropicBedrock(
        base_url=base, aws_region=known["region"], max_retries=0, **(credential or keys)
    )
    return talk.greeting(client, MODEL)


def body(**changes):
    asked = {"anthropic_version": VERSION, "max_tokens": 9, "messages": words.ASK, "tools": words.TOOLS}
    return json.dumps(asked | changes)


def chunks(client, text):
    """The events of the Messages API in an answer of invoke."""
    answer = client.invoke_model_with_response_stream(modelId=MODEL, body=text)
    for event in answer["body"]:
        yield json.loads(event["chunk"]["bytes"])


def invoke():
    client = service("bedrock-runtime")
    events = list(chunks(client, body()))
    words = [event["delta"]["text"] for event in events if event.get("delta", {}).get("type") == "text_delta"]
    return {
        "words": words,
        "kinds": sorted({event["type"] for event in events}),
        "metrics": events[-1]["amazon-bedrock-invocationMetrics"]["outputTokenCount"] > 0,
        "by its full name": refusal(lambda: client.invoke_model(modelId=known["arn"], body=body())),
        "its own version": refusal(lambda: client.invoke_model(modelId=MODEL, body=body())),
    }


def tools(*specs):
    offered = [
        {"toolSpec": {"name": name, "description": "A tool.", "inputSchema": {"json": {"type": "object"}}}}
        for name in specs
    ]
    return {"tools": offered}


def conversed(client, messages, **more):
    """A message, put together from the events of converse, with its pieces of text, its stop and its usage."""
    content, words, stop, usage = {}, [], None, None
    for event in client.converse_stream(modelId=MODEL, messages=messages, **more)["stream"]:
        kind, said = next(iter(event.items()))
        if kind == "contentBlockStart":
            content[said["contentBlockIndex"]] = {"toolUse": said["start"]["toolUse"] | {"input": ""}}
        elif kind == "contentBlockDelta":
            index, delta = said["contentBlockIndex"], said["delta"]
            if "text" in delta:
                words.append(delta["text"])
                content.setdefault(index, {"text": ""})["text"] += delta["text"]
            elif "toolUse" in delta:
                content[index]["toolUse"]["input"] += delta["toolUse"]["input"]
            else:
                block = content.setdefault(index, {"reasoningContent": {"reasoningText": {}}})
                block["reasoningContent"]["reasoningText"] |= delta["reasoningContent"]
        elif kind == "messageStop":
            stop = said["stopReason"]
        elif kind == "metadata":
            usage = said["usage"]
    for block in content.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    return {"role": "assistant", "content": list(content.values())}, words, stop, usage


def results(message, status, *content):
    call = message["content"][-1]["toolUse"]["toolUseId"]
    return {"role": "user", "content": [{"toolResult": {"toolUseId": call, "content": list(content), "status": status}}]}


def converse():
    client = service("bedrock-runtime")
    ask = {"role": "user", "content": [{"text": "What will the weather be?"}]}
    offered = {"toolConfig": tools("forecast"), "inferenceConfig": {"maxTokens": 9}, "system": [{"text": "Be kind."}]}
    first, words, first_stop, _ = conversed(client, [ask], **offered)
    messages = [ask, first, results(first, "success", {"json": {"sky": "clear", "high": 21}})]
    _, second, second_stop, usage = conversed(client, messages, **offered)
    whole = client.converse(modelId=MODEL, messages=messages, **offered)
    call = first["content"][-1]["toolUse"]
    return {
        "words": words,
        "stop": [first_stop, second_stop, whole["stopReason"]],
        "call": {"name": call["name"], "input": call["input"]},
        "second": "".join(second),
        "whole": whole["output"]["message"]["content"][0]["text"],
        "usage": usage,
    }


def content():
    client = service("bedrock-runtime")
    ask = {"role": "user", "content": [{"text": "Look."}, {"cachePoint": {"type": "default"}}]}
    offered = {"toolConfig": tools("see")}
    document = {"document": {"format": "pdf", "name": "A page", "source": {"bytes": PDF}}}
    first, _, first_stop, _ = conversed(client, [ask], **offered)
    shown = [{"text": "shown"}, {"image": {"format": "png", "source": {"bytes": PNG}}}, document]
    messages = [ask, first, results(first, "error", *shown)]
    _, second, second_stop, _ = conversed(client, messages, **offered)

    def answer(messages, **more):
        try:
            client.converse_stream(modelId=MODEL, messages=messages, **more)
        except client.exceptions.ValidationException as error:
            return error.response["message"]

    def asked(*content):
        return [{"role": "user", "content": list(content)}]

    dotted = {"document": {"format": "pdf", "name": "page.pdf", "source": {"bytes": PDF}}}
    reasoning = first["content"][0]["reasoningContent"]["reasoningText"]
    return {
        "reasoning": [reasoning["text"], reasoning["signature"]],
        "stop": [first_stop, second_stop],
        "second": "".join(second),
        "document without a text": answer(asked(document), **offered),
        "document with a dot": answer(asked({"text": "Look."}, dotted), **offered),
        "no tools": answer(messages),
        "two turns of one": answer(asked({"text": "Look."}) * 2, **offered),
        "blank": answer(asked({"text": " "}), **offered),
    }


class Hostless(SigV4Auth):
    """Does not sign the host."""

    def headers_to_sign(self, request):
        headers = super().headers_to_sign(request)
        del headers["host"]
        return headers


class OtherDay(SigV4Auth):
    """Signs for a day that is not the one of the signature."""

    def scope(self, request):
        return f"{self.credentials.access_key}/{self.credential_scope(request)}"

    def credential_scope(self, request):
        return f"20200101/{self._region_name}/{self._service_name}/aws4_request"

    def signature(self, string_to_sign, request):
        key = f"AWS4{self.credentials.secret_key}".encode()
        for part in self.credential_scope(request).split("/"):
            key = self._sign(key, part)
        return self._sign(key, string_to_sign, hex=True)


def sent(path="/model/{}/invoke".format(MODEL.replace(":", "%3A")), text=None, sign=None, change=None, signer=SigV4Auth, **scope):
    """A request that AWS's signer signed, and that was changed behind its back."""
    keys = Credentials(
        scope.get("id", known["id"]), scope.get("secret", known["secret"]), scope.get("token", known["token"])
    )
    headers = {"Content-Type": "application/json", "X-Amz-Target": "a  b"}
    request = AWSRequest("POST", base + path, headers=headers, data=text or body())
    if sign:
        sign(request)
    signer(keys, scope.get("service", "bedrock"), scope.get("region", known["region"])).add_auth(request)
    request = request.prepare()
    if change:
        change(request)
    answer = requests.post(request.url, data=request.body, headers=dict(request.headers))
    error = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
    return [answer.status_code, error]


def signatures():
    def set_header(name, value):
        return lambda request: request.headers.__setitem__(name, value)

    def half(request):
        request.headers["Authorization"] = request.headers["Authorization"].partition(", Signature=")[0]

    def other_body(request):
        request.body = body(max_tokens=8)

    def other_path(request):
        request.url = request.url.replace("/invoke", "/converse")

    def unsigned(request):
        del request.headers["Authorization"]

    return {
        "right": sent(),
        "wrong secret": sent(secret="other"),
        "other region": sent(region="us-east-1"),
        "other service": sent(service="bedrock-runtime"),
        "other body": sent(change=other_body),
        "other path": sent(change=other_path),
        "other header": sent(change=set_header("Content-Type", "text/plain")),
        "header not signed": sent(change=set_header("X-Amz-Other", "other")),
        "other hash": sent(sign=set_header("X-Amz-Content-SHA256", "0" * 64)),
        "host not signed": sent(signer=Hostless),
        "other day": sent(signer=OtherDay),
        "unknown key": sent(id="other"),
        "other session": sent(token="other"),
        "no session": sent(token=None),
        "no signature": sent(change=unsigned),
        "half a signature": sent(change=half),
        "wrong api key": sent(change=set_header("Authorization", "Bearer other")),
    }


def invoked():
    error, answer = "", None
    try:
        answer = service("bedrock-runtime").invoke_model(modelId=MODEL, body=body())
    except botocore.exceptions.ClientError as refused:
        error, answer = refused.response["Error"]["Code"], refused.response
    date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    return {"error": error, "ahead": round(date.timestamp() - time.time())}


def refusals():
    client = service("bedrock-runtime")

    def answer(to=MODEL, **changes):
        return refusal(lambda: client.invoke_model(modelId=to, body=body(**changes)))

    return {
        "unknown model": answer(to="other"),
        "broken request": answer(messages=[]),
        "model in the body": answer(model=MODEL),
        "stream in the body": answer(stream=True),
        "other version": answer(anthropic_version="other"),
        "not in the script": answer(messages=[{"role": "user", "content": "Hello"}]),
    }


def lists():
    client = service("bedrock")

    def models(**asked):
        return [model["modelId"] for model in client.list_foundation_models(**asked)["modelSummaries"]]

    def profiles(**asked):
        return client.list_inference_profiles(**asked)["inferenceProfileSummaries"]

    pages = client.get_paginator("list_inference_profiles").paginate(PaginationConfig={"PageSize": 1})
    other = {"aws_access_key_id": "other", "aws_secret_access_key": "other"}
    return {
        "all": models(),
        "of one": models(byProvider="anthropic"),
        "profiles": [profile["inferenceProfileId"] for profile in profiles()],
        "in pages": [len(page["inferenceProfileSummaries"]) for page in pages],
        "of applications": profiles(typeEquals="APPLICATION"),
        "unsigned": refusal(service("bedrock", **other).list_foundation_models),
    }


def sign_in():
    nobody = {"aws_access_key_id": "", "aws_secret_access_key": ""}
    oidc, portal = service("sso-oidc", **nobody), service("sso", **nobody)
    client = oidc.register_client(clientName="test", clientType="public", scopes=["sso:account:access"])
    own = {"clientId": client["clientId"], "clientSecret": client["clientSecret"]}
    device = oidc.start_device_authorization(startUrl=known["start"], **own)
    code = {"grantType": DEVICE, "deviceCode": device["deviceCode"]}
    error = refusal(lambda: oidc.create_token(**code, **own))[1]
    if error:
        return error
    device = oidc.start_device_authorization(startUrl=known["start"], **own)
    code = {"grantType": DEVICE, "deviceCode": device["deviceCode"]}
    tokens = oidc.create_token(**code, **own)
    refresh = {"grantType": "refresh_token", "refreshToken": tokens["refreshToken"]}

    def credentials(token=tokens["accessToken"], role=known["role"]):
        return portal.get_role_credentials(roleName=role, accountId=known["account"], accessToken=token)

    keys = credentials()["roleCredentials"]
    runtime = service(
        "bedrock-runtime",
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys["sessionToken"],
    )
    return {
        "talks": refusal(lambda: runtime.invoke_model(modelId=MODEL, body=body())),
        "expires in an hour": 3000 < keys["expiration"] / 1000 - time.time() < 4000,
        "code again": refusal(lambda: oidc.create_token(**code, **own))[1],
        "refreshed": oidc.create_token(**refresh, **own)["accessToken"] != tokens["accessToken"],
        "refresh again": refusal(lambda: oidc.create_token(**refresh, **own))[1],
        "other token": refusal(lambda: credentials(token="other"))[1],
        "other role": refusal(lambda: credentials(role="other"))[1],
        "other start": refusal(
            lambda: oidc.start_device_authorization(startUrl="https://other.example.com", **own)
        )[1],
        "other secret": refusal(lambda: oidc.create_token(**code, **(own | {"clientSecret": "other"})))[1],
        "other scope": refusal(
            lambda: oidc.register_client(clientName="test", clientType="public", scopes=["other"])
        )[1],
    }


def by_invoke(client, heard):
    for event in chunks(client, body(tools=[])):
        if event["type"] == "content_block_delta":
            heard.append(event["delta"]["text"])
        if event["type"] == "message_stop":
            return True


def by_converse(client, heard):
    for event in client.converse_stream(modelId=MODEL, messages=LOOK)["stream"]:
        if "contentBlockDelta" in event:
            heard.append(event["contentBlockDelta"]["delta"]["text"])
        if "messageStop" in event:
            return True


def cut():
    """How many frames come, and whether there is a beginning of one more."""
    try:
        client = service("bedrock-runtime")
        answer = client.invoke_model_with_response_stream(modelId=MODEL, body=body(tools=[]))
        raw = answer["body"]._raw_stream
        buffer, came = botocore.eventstream.EventStreamBuffer(), 0
        for bytes in raw.stream(64):
            buffer.add_data(bytes)
            came += len(list(buffer))
    except urllib3.exceptions.ProtocolError:
        return [came, len(buffer._data) > 12]


def whole(field, call, **asked):
    """An answer that comes whole although a stream was asked for."""
    answer = getattr(service("bedrock-runtime"), call)(modelId=MODEL, **asked)
    return json.loads(answer[field]._raw_stream.read())


def whole_invoked():
    return whole("body", "invoke_model_with_response_stream", body=body(tools=[]))["content"][0]["text"]


def whole_conversed():
    message = whole("stream", "converse_stream", messages=LOOK)["output"]["message"]
    return message["content"][0]["text"]


def faults(ask, whole):
    tries = [fault(ask, words.PATIENCE if at == words.SILENT else 60) for at in range(10)]
    return tries + [whole()]


def fault(ask, wait):
    heard = []

    def text():
        return "".join(heard)

    try:
        return text() if ask(service("bedrock-runtime", wait), heard) else f"ended after {text()}"
    except botocore.exceptions.EventStreamError as error:
        return f"{error.response['Error']['Code']} after {text()}"
    except botocore.exceptions.ClientError as error:
        answer = error.response["ResponseMetadata"]
        after = answer["HTTPHeaders"].get("retry-after", "never")
        return f"{answer['HTTPStatusCode']} {error.response['Error']['Code']} retry-after {after}"
    except botocore.eventstream.ParserError as error:
        return f"{type(error).__name__} after {text()}"
    except (urllib3.exceptions.ReadTimeoutError, botocore.exceptions.ReadTimeoutError):
        return f"silence after {text()}"
    except (urllib3.exceptions.ProtocolError, botocore.exceptions.ResponseStreamingError):
        return f"cut after {text()}"


answers = {
    "sdk": sdk,
    "api key": lambda: sdk(api_key="standin-key"),
    "invoke": invoke,
    "converse": converse,
    "content": content,
    "signatures": signatures,
    "invoked": invoked,
    "refusals": refusals,
    "lists": lists,
    "sign in": sign_in,
    "cut": cut,
    "exceptions": lambda: [fault(by_invoke, 60) for _ in range(10)],
    "invoke faults": lambda: faults(by_invoke, whole_invoked),
    "converse faults": lambda: faults(by_converse, whole_conversed),
}


def with_keys(answer):
    def answered(keys):
        known.update(keys)
        return answer()

    return answered


words.serve({name: with_keys(answer) for name, answer in answers.items()})
