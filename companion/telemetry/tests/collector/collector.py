"""A collector for tests: receives OTLP over HTTP or gRPC with the official definitions, and compares what came with the table.

Knows nothing of the product but its table, `generated/events.json`. Its arguments are `http` or `grpc`, and a header with its value that each
request must have, where it must have one. Writes its port on the first line. Each line of standard input is a command, answered with a line
of JSON: `check <table>` with a list of differences, `dump` with everything received, `holds <text>` with whether any request holds these
bytes, `write <file>` writes the logs as a collector's file exporter does, `away` and `back` end and begin that requests are taken.
"""

import base64
import binascii
import gzip
import http.server
import json
import sys
import threading
from concurrent import futures

import grpc
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs, logs_service_pb2_grpc as logs_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics, metrics_service_pb2_grpc as metrics_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces, trace_service_pb2_grpc as traces_grpc

KINDS = {
    "/v1/logs": (logs.ExportLogsServiceRequest, logs.ExportLogsServiceResponse),
    "/v1/metrics": (metrics.ExportMetricsServiceRequest, metrics.ExportMetricsServiceResponse),
    "/v1/traces": (traces.ExportTraceServiceRequest, traces.ExportTraceServiceResponse),
}
REQUIRED = tuple(sys.argv[2:4])
away = threading.Event()
received = []
bodies = []
unexpected = []


def from_json(kind, text):
    """OTLP writes trace ids in hexadecimal where protobuf's own JSON has base64."""

    def ids(value):
        if isinstance(value, dict):
            changed = {}
            for name, inner in value.items():
                if name in ("traceId", "spanId", "parentSpanId") and isinstance(inner, str):
                    changed[name] = base64.b64encode(binascii.unhexlify(inner)).decode()
                else:
                    changed[name] = ids(inner)
            return changed
        return [ids(inner) for inner in value] if isinstance(value, list) else value

    return json_format.ParseDict(ids(json.loads(text)), kind(), ignore_unknown_fields=False)


class Http(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        status, answer, media = 400, b"", self.headers["content-type"]
        try:
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            kind, answer_kind = KINDS[self.path]
            if away.is_set():
                status = 503
            elif REQUIRED and self.headers.get(REQUIRED[0]) != REQUIRED[1]:
                status = 401
            elif media == "application/json":
                received.append(from_json(kind, body))
                status, answer = 200, b"{}"
            elif media == "application/x-protobuf":
                received.append(kind.FromString(body))
                status, answer = 200, answer_kind().SerializeToString()
        except Exception as error:  # a request that cannot be read is a finding, whatever is wrong with it
            unexpected.append(f"{self.path}: {type(error).__name__}: {error}")
        if status == 200:
            bodies.append(body)
        self.send_response(status)
        self.send_header("content-type", media)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def service(base, answer):
    class Service(base):
        def Export(self, request, context):
            if away.is_set():
                context.abort(grpc.StatusCode.UNAVAILABLE, "away")
            if REQUIRED and REQUIRED not in [(key, value) for key, value in context.invocation_metadata()]:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "no key")
            received.append(request)
            bodies.append(request.SerializeToString())
            return answer()

    return Service()


def serve(protocol):
    """The server, which ends when nobody holds it, and its port."""
    if protocol == "grpc":
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
        logs_grpc.add_LogsServiceServicer_to_server(
            service(logs_grpc.LogsServiceServicer, logs.ExportLogsServiceResponse), server)
        metrics_grpc.add_MetricsServiceServicer_to_server(
            service(metrics_grpc.MetricsServiceServicer, metrics.ExportMetricsServiceResponse), server)
        traces_grpc.add_TraceServiceServicer_to_server(
            service(traces_grpc.TraceServiceServicer, traces.ExportTraceServiceResponse), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        return server, port
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Http)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, server.server_address[1]


TYPES = {"string_value": "string", "int_value": "int", "double_value": "double", "bool_value": "bool"}


def plain(value):
    """The type and the value of an attribute."""
    which = value.WhichOneof("value")
    if which == "array_value":
        return "string[]", [plain(inner)[1] for inner in value.array_value.values]
    return TYPES.get(which, which), getattr(value, which) if which else None


def named(attributes):
    found = {}
    for attribute in attributes:
        if attribute.key in found:
            unexpected.append(f"{attribute.key} stands twice")
        found[attribute.key] = plain(attribute.value)
    return found


def items():
    """Everything received: signal, scope, name, attributes by name, and the item itself."""
    for request in list(received):
        if isinstance(request, logs.ExportLogsServiceRequest):
            for resource in request.resource_logs:
                for scope in resource.scope_logs:
                    for record in scope.log_records:
                        yield "event", scope.scope, record.body.string_value, named(record.attributes), record
        elif isinstance(request, metrics.ExportMetricsServiceRequest):
            for resource in request.resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        for point in metric.sum.data_points:
                            yield "counter", scope.scope, metric.name, named(point.attributes), (metric, point)
        else:
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        yield "span", scope.scope, span.name, named(span.attributes), span
                        for event in span.events:
                            yield "spanEvent", scope.scope, event.name, named(event.attributes), event


def check(table):
    """Differences between the examples of the table and what was received, one item for each row."""
    rows = {(row["signal"], row["name"]): row for row in table["rows"]}
    schemas = {family["scope"]: family["schema"] for family in table["families"]}
    differences, seen = list(unexpected), set()
    for signal, scope, name, attributes, item in items():
        row = rows.get((signal, name))
        if row is None:
            differences.append(f"{signal} {name} is not in the table")
            continue
        seen.add((signal, name))
        say = lambda text: differences.append(f"{signal} {name}: {text}")
        if scope.name != row["scope"] or named(scope.attributes).get("deskhand.schema") != ("string", schemas[scope.name]):
            say(f"scope {scope}")
        own = {attribute["name"]: attribute for attribute in row["attributes"]}
        shared = {"event": "event", "counter": "metricAndSpan", "span": "metricAndSpan"}.get(signal)
        standard = {attribute["name"]: attribute for attribute in table["standard"].get(shared, [])}
        for key, (kind, value) in attributes.items():
            expected = own.get(key) or standard.get(key)
            if expected is None:
                say(f"{key} is not in the table")
            elif kind != expected["type"]:
                say(f"{key} is {kind}, not {expected['type']}")
            elif key in own and value != row["example"][key]:
                say(f"{key} is {value!r}, not {row['example'][key]!r}")
        for key in list(own) + [key for key, one in standard.items() if not one["optional"]]:
            if key not in attributes:
                say(f"{key} is missing")
        if signal == "event":
            if attributes.get("event.name") != ("string", row["eventName"]) or item.event_name != name:
                say(f"event.name is {attributes.get('event.name')}, the field {item.event_name}")
            if not item.time_unix_nano or not item.severity_number:
                say("time or severity is missing")
        elif signal == "counter":
            metric, point = item
            if metric.sum.aggregation_temporality != 1 or not metric.sum.is_monotonic or metric.unit != row["unit"]:
                say("is no counter with delta temporality and its unit")
            if point.WhichOneof("value") is None or point.start_time_unix_nano > point.time_unix_nano:
                say("has no value or no time")
        elif signal == "span" and (len(item.trace_id) != 16 or len(item.span_id) != 8):
            say("has no ids")
    differences += [f"{signal} {name} never came" for signal, name in rows.keys() - seen]
    return differences


def dump():
    resources = []
    for request in received:
        for field in ("resource_logs", "resource_metrics", "resource_spans"):
            for one in getattr(request, field, []):
                resources.append({key: value for key, (_, value) in named(one.resource.attributes).items()})
    found = [
        {"signal": signal, "name": name, "attributes": {key: value for key, (_, value) in attributes.items()}}
        for signal, _, name, attributes, _ in items()
    ]
    return {"resources": resources, "items": found, "unexpected": unexpected}


def write(path):
    """One request of logs a line, by the JSON form of protobuf; ids are left out, as nobody reads them here."""
    written = [request for request in list(received) if isinstance(request, logs.ExportLogsServiceRequest)]
    with open(path, "w", encoding="utf-8") as file:
        for request in written:
            file.write(json_format.MessageToJson(request, indent=None) + "\n")
    return len(written)


def answer(command, argument):
    if command == "check":
        with open(argument, encoding="utf-8") as file:
            return check(json.load(file))
    if command == "write":
        return write(argument)
    if command == "holds":
        return any(argument.encode() in body for body in list(bodies))
    if command == "dump":
        return dump()
    away.set() if command == "away" else away.clear()
    return command


def main():
    server, port = serve(sys.argv[1])
    print(port, flush=True)
    for line in sys.stdin:
        command, _, argument = line.strip().partition(" ")
        print(json.dumps(answer(command, argument)), flush=True)


main()
